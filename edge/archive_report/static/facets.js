// The counts by class and by hour: of what fits all else that is asked for, so that they show what could be chosen.

import { archive, columns, count, many, whole } from "./signs.js";
import { KIND, WHEN, ask, asked, fails, isFiltered, onFilter } from "./filter.js";

function countsOf(column, size, own) {
  const counts = new Uint32Array(size);
  for (let place = 0; place < count; place++) if ((fails[place] & ~own) === 0) counts[column[place]]++;
  return counts;
}

function facet(part, column, size, own, side) {
  const buttons = [...document.querySelectorAll(`button[data-${part}]`)];
  for (const button of buttons) button.addEventListener("click", () => ask(part, Number(button.dataset[part])));
  onFilter(() => {
    const counts = isFiltered() ? countsOf(column, size, own) : null;
    const shown = buttons.map((button) => (counts ? counts[button.dataset[part]] : Number(button.dataset.total)));
    const largest = Math.max(1, ...shown);
    buttons.forEach((button, number) => {
      button.querySelector(".much").textContent = whole(shown[number]);
      button.querySelector("i").style[side] = `${(100 * shown[number]) / largest}%`;
      button.classList.toggle("empty", shown[number] === 0);
      button.setAttribute("aria-pressed", asked[part] === Number(button.dataset[part]));
    });
  });
}

export function startFacets() {
  facet("kind", columns.kind, archive.kinds.length, KIND, "width");
  facet("when", columns.when, 256, WHEN, "height");
  const shown = document.getElementById("shown");
  onFilter(() => {
    let fitting = 0;
    for (let place = 0; place < count; place++) if (fails[place] === 0) fitting++;
    shown.textContent = isFiltered() ? `${whole(fitting)} of ${many(count, "sign")}` : many(archive.signs, "sign");
  });
}

const FIRST_CARDS = 12, MORE_CARDS = 48;

// Cards of doubtful readings and pictures, which stand in the page already; of the cards no more than somebody wants to see.
export function startCards() {
  const cards = [...document.querySelectorAll(".doubts [data-sign]")];
  const pictures = [...document.querySelectorAll(".gallery [data-sign]")];
  const groups = [...document.querySelectorAll("[data-group]")];
  const more = document.getElementById("more-doubts");
  let room = FIRST_CARDS;
  const fits = (one) => fails[one.dataset.sign] === 0;
  const showCards = () => {
    const fitting = cards.filter(fits);
    for (const card of cards) card.hidden = true;
    for (const card of fitting.slice(0, room)) card.hidden = false;
    if (more) more.hidden = fitting.length <= room;
  };
  more?.addEventListener("click", () => {
    room += MORE_CARDS;
    showCards();
  });
  onFilter(() => {
    room = FIRST_CARDS;
    showCards();
    for (const picture of pictures) picture.hidden = !fits(picture);
    for (const group of groups) group.hidden = !group.querySelector("[data-sign]:not([hidden])");
  });
}
