use std::path::PathBuf;

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder or the file cannot be made or opened.
    #[error("{}: {reason}", path.display())]
    Open {
        /// The folder or file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Another server works on this database.
    #[error("another server is running on {}; stop it first, or give this one another data_dir", .0.display())]
    InUse(PathBuf),
    /// A program has this database open, so that it cannot be replaced.
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
    /// A row holds something this program would not have written.
    #[error("the database holds an invalid {what}: {reason}")]
    Corrupt {
        /// Which thing.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The database reports an error.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
}
