//! The plan of faults, drawn from a seed: the same seed gives the same faults.

use super::classify::Call;
use super::orders::Treatment;
use clap::ValueEnum;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use std::time::Duration;

/// Lease and grace of the site, in seconds: an assignment that is late by more than both has been given up.
pub const LEASE: f64 = 6.0;
pub const GRACE: f64 = 1.5;
/// The maximum offset of a clock: logins of operators end after twelve hours.
const FARTHEST_HOURS: f64 = 6.0;
/// The runners of the site.
pub const RUNNERS: [&str; 2] = ["east", "west"];

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
pub enum Kind {
    /// `kill -9` of the server, a runner or both
    Kill,
    /// An orderly end and a new start
    Restart,
    /// SIGSTOP, and SIGCONT after up to two leases
    Freeze,
    /// One request is delayed, repeated, reset or lost
    Request,
    /// A request arrives again when its runner has been restarted and is on air
    Stale,
    /// Many requests are delayed, repeated, reset or lost for some seconds
    Storm,
    /// A second agent on the same state folder
    Copy,
    /// A copy of the state folder used on another host
    Elsewhere,
    /// The clock of the server or a runner is set by hours
    Clock,
    /// Emergency stop
    Stop,
}

impl Kind {
    /// The relative frequency of the kind.
    fn weight(self) -> usize {
        match self {
            Self::Request => 5,
            Self::Stale | Self::Stop => 3,
            Self::Kill | Self::Freeze => 2,
            _ => 1,
        }
    }
}

/// The processes that are frozen.
#[derive(Debug, Clone, Copy)]
pub enum Frozen {
    Server,
    /// Only the agent; its transmitting processes continue.
    Agent(usize),
    /// Only its transmitting processes.
    Transmitters(usize),
    /// The agent and its transmitting processes, as when a virtual machine is paused.
    Host(usize),
}

/// How a second agent ends.
#[derive(Debug, Clone, Copy)]
pub enum End {
    Killed,
    /// It signs out.
    Orderly,
}

/// One fault. Runners are numbered from 0.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    Kill {
        server: bool,
        runner: Option<usize>,
        down: Duration,
    },
    Restart {
        server: bool,
        runner: Option<usize>,
        down: Duration,
    },
    Freeze {
        who: Frozen,
        time: Duration,
    },
    Request {
        runner: usize,
        call: Call,
        treatment: Treatment,
    },
    Stale {
        runner: usize,
        call: Call,
        delivered: bool,
        restart: bool,
    },
    Storm {
        runner: usize,
        seed: u64,
        share: f64,
        time: Duration,
    },
    Copy {
        runner: usize,
        time: Duration,
        end: End,
    },
    Elsewhere {
        runner: usize,
        time: Duration,
        end: End,
    },
    /// The clock of a runner, or of the server.
    Clock {
        runner: Option<usize>,
        hours: f64,
        over_restart: bool,
    },
    Stop(Stop),
}

/// The conditions of an emergency stop.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stop {
    /// Another process holds the database's write lock for this time.
    pub locked: Option<Duration>,
    /// The operator has been idle for more than a minute.
    pub idle: bool,
    /// A viewer requests a hundred long lists at once.
    pub lists: bool,
    /// An old sign-out of this runner arrives just before.
    pub stale: Option<usize>,
}

