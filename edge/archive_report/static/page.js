// The page of an archive: the filter's fields, and all that follows them.

import { element } from "../../service/static/elements.js";
import { archive, count } from "./signs.js";
import { apply, ask, asked, clear, onFilter, set } from "./filter.js";
import { startCards, startFacets } from "./facets.js";
import { startMap } from "./map.js";
import { startRecordings, startSigns } from "./tables.js";

const MOST_OFFERED = 500, TYPING_MS = 200;

function startFields() {
  const [form, kind, recording, doubt] = ["filter", "by-kind", "by-recording", "by-doubt"].map((id) => document.getElementById(id));
  const reasons = [...document.querySelectorAll("button[data-doubt]")];
  const number = (value) => (value === "" ? null : value === "any" ? "any" : Number(value));
  kind.addEventListener("change", () => set("kind", number(kind.value)));
  doubt.addEventListener("change", () => set("doubt", number(doubt.value)));
  let waiting = 0;
  recording.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => set("recording", recording.value), TYPING_MS);
  });
  form.addEventListener("reset", clear);
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const button of reasons) button.addEventListener("click", () => ask("doubt", Number(button.dataset.doubt)));
  onFilter(() => {
    kind.value = asked.kind === null ? "" : String(asked.kind);
    doubt.value = asked.doubt === null ? "" : String(asked.doubt);
    if (recording.value !== asked.recording) recording.value = asked.recording;
    for (const button of reasons) button.setAttribute("aria-pressed", asked.doubt === Number(button.dataset.doubt));
  });
  const names = archive.recordings.slice(0, MOST_OFFERED).map(([name]) => element("option", { value: name }));
  document.getElementById("recording-names").append(...names);
}

if (count) {
  startFields();
  startFacets();
  startCards();
  startSigns();
  if (document.getElementById("map-view")) startMap();
}
startRecordings();
apply();
