// The page of the air itself.

import { keys } from "./keys.js";
import * as panel from "./panel.js";
import { SignalList } from "./peaks.js";
import { Receiver } from "./receiver.js";
import { words } from "./words.js";

const { element } = panel;

const canvas = element("waterfall");
const signals = new SignalList(element("signals"), element("no-signals"), (hertz) =>
  receiver.tuner.tune(hertz, { shows: true }),
);

const receiver = new Receiver(
  canvas,
  {
    begun({ title, bands, band, modes }) {
      element("title").textContent = title;
      document.title = title;
      panel.showBands(bands, band);
      panel.showModes(modes, (mode) => receiver.tuner.setMode(mode));
    },
    tuned: panel.showTuning,
    problem: panel.showProblem,
    level: panel.showLevel,
    link: panel.showLink,
    listening: panel.showListening,
    recording: panel.showRecorder,
    looked: (low, high) => canvas.setAttribute("aria-label", words.waterfall(low, high)),
    held: panel.showHeld,
    volume: (volume) => (element("volume").value = volume * 100),
    signals: (found, resolution) => signals.show(found, resolution),
    type() {
      element("frequency").focus();
      element("frequency").select();
    },
    help: () => element("keys").showModal(),
  },
  { worklet: new URL("worklet.js", import.meta.url).href },
);

panel.connect(receiver);
keys(receiver, document);
