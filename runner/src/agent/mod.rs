//! The agent: reports to the server and carries out the assignments that it hands out.
//!
//! Four loops that never wait for a radio: [`link`] registers, [`heartbeat`] renews leases, [`poll`] asks for work,
//! [`report`] delivers reports. Each transmission is a task of its own ([`work`]). A runner with engines has three more
//! ([`instances`]).

mod active;
pub(crate) mod enrollment;
mod health;
mod heartbeat;
mod instances;
mod ledger;
mod link;
pub(crate) mod logs;
mod poll;
mod report;
mod slots;
pub(crate) mod state;
mod work;

use crate::api::Api;
use crate::cache::Cache;
use crate::config::Config;
use crate::process::{priority, this_program};
use crate::transmit::Children;
pub(crate) use active::{ActiveAssignments, View};
use challengectl_common::wire::Intervals;
use challengectl_host::service;
use health::Health;
use instances::Instances;
use ledger::Ledger;
use slots::Slots;
use state::StateFolder;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Time limits of an orderly end: radios off, then the last reports, then signing out. The time of opening a radio that
/// has to be silenced from outside is added to that of radios.
const RADIOS_OFF_TIMEOUT: Duration = Duration::from_secs(8);
const LAST_REPORTS_TIMEOUT: Duration = Duration::from_secs(5);
const SIGN_OUT_TIMEOUT: Duration = Duration::from_secs(3);

/// A running agent.
pub(crate) struct Agent {
    config: Config,
    children: Children,
    api: Api,
    cache: Cache,
    ledger: Ledger,
    active: ActiveAssignments,
    slots: Slots,
    health: Health,
    instances: Instances,
    /// The intervals that the server sets; `None` while this runner is not registered.
    link: watch::Sender<Option<Intervals>>,
    heartbeat_now: Notify,
    report_now: Notify,
    /// The number of registrations in this life.
    registrations: AtomicI64,
    /// Locked as long as the agent lives.
    _state: StateFolder,
}

impl Agent {
    /// Builds an agent from the state of the last life.
    pub(crate) fn new(config: Config, api: Api, mut state: StateFolder) -> anyhow::Result<Arc<Self>> {
        let cache = Cache::open(&config.state_dir.join("cache"), config.cache_max_bytes)?;
        let ledger = Ledger::load(&config.state_dir)?;
        if state.may_be_a_copy() {
            report::disown_unfinished(&ledger)?;
        }
        state.settle()?;
        let slots = Slots::of(&config);
        let instances = Instances::new(&config.engines, &config.state_dir)?;
        let children = Children::new(&this_program(), config.timeouts());
        Ok(Arc::new(Self {
            config,
            children,
            api,
            cache,
            ledger,
            active: ActiveAssignments::default(),
            slots,
            health: Health::default(),
            instances,
            link: watch::Sender::new(None),
            heartbeat_now: Notify::new(),
            report_now: Notify::new(),
            registrations: AtomicI64::new(0),
            _state: state,
        }))
    }

    pub(crate) fn active(&self) -> &ActiveAssignments {
        &self.active
    }

    /// Returns whether this runner is registered and the server answers.
    pub(crate) fn is_linked(&self) -> bool {
        self.link.borrow().is_some()
    }

    /// Runs until `stop` is ready, then ends in order.
    pub(crate) async fn run(self: Arc<Self>, stop: impl Future<Output = ()>) {
        health::silence_left_open(&self.config).await;
        if self.config.has_devices() && !priority::is_permitted() {
            tracing::warn!(
                "radios may run dry while this host is busy, since their processes may not run before others; \
                 LimitRTPRIO=1 in the unit allows it (docs/radios.md)"
            );
        }
        report::settle_unfinished(&self);
        let mut loops = JoinSet::new();
        loops.spawn(link::run(Arc::clone(&self)));
        loops.spawn(heartbeat::run(Arc::clone(&self)));
        loops.spawn(report::run(Arc::clone(&self)));
        loops.spawn(keep_watchdog(Arc::clone(&self)));
        instances::spawn(&self, &mut loops);
        service::notify_ready();
        let polling = tokio::spawn(poll::run(Arc::clone(&self)));
        stop.await;
        service::notify_stopping();
        tracing::info!("stopping");
        polling.abort();
        // Heartbeats continue until every radio is off.
        self.active.stop_all("the runner was stopped");
        if timeout(RADIOS_OFF_TIMEOUT + self.config.timeouts().open, self.active.cleared()).await.is_err() {
            tracing::error!("a transmission did not end in time");
        }
        self.children.release().await;
        loops.shutdown().await;
        let _ = timeout(LAST_REPORTS_TIMEOUT, report::deliver(&self)).await;
        match timeout(SIGN_OUT_TIMEOUT, self.api.sign_out()).await {
            Ok(Ok(_)) => tracing::info!("signed out"),
            Ok(Err(error)) => tracing::info!("not signed out: {error}"),
            Err(_) => tracing::info!("not signed out: the server did not answer in time"),
        }
    }

    /// Waits until this runner is registered; returns the intervals that the server sets.
    async fn linked(&self) -> Intervals {
        let mut link = self.link.subscribe();
        loop {
            if let Some(intervals) = *link.borrow_and_update() {
                return intervals;
            }
            // The sender lives as long as the agent.
            let _ = link.changed().await;
        }
    }

    /// Makes the runner register again.
    fn unlink(&self) {
        self.link.send_replace(None);
    }

    /// Stops all transmissions, since a copy of this runner that was started later is running.
    fn yield_to_copy(&self) {
        self.active.stop_all("a copy of this runner that was started later is running");
        self.unlink();
    }

    /// Returns the assignments that are active or not yet reported.
    fn held(&self) -> Vec<i64> {
        let mut held = self.ledger.assignments();
        held.extend(self.active.ids());
        held.sort_unstable();
        held.dedup();
        held
    }
}

/// Notifies the service manager's watchdog as long as the active assignments can be locked: if they cannot, no radio
/// can be stopped. Neither an absent server nor a hanging radio is a reason to restart; the radio's process has a
/// watchdog of its own.
async fn keep_watchdog(agent: Arc<Agent>) {
    service::keep_watchdog(|| {
        drop(agent.active.ids());
        std::future::ready(())
    })
    .await;
}
