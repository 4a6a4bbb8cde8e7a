//! Random walks: runners that register, work and leave in every order.

use crate::site::{RULES, Site, event, progress, report};
use challengectl_common::Timestamp;
use challengectl_common::wire::{Outcome, Task};
use challengectl_coordinator::Caller;
use challengectl_coordinator::audit::Actor;
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// The assignments that a runner has on air, and when the lease of each runs out by the runner's own count.
type Working = HashMap<i64, (Task, Timestamp)>;

struct Walk {
    site: Site,
    runners: Vec<(Caller, Working)>,
    finished: HashSet<i64>,
    rng: StdRng,
}

impl Walk {
    async fn new(challenges: usize, runners: usize, seed: u64) -> Self {
        let site = Site::new(&event(challenges)).await;
        let mut callers = Vec::new();
        for index in 0..runners {
            let caller = site.enroll(&format!("runner-{index}")).await;
            site.register(&caller, &["a", "b"], None).await;
            callers.push((caller, Working::new()));
        }
        Self { site, runners: callers, finished: HashSet::new(), rng: StdRng::seed_from_u64(seed) }
    }

    async fn step(&mut self) {
        let runner = self.rng.random_range(0..self.runners.len());
        match self.rng.random_range(0..100) {
            0..45 => self.poll(runner).await,
            45..60 => self.complete(runner).await,
            60..75 => self.heartbeat(runner),
            75..90 => self.pass_time().await,
            90..94 => self.come_back(runner).await,
            94..96 => self.site.restart().await,
            96..98 => self.operate().await,
            _ => self.sign_out(runner).await,
        }
        self.nothing_is_on_air_twice();
        self.site.is_sound().await;
    }

    /// Makes a random change as an operator; pauses and stops are lifted again.
    async fn operate(&mut self) {
        let (coordinator, actor) = (&self.site.coordinator, Actor::command_line());
        let challenge = self.rng.random_range(1..=2);
        match self.rng.random_range(0..4) {
            0 => {
                coordinator.air.emergency_stop(actor.clone()).await.unwrap();
                coordinator.air.release(actor.clone()).await.unwrap();
            }
            1 => {
                coordinator.air.pause(actor.clone()).await.unwrap();
                coordinator.air.resume(actor.clone()).await.unwrap();
            }
            2 => {
                coordinator.challenges.enable(challenge, false, actor.clone()).await.unwrap();
                coordinator.challenges.enable(challenge, true, actor.clone()).await.unwrap();
            }
            // Refused while it is on air.
            _ => drop(coordinator.challenges.trigger(challenge, actor.clone()).await),
        }
    }

    async fn poll(&mut self, runner: usize) {
        let expires = self.site.clock.now().after(RULES.lease);
        let (caller, working) = &mut self.runners[runner];
        if let Some(task) = self.site.poll(caller).await {
            working.insert(task.assignment_id, (task, expires));
        }
    }

    async fn complete(&mut self, runner: usize) {
        let (caller, working) = &mut self.runners[runner];
        let Some(&id) = working.keys().min() else { return };
        let (task, _) = working.remove(&id).unwrap();
        let outcomes = [Outcome::Success, Outcome::Success, Outcome::Failed, Outcome::Aborted];
        let report = report(&task, outcomes[self.rng.random_range(0..outcomes.len())]);
        self.site.coordinator.air.complete(caller, report.clone()).await.unwrap();
        assert!(self.finished.insert(id), "assignment {id} ends twice");
        self.site.coordinator.air.complete(caller, report).await.unwrap();
    }

    fn heartbeat(&mut self, runner: usize) {
        let expires = self.site.clock.now().after(RULES.lease);
        let (caller, working) = &mut self.runners[runner];
        let named: Vec<_> = working.values().map(|(task, _)| progress(task)).collect();
        let heartbeat = self.site.coordinator.runner_api.heartbeat(caller, Some(&named)).unwrap();
        for id in heartbeat.renewed {
            working.get_mut(&id).unwrap().1 = expires;
        }
        for id in heartbeat.abort {
            working.remove(&id);
        }
    }

    /// Advances the clock; runners cut their carriers when the lease runs out.
    async fn pass_time(&mut self) {
        self.site.clock.advance(Duration::from_millis(self.rng.random_range(1..40_000)));
        let now = self.site.clock.now();
        for (_, working) in &mut self.runners {
            working.retain(|_, (_, expires)| *expires > now);
        }
        self.site.coordinator.air.sweep().await.unwrap();
    }

    /// Registers without assignments: either a killed runner comes back, or a delayed request of a running one arrives.
    async fn come_back(&mut self, runner: usize) {
        let killed = self.rng.random();
        let (caller, working) = &mut self.runners[runner];
        if killed {
            working.clear();
        }
        assert!(self.site.register(caller, &["a", "b"], Some(vec![])).await.is_empty());
    }

    async fn sign_out(&mut self, runner: usize) {
        let ended = self.rng.random();
        let (caller, working) = &mut self.runners[runner];
        if ended {
            working.clear();
        }
        self.site.coordinator.runner_api.sign_out(caller).await.unwrap();
        self.site.register(caller, &["a", "b"], None).await;
    }

    /// Checks the runners' own records, which are what is on air.
    fn nothing_is_on_air_twice(&self) {
        let tasks: Vec<&Task> =
            self.runners.iter().flat_map(|(_, working)| working.values().map(|(task, _)| task)).collect();
        for (index, one) in tasks.iter().enumerate() {
            for other in &tasks[index + 1..] {
                assert_ne!(one.challenge_id, other.challenge_id, "on air twice");
                assert!(one.frequency.hz().abs_diff(other.frequency.hz()) > 17_000, "on air side by side");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn runners_that_come_and_go_never_meet_on_air(challenges in 2..10_usize, runners in 1..4_usize, seed: u64) {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let mut walk = Walk::new(challenges, runners, seed).await;
            for _ in 0..80 {
                walk.step().await;
            }
        });
    }
}
