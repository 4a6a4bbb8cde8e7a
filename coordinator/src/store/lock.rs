//! File locks beside the database. The operating system releases them when the process ends, however it ends.

use super::StoreError;
use std::fs::{File, TryLockError};
use std::path::Path;

/// Ensures that one server at a time runs on a database, since assignments in its memory are authoritative.
#[derive(Debug)]
pub struct ServerLock {
    _file: File,
}

impl ServerLock {
    /// Takes the lock of the database in `folder`.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another server holds it.
    pub fn acquire(folder: &Path) -> Result<Self, StoreError> {
        let file = open(folder, "server.lock")?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse(folder.to_owned())),
            Err(TryLockError::Error(error)) => {
                Err(StoreError::Open { path: folder.join("server.lock"), reason: error.to_string() })
            }
        }
    }
}

/// Waits until no other process changes the schema.
pub fn schema(folder: &Path) -> Result<File, StoreError> {
    let file = open(folder, "schema.lock")?;
    file.lock().map_err(|error| StoreError::Open { path: folder.join("schema.lock"), reason: error.to_string() })?;
    Ok(file)
}

/// Opens the lock of the content of `folder`: shared by all processes that have the database open, exclusive while it
/// is replaced.
pub fn content(folder: &Path) -> Result<File, StoreError> {
    open(folder, "restore.lock")
}

fn open(folder: &Path, name: &str) -> Result<File, StoreError> {
    let path = folder.join(name);
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|error| StoreError::Open { path, reason: error.to_string() })
}
