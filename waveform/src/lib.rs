//! Modulations: parameters and a payload in, complex baseband out.
//!
//! A modulation is one file under [`modulation`] and one line in its list, [`MODULATIONS`]. The crate is independent of
//! radios, networks and schedules; the signal processing that modulations share is in [`challengectl_dsp`].

#![warn(missing_docs)]

mod audio;
mod error;
mod identification;
pub mod modulation;
pub mod parameter;
mod payload;
mod values;

pub use audio::wav_rate;
pub use challengectl_dsp::join::Join;
pub use challengectl_dsp::resample::{ResampleError, ensure_fits, resample};
pub use challengectl_dsp::shift::shift;
pub use challengectl_dsp::{Complex32, Waveform};
pub use error::BuildError;
pub use identification::{identification, identification_centre, with_identification};
pub use modulation::{Built, COMMON, MODULATIONS, Modulation, find};
pub use parameter::{Condition, Kind, Parameter};
pub use payload::{Input, MAX_TEXT_BYTES, Payload};
pub use values::Values;
