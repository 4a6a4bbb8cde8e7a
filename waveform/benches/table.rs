//! How fast each mode is made at 2 MS/s on one core, set against real time, as a table. The budget is 300 MS/s, 150 times.
//!
//! Counts the time that the processor worked on it, so that the figures hold on a machine that others use as well.

mod cases;

use cases::{Case, RATE, cases, run, sound};
use nix::time::{ClockId, clock_gettime};
use std::time::Duration;
use tempfile::NamedTempFile;

/// Runs of each mode; the best counts: others may have taken its place in the caches.
const RUNS: usize = 7;

/// The time that the processor has worked on this thread.
fn worked() -> std::io::Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?.into())
}

/// Megasamples per second, with everything from opening the file on.
fn speed(case: &Case, sound: &NamedTempFile) -> std::io::Result<f64> {
    let start = worked()?;
    let samples = run(case.build(sound));
    Ok(samples as f64 / (worked()? - start).as_secs_f64() / 1e6)
}

fn main() -> std::io::Result<()> {
    let sound = sound()?;
    println!("{:<14}{:>8}{:>16}", "mode", "MS/s", "x real time");
    for case in cases() {
        let mut best = 0.0f64;
        for _ in 0..RUNS {
            best = best.max(speed(&case, &sound)?);
        }
        println!("{:<14}{best:>8.0}{:>16.0}", case.name, best * 1e6 / RATE);
    }
    Ok(())
}
