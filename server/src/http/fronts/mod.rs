//! The documented APIs: each with its own wire types and its own form of errors.

pub mod control;
