//! The values of keys that take more than a word: frequencies, ranges, delays, parameters.

pub mod delays;
pub mod hertz;
pub mod parameters;
pub mod ranges;
