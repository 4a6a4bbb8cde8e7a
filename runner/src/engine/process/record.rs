//! The record of a process that runs, in its state folder: by it a restarted runner finds its own again.

use super::ProcessError;
use challengectl_host::durable::{self, Readers};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;

const FILE: &str = "process.json";
const BOOT: &str = "/proc/sys/kernel/random/boot_id";

/// A process: the first one of a sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) session: i64,
    pub(super) fence: i64,
    /// Its process id on the host.
    pub(super) pid: i32,
    /// When it was started, in ticks since the host was: another process may get the id, but never with this.
    started: u64,
    /// Which start of the host it was.
    boot: String,
    pub(super) uid: u32,
    /// Where its REST interface answers; `None` until it has.
    pub(super) port: Option<u16>,
}

impl Record {
    /// Records a process that was just started; `None` if it has ended already.
    pub(super) fn of(session: i64, fence: i64, pid: i32, uid: u32) -> Option<Self> {
        Some(Self { session, fence, pid, started: started(pid)?, boot: boot(), uid, port: None })
    }

    /// Reads the record in a folder; `None` if there is no valid one.
    pub(super) fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(folder.join(FILE)).ok()?).ok()
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), ProcessError> {
        let text = serde_json::to_vec(self).map_err(|error| ProcessError::Host(error.to_string()))?;
        let written = durable::write(&folder.join(FILE), &text, Readers::Owner);
        written.map_err(|error| ProcessError::Host(error.to_string()))
    }

    /// Returns whether the process runs.
    pub(super) fn is_alive(&self) -> bool {
        started(self.pid) == Some(self.started) && boot() == self.boot
    }

    /// Kills the process, and with it all of its sandbox.
    pub(super) fn kill(&self) {
        if self.is_alive() {
            // It may end at this moment, which is as good.
            let _ = kill(Pid::from_raw(self.pid), Signal::SIGKILL);
        }
    }
}

/// Returns when a process was started (`proc_pid_stat(5)`, field 22); `None` if there is none, or it only waits to be reaped.
fn started(pid: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, which may have any character, ends with the last bracket.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ');
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

fn boot() -> String {
    fs::read_to_string(BOOT).unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_process_with_the_same_id_is_not_taken_for_it() {
        let pid = i32::try_from(std::process::id()).unwrap();
        let record = Record::of(1, 2, pid, 70_000).unwrap();
        assert!(record.is_alive());
        assert!(!Record { started: record.started + 1, ..record.clone() }.is_alive());
        assert!(!Record { boot: "another".to_owned(), ..record.clone() }.is_alive());
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Record::read(folder.path()), None);
        record.write(folder.path()).unwrap();
        assert_eq!(Record::read(folder.path()), Some(record));
    }

    #[test]
    fn a_process_that_has_ended_is_not_alive() {
        let mut child = std::process::Command::new("/bin/true").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        child.wait().unwrap();
        assert_eq!(Record::of(1, 1, pid, 70_000), None);
    }
}
