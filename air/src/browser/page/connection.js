// The WebSocket: frames, acknowledgements, and coming back after it is lost.

import { words } from "./words.js";

const HEADER = 16;
const ROW = 1;
const AUDIO = 2;

/** Rows come ten times a second: after so long without anything, in milliseconds, the connection counts as lost. */
const STALL = 2500;

/** Pauses between attempts, in milliseconds. The last is what a listener waits at most once the air is back. */
const PAUSES = [300, 700, 1500, 3000, 5000];

/** Commands of a kind go out at most so often, in milliseconds; the last one counts. */
const SPACING = 60;

/** Why the server closed, and whether coming back by itself makes sense. */
const REASONS = {
  4001: [words.slow, true],
  4002: [words.idle, false],
  4003: [words.full, true],
  4004: [words.noBand, false],
};

export class Connection {
  /**
   * `handlers`: said(message), row(frame), audio(frame), state(state, text). And explain(), if somebody can tell why no
   * connection comes about: scripts do not see the answer to a handshake.
   */
  constructor(handlers) {
    this.handlers = handlers;
    this.band = 0;
    this.attempt = 0;
    this.waiting = new Map();
    this.sentAt = new Map();
    this.ending = new AbortController();
    this.timers = [setInterval(() => this.acknowledge(), 500), setInterval(() => this.watch(), 500)];
    addEventListener("online", () => this.retry(), { signal: this.ending.signal });
  }

  /** Ends it for good. */
  close() {
    this.ending.abort();
    for (const timer of this.timers) clearInterval(timer);
    clearTimeout(this.timer);
    this.socket?.close();
    this.socket = undefined;
  }

  get isOpen() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  open(band = this.band) {
    this.band = band;
    clearTimeout(this.timer);
    this.socket?.close();
    const url = new URL(`receive/listen?band=${band}`, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    url.hash = "";
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => socket === this.socket && this.receive(data);
    socket.onclose = (event) => socket === this.socket && this.lost(event);
    this.socket = socket;
    this.heard = performance.now();
    this.isStalled = false;
    this.newest = 0n;
    this.acknowledged = 0n;
    this.acknowledgedAt = this.heard;
    // Why there is none stays in sight during further attempts: it would flicker, and be read out again each time.
    if (this.attempt === 0) this.handlers.state("connecting", words.connecting);
  }

  /** Connects at once if it is waiting to. */
  retry() {
    if (this.socket?.readyState === WebSocket.CLOSED) this.open();
  }

  receive(data) {
    this.heard = performance.now();
    if (this.isStalled) {
      this.isStalled = false;
      this.handlers.state("open", words.open);
    }
    if (typeof data === "string") {
      const message = JSON.parse(data);
      if (message.type === "hello") {
        this.attempt = 0;
        this.handlers.state("open", words.open);
      }
      this.handlers.said(message);
      return;
    }
    // Timers of a page in the background may rest for a minute.
    if (this.heard - this.acknowledgedAt > 500) this.acknowledge();
    if (data.byteLength < HEADER) return;
    const header = new DataView(data, 0, HEADER);
    const frame = { epoch: header.getUint16(2, true), number: header.getUint32(4, true), data };
    const sample = header.getBigUint64(8, true);
    if (sample > this.newest) this.newest = sample;
    if (header.getUint8(0) === ROW) this.handlers.row({ ...frame, row: new Uint8Array(data, HEADER) });
    if (header.getUint8(0) === AUDIO) this.handlers.audio({ ...frame, samples: new Int16Array(data, HEADER) });
  }

  /** Says what has arrived, so that the server does not fill buffers on the way. */
  acknowledge() {
    if (!this.isOpen || this.newest === this.acknowledged) return;
    this.acknowledged = this.newest;
    this.acknowledgedAt = performance.now();
    this.socket.send(`{"type":"ack","sample":${this.newest}}`);
  }

  /** A network that swallows everything closes nothing. */
  watch() {
    const expects = this.isOpen && !document.hidden;
    if (!expects || this.isStalled || performance.now() - this.heard < STALL) return;
    this.isStalled = true;
    this.handlers.state("lost", words.stalled);
    setTimeout(() => this.isStalled && this.isOpen && this.open(), 2 * STALL);
  }

  /** The page is seen again: only from now on is something expected. */
  wake() {
    this.heard = performance.now();
    this.retry();
  }

  lost({ code }) {
    const [text, comesBack] = REASONS[code] ?? [words.lost, true];
    this.handlers.state("lost", text);
    if (!comesBack) return;
    if (!REASONS[code]) this.explain(this.socket);
    const pause = PAUSES[Math.min(this.attempt++, PAUSES.length - 1)];
    // Not all at once, when a server has been away.
    this.timer = setTimeout(() => this.open(), pause * (0.75 + Math.random() / 2));
  }

  /** Says why there is no connection, unless there is a newer one. */
  async explain(socket) {
    const why = await this.handlers.explain?.();
    if (why && socket === this.socket) this.handlers.state("lost", why);
  }

  send(command) {
    if (this.isOpen) this.socket.send(JSON.stringify(command));
  }

  /** Sends the last command of its kind, not more often than the server reads. */
  settle(command) {
    const kind = command.type;
    this.waiting.set(kind, command);
    const due = (this.sentAt.get(kind) ?? 0) + SPACING - performance.now();
    if (due <= 0) this.flush(kind);
    else if (due < SPACING + 1) setTimeout(() => this.flush(kind), due);
  }

  flush(kind) {
    const command = this.waiting.get(kind);
    if (!command) return;
    this.waiting.delete(kind);
    this.sentAt.set(kind, performance.now());
    this.send(command);
  }
}
