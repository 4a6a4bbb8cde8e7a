//! Instances: what is reserved, ordered, reported and reaped. The runner is this test.

mod policy;
mod queue;
mod warm;

use crate::site::Site;
use challengectl_common::instance::{InstanceSpec, Policy, Port};
use challengectl_common::wire::RegisterRequest;
use challengectl_common::wire::instances::{
    EngineInfo, EngineKind, InstanceReport, InstanceState, Order, Orders, PortRange,
};
use challengectl_common::{ChallengeName, EngineId};
use challengectl_coordinator::audit::Actor;
use challengectl_coordinator::flags::{DEFAULT_FORMAT, Flag, FlagMode, Worth};
use challengectl_coordinator::instances::{About, Definition, Started, Terms, Wish};
use challengectl_coordinator::session::Owner;
use challengectl_coordinator::{Caller, CoreError};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

const LIFETIME: Duration = Duration::from_secs(3600);
/// Of one poll; tests ask again until they see what they wait for.
const WAIT: Duration = Duration::from_millis(200);

/// A coordinator with challenges that have two ports, and a runner with an engine.
pub async fn site(capacity: u32) -> (Site, Caller) {
    site_with(capacity, Policy { lifetime_seconds: LIFETIME.as_secs().try_into().unwrap(), ..Policy::default() }).await
}

/// Like [`site`], with this policy of all challenges.
pub async fn site_with(capacity: u32, policy: Policy) -> (Site, Caller) {
    let site = Site::new(&[]).await;
    let spec: InstanceSpec = serde_json::from_value(serde_json::json!({
        "containers": [{"image": "web:1", "ports": ["80/tcp", "53/udp"], "environment": {"FLAG": "of the image"}}]
    }))
    .unwrap();
    for slug in ["web", "pwn", "a", "b", "c", "d"] {
        let definition = Definition {
            slug: slug.to_owned(),
            name: ChallengeName::new(slug).unwrap(),
            about: About::default(),
            worth: Worth::of_one(100, Flag { mode: FlagMode::Session, content: DEFAULT_FORMAT.to_owned() }),
            policy: policy.clone(),
            spec: spec.clone(),
        };
        assert!(site.coordinator.instances.add_challenge(&definition).await.unwrap());
    }
    let roof = site.enroll("roof").await;
    site.register_engine(&roof, capacity).await;
    (site, roof)
}

impl Site {
    pub async fn register_engine(&self, caller: &Caller, capacity: u32) {
        let engine = EngineInfo {
            id: EngineId::new("docker").unwrap(),
            kind: EngineKind::Docker,
            host: "localhost".to_owned(),
            ports: PortRange { first: 30_000, last: 30_499 },
            capacity,
        };
        let request = RegisterRequest {
            runner_id: caller.runner_id.clone(),
            frequency_limits: Vec::new(),
            radios: Vec::new(),
            failed_radios: Vec::new(),
            assignments: Some(Vec::new()),
            engines: vec![engine],
            hostname: None,
            version: None,
        };
        self.coordinator.runner_api.register(caller, request).await.unwrap();
    }

    /// Starts a challenge for an owner, in a task that waits for it.
    pub fn start_of(&self, slug: &str, owner: &str) -> JoinHandle<Result<Started, CoreError>> {
        let instances = self.coordinator.instances.clone();
        let owner = Owner::anonymous(owner).unwrap();
        let (front, terms, by) = ("engine", Terms::Policy, Actor::new(owner.name(), None));
        let wish = Wish { challenge: slug.to_owned(), owner, by, front, lifetime: None, terms };
        tokio::spawn(async move { instances.start(wish).await })
    }

    pub async fn orders(&self, caller: &Caller, since: i64) -> Orders {
        self.coordinator.instances.orders(caller, since, WAIT).await.unwrap()
    }

    /// Waits for an order with this fence.
    pub async fn order(&self, caller: &Caller, fence: i64) -> Order {
        let mut since = 0;
        loop {
            let orders = self.orders(caller, since).await;
            since = orders.revision;
            if let Some(order) = orders.orders.into_iter().find(|order| order.fence == fence) {
                return order;
            }
        }
    }

    pub async fn report(&self, caller: &Caller, session_id: i64, fence: i64, state: InstanceState) {
        let reason = (state == InstanceState::Failed).then(|| "port is already allocated".to_owned());
        let container_id = (state == InstanceState::Running).then(|| format!("c{session_id}"));
        let report = InstanceReport {
            session_id,
            fence,
            state,
            reason,
            permanent: false,
            container_id,
            port: None,
            deployed: None,
        };
        self.coordinator.instances.report(caller, vec![report]).await.unwrap();
    }

