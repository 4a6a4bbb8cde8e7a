//! What people and programs are shown.

pub mod history;
pub(crate) mod initial_state;
pub mod metrics;
pub(crate) mod on_air;
pub(crate) mod public;
