//! The files of challenges, and archives of them.

pub mod archive;
pub mod folder;
pub mod incoming;
mod unused;
