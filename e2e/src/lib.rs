//! Drives the real programs as an organiser would, and listens with other people's receivers.

pub mod air;
pub mod air_load;
pub mod documentation;
pub mod faults;
pub mod history;
pub mod iq;
pub mod listen;
pub mod load;
pub mod long_audio;
pub mod operator;
pub mod orderly_end;
pub mod programs;
pub mod receivers;
pub mod recordings;
pub mod rounds;
pub mod simulated;
pub mod site;
pub mod transactions;
pub mod trigger;
