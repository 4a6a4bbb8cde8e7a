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
use std::path::Path;

/// A state folder that no other process works with.
pub(crate) struct StateFolder {
    life: Life,
    moved: bool,
    /// Locked as long as it is open.
    _lock: File,
}

/// What the last life has left.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    life: Life,
    /// Where the folder was, see [`place`].
    place: Option<Digest>,
}

impl StateFolder {
    /// Locks the folder until the process ends, and begins a new life.
    pub(crate) fn open(state_dir: &Path) -> anyhow::Result<Self> {
        private_folder(state_dir).context("state_dir")?;
        let lock = lock(state_dir)?;
        let path = state_dir.join("life.json");
        let last = last(&path);
        let here = place(state_dir);
        let life = next(last.as_ref().map(|last| last.life), Timestamp::now());
        let record = serde_json::to_vec_pretty(&Record { life, place: here })?;
        durable::write(&path, &record, Readers::Owner)?;
        let moved = last.is_some_and(|last| last.place.is_none() || last.place != here);
        Ok(Self { life, moved, _lock: lock })
    }

    /// Returns the life of the runner that this process is.
    pub(crate) fn life(&self) -> Life {
        self.life
    }

    /// Returns whether the folder may be a copy: what it says is on air may then still be on air elsewhere.
    pub(crate) fn may_be_a_copy(&self) -> bool {
        self.moved
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
fn place(state_dir: &Path) -> Option<Digest> {
    let machine = machine::id().map(|id| id.to_string()).or_else(machine::boot_id)?;
    let inode = fs::metadata(state_dir).ok()?.ino();
    Some(Digest::of(format!("{machine} {inode}").as_bytes()))
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
    }
}
