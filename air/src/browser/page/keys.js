// Keys.

const MODES = { a: "am", n: "nbfm", w: "wbfm", u: "usb", l: "lsb", c: "cw" };

/** Where all keys have a meaning of their own. */
const TYPED =
  "input:not([type=radio], [type=range], [type=checkbox]), select, textarea, dialog, [role=dialog], [role=alertdialog]";

/** Where only arrows and Space have one: choices and sliders; and where only Space has one. */
const CHOSEN = "[type=radio], [type=range], [type=checkbox]";
const PRESSED = "button, a, summary, [type=radio], [type=range], [type=checkbox]";

/** Has the keys do what they are for in a receiver, wherever the focus is within `root`. */
export function keys(receiver, root) {
  const { tuner } = receiver;
  const table = {
    arrowleft: (event) => tuner.step(event.shiftKey ? -10 : -1),
    arrowright: (event) => tuner.step(event.shiftKey ? 10 : 1),
    arrowup: () => tuner.zoom(1.5),
    arrowdown: () => tuner.zoom(1 / 1.5),
    "+": () => tuner.zoom(1.5),
    "=": () => tuner.zoom(1.5),
    "-": () => tuner.zoom(1 / 1.5),
    0: () => tuner.whole(),
    "[": () => receiver.signal(-1),
    "]": () => receiver.signal(1),
    ",": () => tuner.widen(-1),
    ".": () => tuner.widen(1),
    " ": () => receiver.listen(),
    f: () => receiver.type(),
    m: () => receiver.mute(),
    p: () => receiver.hold(),
    r: () => receiver.record(),
    "?": () => receiver.help(),
  };
  for (const [key, mode] of Object.entries(MODES)) table[key] = () => tuner.setMode(mode);

  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    if (event.target.closest(TYPED)) return;
    const key = event.key.toLowerCase();
    if (key === " " && event.target.closest(PRESSED)) return;
    if (key.startsWith("arrow") && event.target.closest(CHOSEN)) return;
    const act = table[key];
    if (!act) return;
    event.preventDefault();
    act(event);
  });
}
