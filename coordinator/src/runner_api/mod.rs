//! Requests of runners, and of operators about runners, that need both the fleet and the air.

pub(crate) mod administration;
pub(crate) mod enroll;
mod log;
pub(crate) mod presence;

use crate::air::Air;
use crate::context::Context;
use crate::fleet::Fleet;
use std::sync::Arc;

/// The use cases that need both the fleet and the air.
#[derive(Debug)]
pub struct RunnerApi {
    pub(crate) context: Arc<Context>,
    pub(crate) fleet: Arc<Fleet>,
    pub(crate) air: Arc<Air>,
}

impl RunnerApi {
    pub(crate) fn new(air: Arc<Air>) -> Arc<Self> {
        Arc::new(Self { context: Arc::clone(&air.context), fleet: Arc::clone(&air.fleet), air })
    }
}
