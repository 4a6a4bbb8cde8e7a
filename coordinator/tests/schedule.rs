//! Random events, radios, durations and failures, scheduled in virtual time: no invariant is violated, and no challenge
//! waits for ever. Free frequencies are found by trying every hertz.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use challengectl_common::{Band, Frequency, FrequencySet, OccupiedSpan, RadioId, RunnerId, Timestamp};
use challengectl_coordinator::schedule::{Candidate, Capability, Pick, Signal, Situation, pick};
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::HashSet;
use std::ops::Range;
use std::time::Duration;

/// The upper end of the spectrum in hertz; it begins at 1.
const SPECTRUM: u64 = 240;
const LONGEST: i64 = 50;

#[derive(Debug, Clone)]
struct Challenge {
    tuning: Vec<Band>,
    occupied: Range<f64>,
    duration: i64,
    delay: Range<i64>,
    priority: i64,
    /// The runner, and optionally its radio, that may send it; `None`: all.
    bound: Option<(usize, Option<usize>)>,
}

#[derive(Debug, Clone)]
struct World {
    challenges: Vec<Challenge>,
    runners: Vec<Vec<Capability>>,
    guard: u64,
    seed: u64,
}

fn band(widths: Range<u64>) -> impl Strategy<Value = Band> {
    (20..SPECTRUM - 20, widths).prop_map(|(low, width)| Band::new(low, (low + width).min(SPECTRUM)).unwrap())
}

fn challenge() -> impl Strategy<Value = Challenge> {
    let tuning = prop_oneof![band(0..1).prop_map(|band| vec![band]), prop::collection::vec(band(1..120), 1..3),];
    let occupied = (0_u32..12, 0_u32..40).prop_map(|(below, above)| -f64::from(below)..f64::from(above) / 2.0);
    let bound = prop::option::weighted(0.3, (0_usize..4, prop::option::of(0_usize..3)));
    (tuning, occupied, 1..LONGEST, 0_i64..40, 0_i64..40, 0_i64..3, bound).prop_map(
        |(tuning, occupied, duration, min, more, priority, bound)| Challenge {
            tuning,
            occupied,
            duration,
            delay: min..min + more + 1,
            priority,
            bound,
        },
    )
}

fn radio() -> impl Strategy<Value = Capability> {
    let longest = prop::option::weighted(0.2, 1_u64..LONGEST as u64);
    (prop::collection::vec(band(20..200), 0..3), prop::option::of(5_u64..60), longest).prop_map(
        |(limits, sample_rate, longest)| Capability {
            limits: Some(limits).filter(|limits| !limits.is_empty()),
            sample_rate,
            longest: longest.map(Duration::from_millis),
            radio: None,
        },
    )
}

fn world() -> impl Strategy<Value = World> {
    let challenges = prop::collection::vec(challenge(), 1..9);
    let runners = prop::collection::vec(prop::collection::vec(radio(), 1..3), 1..4);
    (challenges, runners, 0_u64..6, any::<u64>()).prop_map(|(challenges, runners, guard, seed)| World {
        challenges,
        runners,
        guard,
        seed,
    })
}

fn named(runner: usize, radio: usize) -> (RunnerId, RadioId) {
    (RunnerId::new(&format!("runner{runner}")).unwrap(), RadioId::new(&format!("radio{radio}")).unwrap())
}

/// The walk's own record of a challenge, independent of the scheduler's.
#[derive(Debug, Clone, Default)]
struct Track {
    due: i64,
    started: Option<i64>,
    ended: Option<i64>,
    live: bool,
    triggered: Option<i64>,
    failures: u32,
}

impl Track {
    /// Since when it has been due without interruption.
    fn since(&self) -> i64 {
        self.due.max(self.ended.unwrap_or(0))
    }
}

#[derive(Debug)]
struct OnAir {
    challenge: usize,
    runner: usize,
    radio: usize,
    band: Band,
    ends: i64,
}

