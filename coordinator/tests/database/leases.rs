//! Leases, fences and due times.

use crate::site::{RULES, Site, event, fixed, progress, report, spec};
use challengectl_common::wire::Outcome;
use std::sync::Arc;
use std::time::Duration;

const SECOND: &str = "INSERT INTO assignments (challenge_id, runner_id, radio_id, key_id, fence, frequency, band_low,
    band_high, state, assigned_at, expires_at, due_at) ";

#[tokio::test(flavor = "multi_thread")]
async fn the_database_itself_refuses_a_double_assignment() {
    let site = Site::new(&[spec(1, fixed(145_000_000), 0)]).await;
    let caller = site.enroll("roof").await;
    site.register(&caller, &["a"], None).await;
    site.poll(&caller).await.unwrap();
    let mut connection = site.connection().await;
    for (what, values) in [
        ("the same challenge", "SELECT 1, 'x', 'x', 'k', 9, 146000000, 146000000, 146000000, 'live', 0, 0, 0"),
        ("the same radio", "SELECT 2, 'roof', 'a', 'k', 9, 146000000, 146000000, 146000000, 'live', 0, 0, 0"),
        ("part of the band", "SELECT 2, 'x', 'x', 'k', 9, 145006000, 145006000, 145009000, 'live', 0, 0, 0"),
        ("the same fence", "SELECT 1, 'x', 'x', 'k', 1, 146000000, 146000000, 146000000, 'done', 0, 0, 0"),
    ] {
        let statement = sqlx::AssertSqlSafe(format!("{SECOND}{values}"));
        assert!(sqlx::query(statement).execute(&mut connection).await.is_err(), "{what}");
    }
    for (what, statement) in [
        ("a final state is left", "UPDATE assignments SET state = 'live'"),
        ("a final status is left", "UPDATE transmissions SET status = 'planned'"),
        ("a final status is changed", "UPDATE transmissions SET status = 'failed'"),
    ] {
        sqlx::query("UPDATE assignments SET state = 'done' WHERE state = 'live'")
            .execute(&mut connection)
            .await
            .unwrap();
        sqlx::query("UPDATE transmissions SET status = 'success' WHERE status = 'planned'")
            .execute(&mut connection)
            .await
            .unwrap();
        assert!(sqlx::query(statement).execute(&mut connection).await.is_err(), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_runs_out_goes_to_another_after_the_grace_period() {
    let site = Site::new(&[spec(1, fixed(145_000_000), 0)]).await;
    let (roof, cellar) = (site.enroll("roof").await, site.enroll("cellar").await);
    site.register(&roof, &["a"], None).await;
    site.register(&cellar, &["a"], None).await;
    let first = site.poll(&roof).await.unwrap();

    site.clock.advance(RULES.lease + RULES.grace);
    assert_eq!(site.coordinator.air.sweep().await.unwrap(), 0);
    assert_eq!(site.poll(&cellar).await, None);

    site.clock.advance(Duration::from_millis(1));
    assert_eq!(site.coordinator.air.sweep().await.unwrap(), 1);
    let second = site.poll(&cellar).await.unwrap();
    assert_eq!((second.challenge_id, second.fence), (first.challenge_id, first.fence + 1));

    let late = site.coordinator.air.complete(&roof, report(&first, Outcome::Success)).await.unwrap_err();
    assert_eq!(late.to_string(), "the assignment was given up before the report came");
    assert_eq!(site.count("SELECT count(*) FROM late_reports").await, 1);
    assert_eq!(site.count("SELECT count(*) FROM assignments WHERE state = 'live'").await, 1);
    let heartbeat = site.coordinator.runner_api.heartbeat(&roof, Some(&[progress(&first)])).unwrap();
    assert_eq!((heartbeat.renewed, heartbeat.abort), (vec![], vec![first.assignment_id]));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_every_lease_counts_as_renewed() {
    let mut site = Site::new(&[spec(1, fixed(145_000_000), 0)]).await;
    let roof = site.enroll("roof").await;
    site.register(&roof, &["a"], None).await;
    let task = site.poll(&roof).await.unwrap();
    site.clock.advance(Duration::from_secs(70));
    site.restart().await;
    site.clock.advance(Duration::from_secs(70));
    assert_eq!(site.coordinator.air.sweep().await.unwrap(), 0);
    let heartbeat = site.coordinator.runner_api.heartbeat(&roof, Some(&[progress(&task)])).unwrap();
    assert_eq!(heartbeat.renewed, [task.assignment_id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn due_times_survive_a_restart() {
    let mut site = Site::new(&event(4)).await;
    let roof = site.enroll("roof").await;
    site.register(&roof, &["a", "b"], None).await;
    for outcome in [Outcome::Success, Outcome::Failed, Outcome::Aborted] {
        let task = site.poll(&roof).await.unwrap();
        site.coordinator.air.complete(&roof, report(&task, outcome)).await.unwrap();
    }
    let dues = "SELECT sum(due_at) FROM transmission_challenges";
    let before = site.count(dues).await;
    site.restart().await;
    assert_eq!(site.count(dues).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_cuts_the_transmissions_of_the_old_one_and_frees_them_only_when_the_lease_is_over() {
    let site = Site::new(&event(3)).await;
    let old = site.enroll("roof").await;
    site.register(&old, &["a"], None).await;
    let task = site.poll(&old).await.unwrap();
    let new = site.enroll("roof").await;
    assert!(site.register(&new, &["a"], Some(vec![])).await.is_empty());
    assert_eq!(site.poll(&new).await, None);
    assert_eq!(site.coordinator.runner_api.heartbeat(&new, None).unwrap().abort, [task.assignment_id]);
    site.clock.advance(RULES.lease + RULES.grace + Duration::from_millis(1));
    site.coordinator.air.sweep().await.unwrap();
    assert!(site.poll(&new).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_runner_gets_a_task_as_soon_as_one_is_free() {
    let site = Site::new(&[spec(1, fixed(145_000_000), 0)]).await;
    let (roof, cellar) = (site.enroll("roof").await, site.enroll("cellar").await);
    site.register(&roof, &["a"], None).await;
    site.register(&cellar, &["a"], None).await;
    let task = site.poll(&roof).await.unwrap();
    let (coordinator, waits) = (Arc::clone(&site.coordinator), cellar.clone());
    let waiting =
        tokio::spawn(
            async move { coordinator.air.poll(&waits, Some(Duration::from_secs(60)), None).await.unwrap().task },
        );
    tokio::task::yield_now().await;
    site.coordinator.air.complete(&roof, report(&task, Outcome::Aborted)).await.unwrap();
    let second = waiting.await.unwrap().unwrap();
    assert_eq!((second.challenge_id, second.fence), (1, 2));
}
