//! What the system does. No HTTP, no SQL text.
//!
//! [`Coordinator`] is the server's state. Every change is committed to the database first, then made in memory, then
//! announced by `Coordinator::changed`; what is in memory can always be made anew from the database.

pub mod accounts;
mod again;
mod alarm_kind;
pub mod alarms;
pub mod archive;
pub mod audit;
pub mod backup;
mod batches;
mod binding;
mod cached;
mod challenges;
pub mod check;
pub mod clock;
mod control;
mod dispatch;
mod endings;
mod enrolment;
mod error;
pub mod events;
pub mod export;
pub mod figures;
pub mod files;
mod fleet;
mod gate;
mod history;
mod hours;
pub mod import;
mod intake;
mod invitations;
mod jobs;
mod keyring;
mod latch;
mod leases;
mod liveness;
mod lives;
mod logbook;
pub mod network;
mod on_air;
mod outlook;
mod presence;
mod provisioning;
mod public;
mod readiness;
mod redaction;
mod reports;
mod runners;
pub mod schedule;
mod signals;
mod snapshot;
mod sweep;
pub mod timekeeping;
mod unused;
pub mod uploads;

pub use accounts::{Accounts, Person, Role};
pub use binding::{Host, HostBinding};
pub use challenges::Form;
pub use clock::Clock;
pub use control::Stopped;
pub use dispatch::Polled;
pub use enrolment::{Enrolment, Newcomer};
pub use error::CoreError;
pub use events::Event;
pub use files::FileFolder;
pub use gate::Gate;
pub use history::{Retention, Stats};
pub use intake::{Imported, Intake, looks_renamed};
pub use invitations::{Invitation, TokenLife, issue_token};
pub use keyring::{Binding, Caller};
pub use liveness::{Liveness, RunnerStatus};
pub use on_air::OnAir;
pub use presence::{Heartbeat, Registration};
pub use provisioning::{KeyChange, NewRadio, NewRunner, Provisioned, Provisioner};
pub use public::{PublicChallenge, PublicTuning};
pub use readiness::Readiness;
pub use runners::RunnerState;
pub use snapshot::{ChallengeNow, RunnerNow, Snapshot};

use crate::store::challenges::Challenge;
use crate::store::{self, Store};
use accounts::throttle::Throttle;
use alarms::Alarms;
use cached::Cached;
use challengectl_common::FrequencyRules;
use challengectl_common::wire::Intervals;
use events::Events;
use figures::Tally;
use fleet::Fleet;
use keyring::Keyring;
use latch::Latch;
use leases::Leases;
use logbook::Logbook;
use outlook::Outlook;
use readiness::LastLook;
use signals::Signals;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use timekeeping::Timekeeper;
use tokio::runtime::Handle;
use tokio::sync::watch;

/// How the coordinator works.
#[derive(Debug, Clone)]
pub struct Rules {
    /// How long a lease runs from its last renewal.
    pub lease: Duration,
    /// How long after that the server waits before it gives anything to others.
    pub grace: Duration,
    /// How often runners are to send heartbeats.
    pub heartbeat_interval: Duration,
    /// How often runners are to poll that do not wait.
    pub poll_interval: Duration,
    /// Hertz kept free between two signals.
    pub guard_hz: u64,
    /// Where signals may be sent at all.
    pub frequency_rules: FrequencyRules,
    /// How much of the past is kept.
    pub retention: Retention,
    /// What becomes of a runner's key on another machine.
    pub host_binding: HostBinding,
}

impl Rules {
    fn intervals(&self) -> Intervals {
        Intervals {
            heartbeat_interval: self.heartbeat_interval.as_secs_f64(),
            poll_interval: self.poll_interval.as_secs_f64(),
            lease_seconds: self.lease.as_secs_f64(),
        }
    }
}

/// The coordinator: the database, and what is kept in memory beside it.
#[derive(Debug)]
pub struct Coordinator {
    store: Store,
    files: FileFolder,
    rules: Rules,
    clock: Clock,
    keyring: Keyring,
    fleet: Fleet,
    leases: Leases,
    outlook: Cached<Outlook>,
    challenges: Cached<Vec<Challenge>>,
    logbook: Logbook,
    events: Events,
    signals: Signals,
    event_file: OnceLock<PathBuf>,
    certificate: OnceLock<String>,
    throttle: Throttle,
    last_look: LastLook,
    tally: Tally,
    alarms: Alarms,
    timekeeper: Timekeeper,
    latch: Latch,
    /// Held while work is handed out, so that of a thousand runners that wake for one challenge one asks the database.
    turn: tokio::sync::Mutex<()>,
    runtime: Handle,
}

impl Coordinator {
    /// Takes up the work where the database says it was left. Call it within a runtime that outlives all requests.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn start(store: Store, files: FileFolder, rules: Rules, clock: Clock) -> Result<Arc<Self>, CoreError> {
        let mut connection = store.read().await?;
        let keys = store::keys::in_force(&mut connection).await?;
        let present = store::runners::present(&mut connection).await?;
        let radios = store::runners::radios(&mut connection).await?;
        let live = store::assignments::live(&mut connection).await?;
        drop(connection);
        let coordinator = Self {
            keyring: Keyring::new(keys),
            fleet: Fleet::new(present, radios, &clock),
            // Each may have been renewed just before the server ended.
            leases: Leases::new(live, clock.instant(), rules.lease),
            outlook: Cached::default(),
            challenges: Cached::default(),
            logbook: Logbook::default(),
            events: Events::default(),
            signals: Signals::default(),
            event_file: OnceLock::new(),
            certificate: OnceLock::new(),
            throttle: Throttle::default(),
            last_look: LastLook::default(),
            tally: Tally::default(),
            alarms: Alarms::default(),
            timekeeper: Timekeeper::new(&clock),
            latch: Latch::open(store.folder(), clock.now()),
            turn: tokio::sync::Mutex::default(),
            runtime: Handle::current(),
            store,
            files,
            rules,
            clock,
        };
        if coordinator.latch.is_set() {
            coordinator.leases.abort_everything();
        }
        Ok(Arc::new(coordinator))
    }

    /// What the clock says.
    #[must_use]
    pub fn now(&self) -> challengectl_common::Timestamp {
        self.clock.now()
    }

    /// Marked whenever anything has changed that others may see.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.signals.subscribe()
    }

    /// Returns when a look at the schedule has come to its end, with or without an error.
    pub async fn pulse(&self) {
        if let Err(error) = self.outlook().await {
            tracing::warn!(%error, "the schedule could not be read");
        }
    }

    /// Stops handing out; who waits for work is sent home.
    pub fn stop(&self) {
        self.signals.stop();
    }

    /// Writes down what is only in memory, and closes the database.
    pub async fn close(&self) {
        if let Err(error) = self.flush().await {
            tracing::error!(%error, "the last heartbeats could not be written");
        }
        self.store.close().await;
    }

    /// Announces a change that has been committed: what was known of the schedule is out of date, and who waits looks
    /// again.
    fn changed(&self) {
        self.signals.announce();
    }

    /// Carries work through to its end also when the caller goes away in the middle, as a request does whose
    /// connection breaks: between a commit and the change in memory nothing may be lost.
    async fn undisturbed<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, CoreError>> + Send + 'static,
    ) -> Result<T, CoreError> {
        self.runtime.spawn(work).await.map_err(|_| CoreError::Interrupted)?
    }
}
