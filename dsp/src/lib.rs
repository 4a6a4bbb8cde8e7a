//! Signal processing at complex baseband: samples in, samples out.
//!
//! Independent of modulations, their parameters, radios and networks. The building blocks take and make [`Waveform`]s:
//!
//! | Module | Does |
//! |---|---|
//! | [`resample`] | any rate to any other, with a low-pass filter in the same pass |
//! | [`shift`] | moves a signal in frequency |
//! | [`ook`], [`fsk`] | bits to a keyed carrier |
//! | [`fm`] | sound to a frequency-modulated carrier |
//! | [`fir`], [`convolve`] | filters of finite length: their design, decimation, fast convolution |
//! | [`envelope`], [`silence`] | a carrier switched on and off without clicks, silence at both ends |
//! | [`occupied`] | the band that holds 99 % of the power |

#![warn(missing_docs)]

pub mod convolve;
pub mod envelope;
pub mod fir;
pub mod fm;
pub mod fsk;
pub mod occupied;
pub mod ook;
pub mod resample;
pub mod shift;
pub mod silence;
mod symbols;
#[cfg(test)]
mod testing;
mod waveform;
mod window;

pub use num_complex::Complex32;
pub use waveform::Waveform;
