//! The occupied band of a signal: 99 % of its power lies in it (ITU-R SM.328).
//!
//! The scheduler keeps the band free, and it must lie within a radio's limits. So it is measured for the text or sound
//! that is sent: too narrow, and signals overlap; too wide, and frequencies stay unused.

use crate::Waveform;
use num_complex::Complex32;
use rustfft::{Fft, FftPlanner};
use std::f64::consts::PI;
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// Share of the power below, and above, the band. SM.328 allows 0.5 %; the difference covers the error of the estimate.
/// It is small, since in a spectrum with lines, such as that of a page with its long preamble, the next line may lie 30
/// % further out.
const OUTSIDE: f64 = 0.0049;

/// Factor by which the estimated band is widened, for the same reason. Tests compare it with the transform of whole
/// signals: the band is never narrower than measured.
const MARGIN: f64 = 1.01;

/// Samples per transform.
const SIZE: usize = 1024;

/// Samples fetched at once.
const BLOCK: usize = 512;

/// Measures the band that a whole signal occupies, in hertz relative to its nominal frequency; 0 to 0 for silence.
/// Consumes all samples of `waveform`; its errors are those of [`Waveform::fill`].
pub fn band_of(waveform: &mut impl Waveform) -> io::Result<Range<f64>> {
    Ok(measure(waveform)?.band(waveform.sample_rate()))
}

/// Measures the part of the power of a sound, 0 to 1, that lies between these frequencies, in hertz. Consumes all
/// samples of `waveform`; its errors are those of [`Waveform::fill`].
pub fn share_between(waveform: &mut impl Waveform, band: &Range<f64>) -> io::Result<f64> {
    let power = measure(waveform)?.finish();
    let width = waveform.sample_rate() / SIZE as f64;
    let is_within = |bin: usize| band.contains(&(width * bin.min(SIZE - bin) as f64));
    let within = power.iter().enumerate().filter(|(bin, _)| is_within(*bin)).map(|(_, power)| power).sum::<f64>();
    Ok(within / power.iter().sum::<f64>().max(f64::MIN_POSITIVE))
}

fn measure(waveform: &mut impl Waveform) -> io::Result<Meter> {
    let mut meter = Meter::new();
    let mut block = [Complex32::ZERO; BLOCK];
    loop {
        let filled = waveform.fill(&mut block)?;
        match block.get(..filled) {
            Some(samples @ [_, ..]) => meter.add(samples),
            _ => return Ok(meter),
        }
    }
}

/// Estimates the power spectrum of a signal in constant memory (P. D. Welch, 1967).
///
/// Segments overlap by half under a sine window, whose squares add up to 1 everywhere: each sample has equal weight.
struct Meter {
    fft: Arc<dyn Fft<f32>>,
    window: Vec<f32>,
    segment: Vec<Complex32>,
    filled: usize,
    bins: Vec<Complex32>,
    scratch: Vec<Complex32>,
    power: Vec<f64>,
}

impl Meter {
    fn new() -> Self {
        let fft = FftPlanner::new().plan_fft_forward(SIZE);
        let scratch = vec![Complex32::ZERO; fft.get_inplace_scratch_len()];
        let window = (0..SIZE).map(|n| (PI * (n as f64 + 0.5) / SIZE as f64).sin() as f32).collect();
        let zeros = vec![Complex32::ZERO; SIZE];
        // The first half of the first segment lies before the signal.
        Self { fft, window, segment: zeros.clone(), filled: SIZE / 2, bins: zeros, scratch, power: vec![0.0; SIZE] }
    }

    /// Adds the next samples of the signal.
    fn add(&mut self, mut samples: &[Complex32]) {
        while !samples.is_empty() {
            let free = self.segment.get_mut(self.filled..).unwrap_or_default();
            let (now, later) = samples.split_at(free.len().min(samples.len()));
            for (place, sample) in free.iter_mut().zip(now) {
                *place = *sample;
            }
            self.filled += now.len();
            samples = later;
            if self.filled == SIZE {
                self.transform();
            }
        }
    }

