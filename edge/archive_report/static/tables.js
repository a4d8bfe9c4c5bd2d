// The tables of recordings and of signs: sorted by any column, and no longer than somebody wants to see.

import { element } from "../../service/static/elements.js";
import { archive, clock, columns, confidenceText, count, kindName, many, mark, moment, recordingName, whole } from "./signs.js";
import { asked, ask, fails, isFiltered, onFilter, recordingsAsked, RECORDING } from "./filter.js";

const FIRST_RECORDINGS = 10, FIRST_SIGNS = 25, MORE = 100;

// first: how many are shown before anybody asks for more. rows() gives what may be shown, as numbers; by[column](number) what to sort by; line(number) the row.
function table(id, first, rows, by, line, said) {
  const drawn = document.getElementById(id);
  if (!drawn) return;
  const [body, more] = [drawn.tBodies[0], drawn.closest("section").querySelector(".more")];
  const heads = [...drawn.tHead.querySelectorAll("[data-sort]")];
  let shown = first;
  let sorted = [];

  function sort() {
    const head = heads.find((one) => one.hasAttribute("aria-sort"));
    const key = by[head.dataset.sort];
    const direction = head.getAttribute("aria-sort") === "ascending" ? 1 : -1;
    const keys = [];
    for (const row of sorted) keys[row] = key(row);
    sorted.sort((one, other) => {
      const [left, right] = [keys[one], keys[other]];
      return (left < right ? -direction : left > right ? direction : 0) || one - other;
    });
  }

  function show(from) {
    if (from === 0) body.replaceChildren();
    body.append(...sorted.slice(from, shown).map(line));
    more.hidden = sorted.length <= shown;
  }

  function renew() {
    sorted = rows();
    shown = first;
    said(sorted.length);
    sort();
    show(0);
  }

  for (const head of heads) {
    head.querySelector("button").addEventListener("click", () => {
      const before = head.getAttribute("aria-sort");
      const initial = head.classList.contains("number") ? "descending" : "ascending";
      for (const one of heads) one.removeAttribute("aria-sort");
      const turned = before === "ascending" ? "descending" : "ascending";
      head.setAttribute("aria-sort", before ? turned : initial);
      shown = first;
      sort();
      show(0);
    });
  }
  more.addEventListener("click", () => {
    const from = shown;
    shown += MORE;
    show(from);
    body.rows[from]?.querySelector("button")?.focus({ preventScroll: true });
  });
  onFilter(renew);
}

const number = (text) => element("td", { class: "number" }, text);
const hours = (seconds) => (seconds < 90 ? `${Math.round(seconds)} s` : seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`);

// A path breaks before its last part, which tells most.
function pathButton(name) {
  const cut = name.lastIndexOf("/") + 1;
  const button = element("button", { type: "button", class: "path", title: name, "aria-pressed": String(asked.recording === name) });
  button.append(element("small", {}, element("bdi", {}, name.slice(0, cut))), element("bdi", {}, name.slice(cut)));
  button.addEventListener("click", () => ask("recording", name));
  return button;
}

function countRecordings() {
  if (!isFiltered()) return archive.recordings.map((recording) => recording[4]);
  const counts = archive.recordings.map(() => 0);
  for (let place = 0; place < count; place++) if ((fails[place] & ~RECORDING) === 0) counts[columns.recording[place]]++;
  return counts;
}

export function startRecordings() {
  let counts = [];
  const rate = (row) => (archive.recordings[row][3] ? (3600 * counts[row]) / archive.recordings[row][3] : 0);
  table(
    "recordings-table",
    FIRST_RECORDINGS,
    () => {
      counts = countRecordings();
      const fits = recordingsAsked();
      return counts.map((_, row) => row).filter((row) => fits[row]);
    },
    {
      name: (row) => archive.recordings[row][0], started: (row) => archive.recordings[row][2] ?? 0,
      seconds: (row) => archive.recordings[row][3], signs: (row) => counts[row], rate,
      degraded: (row) => archive.recordings[row][5],
    },
    (row) => {
      const [name, state, started, seconds, , degraded] = archive.recordings[row];
      const said = state === "done" ? null : element("span", { class: "chip bad" }, state);
      return element(
        "tr", {}, element("td", {}, pathButton(name), said), element("td", { class: "clock" }, clock(started)), number(hours(seconds)),
        number(whole(counts[row])), number(seconds ? rate(row).toFixed(0) : ""), number(degraded ? `${(100 * degraded).toFixed(1)} %` : "–"),
      );
    },
    (rows) => { document.getElementById("recordings-shown").textContent = whole(rows); },
  );
}

export function startSigns() {
  const lastBit = (bits) => (bits ? 31 - Math.clz32(bits & -bits) : 99);
  table(
    "signs-table",
    FIRST_SIGNS,
    () => {
      const rows = [];
      for (let place = 0; place < count; place++) if (fails[place] === 0) rows.push(place);
      return rows;
    },
    {
      kind: kindName, recording: (place) => columns.recording[place], at: (place) => columns.at[place], time: (place) => columns.time[place],
      confidence: (place) => columns.confidence[place], hits: (place) => columns.hits[place], doubt: (place) => lastBit(columns.doubt[place]),
    },
    (place) => {
      const picture = document.getElementById(`sign-${place}`);
      const seen = picture ? element("img", { src: picture.src, alt: "", width: 34, height: 34, class: "seen" }) : null;
      const why = archive.reasons.filter((_, bit) => (columns.doubt[place] >> bit) & 1).map((title) => element("span", { class: "chip warn" }, title));
      return element(
        "tr", {},
        element("td", {}, element("span", { class: "sign-name" }, mark(columns.kind[place], 34), element("span", {}, kindName(place)), seen)),
        element("td", {}, pathButton(recordingName(place))), number(moment(columns.at[place])),
        columns.time ? element("td", { class: "clock" }, clock(columns.time[place])) : null,
        number(confidenceText(place)), number(whole(columns.hits[place])), element("td", {}, element("span", { class: "why" }, ...why)),
      );
    },
    (rows) => { document.getElementById("all-shown").textContent = many(rows, "sign"); },
  );
}
