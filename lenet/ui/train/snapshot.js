// What the chosen run's network looks like by now: its first layer's filters, and its answers to some pictures.

import { isDark, mix, theme, unpack } from "../shared/colours.js";
import { make } from "../shared/elements.js";
import { percent } from "../shared/format.js";
import { language, say } from "../shared/language.js";

// `translated` is train/settings.js's.
export function runSnapshots({ element, translated }) {
  const find = (selector) => element.querySelector(selector);
  let lookShown = "";

  function show(run) {
    const which = run?.snapshot ? [run.id, run.snapshot.number, isDark(), language].join() : "";
    if (which === lookShown && which) return;
    lookShown = which;
    const view = run?.snapshot?.view;
    showFilters(view?.filters ?? null, run?.example);
    showAnswers(view?.pictures ?? []);
    showConfusion(view?.confusion ?? null, view?.pictures ?? []);
  }

  // A row for each label and a column for each answer; the shade is the part of the row.
  function showConfusion(counts, pictures) {
    find(".confusion-part").classList.toggle("empty", !counts);
    const names = (pictures.length === counts?.length ? pictures : [...Array(counts?.length ?? 10)]).map((picture, i) => (picture ? translated(picture.label) : String(i)));
    const words = names.some((name) => name.length > 2);
    find(".confusion").classList.toggle("words", names.some((name) => name.length > 1));
    const short = (name) => make("th", { textContent: words ? name.slice(0, 3) : name, title: name });
    const rows = names.map((label, i) => {
      const total = counts?.[i].reduce((sum, count) => sum + count, 0) || 1;
      const cells = names.map((answer, j) => {
        const cell = make("td", { className: i === j ? "right" : "wrong", textContent: counts?.[i][j] || "" });
        cell.style.setProperty("--shade", (counts?.[i][j] ?? 0) / total);
        if (counts) cell.title = say("confusion_cell", { label, answer, count: counts[i][j] });
        return cell;
      });
      return make("tr", {}, short(label), ...cells);
    });
    find(".confusion").replaceChildren(make("thead", {}, make("tr", {}, make("td"), ...names.map(short))), make("tbody", {}, ...rows));
  }

  function showFilters(filters, example) {
    const place = find(".filters");
    find(".filters-part").classList.toggle("empty", !filters);
    const [count, high, wide, channels] = filters?.shape ?? [6, 5, 5, 1];
    while (place.children.length > count) place.lastChild.remove();
    while (place.children.length < count) place.append(make("canvas"));
    place.classList.toggle("many", count > 8);
    place.setAttribute("aria-label", filters ? say("filters_said", { count, side: high }) : say("snapshot_empty"));
    find(".filters-why").textContent = example && filters ? say("example_filters", { name: example }) : say(!filters ? "snapshot_empty" : filters.learned ? "filters_why" : "filters_fixed");
    const bytes = filters && unpack(filters.bytes);
    const { zero, plus, minus } = theme();
    [...place.children].forEach((canvas, i) => {
      if (canvas.width !== wide || canvas.height !== high) [canvas.width, canvas.height] = [wide, high];
      const pen = canvas.getContext("2d");
      const image = pen.createImageData(wide, high);
      for (let pixel = 0; pixel < wide * high; pixel += 1) {
        const at = (i * wide * high + pixel) * channels;
        const part = bytes && channels === 1 ? (bytes[at] - 128) / 127 : 0;
        const mixed = mix(zero, (part < 0 ? minus : plus)[2], Math.min(1, Math.abs(part))); // to the third of four stops
        image.data.set(bytes && channels === 3 ? bytes.subarray(at, at + 3) : mixed, 4 * pixel);
        image.data[4 * pixel + 3] = 255;
      }
      pen.putImageData(image, 0, 0);
    });
  }

  function showAnswers(pictures) {
    const place = find(".answers");
    const count = pictures.length || 10;
    place.style.setProperty("--count", count);
    while (place.children.length > count) place.lastChild.remove();
    while (place.children.length < count) {
      place.append(make("li", {}, make("img", { alt: "" }), make("b"), make("span")));
    }
    [...place.children].forEach((item, i) => {
      const picture = pictures[i];
      const [image, answer, sure] = item.children;
      const [label, taken] = picture ? [translated(picture.label), translated(picture.answer)] : [];
      item.className = !picture ? "none" : picture.answer === picture.label ? "right" : "wrong";
      if (!picture) image.replaceWith(make("img", { alt: "" })); // one that loses its source is painted as broken
      else if (image.src !== picture.image) image.src = picture.image;
      image.alt = picture ? say("answer_said", { label, answer: taken, percent: percent(picture.sure, 0) }) : "";
      answer.textContent = picture ? taken : " ";
      sure.textContent = picture ? percent(picture.sure, 0) : " ";
    });
  }

  return {
    show,
    // Show it anew, though it is the same.
    forget() {
      lookShown = "";
    },
  };
}
