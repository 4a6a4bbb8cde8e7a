//! After a restore, an uncertain commit or a damaged row, no transmission is doubled or lost.

use crate::site::{START, Site, fixed, report, spec, start};
use challengectl_common::wire::Outcome;
use challengectl_coordinator::Event;
use challengectl_coordinator::bus::alarms::AlarmKind;
use challengectl_coordinator::maintenance::backup;
use challengectl_coordinator::store::Store;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;

/// Longer than lease and grace.
const OVER: Duration = Duration::from_secs(76);
/// Time limit for events.
const LIMIT: Duration = Duration::from_secs(30);

async fn next_alarm(events: &mut Receiver<Event>, expected: AlarmKind) -> bool {
    let next = async {
        loop {
            match events.recv().await.unwrap() {
                Event::Alarm { kind, active, .. } if kind == expected => return active,
                _ => {}
            }
        }
    };
    tokio::time::timeout(LIMIT, next).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restore_nothing_is_handed_out_until_earlier_transmissions_are_off() {
    let mut site = Site::new(&[spec(1, fixed(145_000_000), 0)]).await;
    let (roof, van) = (site.enroll("roof").await, site.enroll("van").await);
    site.register(&roof, &["a"], Some(vec![])).await;
    site.register(&van, &["a"], Some(vec![])).await;
    // An assignment that is live in the backup, but has ended since and was given to the other runner.
    let before = site.poll(&roof).await.unwrap();
    let archive = site.folder.path().join("backup.tar.gz");
    let store = Store::open(site.folder.path()).await.unwrap();
    backup::backup(&store, site.folder.path(), &archive, START).await.unwrap();
    store.close().await;
    site.coordinator.air.complete(&roof, report(&before, Outcome::Success)).await.unwrap();
    site.clock.advance(Duration::from_secs(60));
    site.coordinator.runner_api.heartbeat(&van, None).unwrap();
    assert!(site.poll(&van).await.is_some());

    site.coordinator.close().await;
    backup::restore(&archive, site.folder.path(), true).await.unwrap();
    // After a crash too: the time runs from the start.
    site.restart().await;
    site.coordinator.close().await;
    site.restart().await;
    let mut events = site.coordinator.context.watch();
    let _jobs = site.coordinator.maintenance.start_jobs();
    assert!(next_alarm(&mut events, AlarmKind::Restored).await);
    assert!(site.coordinator.air.poll(&roof, None, Some(vec![])).await.unwrap().task.is_none());
    site.clock.advance(Duration::from_secs(74));
    site.coordinator.runner_api.heartbeat(&van, None).unwrap();
    assert!(site.poll(&van).await.is_none());
    site.clock.advance(Duration::from_secs(2));
    assert!(!next_alarm(&mut events, AlarmKind::Restored).await);
    // The assignment of the backup lapses like any other.
    let task = async {
        loop {
            site.coordinator.runner_api.heartbeat(&van, None).unwrap();
            let wait = Some(Duration::from_secs(1));
            if let Some(task) = site.coordinator.air.poll(&van, wait, Some(vec![])).await.unwrap().task {
                return task;
            }
        }
    };
    assert_eq!(tokio::time::timeout(LIMIT, task).await.unwrap().challenge_id, before.challenge_id);
    assert_eq!(site.count("SELECT count(*) FROM control WHERE restored_at IS NOT NULL").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assignment_that_only_the_database_knows_is_cut_and_given_up() {
    let site = Site::new(&[spec(1, fixed(145_000_000), 0)]).await;
    let (roof, van) = (site.enroll("roof").await, site.enroll("van").await);
    site.register(&van, &["a"], Some(vec![])).await;
    site.register(&roof, &["a"], Some(vec![])).await;
    // A second coordinator simulates a commit that was reported as failed.
    let other = start(Store::open(site.folder.path()).await.unwrap(), site.folder.path(), &site.clock).await;
    let task = other.air.poll(&roof, None, None).await.unwrap().task.unwrap();
    other.close().await;

    let _jobs = site.coordinator.maintenance.start_jobs();
    let answer = site.coordinator.air.poll(&roof, Some(Duration::from_secs(20)), None).await.unwrap();
    assert_eq!(answer.abort, [task.assignment_id]);
    site.clock.advance(OVER);
    site.coordinator.runner_api.heartbeat(&van, None).unwrap();
    let wait = Some(Duration::from_secs(20));
    assert!(site.coordinator.air.poll(&van, wait, Some(vec![])).await.unwrap().task.is_some());
    site.is_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assignment_that_cannot_be_ended_does_not_keep_the_others() {
    let site = Site::new(&[spec(1, fixed(145_000_000), 0), spec(2, fixed(146_000_000), 0)]).await;
    let (roof, van) = (site.enroll("roof").await, site.enroll("van").await);
    site.register(&roof, &["a", "b"], Some(vec![])).await;
    let (first, second) = (site.poll(&roof).await.unwrap(), site.poll(&roof).await.unwrap());
    sqlx::query("DELETE FROM transmissions WHERE assignment_id = $1")
        .bind(first.assignment_id)
        .execute(&mut site.connection().await)
        .await
        .unwrap();
    site.clock.advance(OVER);
    assert!(site.coordinator.air.sweep().await.is_err());
    site.register(&van, &["a"], Some(vec![])).await;
    assert_eq!(site.poll(&van).await.unwrap().challenge_id, second.challenge_id);
    assert!(site.poll(&van).await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operating_state_is_shown_even_if_the_schedule_cannot_be_read() {
    let site = Site::new(&[spec(1, fixed(145_000_000), 0)]).await;
    let roof = site.enroll("roof").await;
    site.register(&roof, &["a"], Some(vec![])).await;
    site.poll(&roof).await.unwrap();
    sqlx::query("UPDATE transmission_challenges SET tuning = 'x'").execute(&mut site.connection().await).await.unwrap();
    let _jobs = site.coordinator.maintenance.start_jobs();
    let (operating, live) = site.coordinator.air.operating_state().await.unwrap();
    assert!(operating.control.is_open() && live == 1);
}
