//! The spectrum: sources come in at baseband, receivers hear what lies in their windows.
//!
//! [`Spectrum::start`] keeps real time: a thread mixes a frame of 20 ms whenever the clock says that its first sample is
//! due. No source and no receiver delays it: a source that runs dry is silent, a receiver that does not read loses whole
//! blocks. The samples of a receiver depend on the seed, their number and the samples that were sent alone; sources are
//! summed in the order in which they came on air.
//!
//! Only sources that lie in a receiver's window are transformed. The samples of others are dropped as they come, and
//! their transmitters, which are told so, send none.
//!
//! Full scale, 1.0, is the amplitude at a receiver of a transmitter of full scale over a path of 0 dB. Noise is white and
//! given as power in one hertz relative to that.

mod bench;
mod fading;
mod frame;
mod mixer;
mod noise;
mod pace;
mod path;
mod plans;
mod random;
mod receiver;
mod rotate;
mod source;

#[cfg(test)]
mod tests;

pub use frame::{FRAMES_PER_SECOND, RATE_STEP, RATES};
pub use mixer::Mixer;
pub use noise::Noise;
pub use path::{Fading, MAX_DELAY_MS, Path, Rician, Watterson};
pub use receiver::{Receiver, is_cheap};
pub use source::{MAX_QUEUE_MS, Overrun, Progress, Source, Transmission, TransmissionError};

use parking_lot::Mutex;
use plans::Plans;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A handle to the air, to be cloned. The air ends, and all receivers with it, when the last handle is dropped.
#[derive(Debug, Clone)]
pub struct Spectrum {
    shared: Arc<Shared>,
}

/// Noise and paths of a spectrum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Power of the noise in one hertz, in decibels relative to full scale. `None`: there is none.
    pub noise_db_hz: Option<f64>,
    /// The seed of noise, fading and errors of receivers.
    pub seed: u64,
    /// The most transmissions on air at once.
    pub max_transmissions: usize,
    /// The paths of challenges that do not arrive as they were sent, by the challenges' names.
    pub paths: BTreeMap<String, Path>,
}

impl Default for Settings {
    fn default() -> Self {
        // At the highest gain of a receiver of 8 bits, -99 dB are 1.3 of its steps over 2.048 MHz.
        Self { noise_db_hz: Some(-99.0), seed: 0, max_transmissions: 1000, paths: BTreeMap::new() }
    }
}

impl Settings {
    /// Returns the root mean square of the noise on each axis, in a window of `rate` hertz.
    fn noise_rms(&self, rate: u32) -> f32 {
        let Some(decibels) = self.noise_db_hz else { return 0.0 };
        (10_f64.powf(decibels / 10.0) * f64::from(rate) / 2.0).sqrt() as f32
    }

    /// Checks all values.
    ///
    /// # Errors
    /// A text that names the value and its limits.
    pub fn check(&self) -> Result<(), String> {
        if let Some(decibels) = self.noise_db_hz
            && !(-300.0..=0.0).contains(&decibels)
        {
            return Err(format!("noise_db_hz is {decibels}; it must be from -300 to 0, or null for no noise"));
        }
        self.paths.iter().try_for_each(|(name, path)| path.check().map_err(|why| format!("paths: {name}: {why}")))
    }
}

impl Spectrum {
    /// Starts an air that keeps real time, in a thread of its own.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(settings: Settings) -> io::Result<Self> {
        let (spectrum, mixer) = Self::stepped(settings);
        pace::start(mixer)?;
        Ok(spectrum)
    }

    /// Creates an air whose time goes on only by [`Mixer::step`]: for measurements, and for tests that need the same
    /// samples each time.
    #[must_use]
    pub fn stepped(settings: Settings) -> (Self, Mixer) {
        let shared = Arc::new(Shared {
            noise: Noise::new(settings.seed),
            settings,
            plans: Plans::default(),
            sources: Mutex::default(),
            receivers: Mutex::default(),
            last_id: AtomicU64::new(0),
            counters: Counters::default(),
        });
        let mixer = Mixer::new(Arc::clone(&shared));
        (Self { shared }, mixer)
    }

    /// Opens a receiver: a window about `centre_hz` of `rate` samples per second, of which all but 2.3 kHz at either
    /// edge is flat. The rate is rounded; see [`Receiver::rate`]. Plans a transform, which takes milliseconds for rates
    /// that were not used before: not to be called where others wait.
    #[must_use]
    pub fn receiver(&self, centre_hz: f64, rate: f64) -> Receiver {
        Receiver::open(&self.shared, centre_hz, rate)
    }

    /// Puts a transmission on air.
    ///
    /// # Errors
    /// [`TransmissionError`] when its rate or frequency is impossible, or too many are on air.
    pub fn transmit(&self, transmission: Transmission) -> Result<Source, TransmissionError> {
        let path = self.shared.settings.paths.get(&transmission.challenge).copied().unwrap_or_default();
        Source::open(&self.shared, transmission, path)
    }

    /// Returns the table of noise, which the converters of receivers use too.
    #[must_use]
    pub fn noise(&self) -> &Noise {
        &self.shared.noise
    }

    /// Returns a number from -1 to 1 that depends on the seed and the name alone.
    #[must_use]
    pub fn drawn(&self, name: &str) -> f64 {
        random::drawn(self.shared.settings.seed, name)
    }

    /// Returns how well real time was kept so far.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let counters = &self.shared.counters;
        Statistics {
            frames: counters.frames.load(Ordering::Relaxed),
            late: counters.late.load(Ordering::Relaxed),
            skipped: counters.skipped.load(Ordering::Relaxed),
            worst_us: counters.worst_us.load(Ordering::Relaxed),
            busy_us: counters.busy_us.load(Ordering::Relaxed),
            dry: counters.dry.load(Ordering::Relaxed),
            sources: self.shared.sources.lock().len(),
            receivers: self.shared.receivers.lock().len(),
        }
    }
}

/// How well an air has kept real time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Statistics {
    /// Frames that were mixed.
    pub frames: u64,
    /// Frames that were done more than 20 ms, a frame, after they were due.
    pub late: u64,
    /// Frames that were left out, since the host stood still for longer than a second.
    pub skipped: u64,
    /// The longest delay of a frame in microseconds.
    pub worst_us: u64,
    /// Time spent mixing in microseconds.
    pub busy_us: u64,
    /// Times that a source ran dry.
    pub dry: u64,
    /// Sources on air now.
    pub sources: usize,
    /// Receivers open now.
    pub receivers: usize,
}

/// What handles, sources, receivers and the mixer share.
#[derive(Debug)]
struct Shared {
    settings: Settings,
    noise: Noise,
    plans: Plans,
    /// In the order in which they came on air.
    sources: Mutex<Vec<Arc<source::State>>>,
    receivers: Mutex<Vec<Arc<receiver::State>>>,
    last_id: AtomicU64,
    counters: Counters,
}

impl Shared {
    fn next_id(&self) -> u64 {
        self.last_id.fetch_add(1, Ordering::Relaxed)
    }
}

#[derive(Debug, Default)]
struct Counters {
    frames: AtomicU64,
    late: AtomicU64,
    skipped: AtomicU64,
    worst_us: AtomicU64,
    busy_us: AtomicU64,
    dry: AtomicU64,
}
