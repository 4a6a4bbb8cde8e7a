//! Simulates the schedule from event to event: a transmission ends, a rest ends, a challenge becomes due, the hours begin.

use super::report::{ChallengePlan, Never, Place, Plan, RadioPlan, WaitedFor, Waits};
use super::{PlannedChallenge, Planning};
use crate::schedule::{Candidate, Capability, Obstacle, Pick, Signal, Situation, after_success, pick};
use crate::store::fleet::runners::Radio;
use challengectl_common::identification::is_due;
use challengectl_common::{Band, Frequency, Sender, Timestamp, Tuning};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::time::Duration;

pub(super) struct Simulation<'a> {
    planning: &'a Planning,
    now: Timestamp,
    end: Timestamp,
    rng: StdRng,
    tracks: Vec<Track<'a>>,
    never: Vec<Never>,
    /// The challenges that are not on air, in the order of their turns. Their ids are indices into `tracks`.
    candidates: Vec<Candidate>,
    radios: Vec<RadioTrack<'a>>,
    /// The radios of each runner, as indices into `radios`.
    runners: Vec<Vec<usize>>,
    fleet: Vec<Capability>,
    on_air: Vec<OnAir>,
    /// The transmissions that ended at `now`.
    freed: Vec<OnAir>,
    /// Transmissions so far.
    begun: u64,
    /// The times of future events.
    times: BinaryHeap<Reverse<Timestamp>>,
    /// The time since which work is handed out, and until which it was last.
    opened: Timestamp,
    open_until: Timestamp,
    open: Duration,
}

/// The figures of a challenge.
struct Track<'a> {
    challenge: &'a PlannedChallenge,
    candidate: Candidate,
    on_air: Duration,
    transmissions: u64,
    places: BTreeMap<Option<&'a str>, (u64, u64, u64)>,
    radios: BTreeMap<usize, u64>,
    waited: Duration,
    longest_wait: Duration,
    waited_for: BTreeMap<Cause, Duration>,
}

/// The cause of a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    Radio,
    /// Another challenge, as an index into `tracks`.
    Frequency(usize),
    Turn,
}

/// The figures of a radio.
struct RadioTrack<'a> {
    radio: &'a Radio,
    capability: Capability,
    /// The time from which it is free.
    free_at: Timestamp,
    identified: Option<Timestamp>,
    on_air: Duration,
    resting: Duration,
    transmissions: u64,
}

#[derive(Debug, Clone, Copy)]
struct OnAir {
    challenge: usize,
    band: Band,
    ends: Timestamp,
}

impl<'a> Simulation<'a> {
    pub(super) fn new(planning: &'a Planning) -> Self {
        let Planning { from, length, seed, .. } = *planning;
        let bound: Vec<Sender> = planning.challenges.iter().flat_map(|it| it.signal.only_on.iter().cloned()).collect();
        let radios: Vec<_> = planning
            .radios
            .iter()
            .map(|radio| RadioTrack::new(radio, Capability::among(radio, &bound, &planning.ranges), from))
            .collect();
        let fleet: BTreeSet<Capability> = radios.iter().map(|radio| radio.capability.clone()).collect();
        let mut runners: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (index, radio) in planning.radios.iter().enumerate() {
            runners.entry(&radio.runner_id).or_default().push(index);
        }
        let (mut tracks, mut never) = (Vec::new(), Vec::new());
        for challenge in &planning.challenges {
            match Obstacle::of(&challenge.signal, &fleet) {
                Some(why) => never.push(Never { challenge: challenge.name.clone(), why: why.to_string() }),
                None => tracks.push(Track::new(challenge, tracks.len(), from)),
            }
        }
        let mut candidates: Vec<_> = tracks.iter().map(|track| track.candidate.clone()).collect();
        candidates.sort_by_key(Candidate::turn);
        Self {
            planning,
            now: from,
            end: from.after(length),
            rng: StdRng::seed_from_u64(seed),
            tracks,
            never,
            candidates,
            radios,
            runners: runners.into_values().collect(),
            fleet: fleet.into_iter().collect(),
            on_air: Vec::new(),
            freed: Vec::new(),
            begun: 0,
            times: BinaryHeap::new(),
            opened: from,
            open_until: from,
            open: Duration::ZERO,
        }
    }

