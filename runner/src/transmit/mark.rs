//! A mark on disk that a device is open. It stays when the process is killed that had the device, and tells who comes next
//! that the device may still radiate.

use fs_err as fs;
use std::io;
use std::path::{Path, PathBuf};

/// Of a device that this process has open. Dropping it says that the device was closed.
#[derive(Debug)]
pub(super) struct Mark(PathBuf);

impl Mark {
    /// Sets the mark beside the radio's lock.
    pub(super) fn set(lock: &Path) -> io::Result<Self> {
        let path = path(lock);
        fs::write(&path, b"")?;
        Ok(Self(path))
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Returns whether a process was killed with the device of this lock open.
#[must_use]
pub fn is_left(lock: &Path) -> bool {
    path(lock).exists()
}

/// Says that the device was silenced.
pub(crate) fn clear(lock: &Path) {
    let _ = fs::remove_file(path(lock));
}

fn path(lock: &Path) -> PathBuf {
    lock.with_extension("open")
}
