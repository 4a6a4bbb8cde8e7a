//! The children that keep their device open between transmissions.

use super::message::Job;
use super::outcome::{Ended, Stage, Standing, Verdict};
use super::watch::{RELEASE_TIMEOUT, carry_out, start, watch};
use crate::config::Timeouts;
use crate::process::Supervised;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedMutexGuard, watch as standing};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// One child for each device, at most. Radios that are channels of one device take turns.
pub struct Children {
    program: PathBuf,
    timeouts: Timeouts,
    devices: Mutex<BTreeMap<String, Seat>>,
}

/// The child of a device, locked during a transmission.
type Seat = Arc<tokio::sync::Mutex<Option<Supervised>>>;

impl Children {
    /// Creates the set. `program` is the binary of the children, which are killed after a silence by `timeouts`.
    #[must_use]
    pub fn new(program: &Path, timeouts: Timeouts) -> Self {
        Self { program: program.to_owned(), timeouts, devices: Mutex::default() }
    }

    /// Carries out a transmission as [`watch`](super::watch()) does, with the child that has the device open already, if
    /// there is one.
    pub async fn carry_out(
        &self,
        job: &Job,
        standing: standing::Receiver<Standing>,
        report: impl FnMut(Stage) + Send,
    ) -> Ended {
        let Some(device) = job.radio.driver.settings().device() else {
            return watch(&self.program, job, self.timeouts, standing, report).await;
        };
        let mut seat = tokio::select! {
            seat = self.seat(device).lock_owned() => seat,
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

    fn seat(&self, device: String) -> Seat {
        Arc::clone(self.devices.lock().entry(device).or_default())
    }

    /// Closes all devices that are not in use, in parallel.
    pub async fn release(&self) {
        let seats: Vec<Seat> = self.devices.lock().values().cloned().collect();
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
