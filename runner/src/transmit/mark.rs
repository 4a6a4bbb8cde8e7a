//! A mark on disk while a device is open. It remains if the process is killed, and tells the next one that the device may
//! still radiate.

use fs_err as fs;
use std::io;
use std::path::{Path, PathBuf};

/// The mark of a device that this process has open. Dropping it removes the mark: the device was closed.
#[derive(Debug)]
pub(super) struct Mark {
    /// `None` if the mark stays.
    path: Option<PathBuf>,
}

impl Mark {
    /// Sets the mark beside the radio's lock.
    pub(super) fn set(lock: &Path) -> io::Result<Self> {
        let path = path(lock);
        fs::write(&path, b"")?;
        Ok(Self { path: Some(path) })
    }

    /// Leaves the mark on disk: the device was closed, but may radiate all the same.
    pub(super) fn leave(mut self) {
        self.path = None;
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            let _ = fs::remove_file(path);
        }
    }
}

/// Returns whether a process was killed with the device of this lock open.
#[must_use]
pub fn is_left(lock: &Path) -> bool {
    path(lock).exists()
}

/// Removes the mark of a device that was silenced.
pub(crate) fn clear(lock: &Path) {
    let _ = fs::remove_file(path(lock));
}

fn path(lock: &Path) -> PathBuf {
    lock.with_extension("open")
}
