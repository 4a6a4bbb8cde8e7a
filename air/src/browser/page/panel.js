// Inputs and outputs of the page.

import { MODE_NAMES, STEPS } from "./band.js";
import { clock, megahertz, short } from "./format.js";
import { words } from "./words.js";

export const element = (id) => document.getElementById(id);

/** Connects the inputs to the receiver. */
export function connect(receiver) {
  const { tuner } = receiver;
  const on = (id, type, act) => element(id).addEventListener(type, act);
  on("up", "click", () => tuner.step(1));
  on("down", "click", () => tuner.step(-1));
  on("listen", "click", () => receiver.listen());
  on("record", "click", () => receiver.record());
  on("pause", "click", () => receiver.hold());
  on("zoom-in", "click", () => tuner.zoom(2));
  on("zoom-out", "click", () => tuner.zoom(0.5));
  on("left", "click", () => tuner.pan(-0.25));
  on("right", "click", () => tuner.pan(0.25));
  on("whole", "click", () => tuner.whole());
  on("here", "click", () => tuner.here());
  on("narrower", "click", () => tuner.widen(-1));
  on("wider", "click", () => tuner.widen(1));
  on("help", "click", () => receiver.help());
  on("band", "change", (event) => tuner.choose(Number(event.target.value)));
  on("volume", "input", (event) => receiver.volume(event.target.value / 100));
  const squelch = () => tuner.squelch(element("squelch-on").checked ? Number(element("squelch").value) : 0);
  on("squelch-on", "change", squelch);
  on("squelch", "input", squelch);
  on("deemphasis", "change", (event) => tuner.deemphasis(event.target.checked));
  on("step", "change", (event) => tuner.setStep(Number(event.target.value)));
  on("low", "change", (event) => tuner.edge("low", event.target.valueAsNumber));
  on("high", "change", (event) => tuner.edge("high", event.target.valueAsNumber));

  const input = element("frequency");
  const typed = () => tuner.typed(input.value);
  input.addEventListener("change", typed);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") typed();
    if (event.key === "Escape") tuner.shown();
    const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    tuner.step(step);
  });

  element("step").append(...STEPS.map((step) => new Option(short(step), step)));
}

/** Makes the choice of modes, once: they are those of the program that serves the page. */
export function showModes(modes, choose) {
  const fieldset = element("modes");
  if (fieldset.querySelector("label")) return;
  for (const { mode } of modes) {
    const label = document.createElement("label");
    const radio = document.createElement("input");
    radio.type = "radio";
    radio.name = "mode";
    radio.value = mode;
    radio.onchange = () => choose(mode);
    const name = document.createElement("span");
    name.textContent = MODE_NAMES[mode] ?? mode;
    label.append(radio, name);
    fieldset.append(label);
  }
}

export function showBands(bands, chosen) {
  const select = element("band");
  select.replaceChildren(...bands.map(({ name }, number) => new Option(name, number, false, number === chosen)));
  element("band-choice").hidden = bands.length < 2;
}

/** Shows what is tuned to; what is being typed stays. */
export function showTuning({ hertz, mode, low, high, step, deemphasis, squelch }, isForced) {
  const put = (id, value) => {
    if (isForced || document.activeElement !== element(id)) element(id).value = value;
  };
  put("frequency", megahertz(hertz));
  put("low", low);
  put("high", high);
  put("step", step);
  for (const radio of document.querySelectorAll("[name=mode]")) radio.checked = radio.value === mode;
  element("deemphasis").checked = deemphasis > 0;
  element("deemphasis-choice").hidden = !["nbfm", "wbfm"].includes(mode);
  element("squelch-on").checked = squelch > 0;
  element("squelch").disabled = squelch === 0;
  element("squelch-value").textContent = squelch > 0 ? `${squelch} dB` : "off";
}

export function showLevel(level) {
  element("meter").value = level?.dbfs ?? -120;
  const above = level && Math.max(0, level.dbfs - level.noise_dbfs);
  element("level").textContent = level ? words.level(level.dbfs, above, level.open) : words.noLevel;
}

export function showListening(isListening, player) {
  const button = element("listen");
  button.textContent = isListening ? "Stop" : "Listen";
  button.setAttribute("aria-pressed", String(isListening));
  element("record").disabled = !isListening;
  if (player) document.documentElement.dataset.player = player;
}

export function showHeld(isHeld) {
  const button = element("pause");
  button.setAttribute("aria-pressed", String(isHeld));
  button.textContent = isHeld ? "Go on" : "Hold picture";
}

/** Once a second would be read out again and again: the output is silent for screen readers while it counts. */
export function showRecorder(recorder) {
  const button = element("record");
  button.textContent = recorder.isOn ? "Stop and save" : "Record";
  button.setAttribute("aria-pressed", String(recorder.isOn));
  const output = element("recorder");
  output.setAttribute("aria-live", recorder.isOn ? "off" : "polite");
  if (recorder.isOn) output.textContent = words.recording(clock(recorder.seconds), recorder.gaps);
  else if (recorder.saved) output.textContent = words.saved(recorder.saved);
}

export function showLink(state, text) {
  const link = element("link");
  link.dataset.state = state;
  link.textContent = { open: "Live", connecting: "Connecting…", lost: "Not connected" }[state];
  const alert = element("alert");
  alert.hidden = state !== "lost";
  alert.textContent = state === "lost" ? text : "";
}

export function showProblem(text) {
  element("problem").textContent = text;
}
