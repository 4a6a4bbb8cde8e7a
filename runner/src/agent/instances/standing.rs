//! What is known of sessions, and which of them are due.

use super::Instances;
use challengectl_common::wire::instances::{InstanceReport, Order};

/// What is known of a session.
pub(super) struct Standing {
    pub(super) order: Order,
    /// Whether a task is carrying out an order of it.
    pub(super) is_busy: bool,
    /// Whether a newer order came meanwhile, or its containers have to be looked at again.
    pub(super) is_due: bool,
    /// Whether it was last seen running.
    pub(super) runs: bool,
    /// What its instance is ended for.
    pub(super) offence: Option<String>,
    /// What was last reported of a deployment, which is looked at much more often than it changes.
    pub(super) reported: Option<InstanceReport>,
}

impl Instances {
    /// Returns the sessions whose order is to be carried out, and that no task is busy with.
    pub(super) fn due(&self) -> Vec<i64> {
        let sessions = self.sessions.lock();
        sessions.iter().filter(|(_, it)| it.is_due && !it.is_busy).map(|(session, _)| *session).collect()
    }

    /// Has a session looked at again.
    pub(super) fn wake(&self, session: i64) {
        if let Some(standing) = self.sessions.lock().get_mut(&session) {
            standing.is_due = true;
        }
        self.due.notify_one();
    }

    /// Ends an instance that runs, by the order with this fence, and has done what it may not or is not well.
    pub(super) fn end(&self, session: i64, fence: i64, offence: String) {
        let mut sessions = self.sessions.lock();
        let is_it = |it: &&mut Standing| it.runs && !it.is_busy && it.order.fence == fence;
        let Some(standing) = sessions.get_mut(&session).filter(is_it) else { return };
        (standing.is_due, standing.runs, standing.offence) = (true, false, Some(offence));
        self.due.notify_one();
    }
}
