//! Real time: frames are mixed when the monotonic clock says that they are due.

use super::frame::FRAMES_PER_SECOND;
use super::mixer::Mixer;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

const FRAME: Duration = Duration::from_millis(1000 / FRAMES_PER_SECOND);

/// After a longer standstill, as of a laptop that sleeps, the air goes on from now and makes no frames up.
const MAX_DELAY: Duration = Duration::from_secs(1);

/// Starts the thread that keeps the time. It ends, and closes all receivers, when the last handle is dropped.
pub(super) fn start(mixer: Mixer) -> io::Result<()> {
    let origin = Instant::now();
    thread::Builder::new().name("air".to_owned()).spawn(move || keep_time(mixer, origin))?;
    Ok(())
}

fn keep_time(mut mixer: Mixer, origin: Instant) {
    // The mixer itself holds one reference.
    while Arc::strong_count(&mixer.shared) > 1 {
        let due = origin + Duration::from_millis(mixer.frame() * 1000 / FRAMES_PER_SECOND);
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let began = Instant::now();
        let delay = began.saturating_duration_since(due);
        if delay > MAX_DELAY {
            let frames = (delay.as_millis() / FRAME.as_millis()) as u64;
            mixer.skip(frames);
            mixer.shared.counters.skipped.fetch_add(frames, Ordering::Relaxed);
            continue;
        }
        mixer.step();
        record(&mixer, began, due);
    }
}

fn record(mixer: &Mixer, began: Instant, due: Instant) {
    let done = Instant::now();
    let late = done.saturating_duration_since(due);
    let micros = |duration: Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    let counters = &mixer.shared.counters;
    counters.frames.fetch_add(1, Ordering::Relaxed);
    counters.busy_us.fetch_add(micros(done - began), Ordering::Relaxed);
    counters.worst_us.fetch_max(micros(late), Ordering::Relaxed);
    if late > FRAME {
        counters.late.fetch_add(1, Ordering::Relaxed);
    }
}