    pub async fn state(&self, id: i64) -> String {
        let query = sqlx::query_scalar("SELECT state FROM sessions WHERE id = $1").bind(id);
        query.fetch_one(&mut self.connection().await).await.unwrap()
    }

    /// Stops a session as its owner does, and removes it.
    pub async fn end(&self, caller: &Caller, id: i64) {
        let instances = self.coordinator.instances.clone();
        let stopping = tokio::spawn(async move { instances.stop(id, "stopped", Actor::new("ada", None)).await });
        self.removed(caller, id).await;
        assert!(stopping.await.unwrap().unwrap());
    }

    /// Waits for the order to remove a session, and removes it.
    pub async fn removed(&self, caller: &Caller, id: i64) {
        let mut since = 0;
        let fence = loop {
            let orders = self.orders(caller, since).await;
            since = orders.revision;
            if let Some(order) = orders.orders.iter().find(|it| it.session_id == id && it.run.is_none()) {
                break order.fence;
            }
        };
        self.report(caller, id, fence, InstanceState::Removed).await;
    }

    /// Starts a challenge, and lets it run.
    pub async fn running(&self, caller: &Caller, slug: &str, owner: &str) -> Started {
        let starting = self.start_of(slug, owner);
        let mut since = 0;
        while !starting.is_finished() {
            let orders = self.orders(caller, since).await;
            since = orders.revision;
            for order in orders.orders.iter().filter(|order| order.run.as_ref().is_some_and(|run| !run.is_running)) {
                self.report(caller, order.session_id, order.fence, InstanceState::Running).await;
            }
        }
        starting.await.unwrap().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_has_one_instance_of_a_challenge_however_often_it_is_asked_for() {
    let (site, roof) = site(10).await;
    let (first, second) = (site.start_of("web", "ada"), site.start_of("web", "ada"));
    let order = site.order(&roof, 1).await;
    let run = order.run.as_ref().unwrap();
    let environment = &run.containers[0].environment;
    assert!(environment["CHALLENGE_FLAG"].starts_with("flag{"));
    assert_eq!(environment["FLAG"], "of the image", "a definition's own value stays");
    let asked = run.containers[0].ports.iter().map(|it| it.port);
    assert_eq!(run.published.iter().map(|it| it.port).collect::<Vec<Port>>(), asked.collect::<Vec<Port>>());
    site.report(&roof, order.session_id, order.fence, InstanceState::Running).await;
    let (first, second) = (first.await.unwrap().unwrap(), second.await.unwrap().unwrap());
    assert_eq!(first.placed.session.key, second.placed.session.key);
    assert!(first.is_new != second.is_new);
    assert_eq!(first.placed.session.container_id.as_deref(), Some("c1"));
    assert_eq!(site.count("SELECT count(*) FROM sessions").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_without_sessions_waits_for_the_first() {
    let (site, roof) = site(10).await;
    let nothing = site.orders(&roof, 0).await;
    assert!(nothing.complete && nothing.orders.is_empty() && nothing.revision > 0, "{nothing:?}");
    let coordinator = Arc::clone(&site.coordinator);
    let caller = roof.clone();
    let waits = tokio::spawn(async move {
        coordinator.instances.orders(&caller, nothing.revision, Duration::from_secs(60)).await.unwrap()
    });
    let _starting = site.start_of("web", "ada");
    let orders = waits.await.unwrap();
    assert_eq!((orders.complete, orders.orders.len()), (false, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_at_once_have_four_hundred_ports_and_none_twice() {
    let (site, roof) = site(200).await;
    let starts: Vec<_> = (0..201).map(|n| site.start_of("web", &format!("team{n}"))).collect();
    let mut since = 0;
    let mut seen = HashSet::new();
    while seen.len() < 200 {
        let orders = site.orders(&roof, since).await;
        since = orders.revision;
        for order in orders.orders.iter().filter(|order| seen.insert(order.session_id)) {
            site.report(&roof, order.session_id, order.fence, InstanceState::Running).await;
        }
    }
    assert_eq!(site.coordinator.instances.count_queued().await.unwrap(), 1, "beyond the capacity");
    assert_eq!(site.count("SELECT count(DISTINCT transport || host_port) FROM port_leases").await, 400);
    let last = site.count("SELECT id FROM sessions WHERE state = 'queued'").await;
    site.end(&roof, *seen.iter().next().unwrap()).await;
    assert_eq!(site.state(last).await, "starting", "there is room again");
    site.report(&roof, last, 1, InstanceState::Running).await;
    for start in starts {
        assert!(start.await.unwrap().is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sixth_instance_of_an_owner_is_refused_until_one_is_stopped() {
    let (site, roof) = site(10).await;
    for slug in ["web", "pwn", "a", "b", "c"] {
        site.running(&roof, slug, "ada").await;
    }
    assert!(matches!(site.start_of("d", "ada").await.unwrap(), Err(CoreError::Quota(5))));
    site.running(&roof, "d", "bob").await;
    site.end(&roof, 1).await;
    assert_eq!(site.state(1).await, "stopped");
    site.running(&roof, "d", "ada").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_life_ends_by_the_clock_also_over_a_restart_and_the_ports_are_free_when_it_is_removed() {
    let (mut site, roof) = site(10).await;
    let id = site.running(&roof, "web", "ada").await.placed.session.id;
    site.clock.advance(LIFETIME - Duration::from_secs(1));
    site.coordinator.instances.reap().await.unwrap();
    assert_eq!(site.state(id).await, "running");
    site.restart().await;
    site.clock.advance(Duration::from_secs(1));
    site.coordinator.instances.reap().await.unwrap();
    assert_eq!(site.state(id).await, "stopping");
    site.register_engine(&roof, 10).await;
    let orders = site.orders(&roof, 0).await;
    assert!(orders.complete && orders.orders.len() == 1 && orders.orders[0].run.is_none());
    assert_eq!(site.count("SELECT count(*) FROM port_leases").await, 2);
    site.report(&roof, id, 1, InstanceState::Removed).await;
    assert_eq!(site.state(id).await, "stopped");
    assert_eq!(site.count("SELECT count(*) FROM port_leases").await, 0);
    assert!(site.orders(&roof, 0).await.orders.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_fails_is_tried_again_with_other_ports_and_an_old_fence_changes_nothing() {
    let (site, roof) = site(10).await;
    let starting = site.start_of("web", "ada");
    let mut ports = HashSet::new();
    for fence in 1..=4 {
        let order = site.order(&roof, fence).await;
        ports.extend(order.run.unwrap().published.iter().map(|it| (it.port, it.host_port)));
        site.report(&roof, 1, fence - 1, InstanceState::Running).await;
        assert_eq!(site.state(1).await, "starting");
        site.report(&roof, 1, fence, InstanceState::Failed).await;
    }
    assert!(matches!(starting.await.unwrap(), Err(CoreError::StartFailed)));
    assert!(ports.len() > 2, "{ports:?}");
    assert_eq!(site.state(1).await, "failed");
    assert_eq!(site.count("SELECT count(*) FROM port_leases").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_has_run_for_ten_minutes_has_its_tries_again() {
    let (site, roof) = site(10).await;
    let id = site.running(&roof, "web", "ada").await.placed.session.id;
    for fence in 1..=4 {
        site.clock.advance(Duration::from_secs(300));
        site.report(&roof, id, fence, InstanceState::Failed).await;
        assert_eq!(site.state(id).await, if fence < 4 { "starting" } else { "failed" }, "{fence}");
    }
    let id = site.running(&roof, "web", "eve").await.placed.session.id;
    for fence in 1..=5 {
        site.clock.advance(Duration::from_secs(600));
        site.report(&roof, id, fence, InstanceState::Failed).await;
        site.report(&roof, id, fence + 1, InstanceState::Running).await;
        assert_eq!(site.state(id).await, "running", "{fence}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_runner_keeps_its_instances_lost_until_it_is_back_and_a_removed_one_loses_them() {
    let (site, roof) = site(10).await;
    let id = site.running(&roof, "web", "ada").await.placed.session.id;
    site.clock.advance(Duration::from_secs(120));
    site.coordinator.instances.look_after_runners().await.unwrap();
    assert_eq!(site.state(id).await, "lost");
    let again = site.start_of("web", "ada").await.unwrap().unwrap();
    assert!(!again.is_new && again.placed.session.id == id, "it is still the owner's");
    site.register_engine(&roof, 10).await;
    site.report(&roof, id, 1, InstanceState::Running).await;
    assert_eq!(site.state(id).await, "running");
    let actor = Actor::command_line();
    site.coordinator.runner_api.remove_runner(&roof.runner_id, actor).await.unwrap();
    site.coordinator.instances.look_after_runners().await.unwrap();
    assert_eq!(site.state(id).await, "failed");
}
