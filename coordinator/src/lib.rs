//! What the server does: it decides what goes on air when and where, and keeps accounts, runners, challenges and files.
//! It knows nothing of HTTP.
//!
//! [`Coordinator`] is the server's state. Every change is committed to the database first, then made in memory, then
//! announced by `Coordinator::changed`; what is in memory can always be made anew from the database.

#![warn(missing_docs)]

pub mod accounts;
mod air;
pub mod audit;
mod batches;
pub mod bus;
pub mod challenges;
pub mod clock;
mod error;
pub mod files;
mod fleet;
pub mod maintenance;
pub mod network;
mod readiness;
mod redaction;
mod runner_api;
pub mod schedule;
pub mod store;
mod throttle;
pub mod views;

pub use accounts::{Accounts, Person, Role};
pub use air::assign::Polled;
pub use air::control::Stopped;
pub use air::operating::{Decision, Gate};
pub use bus::events::Event;
pub use challenges::Form;
pub use challenges::import_upload::{Imported, Intake, looks_renamed};
pub use clock::Clock;
pub use error::CoreError;
pub use files::folder::FileFolder;
pub use fleet::enrollment::{Enrolment, Newcomer};
pub use fleet::host_binding::{Host, HostBinding};
pub use fleet::keys::{Binding, Caller};
pub use fleet::liveness::{Liveness, RunnerStatus};
pub use fleet::provisioning::{KeyChange, NewRadio, NewRunner, Provisioned, Provisioner, ProvisioningKey};
pub use fleet::tokens::{Invitation, Token, TokenLife, issue_token};
pub use readiness::Readiness;
pub use runner_api::presence::{Heartbeat, Registration};
pub use runner_api::runners::RunnerState;
pub use views::history::{Retention, Stats};
pub use views::initial_state::{ChallengeNow, RunnerNow, Snapshot};
pub use views::on_air::OnAir;
pub use views::public::{PublicChallenge, PublicTuning};

use crate::store::Store;
use crate::store::challenges::Challenge;
use air::aftermath::Aftermath;
use air::emergency::Latch;
use air::leases::Leases;
use air::schedule_view::Outlook;
use bus::cached::Cached;
use bus::events::Events;
use bus::log::Logbook;
use bus::revision::Signals;
use challengectl_common::FrequencyRules;
use challengectl_common::wire::Rhythm;
use clock::Moment;
use fleet::keys::Keyring;
use fleet::presence::Fleet;
use maintenance::alarms::Alarms;
use maintenance::timekeeping::Timekeeper;
use readiness::LastLook;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use throttle::Throttle;
use tokio::runtime::Handle;
use tokio::sync::watch;
use views::metrics::Tally;

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
    fn rhythm(&self) -> Rhythm {
        Rhythm {
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
    aftermath: Aftermath,
    started: Moment,
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
        let keys = store::fleet::keys::in_force(&mut connection).await?;
        let present = store::fleet::runners::present(&mut connection).await?;
        let radios = store::fleet::runners::radios(&mut connection).await?;
        let live = store::air::assignments::live(&mut connection).await?;
        let restored = store::air::control::is_restored(&mut connection).await?;
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
            aftermath: Aftermath::until(restored.then(|| clock.instant().after(rules.lease + rules.grace))),
            started: clock.instant(),
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
        let done = self.runtime.spawn(work).await.map_err(|_| CoreError::Interrupted).flatten();
        if let Err(CoreError::Interrupted | CoreError::Store(_)) = done {
            // It may be in the database all the same: what is kept of that is read anew.
            self.changed();
        }
        done
    }
}
