//! Wrong submissions, counted so that flags cannot be guessed.

use crate::clock::Moment;
use crate::session::Owner;
use parking_lot::Mutex;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// Wrong submissions of one owner to one challenge within [`WINDOW`].
const MAX_WRONG: usize = 10;
const WINDOW: Duration = Duration::from_secs(60);
/// Counts above which those without a recent submission are forgotten; each takes about 200 bytes.
const MAX_COUNTS: usize = 20_000;

/// The recent wrong submissions.
#[derive(Debug, Default)]
pub(super) struct Tries(Mutex<HashMap<(Owner, i64), VecDeque<Moment>>>);

impl Tries {
    /// Returns how long an owner has to wait before the next submission to a challenge, which may be right or wrong.
    pub(super) fn wait(&self, owner: &Owner, challenge: i64, now: Moment) -> Option<Duration> {
        let counts = self.0.lock();
        let wrong = counts.get(&(owner.clone(), challenge))?;
        let oldest = wrong.iter().rev().nth(MAX_WRONG - 1)?;
        Some(now.until(oldest.after(WINDOW))).filter(|wait| !wait.is_zero())
    }

    /// Counts a wrong submission.
    pub(super) fn count(&self, owner: &Owner, challenge: i64, now: Moment) {
        let mut counts = self.0.lock();
        if counts.len() > MAX_COUNTS {
            counts.retain(|_, wrong| wrong.back().is_some_and(|last| last.after(WINDOW) > now));
        }
        let wrong = counts.entry((owner.clone(), challenge)).or_default();
        wrong.push_back(now);
        while wrong.len() > MAX_WRONG {
            wrong.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Clock;
    use challengectl_common::Timestamp;

    #[test]
    fn the_eleventh_try_within_a_minute_waits_and_nobody_else_does() {
        let start = Clock::manual(Timestamp::from_millis(0)).instant();
        let at = |seconds| start.after(Duration::from_secs(seconds));
        let (tries, ada, bob) = (Tries::default(), Owner::anonymous("ada").unwrap(), Owner::anonymous("bob").unwrap());
        for second in 0..10 {
            assert_eq!(tries.wait(&ada, 1, at(second)), None);
            tries.count(&ada, 1, at(second));
        }
        assert_eq!(tries.wait(&ada, 1, at(20)), Some(Duration::from_secs(40)));
        assert_eq!((tries.wait(&ada, 2, at(20)), tries.wait(&bob, 1, at(20))), (None, None));
        assert_eq!(tries.wait(&ada, 1, at(60)), None);
        tries.count(&ada, 1, at(60));
        assert_eq!(tries.wait(&ada, 1, at(60)), Some(Duration::from_secs(1)));
    }
}
