// Whether a canvas gives back what was painted: some browsers alter it, lest pages tell one from another by it.
export function readsBack() {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [16, 16];
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const image = pen.createImageData(16, 16);
  image.data.forEach((_, i) => (image.data[i] = i % 4 === 3 ? 255 : (37 * i) % 256));
  pen.putImageData(image, 0, 0);
  return pen.getImageData(0, 0, 16, 16).data.every((value, i) => value === image.data[i]);
}
