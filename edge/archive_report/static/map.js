// The map: the drives as lines, each sign as a dot, and markers that can be opened. It needs no tiles and fetches none.

import { element } from "../../service/static/elements.js";
import { columns, confidenceText, count, kindName, many, mark, moment, recordingName, use, whole } from "./signs.js";
import { RECORDING, asked, fails, isFiltered, onFilter } from "./filter.js";
import { boundsOf, boundsOfArea, fit, move, placeSigns, scaleBar, shrink, view, x, y, zoom } from "./view.js";
import { markers } from "./markers.js";

const MARK_PX = 28, STEP_PX = 80, BAR_PX = 120, LISTED = 8, CLOSER = 1.6;
const APART_M = 3000; // signs of a recording that are farther apart are not joined: nobody knows the way between them
const part = (id) => document.getElementById(`map-${id}`);
const everything = () => [...Array(count).keys()].filter((row) => fails[row] === 0);
const tenth = (metres) => Math.round(10 * metres) / 10;
let places = []; // as text, to the decimetre
let drawn = null; // for which recordings the drives are

export function startMap() {
  placeSigns();
  places = Array.from(x, (right, row) => `${tenth(right)} ${tenth(y[row])}`);
  const svg = part("view");
  let waiting = 0;
  const draw = () => { waiting ||= requestAnimationFrame(() => { waiting = 0; drawView(); }); };
  const areas = [...document.querySelectorAll("[data-area]")];
  const choose = (chosen) => {
    for (const button of areas) button.setAttribute("aria-pressed", button === chosen);
    fit(chosen.dataset.area ? boundsOfArea(...chosen.dataset.area.split(" ").map(Number)) : boundsOf(everything()));
    close();
    draw();
  };
  new ResizeObserver(() => {
    const first = part("marks").childElementCount === 0;
    [view.width, view.height] = [svg.clientWidth, svg.clientHeight];
    svg.setAttribute("viewBox", `0 0 ${view.width} ${view.height}`);
    if (first) {
      fit(boundsOf(everything()));
      view.least = view.scale / 4;
      // Where areas are far apart, all of them together show little.
      if (!isFiltered()) choose(areas[1] ?? areas[0]);
    }
    draw();
  }).observe(svg);
  for (const button of areas) button.addEventListener("click", () => choose(button));
  document.getElementById("zoom-in").addEventListener("click", () => { zoom(CLOSER); draw(); });
  document.getElementById("zoom-out").addEventListener("click", () => { zoom(1 / CLOSER); draw(); });
  onFilter(() => {
    drawSigns();
    if (isFiltered()) choose(areas[0]);
    close();
    draw();
  });
  followPointers(svg, draw);
  followKeys(svg, draw, () => choose(areas[0]));
}

// What only a filter changes: it is drawn in metres, and the view moves it.
function drawSigns() {
  let dots = "";
  for (let row = 0; row < count; row++) if (fails[row] === 0 && !Number.isNaN(x[row])) dots += `M${places[row]}h0`;
  part("dots").setAttribute("d", dots);
  if (drawn === asked.recording) return;
  drawn = asked.recording;
  let [drives, before] = ["", -1];
  for (let row = 0; row < count; row++) {
    if (Number.isNaN(x[row]) || fails[row] & RECORDING) continue;
    const joined = before >= 0 && columns.recording[before] === columns.recording[row] &&
      Math.hypot(x[row] - x[before], y[row] - y[before]) * shrink() < APART_M;
    drives += `${joined ? "L" : "M"}${places[row]}`;
    before = row;
  }
  part("drives").setAttribute("d", drives);
}

function drawView() {
  const { width, height, scale } = view;
  part("world").setAttribute("transform", `translate(${width / 2} ${height / 2}) scale(${scale}) translate(${-view.x} ${-view.y})`);
  const bar = scaleBar(BAR_PX);
  part("scale-bar").style.width = `${bar.pixels}px`;
  part("scale-text").textContent = bar.text;
  const [left, top] = [(width / 2 - view.x * scale) % bar.pixels, (height / 2 - view.y * scale) % bar.pixels];
  let grid = "";
  for (let at = left; at < width; at += bar.pixels) grid += `M${at.toFixed(1)} 0v${height}`;
  for (let at = top; at < height; at += bar.pixels) grid += `M0 ${at.toFixed(1)}h${width}`;
  part("grid").setAttribute("d", grid);
  part("aim").setAttribute("transform", `translate(${width / 2} ${height / 2})`);
  part("marks").replaceChildren(...markers().map(drawMarker));
}

const shape = (tag, attributes, text) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
};

