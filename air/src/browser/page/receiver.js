// The receiver without the page that shows it.

import { Connection } from "./connection.js";
import { gestures } from "./gestures.js";
import { Peaks } from "./peaks.js";
import { Player } from "./player.js";
import { Recorder } from "./recorder.js";
import { Tuner } from "./tuner.js";
import { Waterfall } from "./waterfall.js";
import { words } from "./words.js";

/**
 * @typedef {{ name: string, centre_hz: number, rate_hz: number }} BandInfo
 * @typedef {{ mode: string, low_hz: number, high_hz: number, min_low_hz: number, max_high_hz: number, min_width_hz: number }} ModeInfo
 * @typedef {{ hertz: number, mode: string, low: number, high: number, deemphasis: number, squelch: number, step: number, rate: number }} Tuning
 * @typedef {{ dbfs: number, noise_dbfs: number, open: boolean }} Level
 * @typedef {{ hertz: number, rounded: number, above: number, width: number }} Signal
 *
 * What shows the receiver.
 *
 * @typedef {object} Display
 * @property {(hello: { title: string, bands: BandInfo[], band: number, modes: ModeInfo[] }) => void} begun
 *   a connection is there, with these choices
 * @property {(tuning: Tuning, isForced: boolean) => void} tuned
 *   unless it is forced, what is being typed stays
 * @property {(text: string) => void} problem what was wrong with what was asked for; empty: nothing
 * @property {(level: Level | null) => void} level
 * @property {(state: "connecting" | "open" | "lost", text: string) => void} link
 * @property {(isListening: boolean, player: string | undefined) => void} listening
 * @property {(recorder: Recorder) => void} recording it has begun, gone on or ended
 * @property {(low: number, high: number) => void} looked what is in view
 * @property {(isHeld: boolean) => void} held
 * @property {(volume: number) => void} volume
 * @property {(signals: Signal[], resolution: number) => void} signals
 * @property {() => void} type the frequency is to be typed
 * @property {() => void} help
 */

/** Epochs that are remembered: frames of older ones have long arrived. */
const EPOCHS = 64;

