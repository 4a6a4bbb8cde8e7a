//! The processes that use a radio, and the carriers on air.

use crate::load::long_audio::children;
use anyhow::Result;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A block of samples lasts at most 50 ms, and is written before the pause for it.
pub const BLOCK: Duration = Duration::from_millis(50);

/// A process that uses a radio, and the data file into which it records.
#[derive(Debug, Clone)]
pub struct Carrier {
    pub pid: u32,
    pub data: PathBuf,
}

/// Returns the carriers of an agent.
pub fn carriers(agent: u32) -> Vec<Carrier> {
    children(agent).into_iter().filter_map(|pid| Some(Carrier { pid, data: data_file(pid)? })).collect()
}

fn data_file(pid: u32) -> Option<PathBuf> {
    let files = std::fs::read_dir(format!("/proc/{pid}/fd")).ok()?.flatten();
    let mut targets = files.filter_map(|file| std::fs::read_link(file.path()).ok());
    targets.find(|path| path.extension().is_some_and(|extension| extension == "sigmf-data"))
}

/// Whether samples are being written to this file.
pub fn is_on_air(data: &Path) -> bool {
    let Ok(metadata) = std::fs::metadata(data) else { return false };
    let age = metadata.modified().ok().and_then(|at| SystemTime::now().duration_since(at).ok()).unwrap_or_default();
    metadata.len() > 0 && age < 4 * BLOCK
}

/// Stopped processes, continued when this is dropped.
pub struct StandStill(Vec<Pid>);

impl StandStill {
    /// Stops the processes in this order; ignores those that have ended.
    pub fn of(pids: &[u32]) -> Result<Self> {
        let mut still = Self(Vec::new());
        for pid in pids {
            let pid = Pid::from_raw(i32::try_from(*pid)?);
            if kill(pid, Signal::SIGSTOP).is_ok() {
                still.0.push(pid);
            }
        }
        Ok(still)
    }
}

impl Drop for StandStill {
    fn drop(&mut self) {
        for pid in self.0.iter().rev() {
            let _ = kill(*pid, Signal::SIGCONT);
        }
    }
}
