//! The child's side: opens the radio, and moves samples to it while the carrier permit is granted.

use super::chain::{self, Chain};
use super::mark::Mark;
use super::message::{Cause, ChildMessage, End, Job, Order};
use super::permit::CarrierPermit;
use crate::process::child::{
    die_with_parent, end_at_once, first_message, follow, on_termination, outlive_parent, send,
};
use crate::process::lock::{self, Lock};
use crate::process::priority;
use crate::radio::Radio;
use challengectl_common::Timestamp;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// Interval between two signs of life.
const TICK: Duration = Duration::from_millis(250);

/// Time limit for reading the whole payload; a disk that takes longer counts as hanging.
const PREPARE_TIMEOUT: Duration = Duration::from_secs(300);

/// Time limit for the previous process to release the radio.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// Pause between two attempts to take the radio's lock.
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// Time for a radio to be behind its rate, beyond the longest time that it may be on air.
const SLACK: Duration = Duration::from_secs(1);

/// Time limit for a radio to go off. Then this process ends, which closes the device.
const OFF_TIMEOUT: Duration = Duration::from_millis(700);

/// For a silent device, to be closed when the parent has gone away.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Between two looks at the permit while the last samples leave the antenna.
const DRAIN_STEP: Duration = Duration::from_millis(10);

/// Runs as the child.
#[must_use]
pub fn main() -> ExitCode {
    die_with_parent();
    let ordered = Arc::new(Mutex::new(Arc::new(CarrierPermit::default())));
    let (jobs, next) = mpsc::channel::<Option<Next>>();
    let (signalled, ended) = (Arc::clone(&ordered), jobs.clone());
    on_termination(move || {
        signalled.lock().revoke(Cause::Terminated);
        let _ = ended.send(None);
    });
    let Some(job) = first_message::<Job>() else {
        eprintln!("challengectl-runner runs this subcommand itself, with a job on its standard input");
        return ExitCode::from(2);
    };
    if job.radio.driver.settings().device().is_some() {
        outlive_parent();
        // Its driver's threads and those that turn it off as well. The agent has said so if it may not.
        let _ = priority::before_others();
    }
    guard(Arc::clone(&ordered));
    let mut at_hand = Some(Next { job: Box::new(job), permit: Arc::clone(&ordered.lock()) });
    listen(ordered, jobs);
    let mut bench = Bench::default();
    while let Some(Next { job, permit }) = at_hand {
        let end = bench.carry_out(&job, &permit);
        let kept = end.kept;
        send(&ChildMessage::Ended(end));
        at_hand = if kept { next.recv().ok().flatten() } else { None };
    }
    ExitCode::SUCCESS
}

/// A job, and the permit for it alone: what is ordered of one says nothing of the next.
struct Next {
    job: Box<Job>,
    permit: Arc<CarrierPermit>,
}

/// Passes on what the parent orders.
fn listen(ordered: Arc<Mutex<Arc<CarrierPermit>>>, jobs: mpsc::Sender<Option<Next>>) {
    let (orphaned, ended) = (Arc::clone(&ordered), jobs.clone());
    let obey = move |order| match order {
        Order::Control(control) => ordered.lock().obey(control),
        Order::Next(job) => {
            let permit = Arc::new(CarrierPermit::default());
            *ordered.lock() = Arc::clone(&permit);
            let _ = jobs.send(Some(Next { job, permit }));
        }
    };
    follow(obey, move || {
        orphaned.lock().revoke(Cause::Orphaned);
        let _ = ended.send(None);
        thread::spawn(|| {
            thread::sleep(CLOSE_TIMEOUT);
            end_at_once("the radio's driver hangs while it closes the device");
        });
    });
}

/// Ends this process when the carrier is on without a permit, and the thread that has the radio does not react.
fn guard(ordered: Arc<Mutex<Arc<CarrierPermit>>>) {
    thread::spawn(move || {
        let mut violated_since = None;
        loop {
            thread::sleep(Duration::from_millis(50));
            let violated = ordered.lock().is_violated();
            violated_since = violated.then(|| violated_since.unwrap_or_else(Instant::now));
            if violated_since.is_some_and(|since| since.elapsed() > OFF_TIMEOUT) {
                end_at_once("the radio's driver hangs while the carrier is to go off");
            }
        }
    });
}