    fn transform(&mut self) {
        // Silence, such as the tail of ASK, adds nothing.
        if self.segment.iter().any(|sample| *sample != Complex32::ZERO) {
            for ((bin, sample), weight) in self.bins.iter_mut().zip(&self.segment).zip(&self.window) {
                *bin = sample * weight;
            }
            self.fft.process_with_scratch(&mut self.bins, &mut self.scratch);
            for (power, bin) in self.power.iter_mut().zip(&self.bins) {
                *power += f64::from(bin.norm_sqr()) / SIZE as f64;
            }
        }
        self.segment.copy_within(SIZE / 2.., 0);
        self.filled = SIZE / 2;
    }

    /// Returns the power of each bin, from 0 up to the sample rate; their sum is the energy of the samples.
    fn finish(mut self) -> Vec<f64> {
        // Every sample lies in two segments.
        self.add(&vec![Complex32::ZERO; SIZE - self.filled]);
        self.add(&[Complex32::ZERO; SIZE / 2]);
        self.power
    }

    /// Returns the occupied band in hertz, of samples at `rate`; 0 to 0 for silence.
    fn band(self, rate: f64) -> Range<f64> {
        let power = self.finish();
        let outside = OUTSIDE * power.iter().sum::<f64>();
        let (positive, negative) = power.split_at(SIZE / 2);
        // Bins from the lowest frequency to the highest.
        let ordered = || negative.iter().chain(positive);
        let below = beyond(ordered(), outside);
        let above = beyond(ordered().rev(), outside);
        let width = rate / SIZE as f64;
        let edge = |bins: usize| (SIZE as f64 / 2.0 - bins as f64) * width;
        // A bin reaches half its width to either side.
        let (low, high) = (-edge(below) - width / 2.0, edge(above) - width / 2.0);
        let more = (MARGIN - 1.0) / 2.0 * (high - low);
        if outside > 0.0 { low - more..high + more } else { 0.0..0.0 }
    }
}

/// Returns how many bins, from the first on, together hold at most `allowed`.
fn beyond<'a>(bins: impl Iterator<Item = &'a f64>, allowed: f64) -> usize {
    let mut sum = 0.0;
    bins.take_while(|power| {
        sum += *power;
        sum <= allowed
    })
    .count()
}

/// Returns how far an on-off keyed carrier reaches to either side of its frequency, in multiples of the bit rate. An
/// edge follows half a cosine and takes `edge` of a bit, 0 to 1.
///
/// The spectrum is that of the bits, periodic in the bit rate, times that of one bit with its edges. So it costs one
/// transform per 512 bits, whatever the number of samples per bit.
#[must_use]
pub fn reach_of_ook(bits: &[bool], edge: f64) -> f64 {
    let mut meter = Meter::new();
    for bits in bits.chunks(SIZE) {
        let levels: Vec<Complex32> = bits.iter().map(|bit| Complex32::from(f32::from(u8::from(*bit)))).collect();
        meter.add(&levels);
    }
    let power = meter.finish();
    let ones = bits.iter().filter(|bit| **bit).count() as f64;
    let pairs = bits.windows(2).filter(|pair| matches!(pair, [true, true])).count() as f64;
    // Parseval's theorem: an edge of half a cosine takes a quarter of its length from the energy of a single bit.
    let inside = (1.0 - 2.0 * OUTSIDE) * (ones - edge / 4.0 * (ones - pairs));
    let mut sum = 0.0;
    let mut within = 0.0;
    // Further out lies less than 0.2 % of the power even of a single bit with sharp edges.
    let bins = power.iter().cycle().take(64 * SIZE);
    let last = bins.enumerate().take_while(|(bin, power)| {
        let frequency = *bin as f64 / SIZE as f64;
        // The spectrum is symmetric; the bin at 0 is there once.
        let sides = if *bin == 0 { 1.0 } else { 2.0 };
        within = frequency;
        sum += sides * *power * energy_of_a_bit(frequency, edge);
        sum < inside
    });
    let _ = last.count();
    MARGIN * (within + 0.5 / SIZE as f64)
}

/// Returns the energy spectrum of one bit, 1 at frequency 0; `frequency` in bit rates, `edge` in bits.
fn energy_of_a_bit(frequency: f64, edge: f64) -> f64 {
    let x = PI * frequency;
    let held = if x == 0.0 { 1.0 } else { x.sin() / x };
    let y = 2.0 * frequency * edge;
    // At y = 1 both parts of the fraction are 0; its limit is π/4.
    let smoothed = if (y - 1.0).abs() < 1e-6 { PI / 4.0 } else { (PI * y / 2.0).cos() / (1.0 - y * y) };
    (held * smoothed).powi(2)
}
