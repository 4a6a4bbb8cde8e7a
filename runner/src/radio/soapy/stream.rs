//! The stream of samples to a driver: whole blocks, at the driver's pace, with an end that reaches the antenna.

use super::model::Model;
use super::ranges::explain;
use anyhow::bail;
use challengectl_waveform::Complex32;
use soapysdr::{ErrorCode, TxStream};
use std::time::{Duration, Instant};

/// The scale of samples. From 1.0 on some modules wrap to the other sign: a HackRF at 1.008 (times 127, 8 bits), a bladeRF
/// at 1.0 (times 2048, 12 bits). Clipping instead would make harmonics.
const FULL_SCALE: f32 = 0.99;

/// Zeros before the signal, while oscillators and amplifiers settle.
const LEAD_IN: Duration = Duration::from_millis(50);

/// Zeros after the signal: a driver that drops a part of its last block drops these.
const LEAD_OUT: Duration = Duration::from_millis(20);

/// Time limits of one write. A bladeRF treats less than 1000 µs as no limit.
const MAX_TIMEOUT: Duration = Duration::from_millis(100);
const MIN_TIMEOUT: Duration = Duration::from_millis(1);

/// Time that a call of [`Sender::write`] may take beyond the duration of its samples.
const PATIENCE: Duration = Duration::from_millis(100);

/// Time within which a radio must accept a block; otherwise it is dead, whatever it answers.
const DEAD_AFTER: Duration = Duration::from_secs(2);

/// The maximum duration of samples that the radio has not accepted yet: a radio far slower than its rate would fill the
/// memory.
const MAX_BEHIND: Duration = Duration::from_secs(1);

/// Interval of reading the stream's status.
const STATUS_PERIOD: Duration = Duration::from_millis(100);
const STATUS_TIMEOUT_US: i64 = 1000;

/// Return values of a write that are errors: SoapyPlutoSDR returns 3, a log level, which reads as three samples written.
const NO_COUNT: std::ops::RangeInclusive<usize> = 1..=9;

/// Pause after a write without progress: a driver that returns at once must not occupy the processor.
const PAUSE: Duration = Duration::from_millis(1);

/// An active stream.
pub(super) struct Sender {
    stream: TxStream<Complex32>,
    /// The number of samples of a write.
    block: usize,
    /// Samples that are not written yet.
    held: Vec<Complex32>,
    /// The number of samples of `held` that are written.
    written: usize,
    /// When the driver last accepted a whole block, and the number of samples since.
    progress: (Instant, usize),
    clock: SampleClock,
    status: Option<Instant>,
    underruns: u64,
    /// Whether the last samples are in `held`, or written.
    ending: bool,
}

impl Sender {
    /// Activates the stream. The carrier is on from here.
    pub(super) fn activate(mut stream: TxStream<Complex32>, model: &Model, rate: u64) -> anyhow::Result<Self> {
        let block = stream.mtu().map_err(|error| explain("asking for the size of a block", &error))?.max(1);
        stream.activate(None).map_err(|error| explain("starting the stream", &error))?;
        let now = Instant::now();
        let clock = SampleClock::new(rate, model.queue.samples, model.queue.time);
        let held = vec![Complex32::default(); clock.samples(LEAD_IN)];
        let (progress, status) = ((now, 0), Some(now));
        Ok(Self { stream, block, held, written: 0, progress, clock, status, underruns: 0, ending: false })
    }

    pub(super) fn underruns(&self) -> u64 {
        self.underruns
    }

    pub(super) fn write(&mut self, samples: &[Complex32]) -> anyhow::Result<()> {
        let bounded = |part: f32| (part * FULL_SCALE).clamp(-FULL_SCALE, FULL_SCALE);
        self.held.extend(samples.iter().map(|sample| Complex32::new(bounded(sample.re), bounded(sample.im))));
        self.push(self.clock.time(samples.len()) + PATIENCE)?;
        if self.held.len() > self.block + self.clock.samples(MAX_BEHIND) {
            bail!(
                "the radio takes samples much more slowly than its sample_rate: it, its USB port or this host is too slow"
            );
        }
        Ok(())
    }

    /// Writes the rest, and zeros up to a whole block. Returns when the last sample leaves the antenna; `None` while the
    /// driver has not accepted all.
    pub(super) fn finish(&mut self) -> anyhow::Result<Option<Instant>> {
        if !self.ending {
            self.ending = true;
            let taken = self.progress.1;
            let with_zeros = taken + self.held.len() - self.written + self.clock.samples(LEAD_OUT);
            let rest = with_zeros.next_multiple_of(self.block) - taken;
            self.held.resize(self.written + rest, Complex32::default());
        }
        self.push(PATIENCE)?;
        Ok((self.written == self.held.len()).then(|| self.clock.end()))
    }

