// The buffer between the network and the sound card: in the AudioWorklet, or in the page where there is none.

/** Seconds of sound at which it begins; between LOW and HIGH it plays at the stream's rate. */
const PREFILL = 0.1;
const LOW = 0.08;
const HIGH = 0.16;

/** By how much it plays faster or slower outside of that: a sound card drifts by less, and nobody hears it. */
const ADJUST = 0.003;

/** Seconds beyond which the oldest sound is skipped. */
const MOST = 0.5;

/** The interpolation filter: taps, and places between two samples that are computed beforehand. */
const TAPS = 24;
const PHASES = 64;

/** Half of a sinc under a Kaiser window; images of 12 kHz sound would be heard by decoders. */
const FILTER = (() => {
  const bessel = (x) => {
    let term = 1;
    let sum = 1;
    for (let k = 1; k < 30; k++) sum += term *= (x / 2 / k) ** 2;
    return sum;
  };
  const BETA = 7;
  const filter = new Float32Array((PHASES + 1) * TAPS);
  for (let phase = 0; phase <= PHASES; phase++) {
    let sum = 0;
    for (let tap = 0; tap < TAPS; tap++) {
      const time = tap - TAPS / 2 + 1 - phase / PHASES;
      const x = 0.94 * time * Math.PI;
      const inside = Math.max(0, 1 - (time / (TAPS / 2)) ** 2);
      const weight = (time === 0 ? 1 : Math.sin(x) / x) * (bessel(BETA * Math.sqrt(inside)) / bessel(BETA));
      filter[phase * TAPS + tap] = weight;
      sum += weight;
    }
    for (let tap = 0; tap < TAPS; tap++) filter[phase * TAPS + tap] /= sum;
  }
  return filter;
})();

export class Ring {
  /** For a sound card of `cardRate`; `block` is how many samples it takes at once. */
  constructor(cardRate, block) {
    this.cardRate = cardRate;
    this.extra = block / cardRate;
    this.samples = new Float32Array(1 << 17);
    this.underruns = 0;
    this.setRate(12000);
  }

  /** The stream has another rate from now on. */
  setRate(rate) {
    this.rate = rate;
    this.clear();
  }

  clear() {
    this.samples.fill(0);
    // Counts of samples since the beginning; the filter reaches back before the first.
    this.written = TAPS;
    this.read = TAPS / 2;
    this.isPlaying = false;
    this.smoothed = PREFILL;
  }

  /** Seconds of sound that wait. */
  get depth() {
    return (this.written - this.read) / this.rate;
  }

  /** Adds 16-bit samples. */
  push(samples) {
    const mask = this.samples.length - 1;
    for (let at = 0; at < samples.length; at++) this.samples[(this.written + at) & mask] = samples[at] / 32768;
    this.written += samples.length;
    const extra = this.extra;
    if (this.depth > MOST + extra) this.read = this.written - Math.round((PREFILL + extra) * this.rate);
  }

  /** Fills `output` with sound for the card. */
  pull(output) {
    if (!this.isPlaying && this.depth < PREFILL + this.extra) {
      output.fill(0);
      return;
    }
    this.isPlaying = true;
    this.smoothed += 0.02 * (this.depth - this.extra / 2 - this.smoothed);
    const adjust = this.smoothed > HIGH + this.extra ? ADJUST : this.smoothed < LOW ? -ADJUST : 0;
    const step = (this.rate / this.cardRate) * (1 + adjust);
    for (let at = 0; at < output.length; at++) {
      if (this.written - this.read < TAPS) {
        output.fill(0, at);
        this.isPlaying = false;
        this.underruns++;
        return;
      }
      output[at] = this.interpolate();
      this.read += step;
    }
  }

  interpolate() {
    const mask = this.samples.length - 1;
    const whole = Math.floor(this.read);
    const place = (this.read - whole) * PHASES;
    const phase = Math.floor(place);
    const share = place - phase;
    const begin = whole - TAPS / 2 + 1;
    const low = phase * TAPS;
    let sum = 0;
    for (let tap = 0; tap < TAPS; tap++) {
      const weight = FILTER[low + tap] + share * (FILTER[low + TAPS + tap] - FILTER[low + tap]);
      sum += weight * this.samples[(begin + tap) & mask];
    }
    return sum;
  }
}
