// A control process that listens to Signwatch, in JavaScript for Node 18 or newer. It asks one question in each round
// of its loop: may what was received last be acted on?
//
//     npm install --ignore-scripts
//     node subscriber.mjs tcp://127.0.0.1:5556
//     node subscriber.mjs tcp://10.0.0.2:5556 control.key_secret vehicle.key
//
// The answer is reckoned as edge/subscriber.py does it; docs/live.md says why.

import { readFileSync } from "node:fs";
import { Subscriber } from "zeromq";

const ALIVE_MS = 2500; // health comes every second; two of them may be late
const STALE_MS = 500; // no frame older than this is acted on
const WINDOW_MS = 60_000; // two clocks drift apart: the fastest way is looked for in one or two of these
const ROUND_MS = 50; // of the control loop
const MOST_SOURCES = 64;

// Milliseconds on a clock that nobody can set.
const nowMs = () => performance.now();

// Anybody may have sent a message: what this program needs of it is read here, before anything is believed.
function read(topic, payload) {
  const { schema, source, session, seq, ...rest } = JSON.parse(payload);
  check(schema === `signwatch.${topic}/1`);
  check(typeof source === "string" && typeof session === "string" && Number.isSafeInteger(seq) && seq >= 0);
  if (topic === "health") return { source, session, seq, stopped: rest.state === "stopped" };
  const sentMs = rest.monotonic_ns / 1e6; // on the publisher's monotonic clock
  const totalMs = rest.latency_ms.total; // from capture to message
  check(Number.isFinite(rest.monotonic_ns) && Number.isFinite(totalMs) && totalMs >= 0 && Array.isArray(rest.signs));
  const confirmed = rest.signs.filter((sign) => sign.state === "confirmed");
  return { source, session, seq, sentMs, totalMs, signs: [...new Set(confirmed.map((sign) => String(sign.name)))] };
}

function check(holds) {
  if (!holds) throw new Error("no message of ours");
}

// What is known of one camera from its messages.
class Camera {
  missed = 0;
  gaps = 0;
  restarts = 0;
  signs = [];
  #session;
  #expected;
  #health;
  #heardMs;
  #capturedMs;
  #stopped = false;
  #fastestMs;
  #fastestBeforeMs;
  #windowBeganMs = 0;

  takeFrame({ session, seq, sentMs, totalMs, signs }, receivedMs) {
    this.#noteSession(session);
    if (seq < this.#expected) return; // repeated
    if (seq > this.#expected) {
      this.missed += seq - this.#expected;
      this.gaps += 1;
    }
    this.#expected = seq + 1;
    this.#heardMs = receivedMs;
    this.#capturedMs = receivedMs - this.#delayMs(sentMs, receivedMs) - totalMs;
    this.signs = signs;
  }

  takeHealth({ session, seq, stopped }, receivedMs) {
    this.#noteSession(session);
    if (seq <= this.#health) return; // repeated, because somebody else has come
    this.#health = seq;
    this.#heardMs = receivedMs;
    this.#stopped = stopped;
  }

  // Age of the newest frame since its capture, whatever held it up; NaN where there is none.
  get ageMs() {
    return Math.max(0, nowMs() - this.#capturedMs);
  }

  // Why it may not be acted on; undefined where it may.
  get fault() {
    if (!(nowMs() - this.#heardMs <= ALIVE_MS)) return "the publisher is silent";
    if (this.ageMs <= STALE_MS) return undefined;
    return this.#stopped ? "it was stopped" : "the newest frame is stale";
  }

  #noteSession(session) {
    if (session === this.#session) return;
    if (this.#session !== undefined) this.restarts += 1;
    this.#session = session;
    this.#expected = this.#health = this.#fastestMs = this.#fastestBeforeMs = undefined;
  }

  // How much longer than the fastest message this one was under way. Both clocks are monotonic, each machine's own, so
  // only differences between differences mean anything.
  #delayMs(sentMs, receivedMs) {
    const wayMs = receivedMs - sentMs;
    if (receivedMs - this.#windowBeganMs > WINDOW_MS) {
      this.#fastestBeforeMs = this.#fastestMs;
      this.#fastestMs = undefined;
      this.#windowBeganMs = receivedMs;
    }
    this.#fastestMs = Math.min(this.#fastestMs ?? wayMs, wayMs);
    return wayMs - Math.min(this.#fastestMs, this.#fastestBeforeMs ?? wayMs);
  }
}

// Takes in whatever arrives and answers the one question.
class Signs {
  cameras = new Map();
  malformed = 0;

  take(parts) {
    const receivedMs = nowMs();
    try {
      check(parts.length === 2);
      const topic = parts[0].toString();
      check(topic === "frame" || topic === "health");
      const message = read(topic, parts[1].toString());
      const camera = this.#follow(message.source);
      if (topic === "frame") camera.takeFrame(message, receivedMs);
      else camera.takeHealth(message, receivedMs);
    } catch {
      this.malformed += 1;
    }
  }

  // Why nothing received so far may be acted on; undefined where it may. The worst camera counts.
  get fault() {
    if (this.cameras.size === 0) return "nothing was received yet";
    for (const [name, camera] of this.cameras) {
      if (camera.fault !== undefined) return `${JSON.stringify(name)}: ${camera.fault}`;
    }
    return undefined;
  }

  #follow(source) {
    if (!this.cameras.has(source)) {
      if (this.cameras.size >= MOST_SOURCES) this.cameras.delete(this.cameras.keys().next().value);
      this.cameras.set(source, new Camera());
    }
    return this.cameras.get(source);
  }
}

// A key in Z85, from a file as `signwatch keys` writes it.
function readKey(file, kind) {
  const found = readFileSync(file, "utf8").match(new RegExp(`${kind} = "(\\S{40})"`));
  if (found === null) throw new Error(`${file} holds no ${kind}`);
  return found[1];
}

async function main([address, own, publisher]) {
  if (address === undefined) throw new Error("usage: node subscriber.mjs ADDRESS [OWN.key_secret PUBLISHER.key]");
  const socket = new Subscriber({ linger: 0, maxMessageSize: 2 ** 20, receiveBufferSize: 2 ** 16 });
  if (own !== undefined) {
    socket.curvePublicKey = readKey(own, "public-key");
    socket.curveSecretKey = readKey(own, "secret-key");
    socket.curveServerKey = readKey(publisher, "public-key");
  }
  socket.subscribe("frame", "health");
  socket.connect(address);

  const signs = new Signs();
  let said;
  let saidMs = -Infinity;
  // Here a vehicle would be driven. This program says what it would know, when that changes and each second.
  setInterval(() => {
    const fault = signs.fault;
    const known = JSON.stringify([fault, [...signs.cameras.values()].map((camera) => camera.signs)]);
    if (known === said && nowMs() - saidMs < 1000) return;
    said = known;
    saidMs = nowMs();
    if (fault !== undefined) return console.log(`not ok: ${fault}`);
    for (const [name, camera] of signs.cameras) {
      const { ageMs, missed, gaps, restarts } = camera;
      console.log(
        `ok: ${JSON.stringify(name)} ${Math.round(ageMs)} ms old, ${missed} missed in ${gaps} gaps, ` +
          `${restarts} restarts, ${JSON.stringify(camera.signs)}`,
      );
    }
  }, ROUND_MS);
  for await (const parts of socket) signs.take(parts);
}

main(process.argv.slice(2)).catch((error) => {
  console.error(`subscriber: ${error.message}`);
  process.exit(1);
});
