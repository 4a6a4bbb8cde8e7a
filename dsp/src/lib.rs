//! Signal processing at complex baseband: samples in, samples out.
//!
//! Knows nothing of modulations, their parameters, radios or networks. What it offers is built from [`Waveform`]s:
//!
//! | Module | Does |
//! |---|---|
//! | [`resample`] | any rate to any other, with a low-pass filter in the same pass |
//! | [`shift`] | moves a signal in frequency |
//! | [`sequence`] | one signal behind another |
//! | [`ook`], [`fsk`] | bits to a keyed carrier |
//! | [`fm`] | sound to a frequency-modulated carrier |
//! | [`envelope`], [`silence`] | a carrier that comes and goes without a click, silence at both ends |
//! | [`occupied`] | the band that holds 99 % of the power |

#![warn(missing_docs)]

pub mod envelope;
pub mod fm;
pub mod fsk;
pub mod occupied;
pub mod ook;
pub mod resample;
pub mod sequence;
pub mod shift;
pub mod silence;
mod symbols;
#[cfg(test)]
mod testing;
mod waveform;

pub use num_complex::Complex32;
pub use waveform::Waveform;
