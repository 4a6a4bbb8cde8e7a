//! The state folder: one process at a time uses it, and each is a new life of the runner.

use crate::machine;
use anyhow::{Context, bail};
use challengectl_common::{Digest, Life, Timestamp};
use challengectl_host::durable::{self, Readers, private_folder};
use fs_err::os::unix::fs::OpenOptionsExt;
use fs_err::{self as fs, File, OpenOptions};
use serde::{Deserialize, Serialize};
use std::fs::TryLockError;
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A state folder, locked for this process.
pub(crate) struct StateFolder {
    record: Record,
    /// The current place of the folder.
    here: Place,
    file: PathBuf,
    /// Locked as long as it is open.
    _lock: File,
}

/// The record of the last life, on disk.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    life: Life,
    #[serde(flatten)]
    place: Place,
}

/// What identifies a folder on one run of one machine, to detect copies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    #[serde(rename = "place")]
    folder: Option<Digest>,
    /// The boot id of the kernel. A copy of a whole virtual machine has the same machine id and inode but another boot
    /// id; the original may still be on air. A restart of the machine looks the same and costs no more than waiting for
    /// the lease to end.
    #[serde(default)]
    boot: Option<String>,
}

impl StateFolder {
    /// Locks the folder until the process ends, and begins a new life.
    pub(crate) fn open(state_dir: &Path) -> anyhow::Result<Self> {
        private_folder(state_dir).context("state_dir")?;
        let lock = lock(state_dir)?;
        let file = state_dir.join("life.json");
        let last = last(&file);
        let here = place(state_dir);
        let life = next(last.as_ref().map(|last| last.life), Timestamp::now());
        let record = Record { life, place: last.map_or_else(|| here.clone(), |last| last.place) };
        let state = Self { record, here, file, _lock: lock };
        state.keep()?;
        Ok(state)
    }

    /// Records the current place as the folder's own. To be called after the unfinished assignments are settled: a
    /// start that fails before must not make a copy look like the original.
    pub(crate) fn settle(&mut self) -> anyhow::Result<()> {
        self.record.place = self.here.clone();
        self.keep()
    }

    fn keep(&self) -> anyhow::Result<()> {
        let record = serde_json::to_vec_pretty(&self.record)?;
        durable::write(&self.file, &record, Readers::Owner)?;
        Ok(())
    }

    /// Returns the life of this process.
    pub(crate) fn life(&self) -> Life {
        self.record.life
    }

    /// Returns whether the folder may be a copy. If so, its unfinished assignments may still be on air elsewhere.
    pub(crate) fn may_be_a_copy(&self) -> bool {
        self.record.place.folder.is_none() || self.record.place != self.here
    }
}

fn lock(state_dir: &Path) -> anyhow::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let mut file = options.open(state_dir.join("lock"))?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0)?;
            write!(file, "{}", std::process::id())?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let mut process = String::new();
            let _ = file.read_to_string(&mut process);
            bail!(
                "state_dir {}: another runner uses it (process {}); end that one, or give this one a state_dir and an \
                 enrollment of its own",
                state_dir.display(),
                process.trim()
            )
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(|| file.path().display().to_string()),
    }
}

/// Reads the record. A damaged one is ignored: by the clock, this life is still later.
fn last(path: &Path) -> Option<Record> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Returns a life later than the last one, even if the clock was set back. It is derived from the clock, so that of two
/// copies of a folder the one started last has the later life.
fn next(last: Option<Life>, now: Timestamp) -> Life {
    let after_last = last.map_or(1, |last| last.number().saturating_add(1));
    Life::new(now.as_millis().max(after_last)).unwrap_or(Life::FIRST)
}

/// Returns the place of the folder: its inode and the machine id, of which a copy has another one. Without a machine id
/// the boot id is used, which changes with each start of the machine.
fn place(state_dir: &Path) -> Place {
    let machine = machine::id().map(|id| id.to_string()).or_else(machine::boot_id);
    let inode = fs::metadata(state_dir).ok().map(|folder| folder.ino());
    let folder = machine.zip(inode).map(|(machine, inode)| Digest::of(format!("{machine} {inode}").as_bytes()));
    Place { folder, boot: machine::boot_id() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_process_is_a_later_life_even_if_the_clock_was_set_back() {
        let at = |millis| Timestamp::from_millis(millis);
        let life = |number| Life::new(number).unwrap();
        assert_eq!(next(None, at(1_000)), life(1_000));
        assert_eq!(next(Some(life(1_000)), at(5_000)), life(5_000));
        assert_eq!(next(Some(life(5_000)), at(1_000)), life(5_001));
        assert_eq!(next(None, at(-7)), life(1));
    }

    #[test]
    fn a_folder_is_used_by_one_process_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let first = StateFolder::open(dir.path()).unwrap();
        let refused = StateFolder::open(dir.path()).err().unwrap().to_string();
        assert!(refused.contains(&format!("(process {})", std::process::id())), "{refused}");
        let life = first.life();
        drop(first);
        let second = StateFolder::open(dir.path()).unwrap();
        assert!(second.life() > life && !second.may_be_a_copy());
    }

    #[test]
    fn a_copy_of_a_folder_is_detected() {
        let (dir, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        assert!(!StateFolder::open(dir.path()).unwrap().may_be_a_copy());
        fs::copy(dir.path().join("life.json"), copy.path().join("life.json")).unwrap();
        assert!(StateFolder::open(copy.path()).unwrap().may_be_a_copy());
        // A start that failed before the assignments were settled.
        let mut state = StateFolder::open(copy.path()).unwrap();
        assert!(state.may_be_a_copy());
        state.settle().unwrap();
        drop(state);
        assert!(!StateFolder::open(copy.path()).unwrap().may_be_a_copy());
    }

    #[test]
    fn a_copy_of_the_whole_machine_is_detected() {
        let dir = tempfile::tempdir().unwrap();
        drop(StateFolder::open(dir.path()).unwrap());
        let file = dir.path().join("life.json");
        let mut record = last(&file).unwrap();
        record.place.boot = Some("boot of the machine that was copied".to_owned());
        fs::write(&file, serde_json::to_vec(&record).unwrap()).unwrap();
        assert!(StateFolder::open(dir.path()).unwrap().may_be_a_copy());
    }
}
