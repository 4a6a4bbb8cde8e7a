// What the receiver says, on every page that shows it.

import { megahertz, short } from "./format.js";

export const words = {
  connecting: "Connecting…",
  open: "Connected",
  stalled: "Nothing arrives any more. The sound is interrupted.",
  lost: "The connection is lost. Trying to come back.",
  slow: "The connection is too slow for live sound.",
  idle: "You were disconnected since nothing was touched for a long time. Press Listen to come back.",
  full: "All places for listeners are taken. Trying again.",
  noBand: "This band is no longer there. Reload the page.",
  /** @param {string} text */
  noFrequency: (text) => `“${text}” is no frequency; type one such as 145.5`,
  /**
   * @param {number} hertz
   * @param {number} low
   * @param {number} high
   */
  outside: (hertz, low, high) => `${short(hertz)} is outside the band, ${short(low)} to ${short(high)}`,
  /** @param {string} reason */
  noSound: (reason) => `This browser plays no sound: ${reason}. Recording works all the same.`,
  /**
   * @param {number} low
   * @param {number} high
   */
  waterfall: (low, high) => `Waterfall from ${megahertz(low)} to ${megahertz(high)} MHz`,
  /**
   * @param {string} time
   * @param {number} gaps
   */
  recording: (time, gaps) => `Recording ${time}${gaps ? `, ${gaps} gaps` : ""}`,
  /** @param {string} name */
  saved: (name) => `Saved ${name}`,
  /**
   * @param {number} dbfs
   * @param {number} above
   * @param {boolean} open
   */
  level: (dbfs, above, open) => `${dbfs.toFixed(0)} dB, ${above.toFixed(0)} over noise${open ? "" : ", squelched"}`,
  noLevel: "no sound yet",
};
