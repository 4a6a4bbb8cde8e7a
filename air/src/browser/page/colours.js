// From decibels to colours.

/** Dark blue over cyan and yellow to white: lightness grows all the way, so that it also reads without colour. */
const STOPS = [
  [0, 5, 9, 20],
  [0.18, 10, 30, 74],
  [0.38, 17, 82, 148],
  [0.55, 22, 152, 176],
  [0.7, 92, 206, 142],
  [0.84, 240, 214, 84],
  [1, 255, 250, 232],
];

/** 256 colours as they lie in the memory of a picture: red, green, blue, opaque. */
export const COLOURS = new Uint32Array(256);
const bytes = new Uint8Array(COLOURS.buffer);
for (let level = 0; level < 256; level++) {
  const at = level / 255;
  const above = STOPS.findIndex(([stop]) => stop >= at && stop > 0);
  const [from, ...low] = STOPS[above - 1];
  const [to, ...high] = STOPS[above];
  const share = (at - from) / (to - from);
  low.forEach((part, channel) => {
    bytes[4 * level + channel] = Math.round(part + share * (high[channel] - part));
  });
  bytes[4 * level + 3] = 255;
}

/** A colour of the picture, which the style sheet of the page sets. */
export function theme(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--picture-${name}`).trim();
}

/**
 * A font of the picture: that of the page.
 *
 * @param {number} size in pixels
 */
export function font(size) {
  return `${size}px ${getComputedStyle(document.body).fontFamily}`;
}
