//! The place of the open database.

use super::StoreError;
use super::replacement;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The files of an open database, and the lock that keeps other processes from replacing them.
#[derive(Debug)]
pub struct Place {
    lock: File,
    files: Vec<(PathBuf, Identity)>,
}

/// Device and inode of a file.
type Identity = (u64, u64);

impl Place {
    /// Keeps the content of `folder` from being replaced.
    ///
    /// # Errors
    /// [`StoreError::BeingReplaced`] when a restore is in progress.
    pub fn enter(folder: &Path) -> Result<Self, StoreError> {
        Ok(Self { lock: replacement::keep_out(folder)?, files: Vec::new() })
    }

    /// Records the identity of the open files: the database, and its write-ahead log, which contains the latest
    /// transactions.
    pub fn remember(&mut self, database: &Path) {
        let log = database.with_extension("db-wal");
        let open = [database.to_owned(), log].into_iter();
        self.files = open.filter_map(|path| identity(&path).map(|identity| (path, identity))).collect();
    }

    pub fn is_unchanged(&self) -> bool {
        self.files.iter().all(|(path, open)| identity(path) == Some(*open))
    }

    /// Permits replacing the database; called when it is closed.
    pub fn leave(&self) {
        // The operating system does so as well when the process ends.
        let _ = self.lock.unlock();
    }
}

fn identity(path: &Path) -> Option<Identity> {
    path.metadata().ok().map(|meta| (meta.dev(), meta.ino()))
}
