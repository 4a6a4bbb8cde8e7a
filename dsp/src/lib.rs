//! Signal processing at complex baseband: samples in, samples out.
//!
//! Independent of modulations, their parameters, radios and networks. The building blocks take and make [`Waveform`]s:
//!
//! | Module | Does |
//! |---|---|
//! | [`resample`] | any rate to any other, with a low-pass filter in the same pass |
//! | [`shift`] | moves a signal in frequency |
//! | [`carrier::ook`], [`carrier::fsk`] | bits to a keyed carrier |
//! | [`carrier::fm`] | sound to a frequency-modulated carrier |
//! | [`spectrum`] | a picture to what a waterfall draws |
//! | [`hopping`] | a signal that goes from channel to channel |
//! | [`join`] | one signal behind another |
//! | [`carrier::envelope`], [`silence`] | a carrier that comes and goes without a click, silence at both ends |
//! | [`occupied`] | the band that holds 99 % of the power |

#![warn(missing_docs)]

pub mod carrier;
pub mod convolve;
pub mod fir;
pub mod hopping;
pub mod join;
mod lanes;
pub mod occupied;
mod phasor;
pub mod resample;
pub mod shift;
pub mod silence;
pub mod spectrum;
#[cfg(test)]
mod testing;
mod waveform;
mod window;

pub use num_complex::Complex32;
pub use waveform::Waveform;
