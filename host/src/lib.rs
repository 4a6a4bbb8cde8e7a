//! What the ChallengeCtl programs need from the machine that they run on.
//!
//! Files that survive power cuts ([`durable`]), hashing of what is copied ([`hash`]), the service manager ([`service`]), and
//! man pages and completions for packages ([`manuals`]). Every error names the path it is about: what opens files here does so with `fs-err`.

pub mod durable;
pub mod hash;
pub mod manuals;
pub mod service;
