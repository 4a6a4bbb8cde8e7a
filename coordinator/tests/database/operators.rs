//! Concurrent polls, and decisions of operators.

use crate::site::{Site, event, fixed, progress, report, spec};
use challengectl_common::challenge::{Kind, Tuning};
use challengectl_common::wire::Outcome;
use challengectl_common::{Band, ChallengeSpec};
use challengectl_coordinator::audit::Actor;
use std::collections::HashSet;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_polls_never_get_the_same_challenge() {
    let apart = |mut challenge: ChallengeSpec| {
        let Kind::Transmission(transmission) = &mut challenge.kind;
        if let Tuning::ManualFrequencyRange(band) = &mut transmission.tuning {
            // Outside of the fixed frequencies: each finds a free frequency, wherever the others are.
            *band = Band::new(144_000_000, 144_900_000).unwrap();
        }
        challenge
    };
    let site = Site::new(&event(30).into_iter().map(apart).collect::<Vec<_>>()).await;
    let mut callers = Vec::new();
    for index in 0..16 {
        let caller = site.enroll(&format!("runner-{index}")).await;
        site.register(&caller, &["a", "b", "c"], None).await;
        callers.push(caller);
    }
    let polls = callers.iter().cycle().take(96).map(|caller| {
        let (coordinator, caller) = (Arc::clone(&site.coordinator), caller.clone());
        tokio::spawn(async move { coordinator.air.poll(&caller, None, None).await.unwrap().task })
    });
    let mut challenges = HashSet::new();
    for poll in polls.collect::<Vec<_>>() {
        if let Some(task) = poll.await.unwrap() {
            assert!(challenges.insert(task.challenge_id), "{} twice", task.name);
        }
    }
    // Ten share one frequency, so nine of them wait.
    assert_eq!(challenges.len(), 21);
    site.is_sound().await;
}

/// Assignments that are handed out at the moment of an emergency stop are cut too.
#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_stop_misses_nothing() {
    for round in 0..8 {
        let site = Site::new(&event(30)).await;
        let mut callers = Vec::new();
        for index in 0..8 {
            let caller = site.enroll(&format!("runner-{index}")).await;
            site.register(&caller, &["a", "b"], None).await;
            callers.push(caller);
        }
        let polls: Vec<_> = callers
            .iter()
            .cycle()
            .take(16)
            .map(|caller| {
                let (coordinator, caller) = (Arc::clone(&site.coordinator), caller.clone());
                tokio::spawn(async move { coordinator.air.poll(&caller, None, None).await.unwrap() })
            })
            .collect();
        for _ in 0..round {
            tokio::task::yield_now().await;
        }
        site.coordinator.air.emergency_stop(Actor::command_line()).await.unwrap();
        for poll in polls {
            poll.await.unwrap();
        }
        let live = site.count("SELECT count(*) FROM assignments WHERE state = 'live'").await;
        assert_eq!(site.count("SELECT count(*) FROM assignments WHERE abort_at IS NOT NULL").await, live);
        let mut cut = 0;
        for caller in &callers {
            let heartbeat = site.coordinator.runner_api.heartbeat(caller, None).unwrap();
            assert_eq!(heartbeat.renewed, [0_i64; 0]);
            cut += heartbeat.abort.len();
        }
        assert_eq!(cut as i64, live);
        assert_eq!(site.poll(&callers[0]).await, None);
    }
}

/// Pause and emergency stop survive a kill, and so do the orders to cut.
#[tokio::test(flavor = "multi_thread")]
async fn decisions_of_operators_survive_a_kill() {
    // Far apart, so that none waits for the frequency of another.
    let specs: Vec<_> = (1..=6).map(|n| spec(n, fixed(144_000_000 + n as u64 * 100_000), 0)).collect();
    let mut site = Site::new(&specs).await;
    let roof = site.enroll("roof").await;
    site.register(&roof, &["a", "b"], None).await;
    let task = site.poll(&roof).await.unwrap();
    site.coordinator.air.emergency_stop(Actor::command_line()).await.unwrap();
    site.restart().await;
    assert_eq!(
        site.coordinator.runner_api.heartbeat(&roof, Some(&[progress(&task)])).unwrap().abort,
        [task.assignment_id]
    );
    assert_eq!(site.poll(&roof).await, None);
    site.coordinator.air.release(Actor::command_line()).await.unwrap();
    let again = site.poll(&roof).await.unwrap();
    site.coordinator.challenges.trigger(6, Actor::command_line()).await.unwrap();
    site.restart().await;
    site.coordinator.air.complete(&roof, report(&task, Outcome::Aborted)).await.unwrap();
    assert_eq!(site.poll(&roof).await.map(|task| task.challenge_id), Some(6));
    site.coordinator.challenges.delete(again.challenge_id, Actor::command_line()).await.unwrap();
    assert!(site.coordinator.runner_api.heartbeat(&roof, None).unwrap().abort.contains(&again.assignment_id));
    site.coordinator.air.complete(&roof, report(&again, Outcome::Success)).await.unwrap();
    assert_eq!(site.count("SELECT count(*) FROM transmissions WHERE status = 'success'").await, 1);
}
