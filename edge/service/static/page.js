// The page's beginning: what the service does decides what is shown.

import { ask, askForKey } from "/static/service.js";
import { learnDrawings } from "/static/elements.js";
import { startPictures } from "/static/pictures.js";

const by = (id) => document.getElementById(id);
const RETRY_MS = 2000;

async function begin() {
  let about;
  for (;;) {
    try {
      about = await (await ask("/about")).json();
      break;
    } catch {
      tell("The service can't be reached; trying again.");
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
  tell("");
  const { signs } = await (await ask("/v1/signs")).json();
  learnDrawings(signs);
  by("key-button").hidden = !about.keys;
  by("key-button").addEventListener("click", askForKey);
  let live = null;
  if (about.live) live = await import("/static/live.js");
  if (about.predicts) startPictures(about, signs);
  live?.startLive(tell);
  const views = [about.predicts && "pictures", about.live && "live"].filter(Boolean);
  by("tabs").hidden = views.length < 2;
  const show = (view) => {
    for (const name of ["pictures", "live"]) {
      by(name).hidden = name !== view;
      const tab = by(`tab-${name}`);
      tab.setAttribute("aria-selected", String(name === view));
      tab.tabIndex = name === view ? 0 : -1;
    }
    live?.setShown(view === "live");
  };
  for (const name of views) by(`tab-${name}`).addEventListener("click", () => show(name));
  by("tabs").addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const other = views.find((name) => by(name).hidden);
    if (other) {
      show(other);
      by(`tab-${other}`).focus();
    }
  });
  show(views.includes(location.hash.slice(1)) ? location.hash.slice(1) : views.at(-1));
}

function tell(text) {
  by("banner").textContent = text;
  by("banner").hidden = !text;
}

begin();
