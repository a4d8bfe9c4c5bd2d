// Where signs are on a plane, and which part of it is seen: Mercator's, in which north is up and shapes are true.

import { columns, count } from "./signs.js";

const RADIUS_M = 6371000;
const UNKNOWN = -(2 ** 31);
const LEAST_SPAN_M = 240, MOST_PX_A_METRE = 4, MARGIN_PX = 44;

// Metres at the equator, from the middle of all signs; NaN where no position is known. y is to the south, as on a screen.
export const x = new Float64Array(count).fill(NaN), y = new Float64Array(count).fill(NaN);
const across = (longitude) => RADIUS_M * (longitude * Math.PI) / 180;
const down = (latitude) => -RADIUS_M * Math.log(Math.tan(Math.PI / 4 + (Math.max(-85, Math.min(85, latitude)) * Math.PI) / 360));
const origin = { x: 0, y: 0 };

export function placeSigns() {
  const placed = [];
  for (let place = 0; place < count; place++) if (columns.latitude[place] !== UNKNOWN) placed.push(place);
  for (const place of placed) {
    x[place] = across(columns.longitude[place] / 1e6);
    y[place] = down(columns.latitude[place] / 1e6);
    origin.x += x[place] / placed.length;
    origin.y += y[place] / placed.length;
  }
  for (const place of placed) {
    x[place] -= origin.x;
    y[place] -= origin.y;
  }
}

export function boundsOf(rows) {
  const bounds = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const row of rows) {
    if (Number.isNaN(x[row])) continue;
    bounds.left = Math.min(bounds.left, x[row]);
    bounds.right = Math.max(bounds.right, x[row]);
    bounds.top = Math.min(bounds.top, y[row]);
    bounds.bottom = Math.max(bounds.bottom, y[row]);
  }
  return bounds;
}

export const boundsOfArea = (south, west, north, east) => ({
  left: across(west) - origin.x, right: across(east) - origin.x, top: down(north) - origin.y, bottom: down(south) - origin.y,
});

// scale: pixels for a metre at the equator; x, y: what is in the middle.
export const view = { x: 0, y: 0, scale: 1, width: 800, height: 460, least: 1e-5 };

// Metres on the ground for one at the equator, where the middle of the view is.
export const shrink = () => 1 / Math.cosh((view.y + origin.y) / RADIUS_M);

export function fit(bounds) {
  if (bounds.left > bounds.right) return;
  view.x = (bounds.left + bounds.right) / 2;
  view.y = (bounds.top + bounds.bottom) / 2;
  const least = LEAST_SPAN_M / shrink();
  const wide = Math.max(bounds.right - bounds.left, least), high = Math.max(bounds.bottom - bounds.top, least);
  view.scale = Math.min((view.width - 2 * MARGIN_PX) / wide, (view.height - 2 * MARGIN_PX) / high);
}

// Closer by a factor, such that a point of the screen stays where it is.
export function zoom(factor, atX = view.width / 2, atY = view.height / 2) {
  const scale = Math.min(Math.max(view.scale * factor, view.least), MOST_PX_A_METRE * Math.max(shrink(), 0.1));
  view.x += (atX - view.width / 2) * (1 / view.scale - 1 / scale);
  view.y += (atY - view.height / 2) * (1 / view.scale - 1 / scale);
  view.scale = scale;
}

export function move(acrossPx, downPx) {
  view.x -= acrossPx / view.scale;
  view.y -= downPx / view.scale;
}

export const screenX = (row) => (x[row] - view.x) * view.scale + view.width / 2;
export const screenY = (row) => (y[row] - view.y) * view.scale + view.height / 2;

// The longest of 1, 2, 5, 10, … m that takes no more than as many pixels, and the pixels that it takes.
export function scaleBar(mostPx) {
  const pixels = view.scale / shrink();
  const power = 10 ** Math.floor(Math.log10(mostPx / pixels));
  const metres = power * [5, 2, 1].find((step) => step * power * pixels <= mostPx);
  return { metres, pixels: metres * pixels, text: metres >= 1000 ? `${metres / 1000} km` : `${metres} m` };
}
