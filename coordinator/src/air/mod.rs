//! What goes on air: assigning challenges, their leases, and the operating state.

pub(crate) mod assign;
mod complete;
mod due;
mod ended;
pub(crate) mod leases;
pub(crate) mod liveness;
mod look_around;
pub(crate) mod operating;
mod reclaim;
mod resend;
pub(crate) mod schedule_view;
mod tally;
mod task;

use crate::bus::cached::Cached;
use crate::context::Context;
use crate::files::Files;
use crate::fleet::Fleet;
use crate::store::LiveAssignment;
use leases::Leases;
use operating::aftermath::Aftermath;
use operating::emergency::Latch;
use schedule_view::ScheduleView;
use std::sync::Arc;
use tally::Tally;
use tokio::sync::Mutex;

/// What is on air, and what may go on air.
#[derive(Debug)]
pub struct Air {
    pub(crate) context: Arc<Context>,
    pub(crate) fleet: Arc<Fleet>,
    pub(crate) files: Arc<Files>,
    pub(crate) leases: Leases,
    pub(crate) view: Cached<ScheduleView>,
    pub(crate) latch: Latch,
    pub(crate) aftermath: Aftermath,
    pub(crate) tally: Tally,
    /// The assign lock: serialises assigning. Held (a) so that waking 1,000 pollers costs one database read, (b) from
    /// the commit until the event is published, so that subscribers see a challenge freed before it is assigned again.
    pub(crate) turn: Mutex<()>,
}

impl Air {
    /// Makes leases for the live assignments. `restored`: the database comes from a restore.
    pub(crate) fn new(
        context: Arc<Context>,
        fleet: Arc<Fleet>,
        files: Arc<Files>,
        live: Vec<LiveAssignment>,
        restored: bool,
    ) -> Arc<Self> {
        let (now, rules) = (context.clock.instant(), &context.rules);
        let air = Self {
            // Each lease may have been renewed just before the server ended.
            leases: Leases::new(live, now, rules.lease),
            view: Cached::default(),
            latch: Latch::open(context.store.folder(), context.clock.now()),
            aftermath: Aftermath::until(restored.then(|| now.after(rules.lease + rules.grace))),
            tally: Tally::default(),
            turn: Mutex::default(),
            context,
            fleet,
            files,
        };
        if air.latch.is_set() {
            air.leases.abort_everything();
        }
        Arc::new(air)
    }
}
