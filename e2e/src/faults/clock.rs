//! The clock of one program, moved by libfaketime: its time of day alone, as when somebody sets a host's clock. Its
//! steady clocks go on, and the others keep their time.

use anyhow::{Context, Result};
use challengectl_common::Timestamp;
use std::path::{Path, PathBuf};

/// How far a program's clock is from the true time.
pub struct ProgramClock {
    file: PathBuf,
    offset_seconds: i64,
}

impl ProgramClock {
    /// A clock that is right. What is written into `file` moves it.
    pub fn new(file: PathBuf) -> Result<Self> {
        let mut clock = Self { file, offset_seconds: 0 };
        clock.set(0)?;
        Ok(clock)
    }

    /// What a program needs in its environment to follow the clock.
    pub fn environment(&self) -> Result<Vec<(&'static str, PathBuf)>> {
        Ok(vec![
            ("LD_PRELOAD", library()?),
            ("FAKETIME_TIMESTAMP_FILE", self.file.clone()),
            // Seconds after which the file is read again.
            ("FAKETIME_CACHE_DURATION", "1".into()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
            // Times of files stay what they are.
            ("NO_FAKE_STAT", "1".into()),
        ])
    }

    /// Sets it so far from the true time. A program that runs follows within a second.
    pub fn set(&mut self, offset_seconds: i64) -> Result<()> {
        let fresh = self.file.with_extension("new");
        std::fs::write(&fresh, format!("{offset_seconds:+}\n"))?;
        std::fs::rename(&fresh, &self.file)?;
        self.offset_seconds = offset_seconds;
        Ok(())
    }

    /// How far it is from the true time.
    pub fn offset_seconds(&self) -> i64 {
        self.offset_seconds
    }

    /// What it shows.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(Timestamp::now().as_millis() + 1000 * self.offset_seconds)
    }
}

/// Removes what libfaketime leaves of a process that was killed.
pub fn clean_up(pid: u32) {
    for name in [format!("faketime_shm_{pid}"), format!("sem.faketime_sem_{pid}")] {
        let _ = std::fs::remove_file(Path::new("/dev/shm").join(name));
    }
}

/// The variant for programs with threads, where Debian puts it.
fn library() -> Result<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib")?.flatten().map(|entry| entry.path().join("faketime"));
    let found = folders.map(|folder| folder.join("libfaketimeMT.so.1")).find(|path| path.is_file());
    found.context("libfaketime is not installed; run: make tools")
}