struct Walk {
    world: World,
    tracks: Vec<Track>,
    on_air: Vec<OnAir>,
    /// The started challenges, in order.
    history: Vec<usize>,
    now: i64,
    rng: StdRng,
}

impl Walk {
    fn new(mut world: World) -> Self {
        for (runner, radios) in world.runners.iter_mut().enumerate() {
            for (index, radio) in radios.iter_mut().enumerate() {
                radio.radio = Some(named(runner, index));
            }
        }
        let tracks = vec![Track::default(); world.challenges.len()];
        let rng = StdRng::seed_from_u64(world.seed);
        Self { world, tracks, on_air: Vec::new(), history: Vec::new(), now: 1, rng }
    }

    /// Returns where a radio could send a challenge beside these bands, by trying every hertz.
    fn places(&self, challenge: usize, radio: &Capability, taken: &[Band]) -> Vec<Band> {
        let Challenge { tuning, occupied, bound, duration, .. } = &self.world.challenges[challenge];
        let (runner, own) = radio.radio.as_ref().unwrap();
        let is_meant = |&(wanted, which): &(usize, Option<usize>)| {
            runner.as_str() == format!("runner{wanted}")
                && which.is_none_or(|which| own.as_str() == format!("radio{which}"))
        };
        let is_short = radio.longest.is_none_or(|longest| *duration as u128 <= longest.as_millis());
        if !bound.as_ref().is_none_or(is_meant) || !is_short {
            return Vec::new();
        }
        let reach = occupied.start.floor().abs().max(occupied.end.ceil().abs());
        let fits = |hz: &u64| {
            let signal = Frequency::from_hz(*hz).unwrap().band(occupied);
            tuning.iter().any(|band| band.low() <= *hz && *hz <= band.high())
                && radio.limits.as_ref().is_none_or(|limits| limits.iter().any(|limit| limit.contains(&signal)))
                && radio.sample_rate.is_none_or(|rate| reach <= 0.46 * rate as f64)
                && !taken.iter().any(|band| band.widened(self.world.guard).overlaps(&signal))
        };
        (1..=SPECTRUM).filter(fits).map(|hz| Frequency::from_hz(hz).unwrap().band(occupied)).collect()
    }

    fn taken(&self) -> Vec<Band> {
        self.on_air.iter().map(|on_air| on_air.band).collect()
    }

    fn free_radios(&self, runner: usize) -> Vec<usize> {
        let busy: HashSet<_> = self.on_air.iter().filter(|one| one.runner == runner).map(|one| one.radio).collect();
        (0..self.world.runners[runner].len()).filter(|radio| !busy.contains(radio)).collect()
    }

    fn fleet(&self) -> Vec<Capability> {
        self.world.runners.iter().flatten().cloned().collect()
    }

    fn candidates(&self) -> Vec<Candidate> {
        let waiting = self.tracks.iter().enumerate().filter(|(_, track)| !track.live);
        let candidate = |(index, track): (usize, &Track)| {
            let Challenge { tuning, occupied, priority, bound, duration, .. } = &self.world.challenges[index];
            let sender = |&(runner, radio): &(usize, Option<usize>)| match radio {
                Some(radio) => format!("runner{runner}/radio{radio}").parse().unwrap(),
                None => format!("runner{runner}").parse().unwrap(),
            };
            Candidate {
                id: index as i64,
                priority: *priority,
                due_at: Timestamp::from_millis(track.due),
                triggered_at: track.triggered.map(Timestamp::from_millis),
                last_started_at: track.started.map(Timestamp::from_millis),
                last_ended_at: track.ended.map(Timestamp::from_millis),
                signal: Signal {
                    tuning: FrequencySet::of(tuning),
                    span: OccupiedSpan::new(occupied),
                    length: Duration::from_millis(*duration as u64),
                    only_on: bound.iter().map(sender).collect(),
                },
            }
        };
        waiting.map(candidate).collect()
    }