export class Receiver {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Display} display
   * @param {{ worklet: string, explain?: () => Promise<string | null> }} ways
   *   the address of `worklet.js`, and what can tell why no connection comes about
   */
  constructor(canvas, display, { worklet, explain }) {
    this.canvas = canvas;
    this.display = display;
    this.rates = new Map();
    this.views = new Map();
    this.isListening = false;
    this.volumeBefore = 0.7;
    this.waterfall = new Waterfall(canvas);
    this.player = new Player(worklet);
    this.peaks = new Peaks();
    /** @type {Signal[]} */
    this.found = [];
    this.recorder = new Recorder(() => display.recording(this.recorder));
    this.ending = new AbortController();
    this.connection = new Connection({
      said: (message) => this.said(message),
      row: (frame) => this.row(frame),
      audio: (frame) => this.audio(frame),
      state: (state, text) => this.linked(state, text),
      explain,
    });
    this.tuner = new Tuner(this.connection, this.waterfall, display);
    gestures(canvas, this.waterfall, {
      tune: (hertz) => this.tuner.tuneNear(hertz),
      step: (count) => this.tuner.step(count),
      edge: (which, hertz) => this.tuner.edge(which, hertz),
      zoom: (factor, share) => this.tuner.zoom(factor, share),
      pan: (hertz) => this.tuner.move(hertz),
    });
    this.watch();
    this.restoreVolume();
    const asked = Number(new URLSearchParams(location.hash.slice(1)).get("b") ?? 0);
    this.connection.open(Number.isInteger(asked) ? asked : 0);
  }

  /** Ends everything that goes on without the page. */
  close() {
    this.ending.abort();
    this.observer.disconnect();
    for (const timer of this.timers) clearInterval(timer);
    this.tuner.close();
    clearTimeout(this.resized);
    if (this.recorder.isOn) this.recorder.stop();
    this.player.stop();
    this.connection.close();
    this.waterfall.close();
  }

  /** What changes without anybody doing something. */
  watch() {
    const changed = () => {
      this.connection.wake();
      this.connection.send({ type: "rows", on: !document.hidden });
    };
    document.addEventListener("visibilitychange", changed, { signal: this.ending.signal });
    this.observer = new ResizeObserver(() => {
      clearTimeout(this.resized);
      this.resized = setTimeout(() => this.tuner.look(), 300);
    });
    this.observer.observe(this.canvas);
    this.timers = [
      setInterval(() => this.recorder.isOn && this.display.recording(this.recorder), 1000),
      setInterval(() => this.find(), 2000),
    ];
  }

  row({ epoch, row }) {
    const span = this.views.get(epoch);
    if (!span) return;
    this.waterfall.add(span, row);
    this.peaks.add(span, row);
  }

  audio(frame) {
    const rate = this.rates.get(frame.epoch);
    if (rate === undefined) return;
    this.tuner.tuning.rate = rate;
    this.recorder.frame(frame, this.tuner.tuning);
    this.player.setRate(rate);
    this.player.push(frame.samples);
  }

  linked(state, text) {
    this.display.link(state, text);
    this.waterfall.isOld = state !== "open";
    this.waterfall.request();
    if (state === "open") return;
    this.player.clear();
    this.display.level(null);
  }

  said(message) {
    switch (message.type) {
      case "hello":
        return this.begin(message);
      case "tuned":
        remember(this.rates, message.epoch, message.audio_rate);
        return this.display.problem("");
      case "view":
        return remember(this.views, message.epoch, { low: message.low_hz, high: message.high_hz });
      case "level":
        return this.isListening ? this.display.level(message) : undefined;
      case "refused":
        return this.display.problem(message.reason);
    }
  }

  /** After each connection: everything is asked for again. */
  begin(hello) {
    this.rates.clear();
    this.views.clear();
    this.display.begun(hello);
    this.tuner.begin(hello);
    this.connection.send({ type: "rows", on: !document.hidden });
    this.connection.send({ type: "listen", on: this.isListening });
  }

  restoreVolume() {
    let volume = 0.7;
    try {
      volume = Number(localStorage.getItem("volume") ?? volume);
    } catch {
      // Without storage.
    }
    this.player.setVolume(volume);
    this.display.volume(volume);
  }

  volume(volume) {
    this.player.setVolume(volume);
    try {
      localStorage.setItem("volume", String(volume));
    } catch {
      // Without storage it is set anew each time.
    }
  }

  mute() {
    const volume = this.player.volume > 0 ? 0 : this.volumeBefore;
    if (this.player.volume > 0) this.volumeBefore = this.player.volume;
    this.player.setVolume(volume);
    this.display.volume(volume);
  }

  find() {
    const found = document.hidden || this.waterfall.isHeld ? null : this.peaks.find();
    if (!found) return;
    this.found = found;
    this.display.signals(found, this.peaks.resolution);
  }

  /**
   * Tunes to the next signal above or below.
   *
   * @param {number} direction
   */
  signal(direction) {
    const { hertz, step } = this.tuner.tuning;
    const others = this.found.filter((signal) => direction * (signal.hertz - hertz) > Math.max(step, 1000));
    const next = direction > 0 ? others[0] : others.at(-1);
    if (next) this.tuner.tune(next.rounded, { shows: true });
  }

  hold() {
    this.waterfall.isHeld = !this.waterfall.isHeld;
    this.display.held(this.waterfall.isHeld);
  }

  async listen() {
    this.isListening = !this.isListening;
    this.display.listening(this.isListening, undefined);
    this.connection.send({ type: "listen", on: this.isListening });
    if (!this.isListening) {
      if (this.recorder.isOn) this.recorder.stop();
      this.player.stop();
      this.display.level(null);
      return;
    }
    this.connection.retry();
    try {
      await this.player.start();
      this.display.listening(this.isListening, this.player.path);
    } catch (error) {
      this.display.problem(words.noSound(error.message));
    }
  }

  record() {
    if (!this.isListening) return;
    if (this.recorder.isOn) this.recorder.stop();
    else this.recorder.start(this.tuner.tuning);
  }

  type() {
    this.display.type();
  }

  help() {
    this.display.help();
  }
}

function remember(epochs, epoch, value) {
  epochs.set(epoch, value);
  if (epochs.size > EPOCHS) epochs.delete(epochs.keys().next().value);
}
