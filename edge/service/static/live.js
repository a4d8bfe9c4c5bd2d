// The live view: newest frame with its signs, what is in force, the time line, and how the source is.
// It asks for the next frame when it has drawn the last, so a slow machine sees fewer frames, never old ones.

import { ask } from "/static/service.js";
import { element, percent, signMark } from "/static/elements.js";

const SHOWN_S = 60; // of the time line
const MARK_PX = 38;
const LANES = 2;
const KEPT_EVENTS = 300;
const LISTED = 12;
const LEAST_MS = 50; // between two frames
const RETRY_MS = 1000;
const STALE_MS = 1500;
const POINTS = 120; // of the latency's curve
const CONFIRMED = "#2fe08a";
const TENTATIVE = "#ffc13d";

const by = (id) => document.getElementById(id);
const text = new TextDecoder();

const view = {
  shown: false, paused: false, source: null, after: "", lastEvent: 0, frame: null, bitmap: null, threshold: 0,
  tracks: new Map(), latencies: [], health: null, heard: 0, lost: false, measured: 0,
};
let tell = () => {};

export function startLive(tellPage) {
  tell = tellPage;
  by("pause").addEventListener("click", () => setPaused(!view.paused));
  by("snapshot").addEventListener("click", snapshot);
  by("threshold").addEventListener("input", () => {
    view.threshold = Number(by("threshold").value) / 100;
    by("threshold-value").textContent = `${by("threshold").value} %`;
    draw();
    showTimeline();
  });
  by("source").addEventListener("change", () => {
    Object.assign(view, { source: by("source").value, after: "", frame: null, bitmap: null, latencies: [] });
  });
  addEventListener("keydown", (event) => {
    if (!view.shown || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, dialog")) return;
    if (event.key === " " && !event.target.closest("button, a, summary")) {
      event.preventDefault();
      setPaused(!view.paused);
    } else if (event.key.toLowerCase() === "s") snapshot();
  });
  follow();
  setInterval(() => {
    if (!view.shown || document.hidden) return;
    showTimeline();
    showState();
  }, 500);
}

export function setShown(shown) {
  view.shown = shown;
}

async function follow() {
  for (;;) {
    if (!view.shown || document.hidden) {
      await pause(200);
      continue;
    }
    const began = performance.now();
    try {
      await take(await ask(address(), { signal: AbortSignal.timeout(8000) }));
      if (view.lost) {
        view.lost = false;
        tell("");
      }
    } catch (failure) {
      view.lost = true;
      view.after = "";
      tell(failure.status ? failure.message : "Connection lost; trying again…");
      showState();
      await pause(RETRY_MS);
    }
    await pause(Math.max(0, LEAST_MS - (performance.now() - began)));
  }
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function address() {
  const wanted = new URLSearchParams({ after: view.after, events: view.lastEvent, picture: !view.paused });
  if (view.source) wanted.set("source", view.source);
  return `/v1/live?${wanted}`;
}

async function take(response) {
  const bytes = await response.arrayBuffer();
  const length = new DataView(bytes).getUint32(0);
  const live = JSON.parse(text.decode(new Uint8Array(bytes, 4, length)));
  const picture = bytes.byteLength > 4 + length ? new Blob([new Uint8Array(bytes, 4 + length)], { type: "image/jpeg" }) : null;
  if (live.last_event < view.lastEvent) { // another run, which counts anew
    view.lastEvent = 0;
    view.tracks.clear();
    return;
  }
  showSources(live.sources, live.source);
  view.health = live.health;
  view.heard = performance.now();
  if (live.frame) {
    const key = `${live.frame.session}:${live.frame.seq}`;
    if (key !== view.after) {
      view.after = key;
      view.measured = performance.now();
      view.latencies.push(live.frame.latency_ms.total);
      if (view.latencies.length > POINTS) view.latencies.shift();
      showFigures(live);
    }
  }
  for (const event of live.events) noteEvent(event);
  if (live.events.length) showEvents();
  showForce(live.state);
  showState();
  if (picture && !view.paused) {
    const bitmap = await createImageBitmap(picture);
    view.bitmap?.close();
    Object.assign(view, { bitmap, frame: live.frame });
    requestAnimationFrame(draw);
  }
}

function showSources(names, name) {
  by("source-label").hidden = names.length < 2;
  const select = by("source");
  if ([...select.options].map((option) => option.value).join("\n") !== names.join("\n")) {
    select.replaceChildren(...names.map((one) => element("option", { value: one }, one)));
  }
  view.source = name;
  if (name && select.value !== name) select.value = name;
}

function draw() {
  const { bitmap, frame } = view;
  by("stage-note").hidden = Boolean(bitmap);
  if (!bitmap || !frame) return;
  const canvas = by("frame");
  if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
    by("stage").style.aspectRatio = `${bitmap.width} / ${bitmap.height}`;
  }
  const brush = canvas.getContext("2d");
  brush.drawImage(bitmap, 0, 0);
  const scale = bitmap.width / frame.size[0];
  brush.font = `600 ${Math.max(13, bitmap.width / 64)}px system-ui, sans-serif`;
  brush.textBaseline = "middle";
  const order = (sign) => (sign.state === "confirmed" ? 0 : 1);
  const signs = frame.signs.filter(isShown).sort((one, other) => order(one) - order(other));
  const taken = signs.map(({ box: [x, y, w, h] }) => ({ left: x * scale, top: y * scale, width: w * scale, height: h * scale }));
  for (const sign of signs) drawSign(brush, sign, scale, taken);
}

const isShown = (sign) => sign.confidence >= view.threshold;

// Labels make way for signs and for labels that stand already, the confirmed signs' first; one without room is left out.
function placeFor(taken, left, top, width, height, bottom) {
  for (const step of [0, 1, -1, 2, -2, 3]) {
    const y = top + step * (height + 2);
    const free = y >= 0 && y + height <= bottom && !taken.some((one) =>
      left < one.left + one.width && one.left < left + width && y < one.top + one.height && one.top < y + height);
    if (free) return y;
  }
  return null;
}

function drawSign(brush, sign, scale, taken) {
  const [x, y, w, h] = sign.box.map((value) => value * scale);
  const confirmed = sign.state === "confirmed";
  brush.lineWidth = sign.measured ? 3 : 1.5;
  brush.strokeStyle = confirmed ? CONFIRMED : TENTATIVE;
  brush.beginPath();
  brush.roundRect(x, y, w, h, 4);
  brush.stroke();
  const label = confirmed ? `${sign.name}  ${percent(sign.confidence)}` : `${sign.name}?`;
  const height = parseFloat(brush.font.split(" ")[1]) * 1.6;
  const width = brush.measureText(label).width + height * 0.7;
  const left = x + w + 6 + width <= brush.canvas.width ? x + w + 6 : Math.max(0, x - 6 - width);
  const top = placeFor(taken, left, Math.min(Math.max(0, y), brush.canvas.height - height), width, height, brush.canvas.height);
  if (top === null) return;
  taken.push({ left, top, width, height });
  brush.fillStyle = confirmed ? CONFIRMED : "rgba(20, 22, 26, .8)";
  brush.beginPath();
  brush.roundRect(left, top, width, height, 5);
  brush.fill();
  brush.fillStyle = confirmed ? "#0b1410" : TENTATIVE;
  brush.fillText(label, left + height * 0.35, top + height / 2);
}

function showFigures(live) {
  by("rate").textContent = live.health ? live.health.fps.toFixed(1) : "–";
  by("latency").textContent = live.frame.latency_ms.total.toFixed(0);
  by("dropped").textContent = (live.health?.dropped ?? live.frame.dropped).toLocaleString("en");
  const most = Math.max(50, ...view.latencies);
  const points = view.latencies.map((value, place) =>
    `${(240 * place / (POINTS - 1)).toFixed(1)} ${(46 - 44 * value / most).toFixed(1)}`);
  by("spark").querySelector("path").setAttribute("d", points.length > 1 ? `M${points.join("L")}` : "");
}

function showState() {
  const silent = performance.now() - view.measured;
  const age = view.measured ? Math.round(silent + (view.latencies.at(-1) ?? 0)) : null;
  by("age").textContent = age === null ? "–" : age < 10_000 ? age.toLocaleString("en") : "> 10 s";
  const { health } = view;
  let [kind, word, line] = ["", "Connecting", "Waiting for the run's first word."];
  if (view.lost) [kind, word, line] = ["bad", "Connection lost", "What is shown is old. It is tried again each second."];
  else if (health?.state === "fault" || health?.state === "stopped") {
    [kind, word, line] = ["bad", health.state === "fault" ? "Fault" : "Stopped", health.fault ?? "The run has ended."];
  } else if (health && view.measured && silent > STALE_MS) [kind, word, line] = ["warn", "Stale", "No new frame comes."];
  else if (health?.state === "degraded") [kind, word, line] = ["warn", "Degraded", health.degraded.join(", ")];
  else if (health) [kind, word, line] = ["good", "Live", `${health.published.toLocaleString("en")} frames read, ${
    health.openings > 1 ? `opened ${health.openings} times, ` : ""}${health.subscribers || "nobody"} subscribed`];
  else if (view.frame) [kind, word, line] = ["good", "Live", ""];
  set(by("state-chip"), word);
  by("state-chip").className = `chip ${kind}`;
  set(by("state-text"), `${view.source ? `${view.source}: ` : ""}${line}`);
}

function set(place, words) { // screen readers are told only what is new
  if (place.textContent !== words) place.textContent = words;
}

const RULES = [["speed_limit", "Speed limit"], ["no_passing", "No passing"], ["no_passing_heavy", "No passing, heavy"],
  ["priority_road", "Priority road"]];
const WHY = { "nothing-seen": "no sign seen yet", "stream-dead": "nothing seen since the stream was dead", "too-old": "not repeated for too long" };
let forceShown = "";

function showForce(message) {
  const state = message?.state;
  const rules = RULES.map(([name, title]) => [title, state?.[name]])
    .filter(([title, rule]) => title === "Speed limit" || (rule && rule.status !== "unknown"));
  const gist = JSON.stringify([rules.map(([, rule]) => [rule?.status, rule?.value, rule?.by, rule?.why]),
    state?.ahead.map((sign) => [sign.track, sign.place, sign.sure])]);
  if (gist === forceShown) return;
  forceShown = gist;
  by("force").replaceChildren(...rules.map(([title, rule]) => element("div", { class: "rule" },
    rule?.by && rule.status === "in-force" ? signMark(rule.by.class_id, rule.by.code, 48)
      : element("span", { class: "blank" }, rule?.status === "ended" ? "∅" : "?"),
    element("div", {}, element("strong", {}, ruleText(title, rule)), element("small", {}, reason(rule))))));
  const ahead = (state?.ahead ?? []).filter((sign) => sign.place === "ahead");
  by("ahead").replaceChildren(...(ahead.length ? ahead.map((sign) => element("li", {}, signMark(sign.class_id, sign.code, 26),
    element("span", {}, `${sign.name}${sign.sure ? "" : ", not sure yet"}`))) : [element("li", {}, "nothing that begins or ends a rule")]));
}

function ruleText(title, rule) {
  if (!rule || rule.status === "unknown") return `${title}: unknown`;
  if (rule.status === "ended") return `${title}: ended`;
  return rule.value == null ? title : `${title}: ${rule.value} ${rule.unit}`;
}

function reason(rule) {
  if (!rule || rule.status === "unknown") return WHY[rule?.why] ?? rule?.why ?? "";
  return `${rule.change} by ${rule.by?.name ?? "a sign"}`;
}

function noteEvent({ number, age_s: age, message }) {
  view.lastEvent = Math.max(view.lastEvent, number);
  const key = `${message.source}:${message.session}:${message.sign.track}`;
  const at = performance.now() - 1000 * age;
  const track = view.tracks.get(key) ?? { began: at, confirmed: null };
  view.tracks.delete(key); // the newest stand last
  view.tracks.set(key, track);
  track.sign = message.sign;
  track.source = message.source;
  if (message.sign.state === "confirmed") track.confirmed ??= at;
  track.ended = message.event === "ended" ? at : null;
  if (view.tracks.size > KEPT_EVENTS) view.tracks.delete(view.tracks.keys().next().value);
}

const confirmedTracks = () => [...view.tracks.values()].filter((track) => track.confirmed !== null && isShown(track.sign))
  .sort((one, other) => other.confirmed - one.confirmed);

function showTimeline() {
  const place = by("timeline");
  const now = performance.now();
  const at = (moment) => `${(100 * (1 - (now - moment) / 1000 / SHOWN_S)).toFixed(2)}%`;
  const ticks = [15, 30, 45].map((seconds) => {
    const tick = element("span", { class: "tick" }, `-${seconds} s`);
    tick.style.left = at(now - 1000 * seconds);
    return tick;
  });
  const wide = place.clientWidth;
  const ends = Array(LANES).fill(-Infinity);
  const marks = confirmedTracks().filter((track) => now - track.confirmed < 1000 * SHOWN_S).reverse().map((track) => {
    const mark = element("span", { class: "mark", title: track.sign.name }, signMark(track.sign.class_id, track.sign.code, 36));
    mark.style.left = at(track.confirmed);
    const x = wide * (1 - (now - track.confirmed) / 1000 / SHOWN_S);
    const free = ends.findIndex((end) => end <= x);
    const lane = free >= 0 ? free : ends.indexOf(Math.min(...ends));
    ends[lane] = x + MARK_PX;
    if (lane) mark.classList.add("low");
    return mark;
  });
  place.replaceChildren(...ticks, ...marks);
  showEvents();
}

let eventsShown = "";

function showEvents() {
  const newest = confirmedTracks().slice(0, LISTED);
  const now = performance.now();
  const gist = newest.map((track) => `${track.source}${track.sign.track}${track.sign.class_id}${track.ended}${ago(now - track.confirmed)}`).join();
  if (gist === eventsShown && by("events").children.length) return;
  eventsShown = gist;
  by("events").replaceChildren(...(newest.length ? newest.map((track) => element("li", {},
    signMark(track.sign.class_id, track.sign.code, 30), element("span", { class: "what" }, track.sign.name),
    element("span", { class: "much" }, percent(track.sign.confidence)),
    element("time", {}, ago(now - track.confirmed)))) : [element("li", { class: "none" }, "No sign yet")]));
}

function ago(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 2) return "now";
  return seconds < 60 ? `${seconds} s ago` : `${Math.round(seconds / 60)} min ago`;
}

function setPaused(paused) {
  view.paused = paused;
  by("pause").setAttribute("aria-pressed", String(paused));
  by("pause").textContent = paused ? "Go on" : "Pause";
  by("paused").hidden = !paused;
}

function snapshot() {
  if (!view.bitmap) return;
  by("frame").toBlob((picture) => {
    const link = element("a", { href: URL.createObjectURL(picture), download: `signwatch-${view.source}-${view.frame.frame}.png` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }, "image/png");
}