impl Fault {
    /// The kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Kill { .. } => Kind::Kill,
            Self::Restart { .. } => Kind::Restart,
            Self::Freeze { .. } => Kind::Freeze,
            Self::Request { .. } => Kind::Request,
            Self::Stale { .. } => Kind::Stale,
            Self::Storm { .. } => Kind::Storm,
            Self::Copy { .. } => Kind::Copy,
            Self::Elsewhere { .. } => Kind::Elsewhere,
            Self::Clock { .. } => Kind::Clock,
            Self::Stop(_) => Kind::Stop,
        }
    }

    fn draw(kind: Kind, rng: &mut StdRng) -> Self {
        let runner = rng.random_range(0..RUNNERS.len());
        let call = Call::ALL.choose(rng).copied().unwrap_or(Call::Heartbeat);
        let end = if rng.random() { End::Killed } else { End::Orderly };
        let (server, hit) = match rng.random_range(0..3) {
            0 => (true, None),
            1 => (false, Some(runner)),
            _ => (true, Some(runner)),
        };
        let down = seconds(rng, 0.0, 2.5);
        match kind {
            Kind::Kill => Self::Kill { server, runner: hit, down },
            Kind::Restart => Self::Restart { server, runner: hit, down },
            Kind::Freeze => {
                let who = match rng.random_range(0..4) {
                    0 => Frozen::Server,
                    1 => Frozen::Agent(runner),
                    2 => Frozen::Transmitters(runner),
                    _ => Frozen::Host(runner),
                };
                Self::Freeze { who, time: seconds(rng, 0.5, 2.0 * LEASE) }
            }
            Kind::Request => {
                let treatment = Treatment::draw(rng, Duration::from_secs_f64(1.5 * (LEASE + GRACE)));
                Self::Request { runner, call, treatment }
            }
            Kind::Stale => {
                let rare = [Call::Heartbeat, Call::Task, Call::Complete];
                let calls = [[Call::SignOut; 3], [Call::Register; 3], rare].concat();
                let call = calls.choose(rng).copied().unwrap_or(Call::SignOut);
                Self::Stale { runner, call, delivered: rng.random(), restart: rng.random() }
            }
            Kind::Storm => {
                let (share, time) = (rng.random_range(0.1..0.6), seconds(rng, 2.0, 10.0));
                Self::Storm { runner, seed: rng.random(), share, time }
            }
            Kind::Copy => Self::Copy { runner, time: seconds(rng, 2.0, 5.0), end },
            Kind::Elsewhere => Self::Elsewhere { runner, time: seconds(rng, 2.0, 8.0), end },
            Kind::Clock => {
                let hours = rng.random_range(-FARTHEST_HOURS..FARTHEST_HOURS);
                let runner = rng.random_bool(0.3).then_some(runner);
                Self::Clock { runner, hours, over_restart: rng.random() }
            }
            Kind::Stop => Self::Stop(Stop {
                locked: rng.random_bool(0.5).then(|| seconds(rng, 2.0, 6.0)),
                idle: rng.random(),
                lists: rng.random_bool(0.25),
                stale: rng.random_bool(0.25).then_some(runner),
            }),
        }
    }
}

fn seconds(rng: &mut StdRng, least: f64, most: f64) -> Duration {
    Duration::from_millis((rng.random_range(least..most) * 1e3) as u64)
}

/// A fault, and the wait before it.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    pub pause: Duration,
    pub fault: Fault,
}

/// Draws `count` faults of these kinds, or of all kinds if none is given.
pub fn draw(seed: u64, count: u32, kinds: &[Kind]) -> Vec<Step> {
    let kinds = if kinds.is_empty() { Kind::value_variants() } else { kinds };
    let bag: Vec<Kind> = kinds.iter().flat_map(|kind| std::iter::repeat_n(*kind, kind.weight())).collect();
    let mut rng = StdRng::seed_from_u64(seed);
    let mut steps = Vec::new();
    for _ in 0..count {
        let pause = seconds(&mut rng, 0.2, 3.0);
        let kind = bag.choose(&mut rng).copied().unwrap_or(Kind::Kill);
        steps.push(Step { pause, fault: Fault::draw(kind, &mut rng) });
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_faults_and_a_long_run_has_them_all() {
        let story = |seed| format!("{:?}", draw(seed, 200, &[]));
        assert_eq!(story(1), story(1));
        assert_ne!(story(1), story(2));
        let drawn = draw(1, 200, &[]);
        assert!(Kind::value_variants().iter().all(|kind| drawn.iter().any(|step| step.fault.kind() == *kind)));
    }
}
