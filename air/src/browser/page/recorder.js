// Saves the sound as it was received, bit for bit.

import { megahertz } from "./format.js";

/** Bytes after which a recording is saved by itself: three hours of 12 kHz. */
const MOST = 256 * 1024 * 1024;

/** A longer gap, in frames of 20 ms, is not filled with silence. */
const LONGEST_GAP = 500;

export class Recorder {
  /** `changed` is called when it starts, stops or saves. */
  constructor(changed) {
    this.changed = changed;
    this.bytes = 0;
    this.gaps = 0;
    this.isOn = false;
  }

  start(tuning) {
    this.isOn = true;
    this.begin(tuning);
    this.changed();
  }

  begin({ hertz, mode, rate }) {
    this.name = `receiver-${megahertz(hertz).replace(" ", "")}MHz-${mode}-${new Date().toISOString().replace(/[:.]/g, "-")}.wav`;
    this.rate = rate;
    this.parts = [];
    this.bytes = 0;
    this.gaps = 0;
    this.next = undefined;
  }

  get seconds() {
    return this.bytes / 2 / this.rate;
  }

  /** Adds a frame. Frames that were lost become silence, so that what follows keeps its time. */
  frame({ number, samples }, tuning) {
    if (!this.isOn) return;
    if (tuning.rate !== this.rate || this.bytes > MOST) {
      this.save();
      this.begin(tuning);
    }
    const lost = this.next === undefined ? 0 : (number - this.next) >>> 0;
    if (lost > 0) this.gaps++;
    if (lost > 0 && lost <= LONGEST_GAP) this.add(new Int16Array(samples.length * lost));
    this.next = (number + 1) >>> 0;
    this.add(samples);
  }

  add(samples) {
    this.parts.push(samples);
    this.bytes += samples.byteLength;
  }

  stop() {
    this.isOn = false;
    this.save();
    this.changed();
  }

  save() {
    if (this.bytes === 0) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([header(this.rate, this.bytes), ...this.parts], { type: "audio/wav" }));
    link.download = this.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    this.saved = this.name;
    this.parts = [];
    this.bytes = 0;
  }
}

/** The header of a WAV file: 16 bits, mono. */
function header(rate, bytes) {
  const view = new DataView(new ArrayBuffer(44));
  const text = (at, word) => [...word].forEach((letter, n) => view.setUint8(at + n, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + bytes, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, bytes, true);
  return view.buffer;
}