struct Progress {
    samples: u64,
    /// Whether the identification at the end was sent.
    identified: bool,
    /// How often the radio ran dry.
    underruns: u64,
    /// Whether turning the carrier off failed.
    doubtful: bool,
    /// When progress was last sent.
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

/// What stays from one job to the next.
#[derive(Default)]
struct Bench {
    /// First, so that it is closed before others may have it.
    radio: Option<Box<dyn Radio>>,
    mark: Option<Mark>,
    locks: BTreeMap<PathBuf, Lock>,
}

impl Bench {
    fn carry_out(&mut self, job: &Job, permit: &CarrierPermit) -> End {
        let mut progress =
            Progress { samples: 0, identified: false, underruns: 0, doubtful: false, sent: Instant::now() };
        let cause = self.transmit(job, permit, &mut progress).err().unwrap_or(Cause::Done);
        let Progress { samples, identified, underruns, doubtful, .. } = progress;
        // A radio that failed is closed, so that another process can try whether it works again.
        let is_over = matches!(cause, Cause::Orphaned | Cause::Terminated | Cause::Radio(_));
        let has_device = job.radio.driver.settings().device().is_some();
        let kept = !is_over && (self.radio.is_some() || !has_device);
        if !has_device {
            // Nothing is open: another process may have the radio meanwhile.
            self.locks.clear();
        }
        if !kept {
            self.radio = None;
            let mark = self.mark.take();
            if let Some(mark) = mark.filter(|_| doubtful) {
                mark.leave();
            }
        }
        End { at: Timestamp::now(), samples, cause, identified, underruns, kept, doubtful }
    }

    fn transmit(&mut self, job: &Job, permit: &CarrierPermit, progress: &mut Progress) -> Result<(), Cause> {
        self.take_lock(job, permit)?;
        let signal = alive_while(|| chain::signal(job))?;
        if job.radio.driver.settings().device().is_some() && self.mark.is_none() {
            self.mark = job.lock.as_deref().map(Mark::set).transpose().map_err(Cause::failed)?;
        }
        let mut chain = Chain::open(job, signal.waveform, self.radio.take())?;
        send(&ChildMessage::Ready(chain.length()));
        let permitted = permit.wait(TICK, || send(&ChildMessage::Waiting));
        let is_permitted = permitted.is_ok();
        permit.set_carrier(is_permitted);
        let sent = permitted.and_then(|()| put_on_air(&mut chain, permit, progress, job.radio.max_on_air()));
        progress.identified = signal.identifies && sent.is_ok();
        // Without a permit, too: an open device has its gains up, and its bias-T on.
        let off = chain.carrier_off();
        progress.doubtful = off.is_err();
        progress.underruns = chain.underruns();
        self.radio = chain.into_kept();
        permit.set_carrier(false);
        match (sent, off) {
            // What the radio failed with first explains the rest.
            (Err(Cause::Radio(why)), _) => Err(Cause::Radio(why)),
            // A carrier that may still be on matters more than why it was to go off.
            (_, Err(off)) => Err(off),
            (sent, Ok(())) => sent,
        }
    }

    /// Takes the radio's lock, as soon as the process that had the radio before is gone.
    fn take_lock(&mut self, job: &Job, permit: &CarrierPermit) -> Result<(), Cause> {
        let Some(path) = &job.lock else { return Ok(()) };
        if self.locks.contains_key(path) {
            return Ok(());
        }
        let began = Instant::now();
        while began.elapsed() < LOCK_TIMEOUT {
            if let Some(lock) = lock::try_take(path).map_err(Cause::failed)? {
                self.locks.insert(path.clone(), lock);
                return Ok(());
            }
            if let Err(cause @ (Cause::Stopped | Cause::Orphaned | Cause::Terminated)) = permit.check() {
                return Err(cause);
            }
            send(&ChildMessage::Waiting);
            thread::sleep(LOCK_PAUSE);
        }
        Err(Cause::failed("another process has the radio"))
    }
}

/// Runs `work`, and sends signs of life meanwhile: reading a long file from a slow disk must not look like a hanging
/// driver.
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

fn put_on_air(
    chain: &mut Chain,
    permit: &CarrierPermit,
    progress: &mut Progress,
    longest: Option<Duration>,
) -> Result<(), Cause> {
    chain.carrier_on()?;
    send(&ChildMessage::OnAir(Timestamp::now()));
    let began = Instant::now();
    let check = || {
        permit.check()?;
        // The signal is no longer than that, so that the radio is slower than its rate.
        match longest {
            Some(longest) if began.elapsed() > longest + SLACK => Err(Cause::Radio(format!(
                "it was on air for longer than its max_on_air_seconds, {}, though its signal is not: it, or this host, \
                 is slower than its sample_rate",
                longest.as_secs()
            ))),
            _ => Ok(()),
        }
    };
    loop {
        check()?;
        match chain.pull()? {
            0 => break,
            samples => progress.add(samples),
        }
    }
    let off_at = loop {
        check()?;
        progress.add(0);
        if let Some(off_at) = chain.finish()? {
            break off_at;
        }
    };
    loop {
        let left = off_at.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        check()?;
        progress.add(0);
        thread::sleep(left.min(DRAIN_STEP));
    }
}
