//! Lives: which start of a runner's program is current. A request that was delayed on its way must not undo what a
//! later life did, and of two copies of a runner only one may work.

use crate::clock::Moment;
use crate::store::fleet::keys::Registered;
use challengectl_common::Life;
use std::cmp::Ordering;
use std::time::Duration;

/// How long requests of an earlier life may still arrive. After that a second copy of the runner is running:
/// `challengectl-runner` gives up a request after ten seconds.
const STRAGGLING: Duration = Duration::from_secs(20);
/// Earlier lives that are recorded for one key; further copies of one runner are not detected.
const MAX_RIVALS: usize = 8;

/// How a registration compares to those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It is the latest.
    Current,
    /// It is of the current life, and older than the latest registration.
    Stale,
    /// It is of an earlier life, while a later one is running.
    Superseded,
}

/// Compares the registration `new` to the latest one, whose runner may be `gone`: signed out, or silent for longer than
/// lease and grace.
pub fn admit(latest: Registered, new: Registered, gone: bool) -> Admission {
    match () {
        () if new.life == latest.life && is_counted_again(latest.registration, new.registration) => Admission::Stale,
        () if new.life >= latest.life || gone => Admission::Current,
        () => Admission::Superseded,
    }
}

/// Returns whether a registration repeats an earlier one. Clients need not number theirs.
fn is_counted_again(latest: Option<i64>, new: Option<i64>) -> bool {
    new.zip(latest).is_some_and(|(new, latest)| new <= latest)
}

/// How the life of a request compares to the registered one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Current,
    /// It has not registered yet, as after a restore of the server's database.
    Unknown,
    Superseded,
}

/// The lives of a runner that use one key.
#[derive(Debug, Default)]
pub struct Lives {
    registered: Registered,
    /// Earlier lives that still send requests, and since when.
    rivals: Vec<(Option<Life>, Moment)>,
}

impl Lives {
    pub fn new(registered: Registered) -> Self {
        Self { registered, rivals: Vec::new() }
    }

    pub fn registered(&self) -> Registered {
        self.registered
    }

    pub fn standing(&self, life: Option<Life>) -> Standing {
        match life.cmp(&self.registered.life) {
            Ordering::Equal => Standing::Current,
            Ordering::Greater => Standing::Unknown,
            Ordering::Less => Standing::Superseded,
        }
    }

    /// Records a request of a superseded life. Returns whether it comes from a second copy of the runner, and not from
    /// a delayed request.
    pub fn is_second_copy(&mut self, life: Option<Life>, now: Moment) -> bool {
        if let Some((_, since)) = self.rivals.iter().find(|(rival, _)| *rival == life) {
            return since.after(STRAGGLING) <= now;
        }
        if self.rivals.len() == MAX_RIVALS {
            self.rivals.remove(0);
        }
        self.rivals.push((life, now));
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Clock;
    use challengectl_common::Timestamp;

    fn registered(life: i64, registration: i64) -> Registered {
        Registered { life: Life::new(life), registration: Some(registration) }
    }

    #[test]
    fn a_registration_that_was_held_up_is_told_from_the_latest() {
        let latest = registered(7, 2);
        for (new, gone, expected) in [
            (registered(7, 3), false, Admission::Current),
            (registered(7, 2), false, Admission::Stale),
            (registered(7, 1), true, Admission::Stale),
            (registered(8, 1), false, Admission::Current),
            (registered(6, 9), false, Admission::Superseded),
            (registered(6, 9), true, Admission::Current),
            (Registered::default(), false, Admission::Superseded),
        ] {
            assert_eq!(admit(latest, new, gone), expected, "{new:?}");
        }
        let unnamed = Registered::default();
        assert_eq!(admit(unnamed, unnamed, false), Admission::Current);
    }

    #[test]
    fn an_earlier_life_that_is_heard_for_longer_than_requests_last_is_a_second_copy() {
        let mut lives = Lives::new(registered(7, 1));
        let start = Clock::manual(Timestamp::from_millis(0)).instant();
        assert!(!lives.is_second_copy(Life::new(6), start));
        assert!(!lives.is_second_copy(Life::new(6), start.after(STRAGGLING / 2)));
        assert!(lives.is_second_copy(Life::new(6), start.after(STRAGGLING)));
        assert!(lives.is_second_copy(Life::new(6), start.after(STRAGGLING * 2)), "it is still there");
    }

    #[test]
    fn each_of_many_copies_is_noticed() {
        let mut lives = Lives::new(registered(7, 1));
        let start = Clock::manual(Timestamp::from_millis(0)).instant();
        let copies = [Life::new(4), Life::new(5), Life::new(6), None];
        for (after, noticed) in [(Duration::ZERO, false), (STRAGGLING, true)] {
            for life in copies {
                assert_eq!(lives.is_second_copy(life, start.after(after)), noticed, "{life:?}");
            }
        }
    }
}
