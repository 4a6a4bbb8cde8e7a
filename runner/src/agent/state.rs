//! The state folder: one process at a time works with it, and each is a new life of the runner.

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

/// A state folder that no other process works with.
pub(crate) struct StateFolder {
    record: Record,
    /// Where it is now, and in which run of the machine.
    here: Place,
    file: PathBuf,
    /// Locked as long as it is open.
    _lock: File,
}

/// What the last life has left.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    life: Life,
    #[serde(flatten)]
    place: Place,
}

/// Where the folder was when all that was in it was known to be its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    #[serde(rename = "place")]
    folder: Option<Digest>,
    /// The run of the machine's kernel: a copy of a whole virtual machine has the machine's id and the folder's number, but
    /// not this. What it says is on air, the original may still send. After a restart of the machine that is so for
    /// nothing, but the lease is over soon then as well.
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

    /// What the folder says is on air has been dealt with: from now on it is at home here. Before, a start that fails must
    /// not make a copy look like the original.
    pub(crate) fn settle(&mut self) -> anyhow::Result<()> {
        self.record.place = self.here.clone();
        self.keep()
    }

    fn keep(&self) -> anyhow::Result<()> {
        let record = serde_json::to_vec_pretty(&self.record)?;
        durable::write(&self.file, &record, Readers::Owner)?;
        Ok(())
    }

    /// Returns the life of the runner that this process is.
    pub(crate) fn life(&self) -> Life {
        self.record.life
    }

    /// Returns whether the folder may be a copy: what it says is on air may then still be on air elsewhere.
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
                "state_dir {}: another runner works with it (process {}); end that one, or give this one a state_dir and \
                 an enrollment of its own",
                state_dir.display(),
                process.trim()
            )
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(|| file.path().display().to_string()),
    }
}

/// Reads the record. A damaged one is ignored: the clock still makes this life a later one.
fn last(path: &Path) -> Option<Record> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Returns a life later than the last one, also where the clock was set back. It follows the clock, so that of two copies
/// of a folder the one that was started last has the later life.
fn next(last: Option<Life>, now: Timestamp) -> Life {
    let after_last = last.map_or(1, |last| last.number().saturating_add(1));
    Life::new(now.as_millis().max(after_last)).unwrap_or(Life::FIRST)
}

/// Returns what identifies the folder: its inode and the machine's id, which differ for a copy and on another machine.
/// Without an id of the machine the running kernel's is taken, which changes with each start of the machine.
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
    fn each_process_is_a_later_life_also_where_the_clock_was_set_back() {
        let at = |millis| Timestamp::from_millis(millis);
        let life = |number| Life::new(number).unwrap();
        assert_eq!(next(None, at(1_000)), life(1_000));
        assert_eq!(next(Some(life(1_000)), at(5_000)), life(5_000));
        assert_eq!(next(Some(life(5_000)), at(1_000)), life(5_001));
        assert_eq!(next(None, at(-7)), life(1));
    }

    #[test]
    fn a_folder_is_worked_with_by_one_process_at_a_time() {
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
    fn a_copy_of_a_folder_is_noticed() {
        let (dir, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        assert!(!StateFolder::open(dir.path()).unwrap().may_be_a_copy());
        fs::copy(dir.path().join("life.json"), copy.path().join("life.json")).unwrap();
        assert!(StateFolder::open(copy.path()).unwrap().may_be_a_copy());
        // A start that failed before anything was dealt with.
        let mut state = StateFolder::open(copy.path()).unwrap();
        assert!(state.may_be_a_copy());
        state.settle().unwrap();
        drop(state);
        assert!(!StateFolder::open(copy.path()).unwrap().may_be_a_copy());
    }

    #[test]
    fn a_copy_of_the_whole_machine_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        drop(StateFolder::open(dir.path()).unwrap());
        let file = dir.path().join("life.json");
        let mut record = last(&file).unwrap();
        record.place.boot = Some("boot of the machine that was copied".to_owned());
        fs::write(&file, serde_json::to_vec(&record).unwrap()).unwrap();
        assert!(StateFolder::open(dir.path()).unwrap().may_be_a_copy());
    }
}
