use crate::store::StoreError;
use challengectl_common::{Digest, RunnerId};
use std::path::PathBuf;
use std::time::Duration;

/// Why the coordinator did not do what was requested.
#[derive(Debug, thiserror::Error)]
pub enum CoreError {
    /// The request is invalid.
    #[error("{0}")]
    Invalid(String),
    /// This person may not do it.
    #[error("{0}")]
    Forbidden(String),
    /// It exists already, or something that exists prevents it.
    #[error("{0}")]
    Conflict(String),
    /// The password, code or token is invalid.
    #[error("{0}")]
    Credentials(&'static str),
    /// The account does not exist.
    #[error("there is no user {0}")]
    NoSuchAccount(String),
    /// Too many attempts; holds how long to wait.
    #[error("too many attempts; try again in {} seconds", .0.as_secs())]
    TooMany(Duration),
    /// The owner has too many sessions; holds how many are allowed.
    #[error("at most {0} instances at once; stop one first")]
    Quota(u32),
    /// The owner's last instance of the challenge ended too short a time ago; holds how long to wait.
    #[error("the last instance of this challenge has just ended; start the next one in {} seconds", seconds(*.0))]
    Cooldown(Duration),
    /// Nothing can run the instance now.
    #[error("{0}")]
    Unavailable(String),
    /// The instance could not be started.
    #[error("the instance could not be started")]
    StartFailed,
    /// A secret cannot be sealed, or a sealed secret cannot be opened.
    #[error("secrets in the database do not open with the key beside it")]
    Sealed,
    /// The runner key or provisioning key is invalid.
    #[error("{0}")]
    Key(&'static str),
    /// The enrollment token is invalid.
    #[error("the enrollment token is unknown, used or expired")]
    Token,
    /// The runner has to register first.
    #[error("runner {0} is not registered")]
    NotRegistered(RunnerId),
    /// A later life (start) of the runner has registered.
    #[error("a copy of runner {0} that was started later is at work: end one of them")]
    Superseded(RunnerId),
    /// The report came too late and changes nothing.
    #[error("{0}")]
    Late(&'static str),
    /// The thing does not exist; holds its kind and name.
    #[error("there is no {0}")]
    NotFound(String),
    /// The present state does not permit it.
    #[error("{0}")]
    Refused(String),
    /// The file does not exist.
    #[error("there is no file {0}")]
    NoSuchFile(Digest),
    /// A file cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: std::io::Error,
    },
    /// A file cannot be read or written; the error names the path.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The event file is invalid; holds all of its problems.
    #[error(transparent)]
    Event(#[from] challengectl_event::Refused),
    /// The server ended before the work was done.
    #[error("the server is stopping")]
    Interrupted,
}

/// Returns whole seconds, rounded up, so that a client that waits as long is not too soon again.
fn seconds(wait: Duration) -> u128 {
    wait.as_millis().div_ceil(1000).max(1)
}
