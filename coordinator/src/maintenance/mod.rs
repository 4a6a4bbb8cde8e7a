//! What is done by itself, or by hand now and then.

pub mod alarms;
pub mod backup;
pub mod check;
mod jobs;
pub(crate) mod readiness;
pub(crate) mod retention;
pub mod timekeeping;

use crate::air::Air;
use crate::challenges::Challenges;
use crate::context::Context;
use crate::files::Files;
use crate::fleet::Fleet;
use readiness::LastLook;
use std::sync::Arc;
use timekeeping::Timekeeper;

/// What is done by itself.
#[derive(Debug)]
pub struct Maintenance {
    pub(crate) context: Arc<Context>,
    pub(crate) fleet: Arc<Fleet>,
    pub(crate) air: Arc<Air>,
    pub(crate) challenges: Arc<Challenges>,
    pub(crate) files: Arc<Files>,
    pub(crate) timekeeper: Timekeeper,
    pub(crate) last_look: LastLook,
}

impl Maintenance {
    pub(crate) fn new(air: Arc<Air>, challenges: Arc<Challenges>) -> Arc<Self> {
        let (context, fleet, files) = (Arc::clone(&air.context), Arc::clone(&air.fleet), Arc::clone(&air.files));
        let timekeeper = Timekeeper::new(&context.clock);
        Arc::new(Self { context, fleet, air, challenges, files, timekeeper, last_look: LastLook::default() })
    }
}
