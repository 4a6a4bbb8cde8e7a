//! Delayed requests, and two copies of one runner: neither may free a frequency that is on air.

use crate::site::{RULES, Site, event, fixed, progress, report, spec};
use challengectl_common::wire::{CompleteRequest, Outcome, RegisterRequest};
use challengectl_common::{Life, RunnerId};
use challengectl_coordinator::audit::Actor;
use challengectl_coordinator::{Caller, CoreError, RunnerStatus};
use std::time::Duration;

fn in_life(caller: &Caller, life: i64) -> Caller {
    Caller { life: Life::new(life), ..caller.clone() }
}

impl Site {
    async fn register_as(
        &self,
        caller: &Caller,
        registration: i64,
        assignments: &[i64],
    ) -> Result<Vec<i64>, CoreError> {
        let request = RegisterRequest {
            failed_radios: Vec::new(),
            runner_id: caller.runner_id.clone(),
            frequency_limits: vec!["144000000-148000000".parse().unwrap()],
            radios: Vec::new(),
            assignments: Some(assignments.to_vec()),
            engines: Vec::new(),
            hostname: None,
            version: None,
        };
        let caller = Caller { registration: Some(registration), ..caller.clone() };
        Ok(self.coordinator.runner_api.register(&caller, request).await?.abort)
    }

    /// Returns the assignments that the runner must abort, from its next heartbeat.
    fn aborted(&self, caller: &Caller) -> Vec<i64> {
        self.coordinator.runner_api.heartbeat(caller, None).unwrap().abort
    }

