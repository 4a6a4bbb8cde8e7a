//! The agent: keeps the server informed and carries out what it hands out.
//!
//! Four loops that never wait for a radio: [`link`] registers, [`heartbeat`] renews leases, [`poll`] fetches work,
//! [`report`] delivers ends. Each transmission is a task of its own ([`work`]).

mod answer;
pub mod api;
pub(crate) mod backoff;
mod client;
mod desk;
pub mod enrolment;
mod heartbeat;
mod host;
pub mod identity;
mod ledger;
mod link;
pub mod logs;
mod poll;
mod proxies;
mod report;
mod slots;
pub mod state;
mod supervision;
mod trust;
mod work;

use crate::cache::Cache;
use crate::config::Config;
use crate::transmit::watch::this_program;
use api::Api;
use challengectl_common::wire::Intervals;
pub use desk::{Desk, View};
use ledger::Ledger;
use sd_notify::NotifyState;
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
const RADIOS_OFF: Duration = Duration::from_secs(8);
const LAST_REPORTS: Duration = Duration::from_secs(5);
const SIGN_OUT: Duration = Duration::from_secs(3);

/// A runner at work.
pub struct Agent {
    config: Config,
    program: PathBuf,
    api: Api,
    cache: Cache,
    ledger: Ledger,
    desk: Desk,
    slots: Slots,
    /// None while the server does not know this runner.
    link: watch::Sender<Option<Intervals>>,
    heartbeat_now: Notify,
    report_now: Notify,
    /// How often it has registered.
    registrations: AtomicI64,
    _state: StateFolder,
}

impl Agent {
    /// Takes up the state that the last run left.
    ///
    /// # Errors
    /// When the state folder cannot be used.
    pub fn new(config: Config, api: Api, state: StateFolder) -> anyhow::Result<Arc<Self>> {
        let cache = Cache::open(&config.state_dir.join("cache"), config.cache_max_bytes)?;
        let ledger = Ledger::load(&config.state_dir)?;
        if state.may_be_a_copy() {
            report::disown_unfinished(&ledger)?;
        }
        let slots = Slots::of(config.working_radios().map(|radio| radio.id.clone()));
        Ok(Arc::new(Self {
            config,
            program: this_program(),
            api,
            cache,
            ledger,
            desk: Desk::default(),
            slots,
            link: watch::Sender::new(None),
            heartbeat_now: Notify::new(),
            report_now: Notify::new(),
            registrations: AtomicI64::new(0),
            _state: state,
        }))
    }

    /// What it works on.
    #[must_use]
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// The server.
    #[must_use]
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// Whether the server knows this runner and answers.
    #[must_use]
    pub fn is_linked(&self) -> bool {
        self.link.borrow().is_some()
    }

    /// Works until `stop` is ready, then leaves in good order.
    pub async fn run(self: Arc<Self>, stop: impl Future<Output = ()>) {
        report::settle_unfinished(&self);
        let mut loops = JoinSet::new();
        loops.spawn(link::run(Arc::clone(&self)));
        loops.spawn(heartbeat::run(Arc::clone(&self)));
        loops.spawn(report::run(Arc::clone(&self)));
        let agent = Arc::clone(&self);
        // Whoever keeps the desk locked keeps every radio from being stopped.
        loops.spawn(supervision::keep_watchdog(move || drop(agent.desk.assignments())));
        supervision::tell(NotifyState::Ready);
        let polling = tokio::spawn(poll::run(Arc::clone(&self)));
        stop.await;
        supervision::tell(NotifyState::Stopping);
        tracing::info!("stopping");
        polling.abort();
        // Heartbeats go on until every radio is off.
        self.desk.stop_all("the runner was stopped");
        if timeout(RADIOS_OFF, self.desk.cleared()).await.is_err() {
            tracing::error!("a transmission did not end in time");
        }
        loops.shutdown().await;
        let _ = timeout(LAST_REPORTS, report::deliver(&self)).await;
        match timeout(SIGN_OUT, self.api.sign_out()).await {
            Ok(Ok(_)) => tracing::info!("signed out"),
            Ok(Err(error)) => tracing::info!("not signed out: {error}"),
            Err(_) => tracing::info!("not signed out: the server did not answer in time"),
        }
    }

    /// Returns when the server knows this runner; gives the intervals it asks for.
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

    /// The server must be told anew who this is.
    fn unlink(&self) {
        self.link.send_replace(None);
    }

    /// A later copy of this runner is at work: nothing of this one may be on air.
    fn make_way(&self) {
        self.desk.stop_all("a copy of this runner that was started later is at work");
        self.unlink();
    }

    /// What it works on, and what it has not yet reported.
    fn held(&self) -> Vec<i64> {
        let mut held = self.ledger.assignments();
        held.extend(self.desk.assignments());
        held.sort_unstable();
        held.dedup();
        held
    }
}
