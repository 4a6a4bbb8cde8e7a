//! An emergency stop that the database does not hold yet: in force from memory, and from a file beside the database
//! that a restart finds.

use super::audit::{Actor, By};
use challengectl_common::Timestamp;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The file within the data directory.
const FILE: &str = "emergency-stop";
/// Who stopped, where only the file tells that somebody did.
const UNKNOWN: &str = "(not recorded)";

/// A stop that is not recorded.
#[derive(Debug, Clone)]
pub struct Pending {
    pub actor: Actor,
    pub at: Timestamp,
    number: u64,
}

/// The stop in force that is not recorded yet, if there is one.
#[derive(Debug)]
pub struct Latch {
    state: Mutex<State>,
    file: PathBuf,
}

#[derive(Debug, Default)]
struct State {
    pending: Option<Pending>,
    stops: u64,
}

impl Latch {
    /// The latch as the last run of the server left it.
    pub fn open(data_dir: &Path, now: Timestamp) -> Self {
        let latch = Self { state: Mutex::default(), file: data_dir.join(FILE) };
        if let Ok(who) = fs::read_to_string(&latch.file) {
            let who = Some(who.trim()).filter(|who| !who.is_empty()).unwrap_or(UNKNOWN);
            latch.set(&Actor::from(By { who, from: None }), now);
        }
        latch
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on a stop is in force.
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

    /// Whether this stop is still the one to be recorded.
    pub fn holds(&self, pending: &Pending) -> bool {
        self.state().pending.as_ref().is_some_and(|latest| latest.number == pending.number)
    }

    /// Writes the file, so that the stop survives the end of the server as well.
    pub fn keep(&self, pending: &Pending) -> io::Result<()> {
        fs::write(&self.file, pending.actor.by().who)?;
        fs::File::open(&self.file)?.sync_all()
    }

    /// The database holds this stop, or its release. One that has come meanwhile stays.
    pub fn clear(&self, pending: &Pending) {
        let mut state = self.state();
        if state.pending.as_ref().is_some_and(|latest| latest.number == pending.number) {
            state.pending = None;
            // Left behind, it would stop the next start: on the safe side, and to be released there.
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
        latch.set(&Actor::from(By { who: "oli", from: None }), NOW);
        latch.keep(&latch.pending().unwrap()).unwrap();
        let next = Latch::open(folder.path(), NOW);
        let pending = next.pending().unwrap();
        assert_eq!(pending.actor.by().who, "oli");
        next.clear(&pending);
        assert!(!Latch::open(folder.path(), NOW).is_set());
    }

    #[test]
    fn a_stop_that_comes_while_another_is_recorded_stays() {
        let folder = tempfile::tempdir().unwrap();
        let latch = Latch::open(folder.path(), NOW);
        let actor = Actor::from(By::COMMAND_LINE);
        latch.set(&actor, NOW);
        let first = latch.pending().unwrap();
        latch.set(&actor, NOW);
        latch.clear(&first);
        assert!(latch.is_set());
    }
}
