// The receiver without the page that shows it: what is tuned to, what is looked at and heard, and what is done about it.

import { Band, STEP_OF_MODE, passband } from "./band.js";
import { Connection } from "./connection.js";
import { frequency } from "./format.js";
import { gestures } from "./gestures.js";
import { Peaks } from "./peaks.js";
import { Player } from "./player.js";
import { Recorder } from "./recorder.js";
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

/** Microseconds: of speech over narrowband FM, and of broadcasting in Europe. */
const DEEMPHASIS = { nbfm: 530, wbfm: 50 };

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
    /** What the listener has set; the server is told, and told again after each reconnection. @type {Tuning} */
    this.tuning = { hertz: 0, mode: "nbfm", low: -6250, high: 6250, deemphasis: 0, squelch: 0, step: 2500, rate: 12000 };
    this.rates = new Map();
    this.views = new Map();
    /** @type {(Band & { number?: number }) | null} */
    this.band = null;
    /** @type {BandInfo[]} */
    this.bands = [];
    /** @type {Map<string, ModeInfo>} */
    this.modes = new Map();
    /** What is tuned to once the band is there. @type {{ hertz: number, mode: string } | null} */
    this.wanted = null;
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
    gestures(canvas, this.waterfall, {
      tune: (hertz) => this.tune(Math.round(hertz / this.tuning.step) * this.tuning.step),
      step: (count) => this.step(count),
      edge: (which, hertz) => this.edge(which, hertz),
      zoom: (factor, share) => this.zoom(factor, share),
      pan: (hertz) => this.band && this.pan(hertz / this.band.span),
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
    clearTimeout(this.later);
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
      this.resized = setTimeout(() => this.look(), 300);
    });
    this.observer.observe(this.canvas);
    this.timers = [
      setInterval(() => this.recorder.isOn && this.display.recording(this.recorder), 1000),
      setInterval(() => this.find(), 2000),
    ];
  }

  row({ epoch, row }) {
    const span = this.views.get(epoch);
    if (!span || !this.band) return;
    this.waterfall.add(span, row);
    this.peaks.add(span, row);
  }

  audio(frame) {
    const rate = this.rates.get(frame.epoch);
    if (rate === undefined) return;
    this.tuning.rate = rate;
    this.recorder.frame(frame, { ...this.tuning, rate });
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

  /** After each connection: learns what there is, and says what is wanted. */
  begin(hello) {
    this.rates.clear();
    this.views.clear();
    this.bands = hello.bands;
    this.modes = new Map(hello.modes.map((mode) => [mode.mode, mode]));
    this.display.begun(hello);
    if (this.band?.number !== hello.band || this.wanted) {
      this.band = new Band(hello.bands[hello.band]);
      this.band.number = hello.band;
      const asked = this.wanted ?? this.fromAddress();
      this.wanted = null;
      this.setMode(asked.mode ?? this.tuning.mode, { tells: false });
      this.tuning.hertz = this.band.clamp(asked.hertz ?? this.band.centre);
    }
    this.tell();
    this.look();
    this.connection.send({ type: "rows", on: !document.hidden });
    this.connection.send({ type: "listen", on: this.isListening });
  }

  /** What the address asks for: #f=145500000&m=nbfm, once. */
  fromAddress() {
    const asked = new URLSearchParams(location.hash.slice(1));
    const hertz = Number(asked.get("f"));
    const isHere = hertz >= this.band.low && hertz < this.band.high;
    const mode = asked.get("m") ?? "";
    return { hertz: isHere ? hertz : undefined, mode: this.modes.has(mode) ? mode : undefined };
  }

  /** Tells the server and shows what is tuned to. */
  tell(isForced = false) {
    const { hertz, mode, low, high, deemphasis, squelch } = this.tuning;
    this.connection.settle({
      type: "tune",
      hz: hertz,
      mode,
      low_hz: low,
      high_hz: high,
      deemphasis_us: deemphasis,
      squelch_db: squelch,
    });
    this.display.tuned({ ...this.tuning }, isForced);
    this.waterfall.passband = { hertz, low, high };
    this.waterfall.request();
    clearTimeout(this.later);
    // Browsers refuse an address that changes too often.
    this.later = setTimeout(() => history.replaceState(history.state, "", this.address()), 400);
  }

  /** The address that leads here. */
  address() {
    const other = this.band.number > 0 ? `&b=${this.band.number}` : "";
    return `#f=${Math.round(this.tuning.hertz)}&m=${this.tuning.mode}${other}`;
  }

  look() {
    if (!this.band) return;
    const { low, high } = this.band.view;
    this.waterfall.look(this.band.view);
    const width = Math.round((this.canvas.clientWidth || 1024) * (devicePixelRatio || 1));
    const columns = Math.min(1024, Math.max(256, width));
    this.connection.settle({ type: "view", low_hz: low, high_hz: high, columns });
    this.display.looked(low, high);
  }

  /** Tunes to a frequency as it is; with `shows`, it is brought into view. */
  tune(hertz, { shows = false } = {}) {
    if (!this.band) return;
    this.tuning.hertz = this.band.clamp(Math.round(hertz));
    if (shows) {
      const before = this.band.view;
      this.band.show(this.tuning.hertz);
      if (this.band.view !== before) this.look();
    }
    this.tell(true);
  }

  /** The number of the band that a frequency lies in: this one, if it does; -1: none. @param {number} hertz */
  bandOf(hertz) {
    const isIn = ({ centre_hz, rate_hz }) => Math.abs(hertz - centre_hz) < rate_hz / 2;
    const own = this.band?.number ?? 0;
    return this.bands[own] && isIn(this.bands[own]) ? own : this.bands.findIndex(isIn);
  }

  /** Tunes to a frequency in whichever band it lies. @param {number} hertz @param {string} mode */
  go(hertz, mode) {
    const number = this.bandOf(hertz);
    if (number < 0) return;
    if (number === this.band?.number) {
      this.setMode(mode, { tells: false });
      this.tune(hertz, { shows: true });
      return;
    }
    this.wanted = { hertz, mode };
    this.connection.open(number);
  }

  step(count) {
    const { step, hertz } = this.tuning;
    // From between two steps to the next one.
    const at = count > 0 ? Math.floor(hertz / step) : Math.ceil(hertz / step);
    this.tune((at + count) * step, { shows: true });
  }

  /** Tunes to what was typed. @param {string} text */
  typed(text) {
    const { band } = this;
    if (!band) return;
    const hertz = frequency(text);
    if (hertz === null) return this.display.problem(words.noFrequency(text));
    if (hertz < band.low || hertz >= band.high) {
      return this.display.problem(words.outside(hertz, band.low, band.high));
    }
    this.display.problem("");
    this.tune(hertz, { shows: true });
  }

  /** Shows again what is tuned to, instead of what was typed. */
  shown() {
    this.display.tuned({ ...this.tuning }, true);
  }

  mode(mode) {
    this.setMode(mode);
  }

  setMode(mode, { tells = true } = {}) {
    const info = this.modes.get(mode);
    if (!info) return;
    Object.assign(this.tuning, { mode, low: info.low_hz, high: info.high_hz, step: STEP_OF_MODE[mode] ?? 1000 });
    this.tuning.deemphasis = mode === "wbfm" ? DEEMPHASIS.wbfm : 0;
    if (tells) this.tell(true);
  }

  setStep(step) {
    this.tuning.step = step;
    this.shown();
  }

  setPassband(low, high, moved) {
    const mode = this.modes.get(this.tuning.mode);
    if (!mode) return;
    Object.assign(this.tuning, passband(mode, low, high, moved));
    this.tell(true);
  }

  /** Moves an edge of the passband. @param {"low" | "high"} which @param {number} hertz */
  edge(which, hertz) {
    if (!Number.isFinite(hertz)) return this.shown();
    const edge = Math.round(hertz / 10) * 10;
    if (which === "low") this.setPassband(edge, this.tuning.high, "low");
    else this.setPassband(this.tuning.low, edge, "high");
  }

  /** Narrower or wider by a tenth, on the side that the mode leaves free. */
  widen(direction) {
    const { low, high, mode } = this.tuning;
    const by = (direction * Math.max(20, Math.round((high - low) / 100) * 10)) / 2;
    if (mode === "usb") this.setPassband(low, high + 2 * by, "high");
    else if (mode === "lsb") this.setPassband(low - 2 * by, high, "low");
    else this.setPassband(low - by, high + by, "high");
  }

  deemphasis(isOn) {
    this.tuning.deemphasis = isOn ? (DEEMPHASIS[this.tuning.mode] ?? 0) : 0;
    this.tell();
  }

  /** @param {number} decibels above the noise; 0: off */
  squelch(decibels) {
    this.tuning.squelch = decibels;
    this.tell();
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

  /** @param {number} factor @param {number} [share] where in the view; without it, about the tuned frequency */
  zoom(factor, share) {
    const { band, tuning } = this;
    if (!band) return;
    const isInView = tuning.hertz >= band.view.low && tuning.hertz <= band.view.high;
    if (share === undefined && isInView) band.look(tuning.hertz, band.span / factor);
    else band.zoom(factor, share);
    this.look();
  }

  pan(share) {
    this.band?.pan(share);
    this.look();
  }

  whole() {
    this.band?.whole();
    this.look();
  }

  here() {
    const { hertz, low, high } = this.tuning;
    this.band?.look(hertz, Math.min(this.band.span, 12 * (high - low)));
    this.look();
  }

  find() {
    const found = document.hidden || this.waterfall.isHeld ? null : this.peaks.find();
    if (!found) return;
    this.found = found;
    this.display.signals(found, this.peaks.resolution);
  }

  /** Tunes to the next signal above or below. @param {number} direction */
  signal(direction) {
    const { hertz, step } = this.tuning;
    const others = this.found.filter((signal) => direction * (signal.hertz - hertz) > Math.max(step, 1000));
    const next = direction > 0 ? others[0] : others.at(-1);
    if (next) this.tune(next.rounded, { shows: true });
  }

  hold() {
    this.waterfall.isHeld = !this.waterfall.isHeld;
    this.display.held(this.waterfall.isHeld);
  }

  /** Goes to another band. @param {number} number */
  choose(number) {
    this.connection.open(number);
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
    else this.recorder.start(this.tuning);
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
