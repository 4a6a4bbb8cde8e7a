// The receiver: what is tuned to, and what each input, key and gesture does.

import { Band, STEP_OF_MODE, passband } from "./band.js";
import { Connection } from "./connection.js";
import { clock, megahertz, short } from "./format.js";
import { gestures } from "./gestures.js";
import { keys } from "./keys.js";
import * as panel from "./panel.js";
import { Peaks, SignalList } from "./peaks.js";
import { Player } from "./player.js";
import { Recorder } from "./recorder.js";
import { Waterfall } from "./waterfall.js";

const { element } = panel;

/** Microseconds: of speech over narrowband FM, and of broadcasting in Europe. */
const DEEMPHASIS = { nbfm: 530, wbfm: 50 };

const canvas = element("waterfall");
const waterfall = new Waterfall(canvas);
const player = new Player();
const peaks = new Peaks();
const recorder = new Recorder(showRecorder);
const signals = new SignalList(element("signals"), element("no-signals"), (hertz) => tune(hertz, { shows: true }));

/** What the listener has set. The server is told, and told again after each reconnection. */
const tuning = { hertz: 0, mode: "nbfm", low: -6250, high: 6250, deemphasis: 0, squelch: 0, step: 2500, rate: 12000 };
const rates = new Map();
const views = new Map();
let band = null;
let modes = new Map();
let isListening = false;
let volumeBefore = 0.7;

const connection = new Connection({
  said,
  row({ epoch, row }) {
    const span = views.get(epoch);
    if (!span || !band) return;
    waterfall.add(span, row);
    peaks.add(span, row);
  },
  audio(frame) {
    const rate = rates.get(frame.epoch);
    if (rate === undefined) return;
    tuning.rate = rate;
    recorder.frame(frame, { ...tuning, rate });
    player.setRate(rate);
    player.push(frame.samples);
  },
  state(state, text) {
    panel.showLink(state, text);
    waterfall.isOld = state !== "open";
    waterfall.request();
    if (state === "open") return;
    player.clear();
    panel.showNoLevel();
  },
});

function said(message) {
  switch (message.type) {
    case "hello":
      return begin(message);
    case "tuned":
      rates.set(message.epoch, message.audio_rate);
      if (rates.size > 64) rates.delete(rates.keys().next().value);
      return panel.showProblem("");
    case "view":
      views.set(message.epoch, { low: message.low_hz, high: message.high_hz });
      if (views.size > 64) views.delete(views.keys().next().value);
      return;
    case "level":
      if (isListening) panel.showLevel(message);
      return;
    case "refused":
      panel.showProblem(message.reason);
  }
}

/** After each connection: learns what there is, and says what is wanted. */
function begin({ title, band: number, bands, modes: list }) {
  element("title").textContent = title;
  document.title = title;
  rates.clear();
  views.clear();
  const isOther = band?.number !== number;
  modes = new Map(list.map((mode) => [mode.mode, mode]));
  panel.showBands(bands, number);
  if (isOther) {
    band = new Band(bands[number]);
    band.number = number;
    panel.showModes(list, setMode);
    const asked = fromAddress();
    setMode(asked.mode ?? tuning.mode, { tells: false });
    tuning.hertz = band.clamp(asked.hertz ?? band.centre);
  }
  tell();
  look();
  connection.send({ type: "rows", on: !document.hidden });
  connection.send({ type: "listen", on: isListening });
}

/** What the address asks for: #f=145500000&m=nbfm, once. */
function fromAddress() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const hertz = Number(asked.get("f"));
  const isHere = hertz >= band.low && hertz < band.high;
  return { hertz: isHere ? hertz : undefined, mode: modes.has(asked.get("m")) ? asked.get("m") : undefined };
}

