//! The control API.

mod accounts;
mod archives;
mod audit;
mod challenges;
mod conference;
pub mod contract;
mod files;
mod fleet;
mod history;
mod instance_challenges;
mod plan;
mod system;
pub mod uploads;
mod views;
