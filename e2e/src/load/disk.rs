//! How long the disk itself takes to make a write durable, measured beside a program that waits for it.

use crate::quantiles::Quantiles;
use anyhow::{Context, Result};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Pause between two writes, so that the measurement is not the load.
const PAUSE: Duration = Duration::from_millis(20);

/// A page of a database.
const PAGE: [u8; 4096] = [0; 4096];

/// Bare writes of a page, each synced, in milliseconds.
#[derive(Debug)]
pub struct Syncs {
    pub count: usize,
    pub above_100_ms: usize,
    pub milliseconds: Quantiles,
}

/// A thread that writes a page and syncs it, again and again.
pub(super) struct Probe {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<Vec<f64>>>,
}

impl Probe {
    pub(super) fn start(folder: &Path) -> Result<Self> {
        let mut file = File::create(folder.join("syncs"))?;
        let stop = Arc::<AtomicBool>::default();
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut times = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                let begin = Instant::now();
                file.write_all(&PAGE)?;
                file.sync_data()?;
                times.push(begin.elapsed().as_secs_f64() * 1e3);
                std::thread::sleep(PAUSE);
            }
            Ok(times)
        });
        Ok(Self { stop, thread })
    }

    pub(super) fn end(self) -> Result<Syncs> {
        self.stop.store(true, Ordering::Relaxed);
        let times = self.thread.join().ok().context("the thread of the disk has panicked")??;
        let above_100_ms = times.iter().filter(|time| **time > 100.0).count();
        Ok(Syncs { count: times.len(), above_100_ms, milliseconds: Quantiles::of(times) })
    }
}
