//! The state folder: one process at a time works with it, and each is a new life of the runner.

use super::host;
use crate::durable::{self, Readers, private_folder};
use anyhow::{Context, bail};
use challengectl_common::{Digest, Life, Timestamp};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A state folder that no other process works with.
pub struct StateFolder {
    record: Record,
    /// Where it is now, and in which run of the machine.
    here: Place,
    file: PathBuf,
    _lock: Flock<File>,
}

/// What the last life left.
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
    ///
    /// # Errors
    /// When another process works with it, or it cannot be written.
    pub fn open(state_dir: &Path) -> anyhow::Result<Self> {
        private_folder(state_dir).with_context(|| format!("state_dir {}", state_dir.display()))?;
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
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn settle(&mut self) -> anyhow::Result<()> {
        self.record.place = self.here.clone();
        self.keep()
    }

    fn keep(&self) -> anyhow::Result<()> {
        let record = serde_json::to_vec_pretty(&self.record)?;
        durable::write(&self.file, &record, Readers::Owner).with_context(|| self.file.display().to_string())
    }

    /// Which life of the runner this process is.
    #[must_use]
    pub fn life(&self) -> Life {
        self.record.life
    }

    /// Whether the folder may be a copy: what it says is on air may then still be on air elsewhere.
    #[must_use]
    pub fn may_be_a_copy(&self) -> bool {
        self.record.place.folder.is_none() || self.record.place != self.here
    }
}

fn lock(state_dir: &Path) -> anyhow::Result<Flock<File>> {
    let path = state_dir.join("lock");
    let place = || path.display().to_string();
    let options =
        |file: &mut OpenOptions| file.read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
    let file = options(&mut OpenOptions::new()).with_context(place)?;
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(mut lock) => {
            lock.set_len(0).with_context(place)?;
            write!(&*lock, "{}", std::process::id()).with_context(place)?;
            lock.flush().with_context(place)?;
            Ok(lock)
        }
        Err((mut file, Errno::EWOULDBLOCK)) => {
            let mut process = String::new();
            let _ = file.read_to_string(&mut process);
            bail!(
                "state_dir {}: another runner works with it (process {}); end that one, or give this one a state_dir and \
                 an enrollment of its own",
                state_dir.display(),
                process.trim()
            )
        }
        Err((_, error)) => Err(error).with_context(place),
    }
}

/// A record that a full disk or a person has spoiled is none: the clock still makes this life a later one.
fn last(path: &Path) -> Option<Record> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Later than the last one, also where the clock was set back; and by the clock, so that of two copies of a folder the
/// one that was started last is the later one.
fn next(last: Option<Life>, now: Timestamp) -> Life {
    let after_last = last.map_or(1, |last| last.number().saturating_add(1));
    Life::new(now.as_millis().max(after_last)).unwrap_or(Life::FIRST)
}

/// The folder's own number on this machine: another one in a copy, and another one elsewhere. Without an id of the
/// machine, the id of the running kernel has to do, which a restart of the machine changes.
fn place(state_dir: &Path) -> Place {
    let machine = host::machine().map(|machine| machine.to_string()).or_else(host::boot);
    let inode = fs::metadata(state_dir).ok().map(|folder| folder.ino());
    let folder = machine.zip(inode).map(|(machine, inode)| Digest::of(format!("{machine} {inode}").as_bytes()));
    Place { folder, boot: host::boot() }
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
