//! The forward transform of a band, 20 ms at a time, that all of its listeners share (overlap-save).

use super::Plans;
use crate::block::Block;
use challengectl_dsp::Complex32;
use rustfft::Fft;
use std::ops::Range;
use std::sync::Arc;

/// Frames of 20 ms.
pub const FRAMES_PER_SECOND: u32 = 50;

/// Hertz between two bins. Each transform covers a frame and the 5 ms before it, which is the longest impulse response of a
/// channel's filter.
pub(super) const BIN_HERTZ: f64 = 40.0;

/// A window of the air.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    centre: f64,
    rate: u32,
}

/// Why a band is impossible.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum BandError {
    /// Frames of this rate are not whole samples, or the rate is too low for wideband FM or higher than that of any radio.
    #[error("a band of {0} samples per second: it must be a multiple of 200, from 240000 to 20000000")]
    Rate(u32),
    /// The band is not within the radio spectrum.
    #[error("a band around {0} Hz: the centre must lie above half its width and below 1 THz")]
    Centre(f64),
}

impl Band {
    /// Creates the band about `centre`, in hertz, of `rate` samples per second.
    ///
    /// # Errors
    /// [`BandError`]: the rate must be a multiple of 200 from 240 kHz to 20 MHz, and the band lie above 0 Hz.
    pub fn new(centre: f64, rate: u32) -> Result<Self, BandError> {
        if !rate.is_multiple_of(200) || !(240_000..=20_000_000).contains(&rate) {
            return Err(BandError::Rate(rate));
        }
        let band = Self { centre, rate };
        let is_real = centre.is_finite() && band.edges().start >= 0.0 && centre < 1e12;
        if is_real { Ok(band) } else { Err(BandError::Centre(centre)) }
    }

    /// Returns the frequency in the middle, in hertz.
    #[must_use]
    pub fn centre(&self) -> f64 {
        self.centre
    }

    /// Returns the samples per second, which is also the width in hertz.
    #[must_use]
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Returns the lowest and the highest frequency, in hertz.
    #[must_use]
    pub fn edges(&self) -> Range<f64> {
        let half = f64::from(self.rate) / 2.0;
        self.centre - half..self.centre + half
    }

    /// Returns the new samples of each frame.
    pub(super) fn frame(&self) -> usize {
        (self.rate / FRAMES_PER_SECOND) as usize
    }
}

/// The spectrum of a band over 25 ms, of which the last 20 ms are new.
pub struct Bins {
    band: Band,
    first: u64,
    /// From 0 Hz up to half the rate, then from minus half the rate up to 0 Hz.
    bins: Vec<Complex32>,
}

impl Bins {
    /// Returns the band.
    #[must_use]
    pub fn band(&self) -> &Band {
        &self.band
    }

    /// Returns the number of the first new sample.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.first
    }

    pub(super) fn len(&self) -> usize {
        self.bins.len()
    }

    /// Returns the bin at `number` times 40 Hz above the centre; zero outside of the band.
    #[inline]
    pub(super) fn bin(&self, number: i64) -> Complex32 {
        let (size, half) = (self.bins.len() as i64, self.bins.len() as i64 / 2);
        let at = if number < 0 { number + size } else { number };
        let bin = self.bins.get(at as usize).copied().unwrap_or_default();
        if (-half..half).contains(&number) { bin } else { Complex32::ZERO }
    }

    /// Returns the bins below the centre, and those from the centre up; each ascending.
    pub(super) fn halves(&self) -> (&[Complex32], &[Complex32]) {
        let (upper, lower) = self.bins.split_at(self.bins.len() / 2);
        (lower, upper)
    }
}

/// Cuts a stream into frames and transforms them.
pub struct Transformer {
    fft: Arc<dyn Fft<f32>>,
    scratch: Vec<Complex32>,
    /// The last samples of the frame before, then those of the next frame as they come.
    window: Vec<Complex32>,
    filled: usize,
    /// The number of the sample that is expected next.
    next: Option<u64>,
    out: Bins,
}

impl Transformer {
    /// Creates one for the stream of a band.
    #[must_use]
    pub fn new(band: Band, plans: &mut Plans) -> Self {
        let size = band.frame() / 4 * 5;
        let fft = plans.plan_fft_forward(size);
        let zeros = vec![Complex32::ZERO; size];
        Self {
            scratch: vec![Complex32::ZERO; fft.get_outofplace_scratch_len().max(fft.get_inplace_scratch_len())],
            fft,
            window: zeros.clone(),
            filled: size - band.frame(),
            next: None,
            out: Bins { band, first: 0, bins: zeros },
        }
    }

    /// Takes the next block, and calls `each` for every frame that it completes. After lost samples a new frame begins, with
    /// silence before it.
    pub fn push(&mut self, block: &Block, mut each: impl FnMut(&Bins)) {
        if self.next != Some(block.first) {
            self.restart();
        }
        let mut rest = &*block.samples;
        let mut position = block.first;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(self.window.len() - self.filled));
            let free = self.window.iter_mut().skip(self.filled);
            free.zip(now).for_each(|(free, sample)| *free = *sample);
            self.filled += now.len();
            position += now.len() as u64;
            rest = later;
            if self.filled == self.window.len() {
                self.transform(position);
                each(&self.out);
            }
        }
        self.next = Some(position);
    }

    fn restart(&mut self) {
        self.window.fill(Complex32::ZERO);
        self.filled = self.window.len() - self.out.band.frame();
    }

    /// Transforms the window, which ends before the sample `end`, and keeps what the next one begins with.
    fn transform(&mut self, end: u64) {
        let frame = self.out.band.frame();
        self.out.first = end - frame as u64;
        self.out.bins.copy_from_slice(&self.window);
        self.fft.process_with_scratch(&mut self.out.bins, &mut self.scratch);
        self.window.copy_within(frame.., 0);
        self.filled = self.window.len() - frame;
    }
}
