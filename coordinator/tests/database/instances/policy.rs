//! What the policy of a challenge means for its instances.

use super::site_with;
use crate::site::Site;
use challengectl_common::instance::{OnExisting, Policy};
use challengectl_common::wire::instances::InstanceState;
use challengectl_coordinator::flags::{Sender, Verdict};
use challengectl_coordinator::session::{Owner, SessionState};
use challengectl_coordinator::{Caller, CoreError};
use std::time::Duration;

/// The id of the challenge `web`.
const WEB: i64 = 1;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn ada() -> Owner {
    Owner::anonymous("ada").unwrap()
}

async fn reap(site: &Site) {
    site.coordinator.instances.reap().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_instance_has_to_wait_for_the_cooldown_unless_the_last_one_failed() {
    let (site, roof) = site_with(10, Policy { cooldown_seconds: 60, ..Policy::default() }).await;
    let first = site.running(&roof, "web", "ada").await.placed.session.id;
    site.end(&roof, first).await;
    site.clock.advance(Duration::from_millis(17_500));
    let refused = site.start_of("web", "ada").await.unwrap().unwrap_err();
    assert!(matches!(&refused, CoreError::Cooldown(wait) if *wait == Duration::from_millis(42_500)), "{refused}");
    assert!(refused.to_string().contains("43 seconds"), "{refused}");
    site.running(&roof, "pwn", "ada").await;
    site.running(&roof, "web", "bob").await;
    site.clock.advance(Duration::from_millis(42_500));
    let second = site.running(&roof, "web", "ada").await.placed.session;
    for fence in 1..=4 {
        site.report(&roof, second.id, fence, InstanceState::Failed).await;
    }
    assert_eq!(site.state(second.id).await, "failed");
    site.running(&roof, "web", "ada").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_may_refuse_a_second_request() {
    let (site, roof) = site_with(10, Policy { on_existing: OnExisting::Refuse, ..Policy::default() }).await;
    let starting = site.start_of("web", "ada");
    let order = site.order(&roof, 1).await;
    assert!(matches!(site.start_of("web", "ada").await.unwrap(), Err(CoreError::Conflict(_))));
    site.report(&roof, order.session_id, 1, InstanceState::Running).await;
    assert!(starting.await.unwrap().unwrap().is_new);
    assert!(matches!(site.start_of("web", "ada").await.unwrap(), Err(CoreError::Conflict(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_ends_the_old_instance_before_the_new_one_starts_and_two_at_once_make_one() {
    // A request that comes when the new one runs already is refused by the cooldown.
    let policy = Policy { on_existing: OnExisting::Restart, cooldown_seconds: 60, ..Policy::default() };
    let (site, roof) = site_with(10, policy).await;
    let old = site.running(&roof, "web", "ada").await.placed.session;
    site.clock.advance(seconds(60));
    let starts = [site.start_of("web", "ada"), site.start_of("web", "ada")];
    site.removed(&roof, old.id).await;
    let mut since = 0;
    while !starts.iter().all(tokio::task::JoinHandle::is_finished) {
        let orders = site.orders(&roof, since).await;
        since = orders.revision;
        for order in orders.orders.iter().filter(|order| order.run.as_ref().is_some_and(|run| !run.is_running)) {
            site.report(&roof, order.session_id, order.fence, InstanceState::Running).await;
        }
    }
    let mut made = Vec::new();
    for start in starts {
        match start.await.unwrap() {
            Ok(started) => made.push(started),
            Err(error) => assert!(matches!(error, CoreError::Cooldown(_)), "{error}"),
        }
    }
    let new = &made[0].placed.session;
    assert!(new.id != old.id && new.nonce != old.nonce && new.state == SessionState::Running);
    assert!(made.iter().all(|it| it.placed.session.id == new.id));
    assert_eq!(made.iter().filter(|it| it.is_new).count(), 1);
    assert_eq!(site.count("SELECT count(*) FROM sessions").await, 2);
    assert_eq!(site.count("SELECT count(*) FROM sessions WHERE outcome = 'restarted'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_has_just_started_is_not_restarted_within_the_cooldown() {
    let policy = Policy { on_existing: OnExisting::Restart, cooldown_seconds: 300, ..Policy::default() };
    let (site, roof) = site_with(10, policy).await;
    let old = site.running(&roof, "web", "ada").await.placed.session.id;
    site.clock.advance(seconds(299));
    assert!(matches!(site.start_of("web", "ada").await.unwrap(), Err(CoreError::Cooldown(wait)) if wait == seconds(1)));
    assert_eq!(site.state(old).await, "running");
    site.clock.advance(seconds(1));
    let restart = site.start_of("web", "ada");
    site.removed(&roof, old).await;
    let new = site.order(&roof, 1).await.session_id;
    site.report(&roof, new, 1, InstanceState::Running).await;
    assert!(restart.await.unwrap().unwrap().is_new);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_may_refuse_to_extend() {
    let (site, roof) = site_with(10, Policy { extendable: false, ..Policy::default() }).await;
    site.running(&roof, "web", "ada").await;
    let refused = site.coordinator.instances.extend(ada(), WEB).await.unwrap_err();
    assert!(matches!(refused, CoreError::Conflict(_)), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_ends_without_a_sign_of_life_and_each_kind_of_sign_keeps_it() {
    let (mut site, roof) = site_with(10, Policy { idle_seconds: Some(600), ..Policy::default() }).await;
    let id = site.running(&roof, "web", "ada").await.placed.session.id;
    for sign in ["heartbeat", "extension", "start"] {
        site.clock.advance(seconds(599));
        reap(&site).await;
        match sign {
            "heartbeat" => drop(site.coordinator.instances.keep_alive(ada(), WEB).await.unwrap()),
            "extension" => drop(site.coordinator.instances.extend(ada(), WEB).await.unwrap()),
            _ => drop(site.start_of("web", "ada").await.unwrap().unwrap()),
        }
    }
    // While the server is away, nobody can give one.
    site.clock.advance(seconds(599));
    site.restart().await;
    site.clock.advance(seconds(599));
    reap(&site).await;
    assert_eq!(site.state(id).await, "running");
    site.clock.advance(seconds(1));
    reap(&site).await;
    assert_eq!(site.state(id).await, "stopping");
    assert_eq!(site.count("SELECT count(*) FROM sessions WHERE outcome = 'idle'").await, 1);
    assert!(matches!(site.coordinator.instances.keep_alive(ada(), WEB).await, Err(CoreError::NotFound(_))));
}

/// Returns the flag of the only instance.
async fn flag(site: &Site, roof: &Caller) -> String {
    let orders = site.orders(roof, 0).await;
    orders.orders[0].run.as_ref().unwrap().containers[0].environment["CHALLENGE_FLAG"].clone()
}

async fn submit(site: &Site, key: &str, flag: &str) -> Result<Verdict, CoreError> {
    let sender = Sender { name: None, address: None };
    Ok(site.coordinator.instances.submit("engine", key, sender, flag.to_owned()).await?.1)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_flag_of_an_instance_that_has_died_counts_for_ten_minutes() {
    let (site, roof) = site_with(10, Policy::default()).await;
    let session = site.running(&roof, "web", "ada").await.placed.session;
    let flag = flag(&site, &roof).await;
    for fence in 1..=4 {
        site.report(&roof, session.id, fence, InstanceState::Failed).await;
    }
    assert_eq!(site.state(session.id).await, "failed");
    site.clock.advance(seconds(590));
    for is_first in [true, false] {
        let verdict = submit(&site, &session.key, &flag).await.unwrap();
        assert!(matches!(verdict, Verdict::Right { is_new, .. } if is_new == is_first), "{verdict:?}");
    }
    assert_eq!(site.state(session.id).await, "failed");
    site.clock.advance(seconds(20));
    assert!(matches!(submit(&site, &session.key, &flag).await, Err(CoreError::NotFound(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_solved_instance_lives_on_as_long_as_its_challenge_says() {
    for (after, soon, outcome) in [(Some(90), 90, "solved"), (None, 3600, "expired")] {
        let (site, roof) = site_with(10, Policy { after_solve_seconds: after, ..Policy::default() }).await;
        let session = site.running(&roof, "web", "ada").await.placed.session;
        submit(&site, &session.key, &flag(&site, &roof).await).await.unwrap();
        let extended = site.coordinator.instances.extend(ada(), WEB).await;
        assert_eq!(extended.is_ok(), after.is_none());
        site.clock.advance(seconds(soon - 1));
        reap(&site).await;
        assert_eq!(site.state(session.id).await, "running");
        site.clock.advance(seconds(1));
        reap(&site).await;
        assert_eq!(site.state(session.id).await, "stopping");
        let query = sqlx::query_scalar("SELECT outcome FROM sessions");
        let ended: String = query.fetch_one(&mut site.connection().await).await.unwrap();
        assert_eq!(ended, outcome);
    }
}
