use crate::store::StoreError;
use challengectl_common::{Digest, RunnerId};
use std::path::PathBuf;
use std::time::Duration;

/// Why the core did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum CoreError {
    /// What was asked makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// Not by this person.
    #[error("{0}")]
    Forbidden(String),
    /// It is there already, or in the way.
    #[error("{0}")]
    Conflict(String),
    /// A password, code or token that does not count.
    #[error("{0}")]
    Credentials(&'static str),
    /// There is no such account.
    #[error("there is no user {0}")]
    NoSuchAccount(String),
    /// Tried too often.
    #[error("too many attempts; try again in {} seconds", .0.as_secs())]
    TooMany(Duration),
    /// What is sealed cannot be opened, or not be sealed.
    #[error("secrets in the database do not open with the key beside it")]
    Sealed,
    /// A key that does not count.
    #[error("{0}")]
    Key(&'static str),
    /// The enrollment token does not count.
    #[error("the enrollment token is unknown, used or expired")]
    Token,
    /// The runner has to register first.
    #[error("runner {0} is not registered")]
    NotRegistered(RunnerId),
    /// A later life of the runner has registered.
    #[error("a copy of runner {0} that was started later is at work: end one of them")]
    Superseded(RunnerId),
    /// A report that changes nothing.
    #[error("{0}")]
    Late(&'static str),
    /// There is no such thing, in a few words.
    #[error("there is no {0}")]
    NotFound(String),
    /// As things are it cannot be done now.
    #[error("{0}")]
    Refused(String),
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
    /// A file cannot be read or written; the error names it.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The database does not work.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An event file with problems, all of them.
    #[error(transparent)]
    Event(#[from] challengectl_event::Refused),
    /// The server ended in the middle.
    #[error("the server is stopping")]
    Interrupted,
}
