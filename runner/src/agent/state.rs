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
use std::path::Path;

/// A state folder that no other process works with.
pub struct StateFolder {
    life: Life,
    moved: bool,
    _lock: Flock<File>,
}

/// What the last life left.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    life: Life,
    /// Where the folder was.
    place: Option<Digest>,
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
        let path = state_dir.join("life.json");
        let last = last(&path);
        let here = place(state_dir);
        let life = next(last.as_ref().map(|last| last.life), Timestamp::now());
        let boot = host::boot();
        let record = serde_json::to_vec_pretty(&Record { life, place: here, boot: boot.clone() })?;
        durable::write(&path, &record, Readers::Owner).with_context(|| path.display().to_string())?;
        let moved = last.is_some_and(|last| last.place.is_none() || last.place != here || last.boot != boot);
        Ok(Self { life, moved, _lock: lock })
    }

    /// Which life of the runner this process is.
    #[must_use]
    pub fn life(&self) -> Life {
        self.life
    }

    /// Whether the folder may be a copy: what it says is on air may then still be on air elsewhere.
    #[must_use]
    pub fn may_be_a_copy(&self) -> bool {
        self.moved
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
fn place(state_dir: &Path) -> Option<Digest> {
    let machine = host::machine().map(|machine| machine.to_string()).or_else(host::boot)?;
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

    #[test]
    fn a_copy_of_the_whole_machine_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        drop(StateFolder::open(dir.path()).unwrap());
        let file = dir.path().join("life.json");
        let mut record = last(&file).unwrap();
        record.boot = Some("boot of the machine that was copied".to_owned());
        fs::write(&file, serde_json::to_vec(&record).unwrap()).unwrap();
        assert!(StateFolder::open(dir.path()).unwrap().may_be_a_copy());
        assert!(!StateFolder::open(dir.path()).unwrap().may_be_a_copy());
    }
}
