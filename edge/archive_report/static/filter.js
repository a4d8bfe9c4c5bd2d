// What is asked for, and which signs don't fit it: for each sign a bit for each part that it fails.

import { archive, columns, count } from "./signs.js";

export const KIND = 1, RECORDING = 2, WHEN = 4, DOUBT = 8;
export const asked = { kind: null, recording: "", when: null, doubt: null };
export const fails = new Uint8Array(count);
const listeners = [];

export const isFiltered = () => asked.kind !== null || asked.recording !== "" || asked.when !== null || asked.doubt !== null;
export const onFilter = (listener) => listeners.push(listener);

// Asks for something more, or else; what is asked for again is let go.
export function ask(part, value) {
  asked[part] = asked[part] === value ? null : value;
  if (part === "recording" && asked.recording === null) asked.recording = "";
  apply();
}

export function set(part, value) {
  asked[part] = value;
  apply();
}

export function clear() {
  Object.assign(asked, { kind: null, recording: "", when: null, doubt: null });
  apply();
}

export function recordingsAsked() {
  const text = asked.recording.toLowerCase();
  const exact = archive.recordings.some(([name]) => name === asked.recording);
  return archive.recordings.map(([name]) => (exact ? name === asked.recording : name.toLowerCase().includes(text)));
}

export function apply() {
  const { kind, when, doubt } = asked;
  const fits = recordingsAsked();
  const wanted = doubt === "any" ? 255 : 1 << doubt;
  for (let place = 0; place < count; place++) {
    fails[place] =
      (kind !== null && columns.kind[place] !== kind ? KIND : 0) |
      (fits[columns.recording[place]] ? 0 : RECORDING) |
      (when !== null && columns.when[place] !== when ? WHEN : 0) |
      (doubt !== null && !(columns.doubt[place] & wanted) ? DOUBT : 0);
  }
  for (const listener of listeners) listener();
}
