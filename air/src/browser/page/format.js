// Numbers as people write and read them.

/** 145500000 as 145.500 000. */
export function megahertz(hertz) {
  const [whole, fraction] = (Math.round(hertz) / 1e6).toFixed(6).split(".");
  return `${whole}.${fraction.slice(0, 3)} ${fraction.slice(3)}`;
}

/** The shortest form: 145.5 MHz, 12.5 kHz, 50 Hz. */
export function short(hertz) {
  const [size, unit] = Math.abs(hertz) >= 1e6 ? [1e6, "MHz"] : Math.abs(hertz) >= 1e3 ? [1e3, "kHz"] : [1, "Hz"];
  return `${Number((hertz / size).toFixed(6))} ${unit}`;
}

const UNITS = { "": 1e6, m: 1e6, mhz: 1e6, k: 1e3, khz: 1e3, g: 1e9, ghz: 1e9, hz: 1 };

/** Hertz of what was typed: 145.5, 145,5 MHz, 145500 k, 145500000. `null` when it is no frequency. */
export function frequency(text) {
  const parts = /^([0-9][0-9 ]*(?:[.,][0-9 ]*)?)([a-z]*)$/.exec(text.trim().toLowerCase().replace(/\s+/g, " "));
  if (!parts) return null;
  const number = Number(parts[1].replaceAll(" ", "").replace(",", "."));
  const unit = UNITS[parts[2]];
  if (!Number.isFinite(number) || unit === undefined) return null;
  // Nobody means 145,500,000 MHz.
  return Math.round(parts[2] === "" && number >= 1e5 ? number : number * unit);
}

/** 61 as 1:01. */
export function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
