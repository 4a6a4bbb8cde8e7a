//! Runs the real programs as an organiser does, and receives their signals with independent receivers.

pub mod air;
pub mod busy_host;
pub mod containers;
pub mod deployments;
pub mod documentation;
pub mod faults;
pub mod history;
pub mod iq;
pub mod kubernetes;
pub mod listen;
pub mod load;
pub mod operator;
pub mod pair;
pub mod port;
pub mod processes;
pub mod programs;
pub mod quantiles;
pub mod receivers;
pub mod recordings;
pub mod rounds;
pub mod sessions;
pub mod site;
pub mod soapy;
pub mod stops;
pub mod trigger;
