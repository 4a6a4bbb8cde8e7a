use std::path::PathBuf;

/// Why the store could not do what was requested.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder or the file cannot be made or opened.
    #[error("{}: {reason}", path.display())]
    Open {
        /// The folder or file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// Another server is running on this database.
    #[error("another server is running on {}; stop it first, or give this one another data_dir", .0.display())]
    InUse(PathBuf),
    /// Another process has the database open, so that it cannot be replaced.
    #[error("{}: another program has the database open; wait until it has ended", .0.display())]
    Busy(PathBuf),
    /// The database is being replaced.
    #[error("{} is being restored from a backup; try again when that is done", .0.display())]
    BeingReplaced(PathBuf),
    /// There is no database where one is needed.
    #[error(
        "{}: there is no database; name the server's data directory with --config FILE or --set data_dir=DIR, or begin a \
         new one with `serve` or `import`", .0.display()
    )]
    Missing(PathBuf),
    /// The database was written by a later version.
    #[error(
        "{} has been written by a newer version of this program (schema {schema}); \
         use that version, or a copy of the database from before the upgrade", path.display()
    )]
    Newer {
        /// The database file.
        path: PathBuf,
        /// The schema it has.
        schema: i64,
    },
    /// A row has a value that this program does not write.
    #[error("the database holds an invalid {what}: {reason}")]
    Corrupt {
        /// The kind of value.
        what: &'static str,
        /// The reason.
        reason: String,
    },
    /// The database reports an error.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
}

impl StoreError {
    /// Returns the obstacle, if the database fails for an outside and temporary reason: it is locked by another
    /// process, overloaded, or its disk is full.
    #[must_use]
    pub fn obstacle(&self) -> Option<&'static str> {
        match self {
            Self::Database(sqlx::Error::PoolTimedOut) => Some("the database is busy; try again"),
            // The low byte is the primary result code, see sqlite.org/rescode.html.
            Self::Database(sqlx::Error::Database(error)) => match error.code()?.parse::<u32>().ok()? & 0xff {
                5 | 6 => Some("another program has the database locked; try again"),
                13 => Some("the disk of the database is full; make room, and try again"),
                _ => None,
            },
            _ => None,
        }
    }
}
