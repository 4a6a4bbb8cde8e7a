// What can be tuned to and looked at.

/** The narrowest view, in hertz: 200 bins of 40 Hz. */
const MIN_SPAN = 8000;

/** Steps in hertz that can be chosen, and those that the modes begin with. */
export const STEPS = [10, 50, 100, 500, 1000, 2500, 5000, 6250, 12500, 25000, 100000];
export const STEP_OF_MODE = { am: 1000, nbfm: 2500, wbfm: 50000, usb: 50, lsb: 50, cw: 10 };

export const MODE_NAMES = { am: "AM", nbfm: "NBFM", wbfm: "WBFM", usb: "USB", lsb: "LSB", cw: "CW" };

/** A window of the air, and what of it is in view. */
export class Band {
  constructor({ name, centre_hz, rate_hz }) {
    this.name = name;
    this.low = centre_hz - rate_hz / 2;
    this.high = centre_hz + rate_hz / 2;
    this.view = { low: this.low, high: this.high };
  }

  get centre() {
    return (this.low + this.high) / 2;
  }

  get span() {
    return this.view.high - this.view.low;
  }

  clamp(hertz) {
    return Math.min(Math.max(hertz, this.low), this.high - 1);
  }

  /** Looks at so many hertz about a centre. */
  look(centre, span) {
    const width = Math.min(Math.max(span, MIN_SPAN), this.high - this.low);
    const middle = Math.min(Math.max(centre, this.low + width / 2), this.high - width / 2);
    this.view = { low: middle - width / 2, high: middle + width / 2 };
  }

  /** Zooms so that the frequency at `share` of the view stays where it is. */
  zoom(factor, share = 0.5) {
    const fixed = this.view.low + share * this.span;
    const span = Math.min(Math.max(this.span / factor, MIN_SPAN), this.high - this.low);
    this.look(fixed + (0.5 - share) * span, span);
  }

  /** Moves the view by a share of its span. */
  pan(share) {
    this.look((this.view.low + this.view.high) / 2 + share * this.span, this.span);
  }

  /** Brings a frequency into view, if it is not. */
  show(hertz) {
    if (hertz < this.view.low || hertz > this.view.high) this.look(hertz, this.span);
  }

  whole() {
    this.view = { low: this.low, high: this.high };
  }
}

/** A passband that the mode allows, nearest to what was asked for; `moved` names the edge that was changed. */
export function passband(mode, low, high, moved = "high") {
  let from = Math.min(Math.max(low, mode.min_low_hz), mode.max_high_hz - mode.min_width_hz);
  let to = Math.min(Math.max(high, mode.min_low_hz + mode.min_width_hz), mode.max_high_hz);
  if (to - from < mode.min_width_hz) {
    if (moved === "low") from = to - mode.min_width_hz;
    else to = from + mode.min_width_hz;
  }
  return { low: Math.round(from), high: Math.round(to) };
}