    /// Stops the stream. Whether queued samples are dropped or sent depends on the driver.
    pub(super) fn deactivate(&mut self) -> anyhow::Result<()> {
        self.stream.deactivate(None).map_err(|error| explain("stopping the stream", &error))
    }

    /// Writes whole blocks for at most `time`.
    fn push(&mut self, time: Duration) -> anyhow::Result<()> {
        let until = Instant::now() + time;
        while self.held.len() - self.written >= self.rest_of_block() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            self.write_once(left.clamp(MIN_TIMEOUT, MAX_TIMEOUT))?;
        }
        self.held.drain(..self.written);
        self.written = 0;
        if !self.ending {
            self.look_for_underruns();
        }
        Ok(())
    }

    fn write_once(&mut self, timeout: Duration) -> anyhow::Result<()> {
        let end = self.written + self.rest_of_block();
        let is_last = self.ending && end >= self.held.len();
        let block = self.held.get(self.written..end.min(self.held.len())).unwrap_or_default();
        let timeout = i64::try_from(timeout.as_micros()).unwrap_or(i64::MAX);
        match self.stream.write(&[block], None, is_last, timeout) {
            Ok(count) if NO_COUNT.contains(&count) && block.len() > *NO_COUNT.end() => {
                bail!("the radio answers with error {count}: it is gone, or its driver broke")
            }
            Ok(0) => self.no_progress(),
            Ok(count) => {
                self.took(count.min(block.len()));
                Ok(())
            }
            Err(error) if error.code == ErrorCode::Timeout => self.no_progress(),
            Err(error) if error.code == ErrorCode::Underflow => {
                self.underruns += 1;
                self.no_progress()
            }
            Err(error) => Err(explain("writing samples", &error)),
        }
    }

    /// Returns the number of samples that complete the current block.
    fn rest_of_block(&self) -> usize {
        self.block - self.progress.1
    }

    fn took(&mut self, count: usize) {
        self.written += count;
        self.clock.took(count);
        let (at, before) = self.progress;
        let sum = before + count;
        self.progress = if sum >= self.block { (Instant::now(), sum % self.block) } else { (at, sum) };
    }

    fn no_progress(&self) -> anyhow::Result<()> {
        let stalled = self.progress.0.elapsed();
        if stalled > DEAD_AFTER {
            bail!("the radio has taken no samples for {} s: it is gone, or its driver hangs", stalled.as_secs());
        }
        std::thread::sleep(PAUSE);
        Ok(())
    }

    /// Counts the underruns that the driver reports. A driver without a status is not asked again.
    fn look_for_underruns(&mut self) {
        let Some(looked) = self.status.filter(|looked| looked.elapsed() >= STATUS_PERIOD) else { return };
        let (mut channels, mut flags, mut time) = (0, 0, 0);
        let answer = self.stream.read_status(&mut channels, &mut flags, &mut time, STATUS_TIMEOUT_US);
        self.status = Some(Instant::now());
        match answer.map_err(|error| error.code) {
            // A HackRF reports its initial silence as an underrun.
            Err(ErrorCode::Underflow) if looked >= self.clock.warm() => self.underruns += 1,
            Err(ErrorCode::NotSupported) => self.status = None,
            _ => {}
        }
    }
}

/// Computes when samples leave the antenna, from time and sample rate alone: what drivers report is unreliable.
struct SampleClock {
    rate: f64,
    /// The delay between the queue and the antenna.
    delay: Duration,
    began: Instant,
    /// When the queue is empty.
    empty: Instant,
}

impl SampleClock {
    fn new(rate: u64, queue: u64, time: Duration) -> Self {
        let (rate, now) = (rate as f64, Instant::now());
        Self { rate, delay: Duration::from_secs_f64(queue as f64 / rate) + time, began: now, empty: now }
    }

    fn time(&self, samples: usize) -> Duration {
        Duration::from_secs_f64(samples as f64 / self.rate)
    }

    fn samples(&self, time: Duration) -> usize {
        (time.as_secs_f64() * self.rate).ceil() as usize
    }

    fn took(&mut self, samples: usize) {
        // After a gap it goes on from now.
        self.empty = self.empty.max(Instant::now()) + self.time(samples);
    }

    fn end(&self) -> Instant {
        self.empty + self.delay
    }

    /// Returns when the first samples have left the antenna.
    fn warm(&self) -> Instant {
        self.began + self.delay
    }
}
