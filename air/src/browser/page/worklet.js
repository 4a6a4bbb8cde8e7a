// Plays in the thread of the sound card.

import { Ring } from "./audio.js";

class Player extends AudioWorkletProcessor {
  constructor() {
    super();
    this.ring = new Ring(sampleRate, 128);
    this.blocks = 0;
    this.port.onmessage = ({ data }) => {
      if (data.rate) this.ring.setRate(data.rate);
      else if (data.clear) this.ring.clear();
      else this.ring.push(data);
    };
  }

  process(_, [[output]]) {
    this.ring.pull(output);
    if (++this.blocks % 200 === 0) this.port.postMessage({ depth: this.ring.depth, underruns: this.ring.underruns });
    return true;
  }
}

registerProcessor("player", Player);
