// Signs that lie close together on the screen are one marker, so that there are never more than can be seen.

import { columns, count } from "./signs.js";
import { fails } from "./filter.js";
import { screenX, screenY, view } from "./view.js";

const APART_PX = 34, OUTSIDE_PX = 20;

// Each marker: its place on the screen, the rows of its signs, and the kind that most of them are.
export function markers() {
  const cells = new Map();
  const made = [];
  for (let row = 0; row < count; row++) {
    if (fails[row] !== 0) continue;
    const [x, y] = [screenX(row), screenY(row)];
    if (!(x > -OUTSIDE_PX && x < view.width + OUTSIDE_PX && y > -OUTSIDE_PX && y < view.height + OUTSIDE_PX)) continue;
    const marker = nearest(cells, x, y);
    if (marker) marker.rows.push(row);
    else made.push(kept(cells, { x, y, rows: [row] }));
  }
  for (const marker of made) marker.kind = mostOf(marker.rows);
  return made.sort((one, other) => one.rows.length - other.rows.length);
}

const cell = (x, y) => `${Math.floor(x / APART_PX)} ${Math.floor(y / APART_PX)}`;

function kept(cells, marker) {
  const key = cell(marker.x, marker.y);
  cells.set(key, [...(cells.get(key) ?? []), marker]);
  return marker;
}

function nearest(cells, x, y) {
  let [found, least] = [null, APART_PX ** 2];
  for (const right of [-APART_PX, 0, APART_PX]) {
    for (const below of [-APART_PX, 0, APART_PX]) {
      for (const marker of cells.get(cell(x + right, y + below)) ?? []) {
        const apart = (marker.x - x) ** 2 + (marker.y - y) ** 2;
        if (apart < least) [found, least] = [marker, apart];
      }
    }
  }
  return found;
}

function mostOf(rows) {
  const counts = new Map();
  for (const row of rows) counts.set(columns.kind[row], (counts.get(columns.kind[row]) ?? 0) + 1);
  return [...counts].reduce((most, one) => (one[1] > most[1] ? one : most))[0];
}
