//! The virtual air: transmissions are mixed into one spectrum at complex baseband, and receivers tune into it.
//!
//! Time is the sample clock: the number of a sample since the air began, at the rate of the stream that it is in.
//!
//! | Module | Does |
//! |---|---|
//! | [`block`] | samples on their way to receivers |
//! | [`spectrum`] | keeps real time, mixes what overlaps, adds noise, fading and errors of frequency |
//! | [`listen`] | from a band to what a listener hears and sees |
//! | [`browser`] | the receiver in the browser: page, WebSocket, limits |

#![warn(missing_docs)]

pub mod block;
pub mod browser;
pub mod limits;
pub mod listen;
pub mod sources;
pub mod spectrum;

pub use block::Block;
pub use spectrum::{Receiver, Spectrum};
