//! The clock of one program, set by libfaketime: only its time of day, as if the host's clock were set. Its monotonic
//! clocks, and the clocks of other programs, are not affected.

use anyhow::{Context, Result};
use challengectl_common::Timestamp;
use std::path::{Path, PathBuf};

/// The clock of a program, with its offset from the true time.
pub struct ProgramClock {
    file: PathBuf,
    offset_seconds: i64,
}

impl ProgramClock {
    /// Creates a clock without an offset; `file` sets it.
    pub fn new(file: PathBuf) -> Result<Self> {
        let mut clock = Self { file, offset_seconds: 0 };
        clock.set(0)?;
        Ok(clock)
    }

    /// Returns the environment with which a program follows the clock.
    pub fn environment(&self) -> Result<Vec<(&'static str, PathBuf)>> {
        Ok(vec![
            ("LD_PRELOAD", library()?),
            ("FAKETIME_TIMESTAMP_FILE", self.file.clone()),
            // The file is read again after this many seconds.
            ("FAKETIME_CACHE_DURATION", "1".into()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
            // Times of files are not affected.
            ("NO_FAKE_STAT", "1".into()),
        ])
    }

    /// Sets the offset from the true time. A running program follows within a second.
    pub fn set(&mut self, offset_seconds: i64) -> Result<()> {
        let fresh = self.file.with_extension("new");
        std::fs::write(&fresh, format!("{offset_seconds:+}\n"))?;
        std::fs::rename(&fresh, &self.file)?;
        self.offset_seconds = offset_seconds;
        Ok(())
    }

    /// The offset from the true time.
    pub fn offset_seconds(&self) -> i64 {
        self.offset_seconds
    }

    /// The time that the clock shows.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(Timestamp::now().as_millis() + 1000 * self.offset_seconds)
    }
}

/// Removes the files that libfaketime leaves behind for a killed process.
pub fn clean_up(pid: u32) {
    for name in [format!("faketime_shm_{pid}"), format!("sem.faketime_sem_{pid}")] {
        let _ = std::fs::remove_file(Path::new("/dev/shm").join(name));
    }
}

/// Finds the library for multi-threaded programs, at its place in Debian.
fn library() -> Result<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib")?.flatten().map(|entry| entry.path().join("faketime"));
    let found = folders.map(|folder| folder.join("libfaketimeMT.so.1")).find(|path| path.is_file());
    found.context("libfaketime is not installed; run: make tools")
}
