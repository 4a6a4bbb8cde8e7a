// The spectrum as a line, and the scale of frequencies below it.

import { font, theme } from "./colours.js";

/** Distance between marks in CSS pixels, at least. */
const APART = 74;

/** Decibels between the noise and the top of the spectrum, at least. */
const SPAN = 50;

/** Bytes are half decibels above this. */
const LOWEST = -130;

export function drawTrace(context, trace, floor, width, height) {
  const bottom = floor / 2 + LOWEST - 6;
  let peak = 0;
  for (const level of trace) peak = Math.max(peak, level);
  const top = Math.max(bottom + SPAN, peak / 2 + LOWEST + 6);
  const y = (decibels) => height - ((decibels - bottom) / (top - bottom)) * height;

  context.font = font(11);
  context.textBaseline = "bottom";
  context.textAlign = "left";
  context.lineWidth = 1;
  for (let mark = Math.ceil(bottom / 20) * 20; mark < top; mark += 20) {
    context.fillStyle = theme("grid");
    context.fillRect(0, Math.round(y(mark)), width, 1);
    if (y(mark) < 16) continue;
    context.fillStyle = theme("faint");
    context.fillText(`${mark} dB`, 6, y(mark) - 1);
  }

  context.beginPath();
  for (let column = 0; column < trace.length; column++) {
    context.lineTo(((column + 0.5) / trace.length) * width, Math.min(height, y(trace[column] / 2 + LOWEST)));
  }
  context.strokeStyle = theme("trace");
  context.lineWidth = 1.25;
  context.stroke();
  context.lineTo(width, height);
  context.lineTo(0, height);
  context.closePath();
  context.fillStyle = theme("under");
  context.fill();
}

export function drawScale(context, view, width, top, height) {
  const step = niceStep(((view.high - view.low) / width) * APART);
  const digits = Math.max(0, 6 - Math.floor(Math.log10(step)));
  context.fillStyle = theme("scale");
  context.fillRect(0, top, width, height);
  context.font = font(12);
  context.textBaseline = "middle";
  context.textAlign = "center";
  const x = (hertz) => ((hertz - view.low) / (view.high - view.low)) * width;
  for (let mark = Math.ceil(view.low / step) * step; mark < view.high; mark += step) {
    context.fillStyle = theme("line");
    context.fillRect(Math.round(x(mark)), top, 1, 5);
    const text = (mark / 1e6).toFixed(digits);
    const half = context.measureText(text).width / 2;
    if (x(mark) - half < 2 || x(mark) + half > width - 2) continue;
    context.fillStyle = theme("text");
    context.fillText(text, x(mark), top + height / 2 + 2);
  }
}

/** 1, 2 or 5 times a power of ten, at least so much. */
function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= least);
}
