//! The emergency latch: a stop that is not in the database yet is in force from memory, and from a file beside the
//! database that a restarted server finds.

use crate::audit::Actor;
use challengectl_common::Timestamp;
use parking_lot::{Mutex, MutexGuard};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The file's name in the data directory.
const FILE: &str = "emergency-stop";
/// Bytes read of the file; account names are far shorter.
const MAX_NAME: u64 = 256;
/// The actor's name if the file exists without a name.
const UNKNOWN: &str = "(not recorded)";

/// A stop that is not in the database.
#[derive(Debug, Clone)]
pub struct Pending {
    pub actor: Actor,
    pub at: Timestamp,
    number: u64,
}

/// The emergency latch.
#[derive(Debug)]
pub struct Latch {
    state: Mutex<State>,
    /// Serialises writing and removing the file. Never taken together with `state`, which cutting carriers waits for.
    writing: Mutex<()>,
    file: PathBuf,
}

#[derive(Debug, Default)]
struct State {
    pending: Option<Pending>,
    stops: u64,
    /// Why the last attempt to write the file failed.
    unkept: Option<String>,
}

impl Latch {
    /// Opens the latch as the last run of the server left it.
    pub fn open(data_dir: &Path, now: Timestamp) -> Self {
        let latch = Self { state: Mutex::default(), writing: Mutex::default(), file: data_dir.join(FILE) };
        // Anything at this path counts as a stop, also a file that cannot be read.
        if !fs::symlink_metadata(&latch.file).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            let who = latch.who().unwrap_or_else(|_| UNKNOWN.to_owned());
            latch.set(&Actor::new(&who, None), now);
        }
        latch
    }

    fn who(&self) -> io::Result<String> {
        let mut who = Vec::new();
        fs::File::open(&self.file)?.take(MAX_NAME).read_to_end(&mut who)?;
        let who = String::from_utf8_lossy(&who).trim().to_owned();
        Ok(if who.is_empty() { UNKNOWN.to_owned() } else { who })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Sets the latch: from now on a stop is in force.
    pub fn set(&self, actor: &Actor, at: Timestamp) {
        let mut state = self.state();
        state.stops += 1;
        state.pending = Some(Pending { actor: actor.clone(), at, number: state.stops });
    }

    pub fn is_set(&self) -> bool {
        self.state().pending.is_some()
    }

    pub fn pending(&self) -> Option<Pending> {
        self.state().pending.clone()
    }

    /// Returns whether this stop is still the one to be recorded.
    pub fn holds(&self, pending: &Pending) -> bool {
        self.state().pending.as_ref().is_some_and(|latest| latest.number == pending.number)
    }

    /// Returns why the stop in force would be lost with the end of the server: its file could not be written.
    pub fn unkept(&self) -> Option<String> {
        self.state().unkept.clone()
    }

    /// Writes the file, so that the stop survives the end of the server; does nothing if the stop has been recorded.
    pub fn keep(&self, pending: &Pending) -> io::Result<()> {
        let kept = self.write(pending);
        self.state().unkept = kept.as_ref().err().map(|error| format!("{}: {error}", self.file.display()));
        kept
    }

    fn write(&self, pending: &Pending) -> io::Result<()> {
        let _file = self.writing.lock();
        if !self.holds(pending) {
            return Ok(());
        }
        fs::write(&self.file, &pending.actor.name)?;
        fs::File::open(&self.file)?.sync_all()?;
        self.file.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
    }

    /// Clears this stop, since it or its release is in the database. A newer stop stays.
    pub fn clear(&self, pending: &Pending) {
        {
            let mut state = self.state();
            if state.pending.as_ref().is_none_or(|latest| latest.number != pending.number) {
                return;
            }
            (state.pending, state.unkept) = (None, None);
        }
        let _file = self.writing.lock();
        if !self.is_set() {
            // A file that cannot be removed stops the next start: the safe side, and an operator can release it there.
            let _ = fs::remove_file(&self.file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(0);

    #[test]
    fn a_stop_that_is_not_recorded_survives_the_end_of_the_server() {
        let folder = tempfile::tempdir().unwrap();
        let latch = Latch::open(folder.path(), NOW);
        assert!(!latch.is_set());
        latch.set(&Actor::new("oli", None), NOW);
        latch.keep(&latch.pending().unwrap()).unwrap();
        let next = Latch::open(folder.path(), NOW);
        let pending = next.pending().unwrap();
        assert_eq!(pending.actor.name, "oli");
        next.clear(&pending);
        assert!(!Latch::open(folder.path(), NOW).is_set());
    }

    #[test]
    fn whatever_stands_in_for_the_file_is_a_stop() {
        let folder = tempfile::tempdir().unwrap();
        for (content, who) in [(&b"\xff\xfe"[..], "\u{fffd}\u{fffd}"), (b"", UNKNOWN)] {
            fs::write(folder.path().join(FILE), content).unwrap();
            assert_eq!(Latch::open(folder.path(), NOW).pending().unwrap().actor.name, who);
        }
        fs::remove_file(folder.path().join(FILE)).unwrap();
        fs::create_dir(folder.path().join(FILE)).unwrap();
        assert_eq!(Latch::open(folder.path(), NOW).pending().unwrap().actor.name, UNKNOWN);
    }

    #[test]
    fn a_stop_that_comes_while_another_is_recorded_stays() {
        let folder = tempfile::tempdir().unwrap();
        let latch = Latch::open(folder.path(), NOW);
        let actor = Actor::command_line();
        latch.set(&actor, NOW);
        let first = latch.pending().unwrap();
        latch.set(&actor, NOW);
        latch.clear(&first);
        assert!(latch.is_set());
    }
}
