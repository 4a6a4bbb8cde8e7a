//! What the server does: it decides what goes on air when and where, and keeps accounts, runners, challenges and files.
//! It has no HTTP.
//!
//! [`Coordinator`] is the server's state. A change is committed to the database first, then applied in memory, then
//! announced by `Context::changed`; only what turns a carrier off may come before its commit. All state in memory can be
//! rebuilt from the database.

#![warn(missing_docs)]

pub mod accounts;
pub mod address_pool;
pub mod air;
pub mod audit;
pub mod bus;
pub mod catalog;
pub mod challenges;
pub mod clock;
pub mod context;
pub mod deployers;
pub mod deployments;
mod error;
pub mod files;
pub mod flags;
pub mod fleet;
pub mod instances;
mod looks;
pub mod maintenance;
pub mod network;
pub mod plan;
pub mod players;
mod redaction;
mod rules;
pub mod runner_api;
pub mod schedule;
mod secrets;
pub mod session;
pub mod store;
mod throttle;
mod vault;
pub mod views;

pub use accounts::{Accounts, Person, Role};
pub use air::assign::Polled;
pub use air::operating::control::Stopped;
pub use air::operating::{Decision, OperatingState};
pub use bus::challenge_state::ChallengeState;
pub use bus::events::Event;
pub use bus::liveness::{Liveness, RunnerStatus};
pub use challenges::Form;
pub use challenges::import_upload::{Imported, Intake, looks_renamed};
pub use clock::Clock;
pub use error::CoreError;
pub use files::folder::FileFolder;
pub use fleet::enrollment::{Enrollee, Enrollment};
pub use fleet::host_binding::Host;
pub use fleet::keys::{Binding, Caller};
pub use fleet::provisioning::{KeyChange, NewRadio, NewRunner, Provisioned, Provisioner, ProvisioningKey};
pub use fleet::tokens::{IssuedToken, Token, TokenLife, issue_token};
pub use instances::Instances;
pub use maintenance::readiness::Readiness;
pub use players::Players;
pub use rules::{HostBinding, Retention, Rules};
pub use runner_api::presence::{Heartbeat, Registration};
pub use store::fleet::runners::KnownRadio;
pub use views::history::Stats;
pub use views::initial_state::{ChallengeNow, RunnerNow, Snapshot};
pub use views::on_air::{OnAir, Phase};
pub use views::public::{PublicChallenge, PublicTuning};
pub use views::runners::RunnerState;

use crate::store::Store;
use air::Air;
use bus::alarms::Alarms;
use catalog::Catalog;
use challenges::Challenges;
use context::Context;
use deployments::Deployments;
use files::Files;
use flags::Flags;
use fleet::Fleet;
use fleet::keys::Keyring;
use fleet::presence::Presence;
use maintenance::Maintenance;
use plan::Forecast;
use runner_api::RunnerApi;
use std::sync::Arc;
use vault::Vault;
use views::Views;

/// The server's state: its components, wired. Each is the only owner of its state in memory.
#[derive(Debug)]
pub struct Coordinator {
    /// The database, the clock, and the publishing of changes.
    pub context: Arc<Context>,
    /// The runners.
    pub fleet: Arc<Fleet>,
    /// The payload files of challenges.
    pub files: Arc<Files>,
    /// What is on air, and what may go on air.
    pub air: Arc<Air>,
    /// The challenges.
    pub challenges: Arc<Challenges>,
    /// The requests of runners.
    pub runner_api: Arc<RunnerApi>,
    /// The views for people and programs.
    pub views: Arc<Views>,
    /// The flags of all challenges.
    pub flags: Arc<Flags>,
    /// The instances.
    pub instances: Arc<Instances>,
    /// The challenges that are deployed for teams.
    pub deployments: Arc<Deployments>,
    /// The challenges of all kinds, as organisers of CTFd know them.
    pub catalog: Arc<Catalog>,
    /// The plan of the event, as it is stored.
    pub forecast: Arc<Forecast>,
    /// The background jobs.
    pub maintenance: Arc<Maintenance>,
}

impl Coordinator {
    /// Starts the coordinator from the state in the database. Call it within a runtime that outlives all requests.
    pub async fn start(store: Store, folder: FileFolder, rules: Rules, clock: Clock) -> Result<Arc<Self>, CoreError> {
        let mut connection = store.read().await?;
        let keys = store::fleet::keys::in_force(&mut connection).await?;
        let present = store::fleet::runners::present(&mut connection).await?;
        let radios = store::fleet::runners::radios(&mut connection).await?;
        let live = store::air::assignments::live(&mut connection).await?;
        let restored = store::air::control::is_restored(&mut connection).await?;
        let alarms = store::log::alarms::all(&mut connection).await?;
        let revision = store::instances::sessions::revision(&mut connection).await?;
        let has_secrets = store::accounts::are_there(&mut connection).await?;
        drop(connection);
        let vault = Arc::new(Vault::open(store.folder(), has_secrets)?);
        let presence = Presence::new(present, radios, &clock);
        let alarms = Alarms::restored(alarms, &clock);
        let context = Context::new(store, clock, rules, alarms);
        let fleet = Fleet::new(Arc::clone(&context), presence, Keyring::new(keys));
        let files = Files::new(Arc::clone(&context), folder);
        let air = Air::new(Arc::clone(&context), Arc::clone(&fleet), Arc::clone(&files), live, restored);
        let challenges = Challenges::new(Arc::clone(&air));
        let flags = Flags::new(Arc::clone(&context), Arc::clone(&vault));
        let instances = Instances::new(Arc::clone(&context), Arc::clone(&fleet), Arc::clone(&flags), vault, revision);
        let deployments = Deployments::new(Arc::clone(&context), Arc::clone(&instances));
        Ok(Arc::new(Self {
            runner_api: RunnerApi::new(Arc::clone(&air)),
            views: Views::new(Arc::clone(&air), Arc::clone(&challenges)),
            maintenance: Maintenance::new(Arc::clone(&air), Arc::clone(&challenges), Arc::clone(&deployments)),
            forecast: Forecast::new(Arc::clone(&context)),
            catalog: Catalog::new(Arc::clone(&context), Arc::clone(&flags), Arc::clone(&instances), Arc::clone(&files)),
            context,
            fleet,
            files,
            flags,
            air,
            challenges,
            instances,
            deployments,
        }))
    }

    /// Reads the schedule view; returns when that is done, also if it failed.
    pub async fn pulse(&self) {
        if let Err(error) = self.air.schedule_view().await {
            tracing::warn!(%error, "the schedule could not be read");
        }
    }

    /// Stops handing out work; waiting polls are answered at once.
    pub fn stop(&self) {
        self.context.revision.stop();
    }

    /// Writes the state that is only in memory to the database, and closes it.
    pub async fn close(&self) {
        if let Err(error) = self.maintenance.flush().await {
            tracing::error!(%error, "the last heartbeats could not be written");
        }
        self.context.store.close().await;
    }
}
