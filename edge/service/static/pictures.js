// Pictures in, signs out: choosing, dropping, pasting, and a card for each.

import { ask, Failure } from "/static/service.js";
import { element, percent, signMark } from "/static/elements.js";

const SVG = "http://www.w3.org/2000/svg";
const AT_ONCE = 2; // pictures under way; the others wait their turn
const MOST_CARDS = 40;
const SHOWN_PX = 320; // smaller pictures are enlarged up to this
const by = (id) => document.getElementById(id);

let limits = { bytes: 16 * 2 ** 20 };
let underWay = 0;
const waiting = [];

export function startPictures(about, signs) {
  limits = { bytes: about.max_bytes };
  by("limit").textContent = (about.max_bytes / 2 ** 20).toLocaleString("en", { maximumFractionDigits: 1 });
  by("choose").addEventListener("click", () => by("file").click());
  by("shoot").addEventListener("click", () => by("camera").click());
  by("sample").addEventListener("click", () => sample(signs));
  for (const id of ["file", "camera"]) {
    by(id).addEventListener("change", (event) => {
      take([...event.target.files]);
      event.target.value = ""; // the same file may be chosen again
    });
  }
  addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length && !by("pictures").hidden) take(files);
  });
  const drop = by("drop");
  let depth = 0;
  addEventListener("dragenter", (event) => {
    event.preventDefault();
    depth += 1;
    drop.classList.add("over");
  });
  addEventListener("dragleave", () => {
    depth -= 1;
    if (depth <= 0) drop.classList.remove("over");
  });
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    drop.classList.remove("over");
    if (!by("pictures").hidden) take([...event.dataTransfer.files]);
  });
  showKnown(signs);
}

function showKnown(signs) {
  by("known").hidden = !signs.length;
  by("known-title").textContent = `The ${signs.length} signs it knows`;
  by("known").addEventListener("toggle", () => {
    if (by("signs").children.length) return;
    by("signs").append(...signs.map((sign) => element("li", {}, signMark(sign.class_index, sign.code, 64),
      element("span", {}, sign.class_name), element("small", {}, sign.code))));
  });
}

async function sample(signs) {
  const drawn = signs.filter((sign) => sign.drawing);
  const sign = drawn[Math.floor(Math.random() * drawn.length)];
  if (!sign) return;
  const picture = await (await fetch(sign.drawing)).blob();
  take([new File([picture], `${sign.code}.png`, { type: "image/png" })]);
}

function take(files) {
  if (!files.length) return;
  by("pictures").classList.add("has-results");
  for (const file of files) {
    const card = newCard(file);
    by("results").prepend(card.root);
    if (card.shown) waiting.push(() => answer(file, card));
  }
  while (by("results").children.length > MOST_CARDS) {
    const last = by("results").lastElementChild;
    URL.revokeObjectURL(last.querySelector("img")?.src ?? "");
    last.remove();
  }
  goOn();
}

async function goOn() {
  while (waiting.length && underWay < AT_ONCE) {
    underWay += 1;
    waiting.shift()().finally(() => {
      underWay -= 1;
      goOn();
    });
  }
}

async function answer(file, card) {
  try {
    const began = performance.now();
    const response = await ask("/predict_traffic_sign?top=4", {
      method: "POST", body: file, headers: { "Content-Type": file.type || "application/octet-stream" },
    });
    const prediction = await response.json();
    await card.shown;
    showPrediction(card, prediction, performance.now() - began);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    showFailure(card, error);
  } finally {
    card.root.classList.remove("waiting");
    card.root.removeAttribute("aria-busy");
  }
}

// What needn't be sent to know that it can't be read.
function refusal(file) {
  if (file.type && !file.type.startsWith("image/")) {
    return new Failure(415, "This is no picture; send PNG, JPEG or WebP.");
  }
  if (file.size > limits.bytes) {
    const [has, most] = [file.size, limits.bytes].map((bytes) => (bytes / 2 ** 20).toFixed(1));
    return new Failure(413, `The file has ${has} MB, and ${most} MB is the most. Send a smaller picture.`);
  }
  return null;
}

function newCard(file) {
  const note = element("span");
  const reading = element("div", { class: "reading" },
    element("header", {}, element("span", { title: file.name }, file.name || "pasted picture"), note));
  const root = element("li", { class: "result" }, reading);
  const card = { root, reading, note };
  const refused = refusal(file);
  if (refused) {
    root.classList.add("refused");
    showFailure(card, refused);
    return card;
  }
  root.classList.add("waiting");
  root.setAttribute("aria-busy", "true");
  card.frame = element("div", { class: "picture" });
  root.prepend(card.frame);
  card.shown = showPicture(file, card);
  return card;
}