    pub(super) fn run(mut self) -> Plan {
        loop {
            let is_open = self.is_open();
            if is_open {
                self.hand_out();
            }
            let next = self.next().min(self.end);
            if is_open {
                self.open += next.since(self.now);
                self.open_until = next;
            }
            self.now = next;
            if !is_open && self.is_open() {
                self.opened = self.now;
            }
            self.take_off_air();
            if self.now >= self.end || self.begun >= self.planning.max_transmissions {
                self.end_waits();
                return self.report();
            }
        }
    }

    fn is_open(&self) -> bool {
        let conference = &self.planning.conference;
        !conference.auto_pause() || conference.is_open(self.now)
    }

    /// Returns the time of the next event, at most the end of the plan.
    fn next(&mut self) -> Timestamp {
        let conference = &self.planning.conference;
        let hours = conference.auto_pause().then(|| conference.next_change(self.now)).flatten().unwrap_or(self.end);
        while let Some(&Reverse(time)) = self.times.peek() {
            if time > self.now {
                return time.min(hours);
            }
            self.times.pop();
        }
        hours
    }

    /// Lets the runners poll, in random order, until none gets more work.
    fn hand_out(&mut self) {
        let mut order: Vec<usize> = (0..self.runners.len()).collect();
        order.shuffle(&mut self.rng);
        // Runners with the same free radios get the same answer.
        let mut in_vain: BTreeSet<Vec<Capability>> = BTreeSet::new();
        loop {
            let mut started = false;
            for &runner in &order {
                while let Some((picked, radio)) = self.ask(runner, &mut in_vain) {
                    self.start(picked, radio);
                    in_vain.clear();
                    started = true;
                }
            }
            if !started {
                return;
            }
        }
    }

    /// Polls for a runner; returns the pick and the index of its radio.
    fn ask(&mut self, runner: usize, in_vain: &mut BTreeSet<Vec<Capability>>) -> Option<(Pick, usize)> {
        let is_free = |index: &&usize| self.radios.get(**index).is_some_and(|radio| radio.free_at <= self.now);
        let free: Vec<usize> = self.runners.get(runner)?.iter().filter(is_free).copied().collect();
        let abilities: Vec<Capability> =
            free.iter().filter_map(|index| Some(self.radios.get(*index)?.capability.clone())).collect();
        if abilities.is_empty() || in_vain.contains(&abilities) {
            return None;
        }
        let on_air: Vec<Band> = self.on_air.iter().map(|on_air| on_air.band).collect();
        let situation = Situation {
            candidates: &self.candidates,
            on_air: &on_air,
            free: &abilities,
            fleet: &self.fleet,
            guard_hz: self.planning.guard_hz,
            now: self.now,
        };
        match pick(&situation, &mut self.rng) {
            Some(picked) => Some((picked, *free.get(picked.radio)?)),
            None => {
                in_vain.insert(abilities);
                None
            }
        }
    }

    fn start(&mut self, picked: Pick, radio_index: usize) {
        let index = usize::try_from(picked.challenge_id).unwrap_or(usize::MAX);
        self.candidates.retain(|candidate| candidate.id != picked.challenge_id);
        let now = self.now;
        let Some(signal) = self.tracks.get(index).map(|track| &track.challenge.signal) else { return };
        let band = picked.frequency.band(&signal.span.range());
        let cause = self.waited_for(signal, &band);
        let (Some(track), Some(radio)) = (self.tracks.get_mut(index), self.radios.get_mut(radio_index)) else { return };
        track.wait_until(now, self.opened, cause);
        let on_air = radio.take(now, track.challenge.signal.length);
        track.count(picked.frequency, radio_index, on_air);
        track.candidate.last_started_at = Some(now);
        let ends = now.after(on_air);
        self.times.extend([Reverse(ends), Reverse(radio.free_at)]);
        self.on_air.push(OnAir { challenge: index, band, ends });
        self.begun += 1;
    }

    /// Returns the cause of the wait of a challenge that goes on air now: the radio or frequency that became free at `now`.
    fn waited_for(&self, signal: &Signal, band: &Band) -> Cause {
        let (now, guard) = (self.now, self.planning.guard_hz);
        let had_radio = |it: &RadioTrack<'_>| it.free_at < now && !it.capability.places(signal).is_empty();
        if !self.radios.iter().any(had_radio) {
            return Cause::Radio;
        }
        let in_the_way = |freed: &&OnAir| freed.ends == now && freed.band.widened(guard).overlaps(band);
        self.freed.iter().find(in_the_way).map_or(Cause::Turn, |freed| Cause::Frequency(freed.challenge))
    }

