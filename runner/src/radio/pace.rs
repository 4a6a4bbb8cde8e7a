//! The pace of radios without a clock of their own: samples take as long as on air.

use std::thread;
use std::time::{Duration, Instant};

/// A longer delay is not made up for: a real radio that ran dry goes on from now, too.
const MAX_DELAY: Duration = Duration::from_millis(100);

pub(super) struct Pacer {
    /// `None`: as fast as the host can.
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

    /// Begins to count now.
    pub(super) fn start(&mut self) {
        self.origin = Instant::now();
        self.samples = 0;
    }

    /// Waits until so many more samples would have been on air.
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
    fn a_paced_radio_takes_as_long_as_the_signal_and_no_block_comes_early() {
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
