//! Runners: which there are, their keys, and whether they are there.

pub(crate) mod enrollment;
pub(crate) mod host_binding;
pub(crate) mod keys;
pub(crate) mod liveness;
pub(crate) mod lives;
pub(crate) mod presence;
pub(crate) mod provisioning;
pub(crate) mod tokens;
