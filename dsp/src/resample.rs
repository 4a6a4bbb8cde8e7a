//! Conversion from any sample rate to any other, up or down: waveforms are made at a low rate, radios need megasamples.
//!
//! Between two input samples the output is a polynomial in time, whose coefficients follow from the input samples
//! around (C. W. Farrow, 1988). They are computed once per *input* sample; per *output* sample one Horner evaluation
//! remains, so two million samples per second cost little. Output positions are computed from the output index, so that
//! nothing drifts.

mod kernel;
mod piece;

use crate::Waveform;
use kernel::Kernel;
use multiversion::multiversion;
use multiversion::target::target_cfg_f;
use num_complex::Complex32;
use piece::Piece;
use std::ops::{Range, RangeInclusive};

/// Why a waveform cannot be brought to a rate.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ResampleError {
    /// The rate is outside of the valid range.
    #[error(
        "{0} is not a valid sample rate; give {low} to {high:e} samples per second",
        low = RATES.start(),
        high = RATES.end()
    )]
    Rate(f64),
    /// The signal is wider than the rate can carry.
    #[error("{rate} samples per second cannot hold a signal that reaches {reach:.0} Hz from its nominal frequency")]
    Bandwidth {
        /// Samples per second: the rate asked for, or that of the waveform.
        rate: f64,
        /// Hertz from the nominal frequency to the farther edge of the occupied bandwidth.
        reach: f64,
    },
}

/// Beyond the rates of any converter. Between them, the samples of an interval can be counted in an `i32`.
const RATES: RangeInclusive<f64> = 1e3..=1e9;

/// Part of the lower of the two rates up to which the response is always flat. 1 % of the power lies outside of the
/// occupied bandwidth; cutting it off would put ripple on the envelope.
const FLAT: f64 = 1.0 / 3.0;

/// Part of the lower of the two rates up to which the response is flat at most, since the filter must fall off between
/// this frequency and its image.
const REACH: f64 = 0.46;

/// Gain that leaves 0.26 dB of headroom: a full-scale signal overshoots a little between its samples and by the ripple
/// of the filter. A larger overshoot is limited to a magnitude of 1.0, since a converter would wrap around.
const HEADROOM: f32 = 0.97;

/// Converts a signal to `rate` samples per second, 0.26 dB lower; returns it unchanged if that is its rate.
///
/// The response is flat within 0.1 dB over the occupied bandwidth; images and aliases are at least 70 dB down. The
/// duration stays the same to within one sample.
///
/// # Errors
/// [`ResampleError`] if `rate` is outside of 1e3 to 1e9, or cannot hold the occupied bandwidth.
pub fn resample(waveform: Box<dyn Waveform>, rate: f64) -> Result<Box<dyn Waveform>, ResampleError> {
    if !RATES.contains(&rate) {
        return Err(ResampleError::Rate(rate));
    }
    if rate != waveform.sample_rate() {
        ensure_fits(rate.min(waveform.sample_rate()), &waveform.occupied_bandwidth())?;
    }
    Ok(at_rate(waveform, rate))
}

/// Brings a signal to a rate that holds it.
pub(crate) fn at_rate(mut waveform: Box<dyn Waveform>, rate: f64) -> Box<dyn Waveform> {
    if waveform.set_rate(rate) {
        return waveform;
    }
    let lower = rate.min(waveform.sample_rate());
    let pass = reach(&waveform.occupied_bandwidth()).clamp(FLAT * lower, REACH * lower);
    let filter = Filter { pass, stop: lower - pass, gain: HEADROOM };
    let is_adaptable = rate >= waveform.sample_rate();
    Box::new(Resampler { limit: 1.0, is_adaptable, ..Resampler::new(waveform, rate, filter) })
}

/// Returns the lowest rate that holds a signal with this band, in hertz.
pub(crate) fn rate_for(band: &Range<f64>) -> f64 {
    (reach(band) / REACH).ceil()
}

