//! Engines: what instances are started with. So far Docker and Podman, by the API that both have.

mod docker;
mod labels;
mod subnets;

pub(crate) use docker::Docker;
pub(crate) use labels::Owner;

/// Why an engine did not do what was ordered, for operators.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    /// The engine does not answer; what it has stays as it is.
    #[error("the engine at {socket} does not answer: {reason}")]
    Away { socket: String, reason: String },
    /// The engine refuses.
    #[error("{0}")]
    Refused(String),
}