/** Tells the server and shows what is tuned to. */
function tell(options) {
  const { hertz, mode, low, high, deemphasis, squelch } = tuning;
  connection.settle({
    type: "tune",
    hz: hertz,
    mode,
    low_hz: low,
    high_hz: high,
    deemphasis_us: deemphasis,
    squelch_db: squelch,
  });
  panel.showTuning(tuning, options);
  waterfall.passband = { hertz, low, high };
  waterfall.request();
  clearTimeout(tell.later);
  // Browsers refuse an address that changes too often.
  tell.later = setTimeout(() => history.replaceState(null, "", address()), 400);
}

/** The address that leads here. */
function address() {
  const other = band.number > 0 ? `&b=${band.number}` : "";
  return `#f=${Math.round(tuning.hertz)}&m=${tuning.mode}${other}`;
}

function look() {
  waterfall.look(band.view);
  const columns = Math.min(1024, Math.max(256, Math.round((canvas.clientWidth || 1024) * (devicePixelRatio || 1))));
  connection.settle({ type: "view", low_hz: band.view.low, high_hz: band.view.high, columns });
  canvas.setAttribute("aria-label", `Waterfall from ${megahertz(band.view.low)} to ${megahertz(band.view.high)} MHz`);
}

function tune(hertz, { shows = false } = {}) {
  if (!band) return;
  tuning.hertz = band.clamp(Math.round(hertz));
  if (shows) {
    const before = band.view;
    band.show(tuning.hertz);
    if (band.view !== before) look();
  }
  tell({ force: true });
}

function setMode(mode, { tells = true } = {}) {
  const info = modes.get(mode);
  if (!info) return;
  Object.assign(tuning, { mode, low: info.low_hz, high: info.high_hz, step: STEP_OF_MODE[mode] ?? 1000 });
  tuning.deemphasis = mode === "wbfm" ? DEEMPHASIS.wbfm : 0;
  if (tells) tell({ force: true });
}

function setPassband(low, high, moved) {
  Object.assign(tuning, passband(modes.get(tuning.mode), low, high, moved));
  tell({ force: true });
}

async function listen() {
  isListening = !isListening;
  showListening();
  connection.send({ type: "listen", on: isListening });
  if (!isListening) {
    if (recorder.isOn) recorder.stop();
    player.stop();
    panel.showNoLevel();
    return;
  }
  connection.retry();
  try {
    await player.start();
    document.documentElement.dataset.player = player.path;
  } catch (error) {
    panel.showProblem(`This browser plays no sound: ${error.message}. Recording works all the same.`);
  }
}

function showListening() {
  const button = element("listen");
  button.textContent = isListening ? "Stop" : "Listen";
  button.setAttribute("aria-pressed", String(isListening));
  element("record").disabled = !isListening;
}

function record() {
  if (!isListening) return;
  if (recorder.isOn) recorder.stop();
  else recorder.start(tuning);
}

function showRecorder() {
  const button = element("record");
  button.textContent = recorder.isOn ? "Stop and save" : "Record";
  button.setAttribute("aria-pressed", String(recorder.isOn));
  showRecorded();
}

/** Once a second would be read out again and again: the output is silent for screen readers while it counts. */
function showRecorded() {
  const output = element("recorder");
  output.setAttribute("aria-live", recorder.isOn ? "off" : "polite");
  const gaps = recorder.gaps ? `, ${recorder.gaps} gaps` : "";
  if (recorder.isOn) output.textContent = `Recording ${clock(recorder.seconds)}${gaps}`;
  else if (recorder.saved) output.textContent = `Saved ${recorder.saved}`;
}

