//! The child's side: has the radio, and moves samples to it while the carrier permit lets it.

use super::chain::{self, Chain};
use super::message::{Cause, ChildMessage, End, Job};
use super::permit::CarrierPermit;
use crate::process::child::{die_with_parent, first_message, follow, send};
use crate::process::lock::{self, Lock};
use challengectl_common::Timestamp;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// Between two signs of life.
const TICK: Duration = Duration::from_millis(250);

/// For reading the payload as a whole; a disk that takes longer hangs.
const PREPARE_TIMEOUT: Duration = Duration::from_secs(300);

/// For the process that had the radio before, to let it go.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// Between two attempts to take the radio's lock.
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// For a radio to be behind its rate, beyond the longest time that it may be on air.
const SLACK: Duration = Duration::from_secs(1);

/// For a radio, to go off. Then this process ends, which closes the device.
const OFF_TIMEOUT: Duration = Duration::from_millis(700);

/// Runs as the child.
#[must_use]
pub fn main() -> ExitCode {
    die_with_parent();
    let Some(job) = first_message::<Job>() else {
        eprintln!("challengectl-runner runs this subcommand itself, with a job on its standard input");
        return ExitCode::from(2);
    };
    let permit = Arc::new(CarrierPermit::default());
    let (obeying, orphaned) = (Arc::clone(&permit), Arc::clone(&permit));
    follow(move |control| obeying.obey(control), move || orphaned.revoke(Cause::Orphaned));
    guard(Arc::clone(&permit));
    let mut progress = Progress { samples: 0, identified: false, sent: Instant::now() };
    let cause = transmit(&job, &permit, &mut progress).err().unwrap_or(Cause::Done);
    let (samples, identified) = (progress.samples, progress.identified);
    send(&ChildMessage::Ended(End { at: Timestamp::now(), samples, cause, identified }));
    ExitCode::SUCCESS
}

/// Ends this process when the carrier is on without a permit, and the thread that has the radio does not react.
fn guard(permit: Arc<CarrierPermit>) {
    thread::spawn(move || {
        let mut violated_since = None;
        loop {
            thread::sleep(Duration::from_millis(50));
            violated_since = permit.is_violated().then(|| violated_since.unwrap_or_else(Instant::now));
            if violated_since.is_some_and(|since| since.elapsed() > OFF_TIMEOUT) {
                std::process::exit(3);
            }
        }
    });
}

struct Progress {
    samples: u64,
    /// Whether the identification at the end is out.
    identified: bool,
    /// When it was last sent.
    sent: Instant,
}

impl Progress {
    fn add(&mut self, samples: usize) {
        self.samples += samples as u64;
        if self.sent.elapsed() >= TICK {
            send(&ChildMessage::Progress(self.samples));
            self.sent = Instant::now();
        }
    }
}

fn transmit(job: &Job, permit: &CarrierPermit, progress: &mut Progress) -> Result<(), Cause> {
    let _lock = job.lock.as_deref().map(|file| take(file, permit)).transpose()?;
    let signal = alive_while(|| chain::signal(job))?;
    let mut chain = Chain::open(job, signal.waveform)?;
    send(&ChildMessage::Ready(chain.length()));
    permit.wait(TICK, || send(&ChildMessage::Waiting))?;

    permit.set_carrier(true);
    let sent = put_on_air(&mut chain, permit, progress, job.radio.max_on_air());
    let off = chain.carrier_off();
    permit.set_carrier(false);
    progress.identified = signal.identifies && sent.is_ok();
    sent?;
    off
}

/// Works, and sends signs of life meanwhile: a file of an hour on a slow disk is no hanging driver.
fn alive_while<T>(work: impl FnOnce() -> T) -> T {
    thread::scope(|scope| {
        let (working, done) = mpsc::channel::<()>();
        scope.spawn(move || {
            let ticks = PREPARE_TIMEOUT.div_duration_f64(TICK) as u32;
            for _ in 0..ticks {
                if done.recv_timeout(TICK) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
                send(&ChildMessage::Waiting);
            }
        });
        let result = work();
        drop(working);
        result
    })
}

/// Takes the radio's lock, as soon as the process that had the radio before is gone.
fn take(path: &Path, permit: &CarrierPermit) -> Result<Lock, Cause> {
    let began = Instant::now();
    while began.elapsed() < LOCK_TIMEOUT {
        if let Some(lock) = lock::try_take(path).map_err(Cause::failed)? {
            return Ok(lock);
        }
        if let Err(cause @ (Cause::Stopped | Cause::Orphaned)) = permit.check() {
            return Err(cause);
        }
        send(&ChildMessage::Waiting);
        thread::sleep(LOCK_PAUSE);
    }
    Err(Cause::failed("another process has the radio"))
}

fn put_on_air(
    chain: &mut Chain,
    permit: &CarrierPermit,
    progress: &mut Progress,
    longest: Option<Duration>,
) -> Result<(), Cause> {
    chain.carrier_on()?;
    send(&ChildMessage::OnAir(Timestamp::now()));
    let began = Instant::now();
    loop {
        permit.check()?;
        // The signal is no longer than that, but a radio that is slower than its rate would be on for longer.
        if longest.is_some_and(|longest| began.elapsed() > longest + SLACK) {
            return Err(Cause::failed("it was on air for longer than max_on_air_seconds of its radio"));
        }
        match chain.pull()? {
            0 => return Ok(()),
            samples => progress.add(samples),
        }
    }
}
