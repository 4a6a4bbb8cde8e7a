//! The agent: keeps the server informed and carries out what it hands out.
//!
//! Four loops that never wait for a radio: [`link`] registers, [`heartbeat`] renews leases, [`poll`] asks for work,
//! [`report`] delivers how assignments ended. Each transmission is a task of its own ([`work`]).

mod active;
pub(crate) mod enrollment;
mod heartbeat;
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
use crate::process::this_program;
pub(crate) use active::{ActiveAssignments, View};
use challengectl_common::wire::Intervals;
use challengectl_host::service;
use ledger::Ledger;
use slots::Slots;
use state::StateFolder;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// What stopping may take: radios first, then the last reports, then the sign-out.
const RADIOS_OFF_TIMEOUT: Duration = Duration::from_secs(8);
const LAST_REPORTS_TIMEOUT: Duration = Duration::from_secs(5);
const SIGN_OUT_TIMEOUT: Duration = Duration::from_secs(3);

/// A runner at work.
pub(crate) struct Agent {
    config: Config,
    program: PathBuf,
    api: Api,
    cache: Cache,
    ledger: Ledger,
    active: ActiveAssignments,
    slots: Slots,
    /// The intervals that the server asks for; `None` while it does not know this runner.
    link: watch::Sender<Option<Intervals>>,
    heartbeat_now: Notify,
    report_now: Notify,
    /// Registrations in this life.
    registrations: AtomicI64,
    /// Locked as long as the agent lives.
    _state: StateFolder,
}

impl Agent {
    /// Builds an agent on the state that the last life left.
    pub(crate) fn new(config: Config, api: Api, mut state: StateFolder) -> anyhow::Result<Arc<Self>> {
        let cache = Cache::open(&config.state_dir.join("cache"), config.cache_max_bytes)?;
        let ledger = Ledger::load(&config.state_dir)?;
        if state.may_be_a_copy() {
            report::disown_unfinished(&ledger)?;
        }
        state.settle()?;
        let slots = Slots::of(&config);
        Ok(Arc::new(Self {
            config,
            program: this_program(),
            api,
            cache,
            ledger,
            active: ActiveAssignments::default(),
            slots,
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

    /// Returns whether the server knows this runner and answers.
    pub(crate) fn is_linked(&self) -> bool {
        self.link.borrow().is_some()
    }

    /// Works until `stop` is ready, then ends in good order.
    pub(crate) async fn run(self: Arc<Self>, stop: impl Future<Output = ()>) {
        report::settle_unfinished(&self);
        let mut loops = JoinSet::new();
        loops.spawn(link::run(Arc::clone(&self)));
        loops.spawn(heartbeat::run(Arc::clone(&self)));
        loops.spawn(report::run(Arc::clone(&self)));
        loops.spawn(keep_watchdog(Arc::clone(&self)));
        service::notify_ready();
        let polling = tokio::spawn(poll::run(Arc::clone(&self)));
        stop.await;
        service::notify_stopping();
        tracing::info!("stopping");
        polling.abort();
        // Heartbeats go on until every radio is off.
        self.active.stop_all("the runner was stopped");
        if timeout(RADIOS_OFF_TIMEOUT, self.active.cleared()).await.is_err() {
            tracing::error!("a transmission did not end in time");
        }
        loops.shutdown().await;
        let _ = timeout(LAST_REPORTS_TIMEOUT, report::deliver(&self)).await;
        match timeout(SIGN_OUT_TIMEOUT, self.api.sign_out()).await {
            Ok(Ok(_)) => tracing::info!("signed out"),
            Ok(Err(error)) => tracing::info!("not signed out: {error}"),
            Err(_) => tracing::info!("not signed out: the server did not answer in time"),
        }
    }

    /// Waits until the server knows this runner; returns the intervals that it asks for.
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

    /// Has the runner register again.
    fn unlink(&self) {
        self.link.send_replace(None);
    }

    /// Goes off the air, since a later copy of this runner is at work.
    fn make_way(&self) {
        self.active.stop_all("a copy of this runner that was started later is at work");
        self.unlink();
    }

    /// Returns the assignments that it works on or has not yet reported.
    fn held(&self) -> Vec<i64> {
        let mut held = self.ledger.assignments();
        held.extend(self.active.ids());
        held.sort_unstable();
        held.dedup();
        held
    }
}

/// Keeps the service manager's watchdog from killing the runner. A server that is away is no reason to be killed, and a
/// radio that hangs neither: its own watchdog ends its process. But while the active assignments stay locked, no radio
/// can be stopped.
async fn keep_watchdog(agent: Arc<Agent>) {
    service::keep_watchdog(|| {
        drop(agent.active.ids());
        std::future::ready(())
    })
    .await;
}
