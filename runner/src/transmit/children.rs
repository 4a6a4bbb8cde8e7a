//! The children that stay between transmissions, with their device open if they have one. A new process takes 7 ms until it
//! sends where eight radios are busy, and 13 to 32 ms where containers start as well (`proof busy-host`): too much of the 20 ms
//! that a trigger has.

use super::message::Job;
use super::outcome::{Ended, Stage, Standing, Verdict};
use super::watch::{RELEASE_TIMEOUT, carry_out, start};
use crate::config::Timeouts;
use crate::process::Supervised;
use challengectl_common::RadioId;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedMutexGuard, watch as standing};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// One child for each device, at most, and for each radio without one. Radios that are channels of one device take turns.
pub struct Children {
    program: PathBuf,
    timeouts: Timeouts,
    seats: Mutex<BTreeMap<Owner, Seat>>,
}

/// What has a child.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Device(String),
    /// A radio without a device.
    Radio(RadioId),
}

/// A child that waits, locked during a transmission.
type Seat = Arc<tokio::sync::Mutex<Option<Supervised>>>;

impl Children {
    /// Creates the set. `program` is the binary of the children, which are killed after a silence by `timeouts`.
    #[must_use]
    pub fn new(program: &Path, timeouts: Timeouts) -> Self {
        Self { program: program.to_owned(), timeouts, seats: Mutex::default() }
    }

    /// Carries out a transmission as `standing` allows, with the child that waits already, if there is one, and calls `report`
    /// with each stage. A child that sends nothing for too long is killed. Always ends with the carrier off, even if the future
    /// is dropped.
    pub async fn carry_out(
        &self,
        job: &Job,
        standing: standing::Receiver<Standing>,
        report: impl FnMut(Stage) + Send,
    ) -> Ended {
        let mut seat = tokio::select! {
            seat = self.seat(job).lock_owned() => seat,
            verdict = cut(standing.clone()) => return Ended::off_air(verdict),
        };
        let child = match self.child(&mut seat, job).await {
            Ok(child) => child,
            Err(ended) => return ended,
        };
        let (ended, kept) = carry_out(&self.program, job, child, self.timeouts, standing, report).await;
        *seat = kept;
        ended
    }

    /// Gives the job to the child that waits, or to a new one.
    async fn child(&self, seat: &mut OwnedMutexGuard<Option<Supervised>>, job: &Job) -> Result<Supervised, Ended> {
        if let Some(mut child) = seat.take()
            && child.is_alive()
        {
            child.send(job).await;
            return Ok(child);
        }
        start(&self.program, job).await
    }

    fn seat(&self, job: &Job) -> Seat {
        let device = job.radio.driver.settings().device();
        let owner = device.map_or_else(|| Owner::Radio(job.radio.id.clone()), Owner::Device);
        Arc::clone(self.seats.lock().entry(owner).or_default())
    }

    /// Ends all children that wait, in parallel; they close their devices.
    pub async fn release(&self) {
        let seats: Vec<Seat> = self.seats.lock().values().cloned().collect();
        let mut releasing = JoinSet::new();
        for child in seats.iter().filter_map(|seat| seat.try_lock().ok()?.take()) {
            releasing.spawn(child.release(RELEASE_TIMEOUT));
        }
        releasing.join_all().await;
    }
}

/// Returns when the transmission was stopped while another channel of the device was on air.
async fn cut(mut standing: standing::Receiver<Standing>) -> Verdict {
    loop {
        let left = match *standing.borrow_and_update() {
            Standing::Stop(reason) => return Verdict::Aborted(reason.to_owned()),
            Standing::Transmit(until) => until.remaining(),
            Standing::Prepare => Duration::MAX,
        };
        match timeout(left, standing.changed()).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => {
                return Verdict::Aborted("the lease ran out while another channel of the device was on air".to_owned());
            }
        }
    }
}
