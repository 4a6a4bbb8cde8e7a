//! The documented APIs (fronts), each with its own wire types and its own envelope for errors.

pub mod control;
pub mod engine;
pub mod play;
