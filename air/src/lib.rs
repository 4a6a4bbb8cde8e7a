//! The virtual air: transmissions are mixed into one spectrum at complex baseband, and receivers tune into it.
//!
//! Time is the sample clock: the number of a sample since the air began, at the rate of the stream that it is in.

#![warn(missing_docs)]

pub mod block;
pub mod browser;
pub mod listen;
