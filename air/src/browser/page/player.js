// From frames to the loudspeaker.

import { Ring } from "./audio.js";

/** Samples that the fallback takes at once: it shares its thread with the picture. */
const BLOCK = 2048;

export class Player {
  /** @param {string} worklet the address of `worklet.js` */
  constructor(worklet) {
    this.worklet = worklet;
    this.rate = 12000;
    this.volume = 0.7;
    this.depth = 0;
    this.underruns = 0;
  }

  get isOn() {
    return this.context?.state === "running" || this.context?.state === "suspended";
  }

  /** Called from a click or a key: browsers play nothing before. */
  async start() {
    const context = new AudioContext({ latencyHint: "interactive" });
    this.context = context;
    this.gain = context.createGain();
    this.gain.gain.value = this.volume;
    this.gain.connect(context.destination);
    const resumed = context.resume();
    // Only https and localhost have AudioWorklet; everywhere else the page plays by itself.
    if (context.audioWorklet) await this.startWorklet(context);
    else this.startScript(context);
    await resumed;
  }

  async startWorklet(context) {
    await context.audioWorklet.addModule(this.worklet);
    const node = new AudioWorkletNode(context, "player", { numberOfInputs: 0, outputChannelCount: [1] });
    node.port.onmessage = ({ data }) => Object.assign(this, data);
    node.connect(this.gain);
    this.port = node.port;
    this.port.postMessage({ rate: this.rate });
    this.path = "worklet";
  }

  startScript(context) {
    const ring = new Ring(context.sampleRate, BLOCK);
    ring.setRate(this.rate);
    const node = context.createScriptProcessor(BLOCK, 0, 1);
    node.onaudioprocess = ({ outputBuffer }) => {
      ring.pull(outputBuffer.getChannelData(0));
      this.depth = ring.depth;
      this.underruns = ring.underruns;
    };
    node.connect(this.gain);
    this.ring = ring;
    // Kept, or the node is collected as garbage and falls silent.
    this.node = node;
    this.path = "script";
  }

  stop() {
    this.context?.close();
    this.context = this.port = this.ring = this.node = undefined;
  }

  setVolume(volume) {
    this.volume = volume;
    if (this.context) this.gain.gain.setTargetAtTime(volume, this.context.currentTime, 0.02);
  }

  setRate(rate) {
    if (rate === this.rate) return;
    this.rate = rate;
    this.port?.postMessage({ rate });
    this.ring?.setRate(rate);
  }

  /** Forgets what waits, as when the connection was lost. */
  clear() {
    this.port?.postMessage({ clear: true });
    this.ring?.clear();
  }

  push(samples) {
    this.port?.postMessage(samples);
    this.ring?.push(samples);
  }
}