async function showPicture(file, card) {
  const image = element("img", { alt: "" });
  image.src = URL.createObjectURL(file);
  try {
    await image.decode();
  } catch {
    card.frame.append(brokenPicture());
    return;
  }
  const [width, height] = [image.naturalWidth, image.naturalHeight];
  if (Math.max(width, height) < 120) image.classList.add("tiny");
  const boxes = document.createElementNS(SVG, "svg");
  boxes.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const holder = element("div", { class: "picture-box" }, image, boxes);
  card.frame.append(holder);
  card.boxes = boxes;
  const fit = () => {
    const padding = 2 * parseFloat(getComputedStyle(card.frame).paddingLeft);
    const room = [card.frame.clientWidth - padding, card.frame.clientHeight - padding];
    const scale = Math.min(room[0] / width, room[1] / height, Math.max(1, SHOWN_PX / Math.max(width, height)));
    holder.style.width = `${width * scale}px`;
    holder.style.height = `${height * scale}px`;
  };
  new ResizeObserver(fit).observe(card.frame);
  fit();
}

function brokenPicture() {
  const art = document.querySelector(".drop-art").cloneNode(true);
  art.setAttribute("class", "broken");
  return art;
}

function showBoxes(boxes, signs) {
  for (const sign of signs) {
    const [x, y, w, h] = sign.box;
    const rect = document.createElementNS(SVG, "rect");
    for (const [name, value] of Object.entries({ x, y, width: w, height: h, rx: Math.min(w, h) * 0.06 })) {
      rect.setAttribute(name, value);
    }
    boxes.append(rect);
  }
}

function showPrediction(card, prediction, milliseconds) {
  const { reading, note, boxes } = card;
  note.textContent = `${prediction.size.join(" × ")} · ${Math.round(milliseconds)} ms`;
  if (boxes && prediction.mode === "scene") showBoxes(boxes, prediction.signs);
  prediction.signs.forEach((sign, place) => {
    const found = element("section", { class: "found" }, signMark(sign.class_index, sign.code, 84),
      element("div", {}, element("div", { class: "name" }, sign.class_name),
        element("div", { class: "meta" }, element("span", { class: "chip good" }, percent(sign.confidence)),
          sign.code ? element("span", { class: "chip" }, `Sign ${sign.code}`) : null,
          element("span", { class: "chip" }, sign.category)),
        element("div", { class: "sure" }, element("progress",
          { max: 1, value: sign.confidence, "aria-label": `${percent(sign.confidence)} sure` }))));
    if (prediction.signs.length === 1) found.append(others("Runners-up", sign.top.slice(1)));
    reading.append(found);
    const rect = boxes?.children[place];
    if (rect && prediction.signs.length > 1) {
      found.tabIndex = 0;
      for (const event of ["mouseenter", "focus"]) found.addEventListener(event, () => rect.classList.add("lit"));
      for (const event of ["mouseleave", "blur"]) found.addEventListener(event, () => rect.classList.remove("lit"));
    }
  });
  if (!prediction.is_sign) {
    const searched = prediction.mode === "scene";
    reading.append(element("div", { class: "nothing" }, element("b", {}, searched ? "No sign found" : "No sign"),
      element("p", {}, searched ? "Nothing in this picture is surely a sign it knows."
        : "This is none of the signs it knows.")));
    if (!searched) reading.append(others("What comes closest", prediction.top.slice(0, 3)));
  }
  const names = prediction.signs.map((sign) => `${sign.class_name}, ${percent(sign.confidence)}`);
  by("announce").textContent = names.join("; ") || "No sign";
}

function others(title, readings) {
  return element("div", { class: "others" }, element("h3", {}, title), ...readings.map((one) =>
    element("div", { class: "share" }, signMark(one.class_index, one.code, 26),
      element("span", { class: "what" }, one.class_name), element("span", { class: "much" }, percent(one.confidence)))));
}

function showFailure(card, failure) {
  card.root.classList.add("failed");
  const title = { 0: "Not sent", 413: "Too large", 415: "Not a picture", 429: "Too often" }[failure.status] ?? "Not read";
  const detail = failure.message.charAt(0).toUpperCase() + failure.message.slice(1);
  card.reading.append(element("div", { class: "nothing" }, element("b", {}, title), element("p", {}, detail)));
  by("announce").textContent = `${title}. ${detail}`;
}
