//! Maintenance: background jobs, and backup, restore and check by hand.

pub mod alarms;
pub mod backup;
mod backup_download;
pub mod check;
mod jobs;
pub(crate) mod readiness;
pub mod registry;
pub(crate) mod retention;
pub mod timekeeping;

use crate::air::Air;
use crate::challenges::Challenges;
use crate::context::Context;
use crate::deployments::Deployments;
use crate::files::Files;
use crate::fleet::Fleet;
use crate::instances::Instances;
use parking_lot::Mutex;
use readiness::LastCheck;
use registry::{JobState, Registry};
use std::sync::Arc;
use timekeeping::Timekeeper;

/// The background jobs.
#[derive(Debug)]
pub struct Maintenance {
    pub(crate) context: Arc<Context>,
    pub(crate) fleet: Arc<Fleet>,
    pub(crate) air: Arc<Air>,
    pub(crate) challenges: Arc<Challenges>,
    pub(crate) files: Arc<Files>,
    pub(crate) instances: Arc<Instances>,
    pub(crate) deployments: Arc<Deployments>,
    pub(crate) timekeeper: Timekeeper,
    pub(crate) last_check: LastCheck,
    pub(crate) registry: Registry,
    /// The version counter of the database up to which memory has applied the changes of other processes.
    pub(crate) seen_version: Mutex<Option<i64>>,
}

impl Maintenance {
    /// Returns the background jobs.
    #[must_use]
    pub fn jobs(&self) -> Vec<(&'static str, JobState)> {
        self.registry.all()
    }

    pub(crate) fn new(air: Arc<Air>, challenges: Arc<Challenges>, deployments: Arc<Deployments>) -> Arc<Self> {
        let (context, fleet, files) = (Arc::clone(&air.context), Arc::clone(&air.fleet), Arc::clone(&air.files));
        let timekeeper = Timekeeper::new(&context.clock);
        let (last_check, registry, seen_version) = (LastCheck::default(), Registry::default(), Mutex::default());
        Arc::new(Self {
            context,
            fleet,
            air,
            challenges,
            files,
            instances: Arc::clone(&deployments.instances),
            deployments,
            timekeeper,
            last_check,
            registry,
            seen_version,
        })
    }
}
