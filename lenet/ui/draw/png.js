// A grey picture as a PNG file, encoded without a canvas: some browsers alter what a canvas gives back.

const STORED = 65535; // bytes that an uncompressed block holds at most

const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  return sum;
});

function crc(bytes) {
  let sum = -1;
  for (const byte of bytes) sum = CRC[(sum ^ byte) & 255] ^ (sum >>> 8);
  return ~sum >>> 0;
}

const number = (value) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];

// Bytes in zlib's format, uncompressed.
export function stored(bytes) {
  const [parts, sums] = [[0x78, 1], [1, 0]]; // Adler-32's two
  for (let start = 0; start < bytes.length; start += STORED) {
    const block = bytes.subarray(start, start + STORED);
    const size = [block.length & 255, block.length >>> 8];
    parts.push(Number(start + STORED >= bytes.length), ...size, ...size.map((byte) => byte ^ 255));
    for (const byte of block) parts.push(byte);
  }
  for (const byte of bytes) {
    sums[0] = (sums[0] + byte) % 65521;
    sums[1] = (sums[1] + sums[0]) % 65521;
  }
  return Uint8Array.from([...parts, sums[1] >>> 8, sums[1] & 255, sums[0] >>> 8, sums[0] & 255]);
}

async function compressed(bytes) {
  if (!window.CompressionStream) return stored(bytes); // Safari before 16.4, Firefox before 113
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function chunk(name, content) {
  const body = new Uint8Array(4 + content.length);
  body.set([...name].map((letter) => letter.charCodeAt(0)));
  body.set(content, 4);
  return [Uint8Array.from(number(content.length)), body, Uint8Array.from(number(crc(body)))];
}

// The file's bytes, from pixels Uint8Array (width x height), 0 to 255.
export async function greyPng(pixels, width, height) {
  const rows = new Uint8Array((width + 1) * height); // each begins with its filter: none
  for (let row = 0; row < height; row += 1) rows.set(pixels.subarray(row * width, (row + 1) * width), row * (width + 1) + 1);
  const parts = [
    Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10),
    ...chunk("IHDR", [...number(width), ...number(height), 8, 0, 0, 0, 0]),
    ...chunk("IDAT", await compressed(rows)),
    ...chunk("IEND", []),
  ];
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

// The same as a data: address.
export async function greyAddress(pixels, width, height) {
  const bytes = await greyPng(pixels, width, height);
  let text = "";
  for (let start = 0; start < bytes.length; start += 8192) text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  return `data:image/png;base64,${btoa(text)}`;
}
