//! What the runner is working on now.

use crate::transmit::{Deadline, Stage, Standing};
use challengectl_common::wire::{AssignmentProgress, Task};
use challengectl_common::{ChallengeName, Frequency, RadioId};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// All assignments being worked on, with what each may do.
#[derive(Default)]
pub struct Desk {
    work: Mutex<BTreeMap<i64, Work>>,
    /// How many there are.
    count: watch::Sender<usize>,
}

struct Work {
    view: View,
    fence: i64,
    standing: watch::Sender<Standing>,
}

/// One assignment as people see it.
#[derive(Debug, Clone)]
pub struct View {
    /// On which radio.
    pub radio: RadioId,
    /// Which challenge.
    pub challenge: ChallengeName,
    /// How.
    pub modulation: String,
    /// Where.
    pub frequency: Frequency,
    /// How far; none before it could go on air.
    pub stage: Option<Stage>,
}

impl View {
    /// Part on air so far, 0 to 1, and the time left.
    #[must_use]
    pub fn on_air(&self) -> Option<(f64, Duration)> {
        let Some(Stage::OnAir { samples, length }) = self.stage else { return None };
        let left = length.samples.saturating_sub(samples) as f64 / length.sample_rate as f64;
        let part = samples as f64 / length.samples.max(1) as f64;
        Some((part.min(1.0), Duration::try_from_secs_f64(left).unwrap_or_default()))
    }
}

impl Desk {
    /// Takes up an assignment; none when it is on the desk already.
    pub(super) fn take(&self, task: &Task) -> Option<watch::Receiver<Standing>> {
        let mut work = self.work();
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

    pub(super) fn finish(&self, assignment: i64) {
        let mut work = self.work();
        work.remove(&assignment);
        self.count.send_replace(work.len());
    }

    /// Sets how far an assignment is. Returns whether its carrier has come on with that.
    pub(super) fn note(&self, assignment: i64, stage: Stage) -> bool {
        let mut work = self.work();
        let Some(work) = work.get_mut(&assignment) else { return false };
        let on_air = |stage: &Option<Stage>| matches!(stage, Some(Stage::OnAir { .. }));
        let before = on_air(&work.view.stage);
        work.view.stage = Some(stage);
        !before && on_air(&work.view.stage)
    }

    /// The lease of each of these runs until then.
    pub(super) fn renew(&self, assignments: &[i64], until: Deadline) {
        self.set(assignments, Standing::Transmit(until));
    }

    pub(super) fn stop(&self, assignments: &[i64], reason: &'static str) {
        self.set(assignments, Standing::Stop(reason));
    }

    pub(super) fn stop_all(&self, reason: &'static str) {
        self.stop(&self.assignments(), reason);
    }

    fn set(&self, assignments: &[i64], to: Standing) {
        let work = self.work();
        for work in assignments.iter().filter_map(|id| work.get(id)) {
            work.standing.send_if_modified(|standing| {
                // A stop is for good.
                let changes = !matches!(standing, Standing::Stop(_)) && *standing != to;
                if changes {
                    *standing = to;
                }
                changes
            });
        }
    }

    pub(super) fn assignments(&self) -> Vec<i64> {
        self.work().keys().copied().collect()
    }

    pub(super) fn progress(&self) -> Vec<AssignmentProgress> {
        let work = self.work();
        let one = |(&assignment_id, work): (&i64, &Work)| AssignmentProgress {
            assignment_id,
            fence: work.fence,
            progress: work.view.on_air().map(|(part, _)| part),
        };
        work.iter().map(one).collect()
    }

    /// Each assignment as people see it.
    #[must_use]
    pub fn views(&self) -> Vec<View> {
        self.work().values().map(|work| work.view.clone()).collect()
    }

    /// Returns when nothing is left to do.
    pub(super) async fn cleared(&self) {
        let mut count = self.count.subscribe();
        // The sender lives as long as the desk.
        let _ = count.wait_for(|&count| count == 0).await;
    }

    fn work(&self) -> MutexGuard<'_, BTreeMap<i64, Work>> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