    fn take_off_air(&mut self) {
        let now = self.now;
        self.freed = self.on_air.extract_if(.., |on_air| on_air.ends <= now).collect();
        for OnAir { challenge, .. } in &self.freed {
            let Some(Track { challenge, candidate, .. }) = self.tracks.get_mut(*challenge) else { continue };
            candidate.last_ended_at = Some(now);
            candidate.due_at = after_success(now, challenge.min_delay_ms, challenge.max_delay_ms, &mut self.rng);
            self.times.push(Reverse(candidate.due_at));
            let place = self.candidates.partition_point(|other| other.turn() < candidate.turn());
            self.candidates.insert(place, candidate.clone());
        }
    }

    /// Adds the waits that are not over at the end of the plan.
    fn end_waits(&mut self) {
        let (now, guard, opened) = (self.open_until, self.planning.guard_hz, self.opened);
        for candidate in &self.candidates {
            let signal = &candidate.signal;
            let mut free = self.radios.iter().filter(|it| it.free_at < now).map(|it| it.capability.places(signal));
            let cause = match free.find(|places| !places.is_empty()) {
                None => Cause::Radio,
                Some(places) => {
                    let in_the_way =
                        |on_air: &&OnAir| places.clone().without(&on_air.band.widened(guard), signal.span).is_empty();
                    let blocking = self.on_air.iter().find(in_the_way);
                    blocking.map_or(Cause::Turn, |on_air| Cause::Frequency(on_air.challenge))
                }
            };
            let track = usize::try_from(candidate.id).ok().and_then(|index| self.tracks.get_mut(index));
            if let Some(track) = track.filter(|_| candidate.due_at < now) {
                track.wait_until(now, opened, cause);
            }
        }
    }

    fn report(self) -> Plan {
        let open_hours = hours(self.open);
        let per_hour = |duration: Duration| rounded(duration.as_secs_f64() / open_hours.max(f64::MIN_POSITIVE));
        let name = |index: usize| self.tracks.get(index).map(|it| it.challenge.name.clone()).unwrap_or_default();
        let radio_name = |index: &usize| {
            let radio = self.planning.radios.get(*index);
            radio.map(|radio| format!("{}/{}", radio.runner_id, radio.radio_id)).unwrap_or_default()
        };
        let challenges = self.tracks.iter().map(|track| ChallengePlan {
            challenge: track.challenge.name.clone(),
            modulation: track.challenge.modulation.clone(),
            signal_seconds: rounded(track.challenge.signal.length.as_secs_f64()),
            transmissions: track.transmissions,
            air_seconds_per_hour: per_hour(track.on_air),
            wanted_air_seconds_per_hour: track.wanted_per_hour(),
            places: track.places(),
            radios: track.radios.iter().map(|(index, count)| (radio_name(index), *count)).collect(),
            waits: track.waits(name),
        });
        let part = |duration: Duration| {
            let part = duration.as_secs_f64() / self.open.as_secs_f64().max(f64::MIN_POSITIVE);
            (part.min(1.0) * 1000.0).round() / 1000.0
        };
        let radios = self.radios.iter().map(|track| RadioPlan {
            runner_id: track.radio.runner_id.clone(),
            radio_id: track.radio.radio_id.clone(),
            transmissions: track.transmissions,
            load: part(track.on_air),
            resting: part(track.resting),
        });
        Plan {
            from: self.planning.from,
            hours: hours(self.now.since(self.planning.from)),
            open_hours: rounded(open_hours),
            seed: self.planning.seed,
            challenges: challenges.collect(),
            radios: radios.collect(),
            never: self.never,
        }
    }
}

impl<'a> Track<'a> {
    fn new(challenge: &'a PlannedChallenge, index: usize, from: Timestamp) -> Self {
        let candidate = Candidate {
            id: i64::try_from(index).unwrap_or(i64::MAX),
            priority: challenge.priority,
            due_at: from,
            triggered_at: None,
            last_started_at: None,
            last_ended_at: None,
            signal: challenge.signal.clone(),
        };
        Self {
            challenge,
            candidate,
            on_air: Duration::ZERO,
            transmissions: 0,
            places: BTreeMap::new(),
            radios: BTreeMap::new(),
            waited: Duration::ZERO,
            longest_wait: Duration::ZERO,
            waited_for: BTreeMap::new(),
        }
    }

