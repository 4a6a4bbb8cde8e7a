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
//! A challenge that is held back has started after the wait of the other began, and the other has not: the one that
//! started least recently is never held back, so something always goes. Among triggered ones the same holds for the
//! earliest.

use crate::store::fleet::runners::Radio;
use challengectl_common::{Band, Frequency, FrequencySet, OccupiedSpan, RadioId, RunnerId, Sender, Timestamp};
use challengectl_waveform::ensure_fits;
use rand::{Rng, RngExt};
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
    /// Its permitted nominal frequencies.
    pub tuning: FrequencySet,
    /// The span that it occupies around its nominal frequency.
    pub span: OccupiedSpan,
    /// The runners and radios that may send it; empty: any.
    pub only_on: Vec<Sender>,
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

    /// Returns whether `only_on` permits this radio.
    #[must_use]
    pub fn may_go_on(&self, radio: &Capability) -> bool {
        let covers =
            |(runner, radio): &(RunnerId, RadioId)| self.only_on.iter().any(|sender| sender.covers(runner, radio));
        self.only_on.is_empty() || radio.radio.as_ref().is_some_and(covers)
    }

    /// Returns the key that orders turns; the smallest goes first.
    fn turn(&self) -> impl Ord + use<> {
        let trigger = (self.triggered_at.is_none(), self.triggered_at);
        (trigger, Reverse(self.priority), self.due_at, self.id)
    }

    fn has_overtaken(&self, other: &Self) -> bool {
        self.last_started_at.is_some_and(|started| started > other.waiting_since())
    }
}

/// The capability of a radio.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Capability {
    /// The bands that it may transmit in; empty: any.
    pub limits: Vec<Band>,
    /// Its sample rate in samples per second; a signal must fit into it.
    pub sample_rate: Option<u64>,
    /// The radio; `None` if no challenge is bound to it, so that radios of equal capability count as one.
    pub radio: Option<(RunnerId, RadioId)>,
}

impl Capability {
    /// Returns the capability of a registered radio.
    #[must_use]
    pub fn of(radio: &Radio) -> Self {
        Self::named(radio, true)
    }

    /// Returns the capability of one of many registered radios, which is named only if a challenge is bound to it.
    #[must_use]
    pub fn among(radio: &Radio, bound: &[Sender]) -> Self {
        Self::named(radio, bound.iter().any(|sender| sender.covers(&radio.runner_id, &radio.radio_id)))
    }

    fn named(radio: &Radio, is_named: bool) -> Self {
        Self {
            limits: radio.limits.clone(),
            sample_rate: radio.sample_rate,
            radio: is_named.then(|| (radio.runner_id.clone(), radio.radio_id.clone())),
        }
    }

    /// Returns whether it can send a signal somewhere within `tuning`.
    #[must_use]
    pub fn reaches(&self, tuning: &FrequencySet, span: OccupiedSpan) -> bool {
        !self.frequencies(tuning, span).is_empty()
    }

    /// Returns the frequencies on which it can send a signal if nothing else is on air.
    fn frequencies(&self, tuning: &FrequencySet, span: OccupiedSpan) -> FrequencySet {
        if self.sample_rate.is_some_and(|rate| ensure_fits(rate as f64, &span.range()).is_err()) {
            return FrequencySet::default();
        }
        tuning.within(&self.limits, span)
    }

    fn breadth(&self) -> u64 {
        if self.limits.is_empty() { u64::MAX } else { self.limits.iter().map(Band::width).sum() }
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
    due.iter().find_map(|candidate| {
        if !situation.has_place(candidate) {
            return None;
        }
        let ahead: Vec<&Candidate> =
            due.iter().copied().filter(|other| other.id != candidate.id && candidate.yields_to(other)).collect();
        if ahead.iter().any(|other| situation.has_place(other)) {
            return None;
        }
        let reserved: Vec<Band> = ahead.iter().flat_map(|other| situation.reserved_for(other)).collect();
        situation.place(candidate, &reserved, rng)
    })
}

impl Situation<'_> {
    fn has_place(&self, candidate: &Candidate) -> bool {
        self.free.iter().any(|radio| !self.open(candidate, radio).is_empty())
    }

    /// Returns the frequencies on which a radio can send the challenge beside everything on air.
    fn open(&self, candidate: &Candidate, radio: &Capability) -> FrequencySet {
        if !candidate.may_go_on(radio) {
            return FrequencySet::default();
        }
        self.clear_of(radio.frequencies(&candidate.tuning, candidate.span), self.on_air, candidate.span)
    }

    fn clear_of(&self, frequencies: FrequencySet, bands: &[Band], span: OccupiedSpan) -> FrequencySet {
        bands.iter().fold(frequencies, |left, band| left.without(&band.widened(self.guard_hz), span))
    }

    /// Returns the bands that have to stay free so that this challenge gets its turn.
    fn reserved_for(&self, candidate: &Candidate) -> Vec<Band> {
        let open = self.fleet.iter().find_map(|radio| self.open(candidate, radio).first_band(candidate.span));
        match open {
            Some(band) => vec![band],
            None => self.fleet.iter().flat_map(|radio| everywhere(candidate, radio)).collect(),
        }
    }

    /// Places the challenge on a radio, the narrowest first: radios that can do more are kept for challenges that need
    /// more.
    fn place<R: Rng>(&self, candidate: &Candidate, reserved: &[Band], rng: &mut R) -> Option<Pick> {
        let mut radios: Vec<(usize, &Capability)> = self.free.iter().enumerate().collect();
        radios.sort_by_key(|(_, radio)| radio.breadth());
        radios.into_iter().find_map(|(index, radio)| {
            let open = self.clear_of(self.open(candidate, radio), reserved, candidate.span);
            let frequency = open.draw(|below| rng.random_range(0..below))?;
            Some(Pick { challenge_id: candidate.id, radio: index, frequency })
        })
    }
}

fn everywhere(candidate: &Candidate, radio: &Capability) -> Vec<Band> {
    if !candidate.may_go_on(radio) {
        return Vec::new();
    }
    radio.frequencies(&candidate.tuning, candidate.span).bands(candidate.span).collect()
}