    /// Polls as one runner; returns whether it got a task.
    fn poll(&mut self, runner: usize) -> bool {
        let free = self.free_radios(runner);
        let abilities: Vec<_> = free.iter().map(|&radio| self.world.runners[runner][radio].clone()).collect();
        let (candidates, on_air, fleet) = (self.candidates(), self.taken(), self.fleet());
        let situation = Situation {
            candidates: &candidates,
            on_air: &on_air,
            free: &abilities,
            fleet: &fleet,
            guard_hz: self.world.guard,
            now: Timestamp::from_millis(self.now),
        };
        let Some(Pick { challenge_id, radio, frequency }) = pick(&situation, &mut self.rng) else {
            self.nothing_goes_for_a_reason(&abilities);
            return false;
        };
        let challenge = challenge_id as usize;
        let band = frequency.band(&self.world.challenges[challenge].occupied);
        self.may_go_there(challenge, &abilities[radio], band);
        self.is_fair(challenge, &abilities, band);
        self.leaves_room(challenge, &abilities, band);
        let ends = self.now + self.world.challenges[challenge].duration;
        self.history.push(challenge);
        self.tracks[challenge].live = true;
        self.tracks[challenge].started = Some(self.now);
        self.tracks[challenge].triggered = None;
        self.on_air.push(OnAir { challenge, runner, radio: free[radio], band, ends });
        true
    }

    fn may_go_there(&self, challenge: usize, radio: &Capability, band: Band) {
        assert!(!self.tracks[challenge].live, "twice at once");
        assert!(self.tracks[challenge].due <= self.now, "before it is due");
        assert!(self.places(challenge, radio, &self.taken()).contains(&band), "not free for it: {band}");
    }

    fn waiting(&self) -> impl Iterator<Item = usize> {
        (0..self.tracks.len()).filter(|&index| !self.tracks[index].live && self.tracks[index].due <= self.now)
    }

    fn has_overtaken(&self, one: usize, other: usize) -> bool {
        self.tracks[one].started.is_some_and(|started| started > self.tracks[other].since())
    }

    /// A triggered challenge takes precedence over all others, the one triggered first over later ones.
    fn yields_to(&self, one: usize, other: usize) -> bool {
        match (self.tracks[one].triggered, self.tracks[other].triggered) {
            (None, None) => self.has_overtaken(one, other),
            (own, others) => others.is_some_and(|others| own.is_none_or(|own| (own, one) > (others, other))),
        }
    }

    fn trigger_some(&mut self) {
        let challenge = self.rng.random_range(0..self.tracks.len());
        let track = &mut self.tracks[challenge];
        if !track.live {
            track.due = track.due.min(self.now);
            track.triggered = track.triggered.or(Some(self.now));
        }
    }

    /// A radio stays idle only if every challenge that it could send has had its turn since another began to wait.
    fn nothing_goes_for_a_reason(&self, free: &[Capability]) {
        let taken = self.taken();
        for one in self.waiting() {
            let sendable = free.iter().any(|radio| !self.places(one, radio, &taken).is_empty());
            let held = self.waiting().any(|other| other != one && self.yields_to(one, other));
            assert!(!sendable || held, "challenge {one} could go, and nothing is in its way");
        }
    }

    /// A challenge that goes again, while another has waited since before its last turn, takes nothing that the other
    /// needs.
    fn is_fair(&self, goes: usize, free: &[Capability], band: Band) {
        let before = self.taken();
        let after = [before.clone(), vec![band]].concat();
        for waits in self.waiting().filter(|&other| other != goes && self.yields_to(goes, other)) {
            let here = free.iter().any(|radio| !self.places(waits, radio, &before).is_empty());
            assert!(!here, "challenge {goes} goes twice while {waits} could");
            let fleet = self.fleet();
            let places = |taken: &[Band]| fleet.iter().flat_map(|radio| self.places(waits, radio, taken)).count();
            if places(&before) > 0 {
                assert!(places(&after) > 0, "challenge {goes} takes the last place of {waits}");
            } else {
                let mut anywhere = fleet.iter().flat_map(|radio| self.places(waits, radio, &[]));
                let near = band.widened(self.world.guard);
                assert!(!anywhere.any(|place| near.overlaps(&place)), "challenge {goes} stays in the way of {waits}");
            }
        }
    }

