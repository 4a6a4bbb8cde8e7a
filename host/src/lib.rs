//! Operating-system services that both programs use.
//!
//! Atomic, durable files ([`durable`]), hashes of files and copies ([`hash`]), and the service manager ([`service`]).
//! Every error names its path, since files are opened with `fs-err`.

pub mod durable;
pub mod hash;
pub mod service;
