//! The virtual air: transmissions are mixed into one spectrum at complex baseband, and receivers tune into it.
//!
//! Time is the sample clock: the number of a sample since the air began, at the rate of the stream that it is in.
//!
//! | Module | Does |
//! |---|---|
//! | [`station`] | all of it together, in threads of its own |
//! | [`block`] | samples on their way to receivers |
//! | [`receivers`] | SDR programs, flowgraphs and recordings listen |
//! | [`sources`] | transmissions come in over sockets |
//! | [`limits`] | how many receivers there may be |
//! | [`spectrum`] | keeps real time, mixes what overlaps, adds noise, fading and errors of frequency |
//! | [`listen`] | from a band to what a listener hears and sees |
//! | [`browser`] | the receiver in the browser: page, WebSocket, limits |

#![warn(missing_docs)]

pub mod block;
pub mod browser;
pub mod limits;
pub mod listen;
pub mod receivers;
pub mod sources;
pub mod spectrum;
pub mod station;

pub use block::Block;
pub use spectrum::{Receiver, Spectrum};
pub use station::Station;
