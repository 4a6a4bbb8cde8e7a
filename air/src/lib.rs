//! The virtual air: transmissions are mixed into one spectrum at complex baseband, and receivers tune into it.
//!
//! Time is the sample clock: the number of a sample since the air began, at the rate of its stream.
//!
//! | Module | Does |
//! |---|---|
//! | [`station`] | the whole air, in threads of its own |
//! | [`block`] | blocks of samples, from the mixer to receivers |
//! | [`receivers`] | serves SDR programs, flowgraphs and recordings |
//! | [`sources`] | takes transmissions over sockets |
//! | [`limits`] | counts receivers and connections |
//! | [`spectrum`] | keeps real time, mixes transmissions into the windows of receivers, adds noise and fading |
//! | [`listen`] | demodulates, and makes waterfalls |
//! | [`browser`] | the receiver in the browser: page, WebSocket, limits |

#![warn(missing_docs)]

mod allowance;
pub mod block;
pub mod browser;
pub mod limits;
pub mod listen;
pub mod receivers;
pub mod sources;
pub mod spectrum;
pub mod station;
#[cfg(test)]
mod testing;

pub use block::Block;
pub use spectrum::{Receiver, Spectrum};
pub use station::Station;