    async fn lapse(&self) {
        self.clock.advance(RULES.lease + RULES.grace + Duration::from_millis(1));
        self.coordinator.air.sweep().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_sign_out_of_an_earlier_life_changes_nothing() {
    let site = Site::new(&[spec(1, fixed(145_000_000), 0)]).await;
    let roof = site.enroll("roof").await;
    let (earlier, later) = (in_life(&roof, 1), in_life(&roof, 2));
    site.register_as(&earlier, 1, &[]).await.unwrap();
    site.register_as(&later, 1, &[]).await.unwrap();
    let task = site.poll(&later).await.unwrap();
    site.coordinator.runner_api.sign_out(&earlier).await.unwrap();
    assert_eq!(site.coordinator.air.liveness(&roof.runner_id).status, RunnerStatus::Online);
    let heartbeat = site.coordinator.runner_api.heartbeat(&later, Some(&[progress(&task)])).unwrap();
    assert_eq!((heartbeat.renewed, heartbeat.abort), (vec![task.assignment_id], vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_that_arrives_late_or_twice_changes_nothing() {
    let site = Site::new(&[spec(1, fixed(145_000_000), 0)]).await;
    let roof = in_life(&site.enroll("roof").await, 7);
    site.register_as(&roof, 2, &[]).await.unwrap();
    let task = site.poll(&roof).await.unwrap();
    for late in [1, 2] {
        site.register_as(&roof, late, &[]).await.unwrap();
        assert!(site.aborted(&roof).is_empty(), "{late}");
    }
    // The same for one of an earlier life, and after a restart of the server.
    let mut site = site;
    site.restart().await;
    let earlier = site.register_as(&in_life(&roof, 6), 9, &[]).await.unwrap_err();
    assert_eq!(earlier.to_string(), "a copy of runner roof that was started later is at work: end one of them");
    site.register_as(&roof, 2, &[]).await.unwrap();
    let heartbeat = site.coordinator.runner_api.heartbeat(&roof, Some(&[progress(&task)])).unwrap();
    assert_eq!((heartbeat.renewed, heartbeat.abort), (vec![task.assignment_id], vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assignment_that_a_runner_gives_up_is_free_when_its_lease_and_grace_are_over() {
    let site = Site::new(&event(6)).await;
    let (roof, cellar) = (site.enroll("roof").await, site.enroll("cellar").await);
    site.register(&roof, &["a", "b"], None).await;
    site.register(&cellar, &["a", "b", "c", "d", "e", "f"], None).await;
    let (kept, left) = (site.poll(&roof).await.unwrap(), site.poll(&roof).await.unwrap());
    assert_eq!(site.register(&roof, &["a", "b"], Some(vec![kept.assignment_id, 999])).await, [999]);
    assert_eq!(site.aborted(&roof), [left.assignment_id]);
    while let Some(other) = site.poll(&cellar).await {
        assert_ne!(other.challenge_id, left.challenge_id);
        site.coordinator.air.complete(&cellar, report(&other, Outcome::Success)).await.unwrap();
    }
    site.coordinator.runner_api.heartbeat(&roof, Some(&[progress(&kept)])).unwrap();
    site.lapse().await;
    site.register(&cellar, &["a", "b", "c", "d", "e", "f"], None).await;
    let mut freed = Vec::new();
    while let Some(other) = site.poll(&cellar).await {
        freed.push(other.challenge_id);
    }
    assert!(freed.contains(&left.challenge_id), "{freed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_stop_reaches_the_carriers_of_a_runner_that_seemed_to_sign_out() {
    let mut site = Site::new(&[spec(1, fixed(145_000_000), 0)]).await;
    let (roof, cellar) = (site.enroll("roof").await, site.enroll("cellar").await);
    site.register(&roof, &["a"], None).await;
    site.register(&cellar, &["a"], None).await;
    let task = site.poll(&roof).await.unwrap();
    site.coordinator.runner_api.sign_out(&roof).await.unwrap();
    assert_eq!(site.poll(&cellar).await, None);
    assert_eq!(site.coordinator.air.emergency_stop(Actor::command_line()).await.unwrap().aborted, 1);
    // An earlier process signed out, not this one, which registers again when the server does not know it.
    site.restart().await;
    assert_eq!(site.register(&roof, &["a"], Some(vec![task.assignment_id])).await, [task.assignment_id]);
    assert_eq!(site.aborted(&roof), [task.assignment_id]);
    site.coordinator.air.complete(&roof, report(&task, Outcome::Aborted)).await.unwrap();
    site.coordinator.air.release(Actor::command_line()).await.unwrap();
    assert!(site.poll(&cellar).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_copies_of_a_runner_the_later_one_works_and_the_other_is_refused() {
    let site = Site::new(&event(6)).await;
    let roof = site.enroll("roof").await;
    let (first, second) = (in_life(&roof, 1), in_life(&roof, 2));
    site.register_as(&first, 1, &[]).await.unwrap();
    let task = site.poll(&first).await.unwrap();
    site.register_as(&second, 1, &[]).await.unwrap();
    let refusals = [
        site.coordinator.runner_api.heartbeat(&first, Some(&[progress(&task)])).unwrap_err(),
        site.coordinator.air.poll(&first, None, Some(vec![task.assignment_id])).await.unwrap_err(),
        site.register_as(&first, 2, &[task.assignment_id]).await.unwrap_err(),
    ];
    assert!(refusals.iter().all(|refusal| matches!(refusal, CoreError::Superseded(_))), "{refusals:?}");
    // The first one's transmission is known until its end; the second gets nothing for the same radio before.
    assert_eq!(site.poll(&second).await, None);
    site.coordinator.air.complete(&first, report(&task, Outcome::Aborted)).await.unwrap();
    assert!(site.poll(&second).await.is_some());
    // Once the second has ended, the first may work again.
    site.coordinator.runner_api.sign_out(&second).await.unwrap();
    site.register_as(&first, 3, &[]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_are_notified_of_a_runner_that_runs_twice() {
    let site = Site::new(&[]).await;
    let roof = site.enroll("roof").await;
    let (first, second) = (in_life(&roof, 1), in_life(&roof, 2));
    site.register_as(&first, 1, &[]).await.unwrap();
    site.register_as(&second, 1, &[]).await.unwrap();
    site.coordinator.runner_api.heartbeat(&first, None).unwrap_err();
    site.clock.advance(Duration::from_secs(20));
    site.coordinator.runner_api.heartbeat(&first, None).unwrap_err();
    site.coordinator.close().await;
    let told = "SELECT count(*) FROM logs WHERE message LIKE 'Runner roof runs twice%'";
    assert_eq!(site.count(told).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_whose_answer_was_lost_is_handed_out_again() {
    let site = Site::new(&event(6)).await;
    let roof = in_life(&site.enroll("roof").await, 1);
    site.register_as(&roof, 1, &[]).await.unwrap();
    let ask = async |held: &[i64]| site.coordinator.air.poll(&roof, None, Some(held.to_vec())).await.unwrap().task;
    let lost = ask(&[]).await.unwrap();
    let again = ask(&[]).await.unwrap();
    assert_eq!((again.assignment_id, again.fence, again.frequency), (lost.assignment_id, lost.fence, lost.frequency));
    assert_eq!(ask(&[lost.assignment_id]).await, None, "its only radio is busy");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_simple_client_that_loses_a_report_gets_its_task_again() {
    let site = Site::new(&[spec(1, fixed(145_000_000), 0)]).await;
    let roof = site.enroll("roof").await;
    site.register(&roof, &["default"], None).await;
    let task = site.poll(&roof).await.unwrap();
    // Its report never arrives, and it polls.
    let again = site.poll(&roof).await.unwrap();
    assert_eq!(again.assignment_id, task.assignment_id);
    site.coordinator.air.complete(&roof, report(&again, Outcome::Success)).await.unwrap();
    assert_eq!(site.poll(&roof).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_simple_client_that_was_killed_and_comes_back_is_not_stuck() {
    let mut site = Site::new(&[spec(1, fixed(145_000_000), 0)]).await;
    let roof = site.enroll("roof").await;
    site.register(&roof, &["default"], None).await;
    let task = site.poll(&roof).await.unwrap();
    site.restart().await;
    site.register(&roof, &["default"], None).await;
    assert_eq!(site.poll(&roof).await.unwrap().assignment_id, task.assignment_id);
    // If its new radio may not send the challenge, the assignment is left to its lease.
    let request = RegisterRequest {
        failed_radios: Vec::new(),
        runner_id: RunnerId::new("roof").unwrap(),
        frequency_limits: vec!["433000000-434000000".parse().unwrap()],
        radios: Vec::new(),
        assignments: None,
        engines: Vec::new(),
        hostname: None,
        version: None,
    };
    site.coordinator.runner_api.register(&roof, request).await.unwrap();
    assert_eq!(site.poll(&roof).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn heartbeats_alone_renew_a_task_for_its_signal_and_a_lease_at_most() {
    let site = Site::new(&[spec(1, fixed(145_000_000), 0)]).await;
    let (roof, cellar) = (site.enroll("roof").await, site.enroll("cellar").await);
    site.register(&roof, &["default"], None).await;
    site.register(&cellar, &["a"], Some(vec![])).await;
    site.poll(&roof).await.unwrap();
    // The signal lasts a second.
    for _ in 0..8 {
        site.clock.advance(Duration::from_secs(10));
        site.coordinator.runner_api.heartbeat(&roof, None).unwrap();
        site.coordinator.air.sweep().await.unwrap();
    }
    assert!(site.poll(&cellar).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_its_runner_never_starts_is_finally_free() {
    let site = Site::new(&[spec(1, fixed(145_000_000), 0)]).await;
    let (roof, cellar) = (site.enroll("roof").await, site.enroll("cellar").await);
    site.register(&roof, &["default"], None).await;
    site.register(&cellar, &["a"], Some(vec![])).await;
    let mut times = 0;
    while site.poll(&roof).await.is_some() {
        times += 1;
        site.clock.advance(Duration::from_secs(50));
        site.coordinator.air.sweep().await.unwrap();
    }
    assert_eq!(times, 3);
    site.lapse().await;
    site.register(&cellar, &["a"], Some(vec![])).await;
    assert!(site.poll(&cellar).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_system_is_paused_nothing_is_handed_out_again() {
    let site = Site::new(&[spec(1, fixed(145_000_000), 0)]).await;
    let roof = site.enroll("roof").await;
    site.register(&roof, &["default"], None).await;
    let task = site.poll(&roof).await.unwrap();
    site.coordinator.air.pause(Actor::command_line()).await.unwrap();
    assert_eq!(site.poll(&roof).await, None);
    assert_eq!(site.aborted(&roof), [task.assignment_id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_report_of_the_first_transmission_does_not_end_the_second() {
    let site = Site::new(&[spec(1, fixed(145_000_000), 0)]).await;
    let (roof, cellar) = (site.enroll("roof").await, site.enroll("cellar").await);
    site.register(&roof, &["default"], None).await;
    site.register(&cellar, &["a"], Some(vec![])).await;
    let task = site.poll(&roof).await.unwrap();
    site.poll(&roof).await.unwrap();
    let unnamed = CompleteRequest { assignment_id: None, fence: None, ..report(&task, Outcome::Success) };
    site.coordinator.air.complete(&roof, unnamed.clone()).await.unwrap_err();
    assert_eq!(site.poll(&cellar).await, None);
    // After the duration of the signal, the report can only be about the second transmission.
    site.clock.advance(Duration::from_secs(2));
    site.coordinator.air.complete(&roof, unnamed).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assignment_that_the_server_does_not_know_is_aborted_at_the_next_poll() {
    let site = Site::new(&[]).await;
    let roof = in_life(&site.enroll("roof").await, 1);
    site.register_as(&roof, 1, &[]).await.unwrap();
    // As after the restore of a backup that is older than the assignment.
    let polled = site.coordinator.air.poll(&roof, Some(Duration::from_secs(60)), Some(vec![7])).await.unwrap();
    assert_eq!((polled.task, polled.abort), (None, vec![7]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_without_numbered_registrations_comes_back_after_a_sign_out() {
    let site = Site::new(&[]).await;
    let roof = in_life(&site.enroll("roof").await, 5);
    for _ in 0..2 {
        site.register(&roof, &["a"], Some(vec![])).await;
        site.coordinator.runner_api.heartbeat(&roof, None).unwrap();
        site.coordinator.runner_api.sign_out(&roof).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_still_holds_an_aborted_assignment_gets_the_order_again_at_once() {
    let site = Site::new(&[spec(1, fixed(145_000_000), 0)]).await;
    let roof = site.enroll("roof").await;
    site.register(&roof, &["a"], Some(vec![])).await;
    let task = site.poll(&roof).await.unwrap();
    site.coordinator.air.emergency_stop(Actor::command_line()).await.unwrap();
    let wait = Some(Duration::from_secs(20));
    let held = Some(vec![task.assignment_id]);
    // The answer to the first poll is lost, so the runner polls again.
    for _ in 0..2 {
        let asked = std::time::Instant::now();
        let told = site.coordinator.air.poll(&roof, wait, held.clone()).await.unwrap();
        assert_eq!(told.abort, [task.assignment_id]);
        assert!(asked.elapsed() < Duration::from_secs(10), "it waited for its whole time");
    }
    assert!(site.coordinator.views.on_air().await.unwrap().iter().all(|it| it.planned.ending));
}
