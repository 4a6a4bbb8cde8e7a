//! Instances that run before somebody asks for them.

use super::{site, site_with};
use crate::site::Site;
use challengectl_common::instance::Policy;
use challengectl_common::wire::instances::InstanceState;
use challengectl_coordinator::Caller;
use challengectl_coordinator::flags::{Sender, Verdict};
use challengectl_coordinator::session::SessionState;
use std::time::Duration;

/// Sets the policy of the challenge `web`.
async fn set_warm(site: &Site, warm: u32) {
    sqlx::query("UPDATE instance_challenges SET policy = json_set(policy, '$.warm', $1) WHERE slug = 'web'")
        .bind(warm)
        .execute(&mut site.connection().await)
        .await
        .unwrap();
}

/// Lets the pool do what it has to, with a runner that carries out each order at once.
async fn settle(site: &Site, roof: &Caller) {
    let mut since = 0;
    for _ in 0..20 {
        site.coordinator.instances.keep_warm().await.unwrap();
        site.coordinator.instances.attend_to_queue().await.unwrap();
        let orders = site.coordinator.instances.orders(roof, since, Duration::ZERO).await.unwrap();
        since = orders.revision;
        for order in orders.orders {
            let state = match &order.run {
                None => InstanceState::Removed,
                Some(run) if run.is_running => continue,
                Some(_) => InstanceState::Running,
            };
            site.report(roof, order.session_id, order.fence, state).await;
        }
    }
}

