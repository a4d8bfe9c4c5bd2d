// The archive's signs as columns, one place for each sign.

const ARRAYS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, i4: Int32Array, f4: Float32Array };
export const archive = JSON.parse(document.getElementById("data").textContent);
export const columns = {};

for (const [name, [type, packed]] of Object.entries(archive.columns)) {
  const binary = atob(packed);
  const bytes = new Uint8Array(binary.length);
  for (let place = 0; place < bytes.length; place++) bytes[place] = binary.charCodeAt(place);
  columns[name] = new ARRAYS[type](bytes.buffer);
}
export const count = columns.kind.length;

const WHOLE = new Intl.NumberFormat("en");
export const whole = (number) => WHOLE.format(number);
export const many = (number, word) => `${whole(number)} ${word}${number === 1 ? "" : "s"}`;

export const recordingName = (place) => archive.recordings[columns.recording[place]][0];
export const kindName = (place) => archive.kinds[columns.kind[place]][0];

// Rounded down, so that nothing looks surer than it is.
export const confidenceText = (place) => `${(Math.floor((columns.confidence[place] / 65535) * 10000) / 100).toFixed(2)} %`;

export function moment(seconds) {
  const tenths = Math.round(seconds * 10);
  const [hours, minutes, rest] = [Math.floor(tenths / 36000), Math.floor(tenths / 600) % 60, (tenths % 600) / 10];
  const padded = rest.toFixed(1).padStart(4, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${padded}` : `${minutes}:${padded}`;
}

const CLOCK = new Intl.DateTimeFormat("sv", {
  timeZone: archive.zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
});
export const clock = (unixSeconds) => (unixSeconds ? CLOCK.format(1000 * unixSeconds) : "");

export function mark(kind, size) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [name, value] of Object.entries({ class: "sign-mark", width: size, height: size, "aria-hidden": "true" })) {
    svg.setAttribute(name, value);
  }
  svg.append(use(kind, {}));
  return svg;
}

export function use(kind, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "use");
  made.setAttribute("href", `#kind-${kind}`);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
