use crate::store::StoreError;
use challengectl_common::{Digest, RunnerId};
use std::path::PathBuf;

/// Why the core did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum CoreError {
    /// What was asked makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// The enrolment token does not count.
    #[error("the enrollment token is unknown, used or expired")]
    Token,
    /// The runner has to register first.
    #[error("runner {0} is not registered")]
    NotRegistered(RunnerId),
    /// A report that changes nothing.
    #[error("{0}")]
    Late(&'static str),
    /// There is no such file.
    #[error("there is no file {0}")]
    NoSuchFile(Digest),
    /// A file cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// The database does not work.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The server ended in the middle.
    #[error("the server is stopping")]
    Interrupted,
}
