// Signals that stand out, as a list of buttons: for those who do not see the picture, and for phones.

import { short } from "./format.js";
import { quantile } from "./waterfall.js";

/** Decibels above the noise, in the mean of a second. */
const ABOVE = 10;

/** As many as one listens through. */
const MOST = 8;

/** Rows of a second. */
const ROWS = 10;

/** Finds the signals of rows that show the same part of the band. */
export class Peaks {
  constructor() {
    this.rows = [];
  }

  add(span, levels) {
    if (this.span?.low !== span.low || this.span?.high !== span.high) this.rows = [];
    this.span = span;
    this.rows.push(levels);
    if (this.rows.length > ROWS) this.rows.shift();
  }

  /** The width of a column, in hertz. */
  get resolution() {
    return (this.span.high - this.span.low) / this.rows[0].length;
  }

  /** The strongest, from low to high: hertz of the middle, the frequency that it probably has, decibels above the noise. */
  find() {
    if (this.rows.length < ROWS) return null;
    const count = this.rows[0].length;
    const mean = new Float32Array(count);
    for (const row of this.rows) row.forEach((level, column) => (mean[column] += level / ROWS));
    const floor = quantile(Uint8Array.from(mean, Math.round), 0.4);
    const signals = [];
    let begin = -1;
    for (let column = 0; column <= count; column++) {
      const stands = column < count && mean[column] - floor > 2 * ABOVE;
      if (stands && begin < 0) begin = column;
      // A gap of a few columns is within a signal.
      const ends = begin >= 0 && !stands && !mean.subarray(column, column + 3).some((level) => level - floor > 2 * ABOVE);
      if (!ends) continue;
      signals.push(this.signal(mean, begin, column, floor));
      begin = -1;
    }
    signals.sort((one, two) => two.above - one.above).splice(MOST);
    return signals.sort((one, two) => one.hertz - two.hertz);
  }

  /** The middle is that of the power. */
  signal(mean, begin, end, floor) {
    const width = this.resolution;
    let [sum, weighted, peak] = [0, 0, 0];
    for (let column = begin; column < end; column++) {
      const power = 10 ** ((mean[column] - floor) / 20);
      sum += power;
      weighted += power * (column + 0.5);
      peak = Math.max(peak, mean[column]);
    }
    const hertz = this.span.low + (weighted / sum) * width;
    return { hertz, rounded: roundest(hertz, width), above: (peak - floor) / 2, width: (end - begin) * width };
  }
}

/** Rasters of channels, in hertz, and round numbers. */
const RASTERS = [100000, 50000, 25000, 12500, 10000, 5000, 2500, 1000, 500, 100, 50, 10];

/** The roundest frequency that is no further away than a column is wide: what is sent there probably has it. */
function roundest(hertz, tolerance) {
  const near = (raster) => Math.round(hertz / raster) * raster;
  return near(RASTERS.find((raster) => Math.abs(near(raster) - hertz) <= tolerance) ?? 10);
}

/** Shows signals in a list; buttons of signals that stay are not touched, so that focus and speech are not disturbed. */
export class SignalList {
  constructor(list, empty, tune) {
    this.list = list;
    this.empty = empty;
    this.tune = tune;
    this.signals = [];
  }

  show(signals, resolution) {
    const near = Math.max(2 * resolution, 500);
    const kept = new Map();
    for (const signal of signals) {
      const old = this.signals.find((old) => !kept.has(old) && Math.abs(old.hertz - signal.hertz) < near);
      if (old) {
        kept.set(old, true);
        signal.item = old.item;
      }
    }
    for (const old of this.signals) if (!kept.has(old)) old.item.remove();
    let before = null;
    for (const signal of signals) {
      signal.item ??= this.item();
      this.write(signal);
      const place = before ? before.nextSibling : this.list.firstChild;
      if (place !== signal.item) this.list.insertBefore(signal.item, place);
      before = signal.item;
    }
    this.signals = signals;
    this.empty.hidden = signals.length > 0;
  }

  item() {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    const [name, strength] = [document.createElement("span"), document.createElement("small")];
    button.append(name, " ", strength);
    item.append(button);
    return item;
  }

  write(signal) {
    const button = signal.item.firstChild;
    const text = short(signal.rounded);
    if (button.firstChild.textContent !== text) button.firstChild.textContent = text;
    button.lastChild.textContent = `${Math.round(signal.above)} dB`;
    button.onclick = () => this.tune(signal.rounded);
  }
}