    /// Adds a wait that ends now. Time in which no work is handed out is no wait.
    fn wait_until(&mut self, now: Timestamp, opened: Timestamp, cause: Cause) {
        let waited = now.since(self.candidate.due_at.max(opened));
        if waited > Duration::ZERO {
            self.waited += waited;
            self.longest_wait = self.longest_wait.max(waited);
            *self.waited_for.entry(cause).or_default() += waited;
        }
    }

    fn count(&mut self, frequency: Frequency, radio: usize, on_air: Duration) {
        self.transmissions += 1;
        self.on_air += on_air;
        *self.radios.entry(radio).or_default() += 1;
        let hz = frequency.hz();
        let range = match &self.challenge.tuning {
            Tuning::FrequencyRanges(ranges) => ranges.iter().find(|it| it.band.low() <= hz && hz <= it.band.high()),
            Tuning::Frequency(_) | Tuning::ManualFrequencyRange(_) => None,
        };
        let (lowest, highest, count) = self.places.entry(range.map(|range| range.name.as_str())).or_insert((hz, hz, 0));
        (*lowest, *highest) = (hz.min(*lowest), hz.max(*highest));
        *count += 1;
    }

    fn places(&self) -> Vec<Place> {
        let place = |(range, (lowest_hz, highest_hz, transmissions)): (&Option<&str>, &(u64, u64, u64))| Place {
            range: range.map(str::to_owned),
            lowest_hz: *lowest_hz,
            highest_hz: *highest_hz,
            transmissions: *transmissions,
        };
        self.places.iter().map(place).collect()
    }

    fn wanted_per_hour(&self) -> f64 {
        let signal = self.challenge.signal.length.as_secs_f64();
        let rest = (self.challenge.min_delay_ms + self.challenge.max_delay_ms) as f64 / 2000.0;
        rounded(3600.0 * signal / (signal + rest).max(f64::MIN_POSITIVE))
    }

    fn waits(&self, name: impl Fn(usize) -> String) -> Waits {
        let waited_for = |(cause, waited): (&Cause, &Duration)| {
            let seconds = rounded(waited.as_secs_f64());
            match *cause {
                Cause::Radio => WaitedFor::Radio { seconds },
                Cause::Frequency(challenge) => WaitedFor::Frequency { challenge: name(challenge), seconds },
                Cause::Turn => WaitedFor::Turn { seconds },
            }
        };
        let mut all: Vec<_> = self.waited_for.iter().map(waited_for).collect();
        all.sort_by(|one, other| other.seconds().total_cmp(&one.seconds()));
        Waits {
            mean_seconds: rounded(self.waited.as_secs_f64() / self.transmissions.max(1) as f64),
            longest_seconds: rounded(self.longest_wait.as_secs_f64()),
            waited_for: all,
        }
    }
}

impl<'a> RadioTrack<'a> {
    fn new(radio: &'a Radio, capability: Capability, from: Timestamp) -> Self {
        Self {
            radio,
            capability,
            // Before the plan begins, so that no wait is counted as one for this radio.
            free_at: from.before(Duration::from_millis(1)),
            identified: None,
            on_air: Duration::ZERO,
            resting: Duration::ZERO,
            transmissions: 0,
        }
    }

    /// Begins a transmission, with an identification after it if that is due; returns its time on air.
    fn take(&mut self, now: Timestamp, signal: Duration) -> Duration {
        let takes = self.radio.identification_length();
        let interval = self.radio.identification.as_ref().map(|it| Duration::from_secs(it.interval_seconds.into()));
        let since_last = self.identified.map(|at| now.since(at));
        let identifies = interval.is_some_and(|interval| is_due(since_last, signal, takes, interval));
        let on_air = if identifies { signal + takes } else { signal };
        let rest = self.radio.duty_cycle.map(|duty_cycle| duty_cycle.rest_after(on_air)).unwrap_or_default();
        if identifies {
            self.identified = Some(now.after(on_air));
        }
        self.free_at = now.after(on_air).after(rest);
        self.on_air += on_air;
        self.resting += rest;
        self.transmissions += 1;
        on_air
    }
}

fn hours(duration: Duration) -> f64 {
    duration.as_secs_f64() / 3600.0
}

/// Rounds to a tenth: the simulation is no more precise.
fn rounded(seconds: f64) -> f64 {
    (seconds * 10.0).round() / 10.0
}
