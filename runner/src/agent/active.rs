//! The active assignments, and whether each may be on air.

use crate::process::clock::Deadline;
use crate::transmit::{Stage, Standing};
use challengectl_common::wire::{AssignmentProgress, Task};
use challengectl_common::{ChallengeName, Frequency, RadioId};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::watch;

/// The assignments that the runner works on, by their ids.
#[derive(Default)]
pub(crate) struct ActiveAssignments {
    work: Mutex<BTreeMap<i64, Work>>,
    /// The number of active assignments.
    count: watch::Sender<usize>,
}

struct Work {
    view: View,
    fence: i64,
    standing: watch::Sender<Standing>,
}

/// One assignment, for the live view.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) radio: RadioId,
    pub(crate) challenge: ChallengeName,
    pub(crate) modulation: String,
    pub(crate) frequency: Frequency,
    /// `None` before the transmission is ready.
    pub(crate) stage: Option<Stage>,
}

impl View {
    /// Returns the part that has been on air, from 0 to 1, and the time left; `None` while it is not on air.
    pub(crate) fn on_air(&self) -> Option<(f64, Duration)> {
        let Some(Stage::OnAir { samples, length }) = self.stage else { return None };
        let left = length.samples.saturating_sub(samples) as f64 / length.sample_rate as f64;
        let part = samples as f64 / length.samples.max(1) as f64;
        Some((part.min(1.0), Duration::try_from_secs_f64(left).unwrap_or_default()))
    }
}

impl ActiveAssignments {
    /// Adds an assignment and returns its standing, which follows orders and renewals; `None` if it is active already.
    pub(super) fn add(&self, task: &Task) -> Option<watch::Receiver<Standing>> {
        let mut work = self.work.lock();
        if work.contains_key(&task.assignment_id) {
            return None;
        }
        let (standing, receiver) = watch::channel(Standing::Prepare);
        let view = View {
            radio: task.radio_id.clone(),
            challenge: task.name.clone(),
            modulation: task.modulation.clone(),
            frequency: task.frequency,
            stage: None,
        };
        work.insert(task.assignment_id, Work { view, fence: task.fence, standing });
        self.count.send_replace(work.len());
        Some(receiver)
    }

    /// Removes an assignment that has ended.
    pub(super) fn remove(&self, assignment: i64) {
        let mut work = self.work.lock();
        work.remove(&assignment);
        self.count.send_replace(work.len());
    }

    /// Sets the stage of an assignment. Returns whether the carrier has just come on.
    pub(super) fn set_stage(&self, assignment: i64, stage: Stage) -> bool {
        let mut work = self.work.lock();
        let Some(work) = work.get_mut(&assignment) else { return false };
        let on_air = |stage: &Option<Stage>| matches!(stage, Some(Stage::OnAir { .. }));
        let before = on_air(&work.view.stage);
        work.view.stage = Some(stage);
        !before && on_air(&work.view.stage)
    }

    /// Renews the leases of these assignments until `until`.
    pub(super) fn renew(&self, assignments: &[i64], until: Deadline) {
        self.set_standing(assignments, Standing::Transmit(until));
    }

    pub(super) fn stop(&self, assignments: &[i64], reason: &'static str) {
        self.set_standing(assignments, Standing::Stop(reason));
    }

    pub(super) fn stop_all(&self, reason: &'static str) {
        self.stop(&self.ids(), reason);
    }

    fn set_standing(&self, assignments: &[i64], to: Standing) {
        let work = self.work.lock();
        for work in assignments.iter().filter_map(|id| work.get(id)) {
            work.standing.send_if_modified(|standing| {
                // A stop is final.
                let changes = !matches!(standing, Standing::Stop(_)) && *standing != to;
                if changes {
                    *standing = to;
                }
                changes
            });
        }
    }

    pub(super) fn ids(&self) -> Vec<i64> {
        self.work.lock().keys().copied().collect()
    }

    /// Returns the progress of each assignment, for a heartbeat.
    pub(super) fn progress(&self) -> Vec<AssignmentProgress> {
        let work = self.work.lock();
        let one = |(&assignment_id, work): (&i64, &Work)| AssignmentProgress {
            assignment_id,
            fence: work.fence,
            progress: work.view.on_air().map(|(part, _)| part),
        };
        work.iter().map(one).collect()
    }

    /// Returns all assignments, for the live view.
    pub(crate) fn views(&self) -> Vec<View> {
        self.work.lock().values().map(|work| work.view.clone()).collect()
    }

    /// Waits until no assignment is active.
    pub(super) async fn cleared(&self) {
        let mut count = self.count.subscribe();
        // The sender lives as long as this.
        let _ = count.wait_for(|&count| count == 0).await;
    }
}
