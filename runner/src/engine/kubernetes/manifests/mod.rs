//! The objects of a session as they are applied: written as the manifests that operators know. A test reads each with the
//! types of Kubernetes, so that no field is misspelt.

pub(super) mod container;
pub(super) mod namespace;
pub(super) mod policy;
pub(super) mod probes;
pub(super) mod service;
#[cfg(test)]
mod tests;
pub(super) mod workload;
