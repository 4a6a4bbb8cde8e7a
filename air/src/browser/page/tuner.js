// What is tuned to, and what of the band is looked at.

import { Band, STEP_OF_MODE, passband } from "./band.js";
import { frequency } from "./format.js";
import { words } from "./words.js";

/**
 * @typedef {import("./receiver.js").BandInfo} BandInfo
 * @typedef {import("./receiver.js").ModeInfo} ModeInfo
 * @typedef {import("./receiver.js").Tuning} Tuning
 */

/** Microseconds: of speech over narrowband FM, and of broadcasting in Europe. */
const DEEMPHASIS = { nbfm: 530, wbfm: 50 };

export class Tuner {
  /**
   * @param {import("./connection.js").Connection} connection
   * @param {import("./waterfall.js").Waterfall} waterfall
   * @param {import("./receiver.js").Display} display
   */
  constructor(connection, waterfall, display) {
    this.connection = connection;
    this.waterfall = waterfall;
    this.display = display;
    /**
     * What the listener has set; the server is told, and told again after each reconnection.
     *
     * @type {Tuning}
     */
    this.tuning = { hertz: 0, mode: "nbfm", low: -6250, high: 6250, deemphasis: 0, squelch: 0, step: 2500, rate: 12000 };
    /** @type {(Band & { number?: number }) | null} */
    this.band = null;
    /** @type {BandInfo[]} */
    this.bands = [];
    /** @type {Map<string, ModeInfo>} */
    this.modes = new Map();
    /**
     * What is tuned to once its band is there.
     *
     * @type {{ hertz: number, mode: string } | null}
     */
    this.wanted = null;
  }

  close() {
    clearTimeout(this.later);
  }

  /** After each connection: learns what there is, and says what is wanted. */
  begin(hello) {
    this.bands = hello.bands;
    this.modes = new Map(hello.modes.map((mode) => [mode.mode, mode]));
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
    const width = Math.round((this.waterfall.width || 1024) * (devicePixelRatio || 1));
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

  /**
   * Tunes to the nearest step.
   *
   * @param {number} hertz
   */
  tuneNear(hertz) {
    const { step } = this.tuning;
    this.tune(Math.round(hertz / step) * step);
  }

  /**
   * The number of the band that a frequency lies in: this one, if it does; -1: none.
   *
   * @param {number} hertz
   */
  bandOf(hertz) {
    const isIn = ({ centre_hz, rate_hz }) => Math.abs(hertz - centre_hz) < rate_hz / 2;
    const own = this.band?.number ?? 0;
    return this.bands[own] && isIn(this.bands[own]) ? own : this.bands.findIndex(isIn);
  }

  /**
   * Tunes to a frequency in whichever band it lies.
   *
   * @param {number} hertz
   * @param {string} mode
   */
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

  /**
   * Tunes to what was typed.
   *
   * @param {string} text
   */
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

  /**
   * Moves an edge of the passband.
   *
   * @param {"low" | "high"} which
   * @param {number} hertz
   */
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

  /**
   * @param {number} factor
   * @param {number} [share] where in the view; without it, about the tuned frequency
   */
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

  /**
   * Moves the view by so many hertz.
   *
   * @param {number} hertz
   */
  move(hertz) {
    if (this.band) this.pan(hertz / this.band.span);
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

  /**
   * Goes to another band.
   *
   * @param {number} number
   */
  choose(number) {
    this.connection.open(number);
  }
}
