//! The pace of radios without their own clock: samples take as long as on air.

use std::thread;
use std::time::{Duration, Instant};

/// A longer delay is not caught up: a real radio too continues from now after an underrun.
const MAX_DELAY: Duration = Duration::from_millis(100);

pub(super) struct Pacer {
    /// `None`: as fast as possible.
    rate: Option<u64>,
    /// When the first of `samples` went on air.
    origin: Instant,
    /// Samples since `origin`.
    samples: u64,
}

impl Pacer {
    pub(super) fn new(paced: bool, rate: u64) -> Self {
        Self { rate: paced.then_some(rate), origin: Instant::now(), samples: 0 }
    }

    /// Starts counting now.
    pub(super) fn start(&mut self) {
        self.origin = Instant::now();
        self.samples = 0;
    }

    /// Waits until these samples would have been on air.
    pub(super) fn wait(&mut self, samples: usize) {
        let Some(rate) = self.rate else { return };
        self.samples += samples as u64;
        let end = self.origin + Duration::from_secs_f64(self.samples as f64 / rate as f64);
        let now = Instant::now();
        if now > end + MAX_DELAY {
            self.start();
            return;
        }
        thread::sleep(end.saturating_duration_since(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paced_radio_takes_as_long_as_the_signal_and_no_block_is_early() {
        let mut pacer = Pacer::new(true, 1000);
        pacer.start();
        let began = Instant::now();
        for block in 1..=5 {
            pacer.wait(10);
            assert!(began.elapsed() >= Duration::from_millis(10 * block) - Duration::from_millis(1));
        }
    }

    #[test]
    fn an_unpaced_radio_never_waits() {
        let mut pacer = Pacer::new(false, 1);
        pacer.wait(usize::MAX);
    }
}