const acts = {
  tune: (hertz) => tune(Math.round(hertz / tuning.step) * tuning.step),
  step(count) {
    const { step } = tuning;
    // From between two steps to the next one.
    const at = count > 0 ? Math.floor(tuning.hertz / step) : Math.ceil(tuning.hertz / step);
    tune((at + count) * step, { shows: true });
  },
  typed(hertz, text) {
    if (hertz === null) return panel.showProblem(`“${text}” is no frequency; type one such as 145.5`);
    if (hertz < band.low || hertz >= band.high) {
      return panel.showProblem(`${short(hertz)} is outside the band, ${short(band.low)} to ${short(band.high)}`);
    }
    panel.showProblem("");
    tune(hertz, { shows: true });
  },
  shown: () => panel.showTuning(tuning, { force: true }),
  type() {
    element("frequency").focus();
    element("frequency").select();
  },
  mode: (mode) => setMode(mode),
  setStep(step) {
    tuning.step = step;
  },
  passband: (low, high) => setPassband(low ?? tuning.low, high ?? tuning.high, low === null ? "high" : "low"),
  edge(which, hertz) {
    const edge = Math.round(hertz / 10) * 10;
    if (which === "low") setPassband(edge, tuning.high, "low");
    else setPassband(tuning.low, edge, "high");
  },
  /** Narrower or wider by a tenth, on the side that the mode leaves free. */
  widen(direction) {
    const by = (direction * Math.max(20, Math.round((tuning.high - tuning.low) / 100) * 10)) / 2;
    if (tuning.mode === "usb") setPassband(tuning.low, tuning.high + 2 * by, "high");
    else if (tuning.mode === "lsb") setPassband(tuning.low - 2 * by, tuning.high, "low");
    else setPassband(tuning.low - by, tuning.high + by, "high");
  },
  deemphasis(on) {
    tuning.deemphasis = on ? (DEEMPHASIS[tuning.mode] ?? 0) : 0;
    tell();
  },
  squelch() {
    tuning.squelch = element("squelch-on").checked ? Number(element("squelch").value) : 0;
    tell();
  },
  volume(volume) {
    player.setVolume(volume);
    try {
      localStorage.setItem("volume", String(volume));
    } catch {
      // Without storage it is set anew each time.
    }
  },
  mute() {
    const volume = player.volume > 0 ? 0 : volumeBefore;
    if (player.volume > 0) volumeBefore = player.volume;
    player.setVolume(volume);
    element("volume").value = volume * 100;
  },
  zoom(factor, share) {
    if (!band) return;
    // By keys and buttons: to the tuned frequency, where it is in view.
    const isInView = tuning.hertz >= band.view.low && tuning.hertz <= band.view.high;
    if (share === undefined && isInView) band.look(tuning.hertz, band.span / factor);
    else band.zoom(factor, share);
    look();
  },
  pan(share) {
    if (!band) return;
    band.pan(share);
    look();
  },
  whole() {
    band?.whole();
    if (band) look();
  },
  here() {
    band?.look(tuning.hertz, Math.min(band.span, 12 * (tuning.high - tuning.low)));
    if (band) look();
  },
  signal(direction) {
    const next = signals.next(tuning.hertz, direction, Math.max(tuning.step, 1000));
    if (next) next.item.firstChild.click();
  },
  hold() {
    waterfall.isHeld = !waterfall.isHeld;
    const button = element("pause");
    button.setAttribute("aria-pressed", String(waterfall.isHeld));
    button.textContent = waterfall.isHeld ? "Go on" : "Hold picture";
  },
  band(number) {
    connection.open(number);
  },
  listen,
  record,
  help: () => element("keys").showModal(),
};

panel.connect(acts);
keys(acts);
gestures(canvas, waterfall, { ...acts, pan: (hertz) => band && acts.pan(hertz / band.span) });

document.addEventListener("visibilitychange", () => {
  connection.wake();
  connection.send({ type: "rows", on: !document.hidden });
});

let resized;
new ResizeObserver(() => {
  clearTimeout(resized);
  resized = setTimeout(() => band && look(), 300);
}).observe(canvas);

setInterval(() => {
  if (recorder.isOn) showRecorded();
}, 1000);

setInterval(() => {
  const found = document.hidden || waterfall.isHeld ? null : peaks.find();
  if (found) signals.show(found, peaks.resolution);
}, 2000);

try {
  const volume = Number(localStorage.getItem("volume") ?? 0.7);
  player.setVolume(volume);
  element("volume").value = volume * 100;
} catch {
  // Without storage.
}

const asked = Number(new URLSearchParams(location.hash.slice(1)).get("b") ?? 0);
connection.open(Number.isInteger(asked) ? asked : 0);
