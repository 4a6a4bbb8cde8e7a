//! The runner as its users see it: the program as a process of its own, with a server that answers as a test defines.

#![cfg(test)]

mod assignments;
mod boundary;
mod downloads;
mod ending;
mod engines;
mod enrollment;
mod hostile;
mod identity;
mod lives;
mod null_radio;
mod reports;
#[cfg(feature = "soapy")]
mod soapy;
mod station;
mod support;
mod transmit;