async fn warm(site: &Site) -> usize {
    site.coordinator.instances.count_warm().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_request_gets_a_warm_instance_with_a_flag_and_a_life_of_its_own() {
    let (site, roof) = site(10).await;
    set_warm(&site, 3).await;
    settle(&site, &roof).await;
    assert_eq!(warm(&site).await, 3);
    let flags = |orders: &challengectl_common::wire::instances::Orders| -> Vec<(i64, String)> {
        let flag = |order: &challengectl_common::wire::instances::Order| {
            let run = order.run.as_ref().unwrap();
            (order.session_id, run.containers[0].environment["CHALLENGE_FLAG"].clone())
        };
        orders.orders.iter().map(flag).collect()
    };
    let before = flags(&site.orders(&roof, 0).await);
    site.clock.advance(Duration::from_secs(7200));
    site.register_engine(&roof, 10).await;
    site.coordinator.instances.reap().await.unwrap();

    let mine = site.start_of("web", "ada").await.unwrap().unwrap();
    assert!(mine.is_new && mine.placed.session.state == SessionState::Running && mine.placed.ports.len() == 2);
    assert_eq!(mine.placed.session.reap_at.since(site.clock.now()), super::LIFETIME);
    let again = site.start_of("web", "ada").await.unwrap().unwrap();
    assert!(!again.is_new && again.placed.session.id == mine.placed.session.id);
    let other = site.start_of("web", "bob").await.unwrap().unwrap();
    assert_ne!(other.placed.session.id, mine.placed.session.id);
    assert_eq!(warm(&site).await, 1);
    assert_eq!(flags(&site.orders(&roof, 0).await), before, "what runs has the flag that it was started with");

    let of = |id: i64| before.iter().find(|(session, _)| *session == id).unwrap().1.clone();
    let submit = |key: String, flag: String| {
        let instances = site.coordinator.instances.clone();
        async move { instances.submit("engine", &key, Sender { name: None, address: None }, flag).await.unwrap().1 }
    };
    let (key, theirs) = (mine.placed.session.key.clone(), of(other.placed.session.id));
    assert!(matches!(submit(key.clone(), theirs).await, Verdict::Wrong { .. }));
    assert!(matches!(submit(key, of(mine.placed.session.id)).await, Verdict::Right { .. }));
    settle(&site, &roof).await;
    assert_eq!(warm(&site).await, 3, "the pool is full again");
}

#[tokio::test(flavor = "multi_thread")]
async fn warm_instances_are_shown_to_no_player_and_count_for_no_quota() {
    let (site, roof) = site(10).await;
    set_warm(&site, 2).await;
    settle(&site, &roof).await;
    let instances = &site.coordinator.instances;
    assert!(instances.all_live("engine", "").await.unwrap().is_empty());
    assert_eq!(instances.count_live("engine").await.unwrap(), 0);
    assert!(instances.present().await.unwrap().iter().all(|it| it.session.owner.is_warm()));
    for slug in ["web", "pwn", "a", "b", "c"] {
        site.running(&roof, slug, "ada").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pool_follows_the_version_the_policy_and_whether_players_see_the_challenge() {
    let (site, roof) = site(10).await;
    set_warm(&site, 2).await;
    settle(&site, &roof).await;
    let old = site.count("SELECT max(id) FROM sessions").await;
    sqlx::query(
        "INSERT INTO instance_specs SELECT challenge_id, 2, spec FROM instance_specs WHERE challenge_id = 1;
         UPDATE instance_challenges SET version = 2 WHERE challenge_id = 1",
    )
    .execute(&mut site.connection().await)
    .await
    .unwrap();
    settle(&site, &roof).await;
    assert_eq!((warm(&site).await, site.state(old).await.as_str()), (2, "stopped"));
    assert_eq!(site.count("SELECT count(*) FROM sessions WHERE version = 2 AND state = 'running'").await, 2);
    set_warm(&site, 1).await;
    settle(&site, &roof).await;
    assert_eq!(warm(&site).await, 1);
    for hide in ["UPDATE challenges SET enabled = 0 WHERE id = 1", "DELETE FROM challenges WHERE id = 1"] {
        sqlx::query("UPDATE challenges SET enabled = 1").execute(&mut site.connection().await).await.unwrap();
        settle(&site, &roof).await;
        assert_eq!(warm(&site).await, 1);
        sqlx::query(hide).execute(&mut site.connection().await).await.unwrap();
        settle(&site, &roof).await;
        assert_eq!(warm(&site).await, 0, "{hide}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn warm_instances_give_way_to_people_and_come_back_when_there_is_room() {
    let (site, roof) = site_with(2, Policy::default()).await;
    set_warm(&site, 2).await;
    settle(&site, &roof).await;
    let starting = site.start_of("pwn", "ada");
    while site.coordinator.instances.count_queued().await.unwrap() == 0 {
        tokio::task::yield_now().await;
    }
    settle(&site, &roof).await;
    let id = starting.await.unwrap().unwrap().placed.session.id;
    assert_eq!(warm(&site).await, 1);
    site.end(&roof, id).await;
    settle(&site, &roof).await;
    assert_eq!(warm(&site).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_while_it_is_warmed_up_is_not_tried_again_at_once() {
    let (site, roof) = site(10).await;
    set_warm(&site, 1).await;
    site.coordinator.instances.keep_warm().await.unwrap();
    for fence in 1..=4 {
        site.report(&roof, 1, fence, InstanceState::Failed).await;
    }
    settle(&site, &roof).await;
    assert_eq!(site.count("SELECT count(*) FROM sessions").await, 1);
    set_warm(&site, 3).await;
    sqlx::query("UPDATE instance_challenges SET policy = json_set(policy, '$.warm', 1) WHERE slug = 'pwn'")
        .execute(&mut site.connection().await)
        .await
        .unwrap();
    settle(&site, &roof).await;
    assert_eq!(warm(&site).await, 1, "that of another challenge is");
    set_warm(&site, 1).await;
    site.clock.advance(Duration::from_secs(61));
    site.register_engine(&roof, 10).await;
    settle(&site, &roof).await;
    assert_eq!(warm(&site).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_runner_has_no_warm_instances_and_too_many_after_its_return() {
    let (site, roof) = site(10).await;
    set_warm(&site, 1).await;
    settle(&site, &roof).await;
    let cellar = site.enroll("cellar").await;
    site.clock.advance(Duration::from_secs(120));
    site.register_engine(&cellar, 10).await;
    site.coordinator.instances.look_after_runners().await.unwrap();
    settle(&site, &cellar).await;
    let mine = site.start_of("web", "ada").await.unwrap().unwrap().placed.session;
    assert_eq!(mine.runner(), Some(&cellar.runner_id));
    settle(&site, &cellar).await;
    site.register_engine(&roof, 10).await;
    site.report(&roof, 1, 1, InstanceState::Running).await;
    site.coordinator.instances.keep_warm().await.unwrap();
    assert_eq!(warm(&site).await, 1, "the pool has one, and one has to stop");
}