    /// A challenge with a choice leaves free the frequency that one without a choice will need before it is over, unless it
    /// would have to stay off the air, or keeps off what a third needs.
    fn leaves_room(&self, goes: usize, free: &[Capability], band: Band) {
        let fixed = |index: usize| match self.world.challenges[index].tuning[..] {
            [tuning] if tuning.width() == 0 => Frequency::from_hz(tuning.low()),
            _ => None,
        };
        let yields = self.waiting().any(|other| other != goes && self.yields_to(goes, other));
        if fixed(goes).is_some() || yields {
            return;
        }
        let over = self.now + self.world.challenges[goes].duration;
        let soon = (0..self.tracks.len())
            .filter(|&other| other != goes && !self.tracks[other].live && self.tracks[other].due <= over)
            .filter_map(|other| Some(fixed(other)?.band(&self.world.challenges[other].occupied)));
        let soon: Vec<Band> = soon.map(|band| band.widened(self.world.guard)).collect();
        let taken = self.taken();
        let mut places = free.iter().flat_map(|radio| self.places(goes, radio, &taken));
        let is_clear = |place: &Band| soon.iter().all(|soon| !soon.overlaps(place));
        assert!(is_clear(&band) || !places.any(|place| is_clear(&place)), "challenge {goes} is in the way at {band}");
    }

    /// No challenge waits longer than it takes all others to go once on the frequency and the radio that it needs.
    fn no_challenge_starves(&self) {
        let turns = 2 * self.tracks.len() as i64 + 3;
        for one in self.waiting() {
            let reachable = self.fleet().iter().any(|radio| !self.places(one, radio, &[]).is_empty());
            let waited = self.now - self.tracks[one].since();
            assert!(!reachable || waited <= turns * LONGEST, "challenge {one} has waited for {waited}");
        }
    }

    fn poll_all(&mut self) {
        let mut asking: Vec<usize> = (0..self.world.runners.len()).collect();
        while !asking.is_empty() {
            let next = self.rng.random_range(0..asking.len());
            if !self.poll(asking[next]) {
                asking.swap_remove(next);
            }
        }
    }

    /// Advances to the next end of a transmission or the next due time.
    fn advance(&mut self) -> bool {
        let ends = self.on_air.iter().map(|on_air| on_air.ends);
        let dues = self.tracks.iter().filter(|track| !track.live).map(|track| track.due);
        let Some(next) = ends.chain(dues).filter(|&time| time > self.now).min() else { return false };
        self.now = next;
        let (over, still): (Vec<_>, Vec<_>) = self.on_air.drain(..).partition(|on_air| on_air.ends <= next);
        self.on_air = still;
        for on_air in over {
            self.end(on_air.challenge);
        }
        true
    }