/// Checks that `rate` samples per second can hold a signal that occupies `band`, in hertz relative to its nominal
/// frequency: both edges must lie within 0.46 of the rate.
///
/// # Errors
/// [`ResampleError::Bandwidth`] if they do not.
pub fn ensure_fits(rate: f64, band: &Range<f64>) -> Result<(), ResampleError> {
    let reach = reach(band);
    if reach > REACH * rate { Err(ResampleError::Bandwidth { rate, reach }) } else { Ok(()) }
}

/// Returns the hertz from the nominal frequency to the farther edge.
fn reach(band: &Range<f64>) -> f64 {
    band.start.abs().max(band.end.abs())
}

/// A low-pass filter: the part of the signal that a [`Resampler`] keeps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Filter {
    /// The edge of the pass band in hertz, above 0: flat up to here.
    pub pass: f64,
    /// The edge of the stop band in hertz, above `pass`: 80 dB down from here. The closer it is to `pass`, the longer
    /// and slower the filter.
    pub stop: f64,
    /// The factor by which amplitudes are multiplied.
    pub gain: f32,
}

/// Input samples fetched at once.
const BLOCK: usize = 512;

/// A waveform converted to another rate and low-pass filtered.
pub struct Resampler {
    source: Box<dyn Waveform>,
    rate: f64,
    /// Output samples for each input sample.
    ratio: f64,
    len: u64,
    band: Range<f64>,
    /// The maximum output magnitude.
    limit: f32,
    /// Whether all imaginary parts are 0.
    is_real: bool,
    /// Whether the filter is right for any rate that is not below that of the source.
    is_adaptable: bool,
    kernel: Kernel,
    /// Input samples, of which `filled` are valid. The window of the current interval is `input[at..at + taps]`.
    input: Vec<Complex32>,
    at: usize,
    filled: usize,
    /// The interval between input samples `interval` and `interval + 1`.
    interval: u64,
    /// The output samples of this interval; the next is `next`.
    outputs: Range<u64>,
    next: u64,
    piece: Piece,
}

impl Resampler {
    /// Converts `source` to `rate` samples per second through `filter`. Unlike [`resample`], it neither checks its
    /// arguments nor limits magnitudes.
    #[must_use]
    pub fn new(source: Box<dyn Waveform>, rate: f64, filter: Filter) -> Self {
        let kernel = Kernel::new(filter.pass / source.sample_rate(), filter.stop / source.sample_rate(), filter.gain);
        let band = source.occupied_bandwidth();
        let band = band.start.max(-filter.stop)..band.end.min(filter.stop);
        // Half a window of silence before the first sample compensates the delay of the filter.
        let (before, taps) = (kernel.taps() / 2 - 1, kernel.taps());
        let mut resampler = Self {
            rate,
            ratio: rate / source.sample_rate(),
            len: 0,
            band,
            limit: f32::INFINITY,
            is_real: false,
            is_adaptable: false,
            kernel,
            input: vec![Complex32::ZERO; taps + BLOCK],
            at: 0,
            filled: before,
            interval: 0,
            outputs: 0..0,
            next: 0,
            piece: Piece::default(),
            source,
        };
        resampler.len = resampler.first_output(resampler.source.len());
        resampler
    }

    /// Like [`new`](Self::new), for a real source such as sound: imaginary parts are ignored. Takes half the time if
    /// the filter is long and the rates are similar.
    #[must_use]
    pub fn of_reals(source: Box<dyn Waveform>, rate: f64, filter: Filter) -> Self {
        Self { is_real: true, ..Self::new(source, rate, filter) }
    }

    /// Takes magnitudes above 1.0 down to it, as [`resample`] does.
    #[must_use]
    pub fn limited(self) -> Self {
        Self { limit: 1.0, ..self }
    }

    /// The first output sample at or after input sample `interval`.
    #[inline(always)]
    fn first_output(&self, interval: u64) -> u64 {
        (interval as f64 * self.ratio).ceil() as u64
    }