function drawMarker(marker) {
  const made = shape("g", { transform: `translate(${marker.x.toFixed(1)} ${marker.y.toFixed(1)})`, class: "marker" });
  const [row] = marker.rows;
  const tip = marker.rows.length > 1 ? many(marker.rows.length, "sign") : `${kindName(row)}\n${recordingName(row)}, ${moment(columns.at[row])}`;
  made.append(shape("title", {}, tip), use(marker.kind, { x: -MARK_PX / 2, y: -MARK_PX / 2, width: MARK_PX, height: MARK_PX }));
  if (marker.rows.length > 1) {
    const text = marker.rows.length < 10000 ? whole(marker.rows.length) : `${Math.round(marker.rows.length / 1000)}k`;
    const wide = 8 + 6.2 * text.length;
    made.append(shape("rect", { x: 14 - wide / 2, y: -21, width: wide, height: 15, rx: 7.5 }), shape("text", { x: 14, y: -10 }, text));
  }
  made.addEventListener("click", () => open(marker));
  return made;
}

// Lists the signs of a marker.
function open(marker) {
  const card = part("card");
  const lines = marker.rows.slice(0, LISTED).map((row) =>
    element(
      "li", {}, mark(columns.kind[row], 30),
      element("span", {}, element("b", {}, kindName(row)), element("small", {}, element("bdi", {}, recordingName(row)), ` ${moment(columns.at[row])}, ${confidenceText(row)}`)),
    ),
  );
  const rest = marker.rows.length - lines.length;
  const closer = element("button", { type: "button", class: "secondary" }, "Zoom in");
  const done = element("button", { type: "button", class: "secondary" }, "Close");
  closer.addEventListener("click", () => { fit(boundsOf(marker.rows)); close(); drawView(); });
  done.addEventListener("click", () => { close(); part("view").focus({ preventScroll: true }); });
  card.replaceChildren(
    element("h3", {}, `${many(marker.rows.length, "sign")} here`), element("ul", {}, ...lines),
    ...(rest ? [element("p", { class: "hint" }, `and ${whole(rest)} more`)] : []),
    element("div", { class: "actions" }, ...(marker.rows.length > 1 ? [closer] : []), done),
  );
  card.hidden = false;
  card.addEventListener("keydown", (event) => { if (event.key === "Escape") done.click(); }, { once: true });
  done.focus({ preventScroll: true });
}

function close() {
  part("card").hidden = true;
}

function followKeys(svg, draw, showAll) {
  const keys = {
    ArrowLeft: () => move(STEP_PX, 0), ArrowRight: () => move(-STEP_PX, 0), ArrowUp: () => move(0, STEP_PX),
    ArrowDown: () => move(0, -STEP_PX), "+": () => zoom(CLOSER), "=": () => zoom(CLOSER), "-": () => zoom(1 / CLOSER),
    0: showAll, Escape: close,
    Enter: () => {
      const apart = (marker) => Math.hypot(marker.x - view.width / 2, marker.y - view.height / 2);
      const all = markers();
      if (all.length) open(all.reduce((best, one) => (apart(one) < apart(best) ? one : best)));
    },
  };
  svg.addEventListener("keydown", (event) => {
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keys[event.key]();
    draw();
  });
}

// One pointer moves the map, two also zoom it; a finger that goes up or down scrolls the page instead.
function followPointers(svg, draw) {
  const held = new Map();
  let [travelled, last] = [0, null];
  const spread = () => {
    const [one, other] = [...held.values()];
    return other ? { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2, apart: Math.hypot(one.x - other.x, one.y - other.y) } : { ...one, apart: 0 };
  };
  svg.addEventListener("pointerdown", (event) => {
    held.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    [travelled, last] = [0, spread()];
  });
  svg.addEventListener("pointermove", (event) => {
    if (!held.has(event.pointerId)) return;
    const box = svg.getBoundingClientRect();
    held.set(event.pointerId, { x: event.clientX - box.left, y: event.clientY - box.top });
    const now = spread();
    travelled += Math.hypot(now.x - last.x, now.y - last.y);
    if (travelled > 4 && !svg.hasPointerCapture(event.pointerId)) svg.setPointerCapture(event.pointerId);
    move(now.x - last.x, now.y - last.y);
    if (last.apart && now.apart) zoom(now.apart / last.apart, now.x, now.y);
    last = now;
    draw();
  });
  for (const ending of ["pointerup", "pointercancel", "lostpointercapture"]) {
    svg.addEventListener(ending, (event) => {
      held.delete(event.pointerId);
      last = held.size ? spread() : null;
    });
  }
  svg.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / 300), event.offsetX, event.offsetY);
    draw();
  }, { passive: false });
}
