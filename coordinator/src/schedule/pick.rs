//! Picks the challenge that goes on air next.
//!
//! Order: highest priority first, then the one due longest. Order alone would let challenges of high priority, or
//! narrow ones that always find a gap, keep others waiting for ever. Therefore a challenge may overtake another only
//! once per wait of that other. After that it is *held back*:
//!
//! - wholly, while the other could go on a free radio of this runner now;
//! - else from the frequencies that the other needs: from one place that is free for it, or, while there is none, from
//!   everywhere it could go, so that a place becomes free.
//!
//! A *triggered* challenge goes before all others, once: it is held back only by one that was triggered earlier, and it
//! holds back all that were not triggered as if they had overtaken it.
//!
//! A challenge with a choice of frequencies leaves free, where it can, the frequency of one without a choice that becomes due
//! before the first would be off the air again.
//!
//! A challenge that is held back has started after the wait of the other began, and the other has not: the one that
//! started least recently is never held back, so something always goes. Among triggered ones the same holds for the
//! earliest.

use super::capability::Capability;
use super::signal::Signal;
use challengectl_common::{Band, Frequency, FrequencySet, OccupiedSpan, Timestamp};
use rand::{Rng, RngExt};
use std::cell::OnceCell;
use std::cmp::Reverse;

/// A challenge that is enabled and not on air.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The challenge.
    pub id: i64,
    /// Higher goes first.
    pub priority: i64,
    /// The earliest time at which it may go on air.
    pub due_at: Timestamp,
    /// When an operator triggered it.
    pub triggered_at: Option<Timestamp>,
    /// When it was last assigned.
    pub last_started_at: Option<Timestamp>,
    /// When its last transmission ended, whatever the outcome.
    pub last_ended_at: Option<Timestamp>,
    /// Its signal, and the permitted frequencies and radios.
    pub signal: Signal,
}

impl Candidate {
    /// Returns since when it waits. A challenge that was cut stays due as before, but has had its turn. Never earlier
    /// than its last start, also if the clock was set back meanwhile: this is why no two challenges hold each other
    /// back.
    fn waiting_since(&self) -> Timestamp {
        [self.last_ended_at, self.last_started_at].into_iter().flatten().fold(self.due_at, Timestamp::max)
    }

    /// Returns whether it must not take a radio or frequency that the other needs.
    fn yields_to(&self, other: &Self) -> bool {
        match (self.triggered_at, other.triggered_at) {
            (Some(_), None) => false,
            (None, Some(_)) => true,
            (Some(own), Some(others)) => (own, self.id) > (others, other.id),
            (None, None) => self.has_overtaken(other),
        }
    }

    /// Returns the key that orders turns; the smallest goes first.
    pub(crate) fn turn(&self) -> impl Ord + use<> {
        let trigger = (self.triggered_at.is_none(), self.triggered_at);
        (trigger, Reverse(self.priority), self.due_at, self.id)
    }

    fn has_overtaken(&self, other: &Self) -> bool {
        self.last_started_at.is_some_and(|started| started > other.waiting_since())
    }
}

/// Everything that the pick depends on.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The challenges that are enabled and not on air.
    pub candidates: &'a [Candidate],
    /// The occupied bands of all runners.
    pub on_air: &'a [Band],
    /// The free radios of the polling runner.
    pub free: &'a [Capability],
    /// The radios, free or not, of all polling runners.
    pub fleet: &'a [Capability],
    /// The guard: hertz kept free between the bands of two signals.
    pub guard_hz: u64,
    /// The time.
    pub now: Timestamp,
}

/// The decision: a challenge, a radio and a frequency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pick {
    /// The challenge.
    pub challenge_id: i64,
    /// The radio, as an index into [`Situation::free`].
    pub radio: usize,
    /// The nominal frequency.
    pub frequency: Frequency,
}

