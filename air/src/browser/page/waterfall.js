// The picture: spectrum, frequency scale, waterfall, and the passband over all three.

import { COLOURS, font, theme } from "./colours.js";
import { drawScale, drawTrace } from "./scale.js";

/** Rows that are kept: 51 seconds. Memory never grows. */
const HISTORY = 512;
const WIDTH = 1024;

/** From the noise to the brightest colour, in half decibels; and how far below the noise the darkest lies. */
const RANGE = 84;
const BELOW = 8;

/** Where there is no row yet. */
const DARK = "#05090f";

/** Heights in CSS pixels. */
const TRACE = 96;
const SCALE = 26;
const ROW = 2;

/** Rows of a second. */
const ROWS = 10;

export class Waterfall {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.width = 0;
    this.height = 0;
    this.context = canvas.getContext("2d", { alpha: false });
    this.ring = document.createElement("canvas");
    this.ring.width = WIDTH;
    this.ring.height = HISTORY;
    this.pixels = this.ring.getContext("2d");
    this.picture = this.pixels.createImageData(WIDTH, HISTORY);
    this.colours = new Uint32Array(this.picture.data.buffer);
    this.rows = [];
    this.count = 0;
    this.trace = new Float32Array(WIDTH);
    this.isHeld = false;
    this.isOld = false;
    this.stands = matchMedia("(prefers-reduced-motion: reduce)");
    /**
     * Draws over the rows, and below the passband, if a page has something to say.
     *
     * @type {((context: CanvasRenderingContext2D, picture: Waterfall) => void) | null}
     */
    this.overlay = null;
    this.ending = new AbortController();
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(canvas);
    const scheme = matchMedia("(prefers-color-scheme: light)");
    scheme.addEventListener("change", () => this.draw(), { signal: this.ending.signal });
  }

  /** Draws no more. */
  close() {
    this.ending.abort();
    this.observer.disconnect();
    this.view = undefined;
  }

  /** Where the rows begin, in CSS pixels: below spectrum and scale. */
  get top() {
    return TRACE + SCALE;
  }

  resize() {
    const scale = devicePixelRatio || 1;
    this.width = this.canvas.clientWidth;
    this.height = this.canvas.clientHeight;
    this.canvas.width = Math.round(this.width * scale);
    this.canvas.height = Math.round(this.height * scale);
    this.context.setTransform(scale, 0, 0, scale, 0, 0);
    this.draw();
  }

  /** Shows another part of the band: what was received before stays where it was. */
  look(view) {
    if (this.view && view.low === this.view.low && view.high === this.view.high) return;
    this.view = { ...view };
    for (let at = 0; at < HISTORY; at++) this.paint(at);
    this.pixels.putImageData(this.picture, 0, 0);
    const last = this.rows[(this.count + HISTORY - 1) % HISTORY];
    if (last) this.follow(last, 1);
    this.draw();
  }

  /** Adds a row of a part of the band, unless the picture is held. */
  add(span, levels) {
    if (this.isHeld) return;
    const at = this.count % HISTORY;
    const before = this.rows[(this.count + HISTORY - 1) % HISTORY];
    const isSame = before && before.low === span.low && before.high === span.high;
    const quiet = quantile(levels, 0.2);
    const floor = isSame ? before.floor + 0.05 * (quiet - before.floor) : quiet;
    const row = { ...span, levels, floor };
    this.rows[at] = row;
    this.paint(at);
    this.pixels.putImageData(this.picture, 0, 0, 0, at, WIDTH, 1);
    this.count++;
    this.follow(row, isSame ? 0.35 : 1);
    if (!document.hidden) this.request();
  }

  /** Draws with the next frame of the screen. */
  request() {
    if (this.isRequested) return;
    this.isRequested = true;
    requestAnimationFrame(() => {
      this.isRequested = false;
      this.draw();
    });
  }

  /** Calls `each` for each column of the picture with the level of a row there, 0 where there is none. */
  map(row, each) {
    const count = row.levels.length;
    const step = ((this.view.high - this.view.low) / WIDTH / (row.high - row.low)) * count;
    let at = ((this.view.low - row.low) / (row.high - row.low)) * count + step / 2;
    for (let column = 0; column < WIDTH; column++, at += step) {
      each(column, at < 0 || at >= count ? 0 : row.levels[Math.floor(at)]);
    }
  }

  paint(at) {
    const row = this.rows[at];
    if (!row || !this.view) return;
    const begin = at * WIDTH;
    const dark = row.floor - BELOW;
    this.map(row, (column, level) => {
      const share = Math.min(255, Math.max(0, Math.round(((level - dark) * 255) / RANGE)));
      this.colours[begin + column] = COLOURS[share];
    });
  }

  /** Takes a row into the trace above, by this share. */
  follow(row, share) {
    this.floor = row.floor;
    if (!this.view) return;
    this.map(row, (column, level) => {
      // Up at once, so that a short burst is seen; down slowly.
      const by = level > this.trace[column] ? Math.max(share, 0.8) : share;
      this.trace[column] += by * (level - this.trace[column]);
    });
  }

  /** The x of a frequency, and back. */
  x(hertz) {
    return ((hertz - this.view.low) / (this.view.high - this.view.low)) * this.width;
  }

  hertz(x) {
    return this.view.low + (x / this.width) * (this.view.high - this.view.low);
  }

  draw() {
    if (!this.view || !this.width) return;
    const { context, width, height } = this;
    context.fillStyle = theme("ground");
    context.fillRect(0, 0, width, height);
    drawTrace(context, this.trace, this.floor ?? 0, width, TRACE);
    drawScale(context, this.view, width, TRACE, SCALE);
    this.drawRows(TRACE + SCALE, height - TRACE - SCALE);
    this.overlay?.(context, this);
    if (this.passband) this.drawPassband(this.passband, height);
    if (this.isOld) this.drawOld(height);
  }

  drawRows(top, height) {
    const { context, width } = this;
    const shown = Math.min(HISTORY, Math.ceil(height / ROW));
    context.save();
    context.beginPath();
    context.rect(0, top, width, height);
    context.clip();
    // Dark in both themes, as the rows are.
    context.fillStyle = DARK;
    context.fillRect(0, top, width, height);
    context.translate(0, top);
    if (this.stands.matches) {
      // Without motion: each row is written over the oldest, in its place.
      const at = this.count % shown;
      this.drawPiece(this.count - at, at, 0);
      this.drawPiece(this.count - shown, shown - at, at * ROW);
      context.fillStyle = theme("accent");
      context.fillRect(0, at * ROW, width, 2);
    } else {
      // The newest at the top: upside down.
      context.scale(1, -1);
      this.drawPiece(this.count - shown, shown, -shown * ROW);
      context.scale(1, -1);
      drawAges(context, width, height);
    }
    context.restore();
  }

  /** Draws `length` rows from number `first` on, which may go over the end of the ring. */
  drawPiece(first, length, y) {
    const begin = (first + HISTORY) % HISTORY;
    const now = Math.min(length, HISTORY - begin);
    if (now > 0) this.context.drawImage(this.ring, 0, begin, WIDTH, now, 0, y, this.width, now * ROW);
    if (length > now) this.drawPiece(first + now, length - now, y + now * ROW);
  }

  drawPassband({ hertz, low, high }, height) {
    const { context, width } = this;
    const [left, right, carrier] = [hertz + low, hertz + high, hertz].map((at) => this.x(at));
    if (right < 0 || left > width) return;
    context.fillStyle = theme("passband");
    context.fillRect(left, 0, Math.max(2, right - left), height);
    context.fillStyle = theme("edge");
    context.fillRect(left - 0.5, 0, 1, height);
    context.fillRect(right - 0.5, 0, 1, height);
    if (right - left > 24) {
      for (const x of [left, right]) {
        context.beginPath();
        context.roundRect(x - 3, TRACE + 4, 6, SCALE - 8, 3);
        context.fill();
      }
    }
    context.fillStyle = theme("carrier");
    context.fillRect(carrier - 1, 0, 2, height);
  }

  /** What is shown is no longer live. */
  drawOld(height) {
    const { context, width } = this;
    context.save();
    context.fillStyle = theme("veil");
    context.fillRect(0, 0, width, height);
    context.strokeStyle = theme("hatching");
    context.lineWidth = 1;
    context.beginPath();
    for (let x = -height; x < width; x += 14) {
      context.moveTo(x, height);
      context.lineTo(x + height, 0);
    }
    context.stroke();
    context.restore();
  }
}

/** How long ago it was, every ten seconds. */
function drawAges(context, width, height) {
  context.font = font(11);
  context.textAlign = "right";
  context.textBaseline = "bottom";
  for (let seconds = 10; seconds * ROWS * ROW < height; seconds += 10) {
    const y = seconds * ROWS * ROW;
    context.fillStyle = "rgb(255 255 255 / 35%)";
    context.fillRect(width - 30, y, 30, 1);
    context.fillStyle = "rgb(255 255 255 / 80%)";
    context.fillText(`${seconds} s`, width - 6, y - 1);
  }
}

/** The level below which this share of the columns lies. */
export function quantile(levels, share) {
  const counts = new Uint16Array(256);
  for (const level of levels) counts[level]++;
  let rest = levels.length * share;
  let level = 0;
  while (level < 255 && (rest -= counts[level]) > 0) level++;
  return level;
}
