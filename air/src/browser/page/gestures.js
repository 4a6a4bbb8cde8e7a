// Mouse and fingers in the picture.

/** A pointer that moved no further than this, in CSS pixels, has clicked. */
const CLICK = 6;

/** How near to an edge of the passband it is taken hold of. */
const GRIP = { mouse: 7, pen: 10, touch: 22 };

/**
 * `acts`: tune(hertz), step(count), edge("low" or "high", hertz from the carrier), zoom(factor, share), pan(hertz).
 */
export function gestures(canvas, waterfall, acts) {
  const pointers = new Map();
  let drag = null;

  const share = (x) => x / waterfall.width;
  const place = (event) => ({ x: event.offsetX, y: event.offsetY });

  /** The edge of the passband under the pointer, if they are far enough apart to be told from each other. */
  function edgeAt(x, type) {
    const { hertz, low, high } = waterfall.passband ?? {};
    if (hertz === undefined) return null;
    const grip = GRIP[type] ?? GRIP.mouse;
    const [left, right] = [waterfall.x(hertz + low), waterfall.x(hertz + high)];
    if (right - left < 2 * grip + 8) return null;
    if (Math.abs(x - left) <= grip) return "low";
    return Math.abs(x - right) <= grip ? "high" : null;
  }

  function down(event) {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    const at = place(event);
    pointers.set(event.pointerId, at);
    if (pointers.size === 1) drag = { edge: edgeAt(at.x, event.pointerType), from: at, last: at, moved: false };
    else drag = { pinch: spread(), moved: true };
  }

  function move(event) {
    const at = place(event);
    if (!pointers.has(event.pointerId)) {
      canvas.style.cursor = edgeAt(at.x, event.pointerType) ? "ew-resize" : "crosshair";
      return;
    }
    pointers.set(event.pointerId, at);
    if (drag?.pinch) return pinch();
    if (!drag) return;
    drag.moved ||= Math.hypot(at.x - drag.from.x, at.y - drag.from.y) > CLICK;
    if (!drag.moved) return;
    if (drag.edge) acts.edge(drag.edge, waterfall.hertz(at.x) - waterfall.passband.hertz);
    else acts.pan(waterfall.hertz(drag.last.x) - waterfall.hertz(at.x));
    drag.last = at;
  }

  function up(event) {
    if (!pointers.delete(event.pointerId)) return;
    if (drag && !drag.moved && event.type === "pointerup") acts.tune(waterfall.hertz(place(event).x));
    // The finger that stays does not pan with a jump.
    drag = null;
  }

  function spread() {
    const [one, two] = [...pointers.values()];
    return { distance: Math.max(20, Math.abs(one.x - two.x)), middle: (one.x + two.x) / 2 };
  }

  function pinch() {
    if (pointers.size < 2) return;
    const now = spread();
    acts.pan(waterfall.hertz(drag.pinch.middle) - waterfall.hertz(now.middle));
    acts.zoom(now.distance / drag.pinch.distance, share(now.middle));
    drag.pinch = now;
  }

  function wheel(event) {
    event.preventDefault();
    const turned = event.deltaY || event.deltaX;
    if (!turned) return;
    // A pinch on a touchpad arrives as a wheel with Ctrl.
    if (event.shiftKey || event.ctrlKey || event.metaKey) {
      acts.zoom(turned < 0 ? 1.25 : 0.8, share(event.offsetX));
    } else {
      acts.step(turned < 0 ? 1 : -1);
    }
  }

  canvas.addEventListener("pointerdown", down);
  canvas.addEventListener("pointermove", move);
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("wheel", wheel, { passive: false });
}
