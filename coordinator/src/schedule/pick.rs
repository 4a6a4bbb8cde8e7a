//! The choice of what goes on air next.
//!
//! Order: highest priority first, then what is due longest. Order alone would let challenges of high priority, or
//! narrow ones that always find a gap, keep others waiting for ever. Therefore a challenge may overtake one that waits
//! only once per wait. After that it is *held back*:
//!
//! - wholly, while the other could go on a free radio of this runner now;
//! - else from the frequencies that the other needs: from one place that is free for it, or, while there is none, from
//!   everywhere it could go, so that a place becomes free.
//!
//! A challenge that somebody has *triggered* goes before all others, once: it is never held back except by one that was
//! triggered earlier, and it holds back all that were not as if they had overtaken it.
//!
//! Whoever is held back has started after the wait of the other began, and the other has not: the one that started
//! least recently is never held back, so something always goes. Of triggered ones the same holds for the earliest.

use crate::store::fleet::runners::Radio;
use challengectl_common::{Band, Frequency, FrequencySet, OccupiedSpan, RadioId, RunnerId, Sender, Timestamp};
use challengectl_waveform::ensure_fits;
use rand::{Rng, RngExt};
use std::cmp::Reverse;

/// A challenge that is enabled and not on air.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Which.
    pub id: i64,
    /// Higher goes first.
    pub priority: i64,
    /// When it may go.
    pub due_at: Timestamp,
    /// When somebody wanted it on air at once.
    pub triggered_at: Option<Timestamp>,
    /// When it last went.
    pub last_started_at: Option<Timestamp>,
    /// When its last time on air was over, however it ended.
    pub last_ended_at: Option<Timestamp>,
    /// Where its nominal frequency may lie.
    pub tuning: FrequencySet,
    /// What it occupies there.
    pub span: OccupiedSpan,
    /// The runners and radios that may send it; none named: any of them.
    pub only_on: Vec<Sender>,
}

impl Candidate {
    /// Since when it waits. One that was cut stays due as before, but its turn has come once since. Never before it
    /// last started, also when the clock was set back meanwhile: on that it rests that no two hold each other back.
    fn waiting_since(&self) -> Timestamp {
        [self.last_ended_at, self.last_started_at].into_iter().flatten().fold(self.due_at, Timestamp::max)
    }

    /// Whether it may not take what the other needs.
    fn yields_to(&self, other: &Self) -> bool {
        match (self.triggered_at, other.triggered_at) {
            (Some(_), None) => false,
            (None, Some(_)) => true,
            (Some(own), Some(others)) => (own, self.id) > (others, other.id),
            (None, None) => self.has_overtaken(other),
        }
    }

    /// Whether this radio may send it, as far as it is bound to some.
    #[must_use]
    pub fn may_go_on(&self, radio: &Capability) -> bool {
        let covers =
            |(runner, radio): &(RunnerId, RadioId)| self.only_on.iter().any(|sender| sender.covers(runner, radio));
        self.only_on.is_empty() || radio.radio.as_ref().is_some_and(covers)
    }

    /// The order of turns; the least goes first.
    fn turn(&self) -> impl Ord + use<> {
        let trigger = (self.triggered_at.is_none(), self.triggered_at);
        (trigger, Reverse(self.priority), self.due_at, self.id)
    }

    fn has_overtaken(&self, other: &Self) -> bool {
        self.last_started_at.is_some_and(|started| started > other.waiting_since())
    }
}

/// What a radio can do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Capability {
    /// Where it may transmit. None: anywhere.
    pub limits: Vec<Band>,
    /// Samples per second it runs at; a signal must fit into as many.
    pub sample_rate: Option<u64>,
    /// Which it is. None: one that no challenge is bound to, so that all that can do the same count as one.
    pub radio: Option<(RunnerId, RadioId)>,
}

impl Capability {
    /// Of a registered radio.
    #[must_use]
    pub fn of(radio: &Radio) -> Self {
        Self::named(radio, true)
    }

    /// Of a registered radio of many; which it is counts only where a challenge is bound to it.
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

    /// Whether it could send a signal somewhere within `tuning`.
    #[must_use]
    pub fn reaches(&self, tuning: &FrequencySet, span: OccupiedSpan) -> bool {
        !self.frequencies(tuning, span).is_empty()
    }

    /// Where it could send a signal if nothing else were on air.
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

/// All that the choice depends on.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The challenges that are enabled and not on air.
    pub candidates: &'a [Candidate],
    /// What is occupied by anyone.
    pub on_air: &'a [Band],
    /// The free radios of the runner that asks.
    pub free: &'a [Capability],
    /// The radios, free or not, of all runners that ask for work.
    pub fleet: &'a [Capability],
    /// Hertz kept free between two signals.
    pub guard_hz: u64,
    /// The time.
    pub now: Timestamp,
}

/// What goes on air.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pick {
    /// Which challenge.
    pub challenge_id: i64,
    /// Which of the free radios, by its place in [`Situation::free`].
    pub radio: usize,
    /// Where.
    pub frequency: Frequency,
}

/// Chooses a challenge, a radio and a frequency.
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

    /// Where a radio could send the challenge beside all that is on air.
    fn open(&self, candidate: &Candidate, radio: &Capability) -> FrequencySet {
        if !candidate.may_go_on(radio) {
            return FrequencySet::default();
        }
        self.clear_of(radio.frequencies(&candidate.tuning, candidate.span), self.on_air, candidate.span)
    }

    fn clear_of(&self, frequencies: FrequencySet, bands: &[Band], span: OccupiedSpan) -> FrequencySet {
        bands.iter().fold(frequencies, |left, band| left.without(&band.widened(self.guard_hz), span))
    }

    /// What has to stay free so that this challenge gets its turn.
    fn reserved_for(&self, candidate: &Candidate) -> Vec<Band> {
        let open = self.fleet.iter().find_map(|radio| self.open(candidate, radio).first_band(candidate.span));
        match open {
            Some(band) => vec![band],
            None => self.fleet.iter().flat_map(|radio| everywhere(candidate, radio)).collect(),
        }
    }

    /// Tries the narrowest radio first: what can do more is kept for what needs more.
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