/// Picks a challenge, a radio and a frequency; `None` if no due challenge may go on a free radio now.
pub fn pick<R: Rng>(situation: &Situation<'_>, rng: &mut R) -> Option<Pick> {
    if situation.free.is_empty() {
        return None;
    }
    let mut due: Vec<&Candidate> =
        situation.candidates.iter().filter(|candidate| candidate.due_at <= situation.now).collect();
    due.sort_by_key(|candidate| candidate.turn());
    // Most candidates are in front of many others, and each is looked at once.
    let known: Vec<OnceCell<bool>> = vec![OnceCell::new(); due.len()];
    let has_place = |index: usize, candidate: &Candidate| {
        known.get(index).is_some_and(|known| *known.get_or_init(|| situation.has_place(candidate)))
    };
    due.iter().enumerate().find_map(|(index, candidate)| {
        let others = || due.iter().enumerate().filter(|(_, other)| other.id != candidate.id);
        let ahead = || others().filter(|(_, other)| candidate.yields_to(other));
        if ahead().any(|(index, other)| has_place(index, other)) || !has_place(index, candidate) {
            return None;
        }
        let reserved: Vec<Band> = ahead().flat_map(|(_, other)| situation.reserved_for(other)).collect();
        situation.place(candidate, &reserved, rng)
    })
}

impl Situation<'_> {
    fn has_place(&self, candidate: &Candidate) -> bool {
        self.free.iter().any(|radio| !self.open(candidate, radio).is_empty())
    }

    /// Returns the frequencies on which a radio can send the challenge beside everything on air.
    fn open(&self, candidate: &Candidate, radio: &Capability) -> FrequencySet {
        self.clear_of(radio.places(&candidate.signal), self.on_air, candidate.signal.span)
    }

    fn clear_of(&self, frequencies: FrequencySet, bands: &[Band], span: OccupiedSpan) -> FrequencySet {
        bands.iter().fold(frequencies, |left, band| left.without(&band.widened(self.guard_hz), span))
    }

    /// Returns the bands that have to stay free so that this challenge gets its turn.
    fn reserved_for(&self, candidate: &Candidate) -> Vec<Band> {
        let Candidate { signal, .. } = candidate;
        let open = self.fleet.iter().find_map(|radio| self.open(candidate, radio).first_band(signal.span));
        match open {
            Some(band) => vec![band],
            None => {
                let everywhere = |radio: &Capability| radio.places(signal).bands(signal.span).collect::<Vec<_>>();
                self.fleet.iter().flat_map(everywhere).collect()
            }
        }
    }

    /// Places the challenge on a radio, the narrowest first: radios that can do more are kept for challenges that need
    /// more.
    fn place<R: Rng>(&self, candidate: &Candidate, reserved: &[Band], rng: &mut R) -> Option<Pick> {
        let span = candidate.signal.span;
        let mut radios: Vec<(usize, &Capability)> = self.free.iter().enumerate().collect();
        radios.sort_by_key(|(_, radio)| radio.breadth());
        let open = radios.into_iter().filter_map(|(index, radio)| {
            let open = self.clear_of(self.open(candidate, radio), reserved, span);
            (!open.is_empty()).then_some((index, open))
        });
        let open: Vec<_> = open.collect();
        let soon = self.taken_soon(candidate);
        let beside_all = open.iter().find_map(|(index, open)| {
            let left = self.clear_of(open.clone(), &soon, span);
            (!left.is_empty()).then_some((*index, left))
        });
        let (radio, frequencies) = match beside_all {
            Some(found) => found,
            None => {
                let (index, open) = open.into_iter().next()?;
                (index, self.clear_as_far_as_possible(open, &soon, span))
            }
        };
        let frequency = frequencies.draw(|below| rng.random_range(0..below))?;
        Some(Pick { challenge_id: candidate.id, radio, frequency })
    }

    /// Returns the bands that other challenges without a choice of frequencies are due to occupy before this one would
    /// be off the air again, the earliest first. Nothing for a challenge that has no choice itself.
    fn taken_soon(&self, candidate: &Candidate) -> Vec<Band> {
        if candidate.signal.tuning.only().is_some() {
            return Vec::new();
        }
        let over = self.now.after(candidate.signal.length);
        let fixed = self.candidates.iter().filter(|other| other.id != candidate.id && other.due_at <= over);
        let mut soon: Vec<(Timestamp, Band)> = fixed
            .filter_map(|Candidate { signal, due_at, .. }| {
                signal.tuning.only()?;
                Some((*due_at, signal.tuning.first_band(signal.span)?))
            })
            .collect();
        soon.sort_unstable();
        soon.into_iter().map(|(_, band)| band).collect()
    }

    /// Keeps clear of these bands, save of those that would leave nothing.
    fn clear_as_far_as_possible(&self, open: FrequencySet, bands: &[Band], span: OccupiedSpan) -> FrequencySet {
        bands.iter().fold(open, |left, band| {
            let less = left.clone().without(&band.widened(self.guard_hz), span);
            if less.is_empty() { left } else { less }
        })
    }
}