    /// Goes on to the interval in which the next output sample lies.
    #[inline(always)]
    fn enter<const FUSED: bool>(&mut self) -> std::io::Result<()> {
        let mut end = self.first_output(self.interval + 1);
        while end <= self.next {
            self.advance()?;
            self.interval += 1;
            end = self.first_output(self.interval + 1);
        }
        if self.filled < self.at + self.kernel.taps() {
            self.fetch()?;
        }
        let step = self.source.sample_rate() / self.rate;
        let start = self.next as f64 * step - self.interval as f64;
        let window = self.input.get(self.at..).unwrap_or_default();
        self.piece = if self.is_real {
            self.kernel.piece_of_reals::<FUSED>(window, start, step)
        } else {
            self.kernel.piece::<FUSED>(window, start, step)
        };
        self.outputs = self.next..end;
        Ok(())
    }

    #[inline(always)]
    fn produce<const FUSED: bool>(&mut self, mut out: &mut [Complex32]) -> std::io::Result<()> {
        while !out.is_empty() {
            if self.next == self.outputs.end {
                self.enter::<FUSED>()?;
            }
            let here = usize::try_from(self.outputs.end - self.next).unwrap_or(usize::MAX).min(out.len());
            self.piece.evaluate::<FUSED>((self.next - self.outputs.start) as i32, here, out);
            self.next += here as u64;
            (_, out) = out.split_at_mut(here);
        }
        Ok(())
    }

    /// Moves the window by one input sample.
    fn advance(&mut self) -> std::io::Result<()> {
        if self.filled <= self.at {
            self.fetch()?;
        }
        self.at += 1;
        Ok(())
    }

    /// Moves the window to the front of the buffer and refills it; silence follows the last sample.
    fn fetch(&mut self) -> std::io::Result<()> {
        self.input.copy_within(self.at..self.filled, 0);
        self.filled -= self.at;
        self.at = 0;
        while self.filled < self.kernel.taps() {
            let free = self.input.get_mut(self.filled..).unwrap_or_default();
            match self.source.fill(free)? {
                0 => {
                    free.fill(Complex32::ZERO);
                    self.filled = self.input.len();
                }
                read => self.filled += read,
            }
        }
        Ok(())
    }
}

impl Waveform for Resampler {
    fn sample_rate(&self) -> f64 {
        self.rate
    }

    fn len(&self) -> u64 {
        self.len
    }

    fn occupied_bandwidth(&self) -> Range<f64> {
        self.band.clone()
    }

    fn set_rate(&mut self, rate: f64) -> bool {
        if self.is_adaptable && rate >= self.source.sample_rate() {
            self.rate = rate;
            self.ratio = rate / self.source.sample_rate();
            self.len = self.first_output(self.source.len());
        }
        rate == self.rate
    }

    fn fill(&mut self, out: &mut [Complex32]) -> std::io::Result<usize> {
        let wanted = out.len().min(usize::try_from(self.len - self.next).unwrap_or(usize::MAX));
        let (out, _) = out.split_at_mut(wanted);
        // Small enough that the limiter finds the samples in the L1 cache.
        for block in out.chunks_mut(1024) {
            produce(self, block)?;
        }
        Ok(wanted)
    }
}

#[multiversion(targets("x86_64+avx2+fma"))]
fn produce(resampler: &mut Resampler, out: &mut [Complex32]) -> std::io::Result<()> {
    if target_cfg_f!(target_feature = "fma") {
        resampler.produce::<true>(out)?;
    } else {
        resampler.produce::<false>(out)?;
    }
    limit(out, resampler.limit);
    Ok(())
}

/// Takes samples whose magnitude is above `limit` down to it and leaves their phase.
#[inline(always)]
fn limit(samples: &mut [Complex32], limit: f32) {
    let over = |sample: &Complex32| sample.norm_sqr() > limit * limit;
    // Without an early exit, for which there is rarely need, the compiler vectorises the loop.
    if samples.iter().fold(false, |found, sample| found | over(sample)) {
        for sample in samples.iter_mut().filter(|sample| over(sample)) {
            // A rounding error above the limit would still be above it.
            *sample *= limit / sample.norm() * (1.0 - f32::EPSILON);
        }
    }
}

#[cfg(test)]
mod tests;