    /// Ends a transmission, mostly with success; else with a failure, an abort, or a lost runner.
    fn end(&mut self, challenge: usize) {
        let delay = self.world.challenges[challenge].delay.clone();
        let outcome = self.rng.random_range(0..10);
        let track = &mut self.tracks[challenge];
        (track.live, track.ended) = (false, Some(self.now));
        match outcome {
            0 => track.failures += 1,
            1 | 2 => return,
            _ => track.failures = 0,
        }
        let pause =
            if outcome == 0 { (5 << track.failures.min(8)).min(delay.end) } else { self.rng.random_range(delay) };
        track.due = self.now + pause;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_challenge_has_its_turn_and_none_blocks_another(world in world()) {
        let mut walk = Walk::new(world);
        for _ in 0..120 {
            walk.poll_all();
            walk.no_challenge_starves();
            if !walk.advance() {
                break;
            }
        }
    }

    #[test]
    fn a_triggered_challenge_takes_precedence(world in world()) {
        let mut walk = Walk::new(world);
        for _ in 0..120 {
            if walk.rng.random_ratio(1, 4) {
                walk.trigger_some();
            }
            walk.poll_all();
            if !walk.advance() {
                break;
            }
        }
    }
}

/// Two challenges of high priority that alternate on one frequency, and a third of low priority.
#[test]
fn priority_overtakes_only_once() {
    let fixed = |priority, duration| Challenge {
        tuning: vec![Band::new(100, 100).unwrap()],
        occupied: 0.0..1.0,
        duration,
        delay: 0..1,
        priority,
        bound: None,
    };
    let radios = vec![vec![Capability::default()]; 2];
    let world =
        World { challenges: vec![fixed(9, 10), fixed(9, 10), fixed(0, 10)], runners: radios, guard: 0, seed: 1 };
    let mut walk = Walk::new(world);
    while walk.history.len() < 40 {
        walk.poll_all();
        walk.advance();
    }
    // One that starts at the same moment as the third begins to wait has not overtaken it.
    let longest = walk.history.split(|&challenge| challenge == 2).map(<[usize]>::len).max();
    assert!(longest <= Some(3), "{:?}", walk.history);
}

/// A wide signal beside narrow ones that leave too little room, and never rest at the same time by themselves.
#[test]
fn a_wide_challenge_gets_its_turn() {
    let at = |hz, occupied, duration| Challenge {
        tuning: vec![Band::new(hz, hz).unwrap()],
        occupied,
        duration,
        delay: 0..1,
        priority: 0,
        bound: None,
    };
    let narrow = [at(80, 0.0..5.0, 7), at(120, 0.0..5.0, 11)];
    let wide = at(60, 0.0..100.0, 5);
    let radios = vec![vec![Capability::default()]; 3];
    let world = World { challenges: [&narrow[..], &[wide]].concat(), runners: radios, guard: 2, seed: 1 };
    let mut walk = Walk::new(world);
    for _ in 0..100 {
        walk.poll_all();
        walk.no_challenge_starves();
        walk.advance();
    }
    let wide_went = walk.history.iter().filter(|&&challenge| challenge == 2).count();
    assert!(wide_went >= 10, "{wide_went}");
}

/// A range of two places, one of which a challenge without a choice is due to take.
#[test]
fn a_challenge_with_a_range_leaves_the_place_that_another_is_due_to_take() {
    let signal = |tuning: &[Band], length| Signal {
        tuning: FrequencySet::of(tuning),
        span: OccupiedSpan::new(&(-4_000.0..4_000.0)),
        length: Duration::from_secs(length),
        only_on: Vec::new(),
    };
    let candidate = |id, due, signal| Candidate {
        id,
        priority: 0,
        due_at: Timestamp::from_millis(due),
        triggered_at: None,
        last_started_at: None,
        last_ended_at: None,
        signal,
    };
    let at = |khz: u64| Band::new(khz * 1_000, khz * 1_000).unwrap();
    let mut rng = StdRng::seed_from_u64(1);
    let mut drawn = |candidates: &[Candidate], on_air: &[Band]| {
        let (free, now) = ([Capability::default()], Timestamp::from_millis(0));
        let situation = Situation { candidates, on_air, free: &free, fleet: &free, guard_hz: 5_000, now };
        let picks = (0..64).map(|_| pick(&situation, &mut rng).unwrap().frequency.hz() / 1_000);
        picks.collect::<HashSet<_>>()
    };
    let ranged = candidate(1, 0, signal(&[at(145_000), at(145_100)], 30));
    let fixed = |due| candidate(2, due, signal(&[at(145_000)], 30));
    assert_eq!(drawn(&[ranged.clone(), fixed(30_000)], &[]), HashSet::from([145_100]));
    assert_eq!(drawn(&[ranged.clone(), fixed(30_001)], &[]), HashSet::from([145_000, 145_100]));
    // Where nothing else is left, it goes there.
    assert_eq!(drawn(&[ranged, fixed(30_000)], &[at(145_100)]), HashSet::from([145_000]));
}
