//! What people and programs are shown.

pub mod activity;
pub mod history;
pub(crate) mod initial_state;
pub mod metrics;
pub(crate) mod on_air;
pub(crate) mod public;
pub(crate) mod runners;

use crate::air::Air;
use crate::challenges::Challenges;
use crate::context::Context;
use crate::fleet::Fleet;
use std::sync::Arc;

/// What people and programs are shown.
#[derive(Debug)]
pub struct Views {
    pub(crate) context: Arc<Context>,
    pub(crate) fleet: Arc<Fleet>,
    pub(crate) air: Arc<Air>,
    pub(crate) challenges: Arc<Challenges>,
}

impl Views {
    pub(crate) fn new(air: Arc<Air>, challenges: Arc<Challenges>) -> Arc<Self> {
        Arc::new(Self { context: Arc::clone(&air.context), fleet: Arc::clone(&air.fleet), air, challenges })
    }
}
