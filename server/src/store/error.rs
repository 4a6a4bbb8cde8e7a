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
