//! Instances that wait for an engine.

use super::site;
use crate::site::Site;
use challengectl_common::wire::instances::InstanceState;
use challengectl_coordinator::audit::Actor;
use challengectl_coordinator::bus::alarms::AlarmKind;
use challengectl_coordinator::{Caller, CoreError};
use std::time::Duration;

/// Lets an owner ask for a challenge, and waits until that is queued. Returns its session.
async fn queued(site: &Site, slug: &str, owner: &str) -> i64 {
    let before = site.count("SELECT count(*) FROM sessions").await;
    drop(site.start_of(slug, owner));
    while site.count("SELECT count(*) FROM sessions").await == before {
        tokio::task::yield_now().await;
    }
    let id = site.count("SELECT max(id) FROM sessions").await;
    assert_eq!(site.state(id).await, "queued");
    id
}

/// Ends a session, and returns the one that gets its place.
async fn follower(site: &Site, roof: &Caller, id: i64) -> i64 {
    site.end(roof, id).await;
    let next = site.count("SELECT id FROM sessions WHERE state = 'starting'").await;
    site.report(roof, next, 1, InstanceState::Running).await;
    next
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_fewer_instances_is_next_and_among_equals_who_came_first() {
    let (site, roof) = site(3).await;
    let mut running = Vec::new();
    for (slug, owner) in [("web", "ada"), ("pwn", "ada"), ("web", "bob")] {
        running.push(site.running(&roof, slug, owner).await.placed.session.id);
    }
    let of_ada = queued(&site, "a", "ada").await;
    let of_bob = queued(&site, "a", "bob").await;
    let of_eve = [queued(&site, "a", "eve").await, queued(&site, "b", "eve").await];
    let of_joe = queued(&site, "a", "joe").await;
    let (ada, bob) = (&running[..2], running[2]);
    // Bob's first one ends, so that nobody but Ada has one.
    assert_eq!(follower(&site, &roof, bob).await, of_bob);
    assert_eq!(follower(&site, &roof, ada[0]).await, of_eve[0]);
    // Ada has none left, and has waited longest.
    assert_eq!(follower(&site, &roof, ada[1]).await, of_ada);
    assert_eq!(follower(&site, &roof, of_bob).await, of_joe, "Eve has one");
    assert_eq!(follower(&site, &roof, of_joe).await, of_eve[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_in_vain_is_told_so_and_keeps_no_place() {
    let (site, roof) = site(1).await;
    site.running(&roof, "web", "ada").await;
    let waiting = site.start_of("web", "bob");
    while site.coordinator.instances.count_queued().await.unwrap() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(site.count("SELECT count(*) FROM port_leases").await, 2, "no ports before there is an engine");
    site.clock.advance(Duration::from_secs(60));
    site.coordinator.instances.reap().await.unwrap();
    let refused = waiting.await.unwrap().unwrap_err();
    assert!(matches!(&refused, CoreError::Unavailable(why) if why.contains("no engine had room")), "{refused}");
    let reason: String = sqlx::query_scalar("SELECT reason FROM sessions WHERE state = 'failed'")
        .fetch_one(&mut site.connection().await)
        .await
        .unwrap();
    assert_eq!(reason, "no engine had room");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_waits_until_a_silent_runner_is_back() {
    let (site, roof) = site(5).await;
    site.clock.advance(Duration::from_secs(120));
    let id = queued(&site, "web", "ada").await;
    let again = site.start_of("web", "ada");
    site.register_engine(&roof, 5).await;
    site.coordinator.instances.attend_to_queue().await.unwrap();
    assert_eq!(site.state(id).await, "starting");
    site.report(&roof, id, 1, InstanceState::Running).await;
    assert!(!again.await.unwrap().unwrap().is_new);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_may_leave_and_counts_for_the_quota_until_then() {
    let (site, roof) = site(4).await;
    for slug in ["web", "pwn", "a", "b"] {
        site.running(&roof, slug, "ada").await;
    }
    let waiting = queued(&site, "c", "ada").await;
    assert!(matches!(site.start_of("d", "ada").await.unwrap(), Err(CoreError::Quota(5))));
    assert!(site.coordinator.instances.stop(waiting, "stopped", Actor::new("ada", None)).await.unwrap());
    assert_eq!(site.state(waiting).await, "stopped");
    queued(&site, "d", "ada").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_is_bounded() {
    let (site, roof) = site(1).await;
    site.running(&roof, "web", "ada").await;
    queued(&site, "web", "bob").await;
    let copy =
        "INSERT INTO sessions (key, key_digest, front, challenge_id, version, owner, made_for, nonce, state, fence,
                    lifetime_ms, requested_at, reap_at, revision)
                WITH RECURSIVE number (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM number WHERE n < 1000)
                SELECT n, n, front, challenge_id, version, 'anon:' || n, 'anon:' || n, nonce, state, fence, lifetime_ms,
                    requested_at, reap_at, revision
                FROM sessions JOIN number WHERE state = 'queued'";
    sqlx::query(copy).execute(&mut site.connection().await).await.unwrap();
    let refused = site.start_of("web", "eve").await.unwrap().unwrap_err();
    assert!(matches!(&refused, CoreError::Unavailable(why) if why.contains("too many")), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_fail_again_is_not_tried_again_and_raises_an_alarm() {
    let (site, roof) = site(5).await;
    let starting = site.start_of("web", "ada");
    let order = site.order(&roof, 1).await;
    let report = challengectl_common::wire::instances::InstanceReport {
        session_id: order.session_id,
        fence: 1,
        state: InstanceState::Failed,
        reason: Some("the engine has no image web:1".to_owned()),
        permanent: true,
        container_id: None,
        port: None,
        deployed: None,
    };
    site.coordinator.instances.report(&roof, vec![report]).await.unwrap();
    assert!(matches!(starting.await.unwrap(), Err(CoreError::StartFailed)));
    assert_eq!(site.state(order.session_id).await, "failed");
    let alarms = site.coordinator.context.alarms();
    let alarm = alarms.iter().find(|alarm| alarm.kind == AlarmKind::InstanceFailed).unwrap();
    assert_eq!(alarm.subject, "web");
    assert!(alarm.message.ends_with("failed: the engine has no image web:1"), "{}", alarm.message);
}
