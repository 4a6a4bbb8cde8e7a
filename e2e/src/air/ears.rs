//! Receivers that note when carriers were last heard.

use anyhow::{Context, Result};
use challengectl_air::sources::{Address, RemoteReceiver};
use parking_lot::Mutex;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Samples per second of each: the signal of one challenge.
const RATE: u32 = 48_000;

/// The amplitude above which a carrier is on: its own is 1, that of the noise in such a window 0.003.
const LOUD: f32 = 0.25;

/// Blocks of 20 ms without a loud sample after which a carrier is off: longer than a busy host interrupts a process.
const SILENT_BLOCKS: u64 = 25;

/// A receiver of one challenge.
#[derive(Debug, Default)]
struct Heard {
    /// Whether the last sample of the last block was loud.
    is_on: bool,
    /// Blocks without a loud sample, up to the last one.
    silent: u64,
    /// When the last loud sample was due, by the sample clock.
    last: Option<Instant>,
    blocks: u64,
    /// Blocks that were lost.
    lost: u64,
    /// The number of the sample that is expected next.
    next: Option<u64>,
    /// When sample 0 was due: the earliest that any block allows. Blocks arrive when their first sample is due, or later.
    origin: Option<Instant>,
}

/// Receivers, one for each frequency. They end when this is dropped, or with their air.
pub(super) struct Ears {
    heard: Vec<Arc<Mutex<Heard>>>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Ears {
    /// Tunes in.
    pub(super) fn open(socket: &Path, frequencies: impl Iterator<Item = u64>) -> Result<Self> {
        let mut ears = Self { heard: Vec::new(), stop: Arc::default(), threads: Vec::new() };
        for hertz in frequencies {
            let address = Address::Socket(socket.to_owned());
            let receiver = RemoteReceiver::connect(&address, hertz as f64, RATE).context("an ear")?;
            let heard = Arc::new(Mutex::new(Heard::default()));
            let (writing, stop) = (Arc::clone(&heard), Arc::clone(&ears.stop));
            ears.threads.push(std::thread::spawn(move || listen(receiver, &writing, &stop)));
            ears.heard.push(heard);
        }
        Ok(ears)
    }

    pub(super) fn all_on(&self) -> bool {
        self.heard.iter().all(|heard| heard.lock().is_on)
    }

    /// Returns whether all carriers are off, and not only interrupted by a transmitter that ran dry.
    pub(super) fn all_off(&self) -> bool {
        self.heard.iter().all(|heard| heard.lock().silent >= SILENT_BLOCKS)
    }

    /// Forgets when carriers were heard.
    pub(super) fn forget(&self) {
        self.heard.iter().for_each(|heard| heard.lock().last = None);
    }

    /// Returns the milliseconds from a cause to the last sample of each carrier that was heard since [`forget`](Self::forget);
    /// 0 if that was before the cause.
    pub(super) fn went_off(&self, cause: Instant) -> Vec<f64> {
        let last = self.heard.iter().filter_map(|heard| heard.lock().last);
        last.map(|last| last.saturating_duration_since(cause).as_secs_f64() * 1e3).collect()
    }

    /// Returns the blocks that all of them have received, and those that they have lost.
    pub(super) fn blocks(&self) -> (u64, u64) {
        let counts = self.heard.iter().map(|heard| {
            let heard = heard.lock();
            (heard.blocks, heard.lost)
        });
        counts.fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1))
    }
}

impl Drop for Ears {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.threads.drain(..).for_each(|thread| drop(thread.join()));
    }
}

fn listen(mut receiver: RemoteReceiver, heard: &Mutex<Heard>, stop: &AtomicBool) {
    let time = |samples: u64| Duration::from_secs_f64(samples as f64 / f64::from(RATE));
    while !stop.load(Ordering::Relaxed)
        && let Ok(block) = receiver.next_block()
    {
        let arrived = Instant::now();
        let mut heard = heard.lock();
        let len = block.samples.len() as u64;
        heard.blocks += 1;
        heard.lost += heard.next.map_or(0, |next| (block.first - next) / len.max(1));
        heard.next = Some(block.first + len);
        let origin = arrived.checked_sub(time(block.first)).unwrap_or(arrived);
        let origin = heard.origin.map_or(origin, |earlier| earlier.min(origin));
        heard.origin = Some(origin);
        let is_loud = |sample: &num_complex::Complex32| sample.norm() > LOUD;
        match block.samples.iter().rposition(is_loud) {
            Some(last) => {
                heard.last = Some(origin + time(block.first + last as u64));
                heard.silent = 0;
            }
            None => heard.silent += 1,
        }
        heard.is_on = block.samples.last().is_some_and(is_loud);
    }
    let mut heard = heard.lock();
    (heard.is_on, heard.silent) = (false, u64::MAX);
}
