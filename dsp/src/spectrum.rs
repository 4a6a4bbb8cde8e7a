//! A picture in the spectrum, which a waterfall draws.
//!
//! Each line of the picture is sent as symbols of orthogonal carriers (OFDM), a few for each column, whose amplitudes
//! are those of the line. Their phases are random: the power is spread evenly over time, and a waterfall of any
//! resolution shows the same.

use crate::Waveform;
use crate::carrier::envelope::SILENCE;
use crate::occupied::band_of;
use crate::phasor::write_phasors;
use num_complex::Complex32;
use rustfft::{Fft, FftPlanner};
use std::f32::consts::FRAC_PI_2;
use std::ops::Range;
use std::sync::Arc;

/// The amplitudes of carriers, line by line.
#[derive(Debug, Clone, PartialEq)]
pub struct Lines {
    /// From 0 to 1, the first column of the first line first; it has the lowest frequency. Not empty.
    pub amplitudes: Arc<[f32]>,
    /// Columns of each line, at least 1.
    pub columns: usize,
    /// Hertz from the first to the last column, above 0.
    pub bandwidth: f64,
    /// Seconds for each line, rounded to a whole number of symbols. Above 0.
    pub line_time: f64,
}

/// The part of the sample rate that the carriers occupy. With more, the resampler would need a longer filter, which costs
/// more time than fewer samples save.
const USED: f64 = 0.62;

/// Symbols of a line, if there is time for more than one carrier to a column: enough for an even brightness.
const SYMBOLS: f64 = 2.0;

/// The maximum number of carriers of a column. A waterfall does not resolve more.
const MAX_CARRIERS: usize = 16;

/// The part of a symbol, as a divisor of its length, in which it fades into the next one.
const OVERLAP: usize = 8;

/// The relative margin of the band to either side, since it is measured over one symbol a line, and the power of few
/// symbols varies with their phases.
const SAMPLED: f64 = 0.02;

/// The number of carriers with which the band is measured: their skirts are then a small part of it.
const ENOUGH: usize = 256;

/// The root of the mean power of the brightest line. A sum of many carriers is normally distributed; with this one
/// sample in ten million is beyond full scale and is cut off there.
const LEVEL: f32 = 0.25;

/// A picture in the spectrum, with silence at both ends.
pub struct Spectrum {
    lines: Lines,
    carriers: usize,
    symbols_per_line: u64,
    rate: f64,
    /// The factor of all amplitudes.
    gain: f32,
    band: Range<f64>,
    fft: Arc<dyn Fft<f32>>,
    scratch: Vec<Complex32>,
    /// One period of the current symbol, and the beginning of the one before, which continues it.
    symbol: Vec<Complex32>,
    before: Vec<Complex32>,
    /// The rise of the current symbol and the fall of the one before.
    slopes: Vec<(f32, f32)>,
    /// Phases of a symbol's carriers, and the points on the unit circle there.
    phases: Vec<u32>,
    points: Vec<Complex32>,
    random: u64,
    silence: u64,
    /// Symbols begun.
    begun: u64,
    position: u64,
}

impl Spectrum {
    /// Paints these lines in their order. Paints them once beforehand, with one symbol each, to measure the occupied band.
    ///
    /// # Errors
    /// None: it reads no file.
    pub fn new(lines: &Lines) -> std::io::Result<Self> {
        let mut spectrum = Self::with(lines.clone(), MAX_CARRIERS);
        // As many carriers as show the edges of the band, and one symbol for each line: a small part of the work.
        let mut short = Self::with(lines.clone(), (ENOUGH / lines.columns.max(1)).max(1));
        short.symbols_per_line = 1;
        let band = band_of(&mut short)?;
        let more = SAMPLED * (band.end - band.start);
        spectrum.band = band.start - more..band.end + more;
        Ok(spectrum)
    }

    fn with(lines: Lines, most: usize) -> Self {
        let columns = lines.columns.max(1);
        let in_time = lines.line_time * lines.bandwidth / (SYMBOLS * columns as f64);
        let carriers = (in_time as usize).clamp(1, MAX_CARRIERS).min(most);
        let used = columns * carriers;
        let size = smooth((used as f64 / USED) as usize);
        let spacing = lines.bandwidth / used as f64;
        let rate = spacing * size as f64;
        let power = |line: &[f32]| carriers as f32 * line.iter().map(|amplitude| amplitude * amplitude).sum::<f32>();
        let brightest = lines.amplitudes.chunks(columns).map(power).fold(0.0, f32::max);
        let fft = FftPlanner::new().plan_fft_inverse(size);
        Self {
            carriers,
            symbols_per_line: (lines.line_time * spacing).round().max(1.0) as u64,
            rate,
            gain: if brightest > 0.0 { LEVEL / brightest.sqrt() } else { 0.0 },
            band: 0.0..0.0,
            scratch: vec![Complex32::ZERO; fft.get_inplace_scratch_len()],
            fft,
            symbol: vec![Complex32::ZERO; size],
            slopes: slopes(size / OVERLAP),
            before: vec![Complex32::ZERO; size / OVERLAP],
            phases: vec![0; used],
            points: vec![Complex32::ZERO; used],
            random: 1,
            silence: (SILENCE * rate).ceil() as u64,
            begun: 0,
            position: 0,
            lines,
        }
    }

    fn symbols(&self) -> u64 {
        (self.lines.amplitudes.len() / self.lines.columns.max(1)) as u64 * self.symbols_per_line
    }

    /// Begins the next symbol; after the last one comes an empty one, into which it fades.
    fn begin(&mut self) {
        for (before, sample) in self.before.iter_mut().zip(&self.symbol) {
            *before = *sample;
        }
        self.symbol.fill(Complex32::ZERO);
        if self.begun < self.symbols() {
            self.make();
        }
        self.begun += 1;
    }

    fn make(&mut self) {
        for phase in &mut self.phases {
            // D. E. Knuth's generator for 64 bits (MMIX); the higher bits are the more random ones.
            self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *phase = (self.random >> 32) as u32;
        }
        write_phasors(&self.phases, &mut self.points);
        let columns = self.lines.columns;
        let line = (self.begun / self.symbols_per_line) as usize * columns;
        let amplitudes = self.lines.amplitudes.get(line..line + columns).unwrap_or_default();
        for (points, amplitude) in self.points.chunks_mut(self.carriers).zip(amplitudes) {
            let amplitude = self.gain * amplitude;
            points.iter_mut().for_each(|point| *point *= amplitude);
        }
        // Half of the carriers lie below 0 Hz; their bins are the last ones.
        let (below, above) = self.points.split_at(self.points.len() / 2);
        self.symbol.iter_mut().rev().zip(below.iter().rev()).for_each(|(bin, point)| *bin = *point);
        self.symbol.iter_mut().zip(above).for_each(|(bin, point)| *bin = *point);
        self.fft.process_with_scratch(&mut self.symbol, &mut self.scratch);
    }

    /// Writes samples of the current symbol, from sample `within` on.
    fn write(&self, within: usize, out: &mut [Complex32]) {
        let samples = self.symbol.get(within..).unwrap_or_default();
        for (out, sample) in out.iter_mut().zip(samples) {
            *out = *sample;
        }
        let passing = self.before.iter().zip(&self.slopes).skip(within);
        for (out, (before, (rise, fall))) in out.iter_mut().zip(passing) {
            *out = *out * rise + before * fall;
        }
        for out in out.iter_mut().filter(|out| out.norm_sqr() > 1.0) {
            *out /= out.norm();
        }
    }
}

/// Returns the fade of two symbols, sine and cosine: the power of their sum is constant, since they are uncorrelated.
fn slopes(len: usize) -> Vec<(f32, f32)> {
    (0..len).map(|n| ((n as f32 + 0.5) / len as f32 * FRAC_PI_2).sin_cos()).collect()
}

/// Returns the next size with a fast transform: a power of two, or three quarters of one.
fn smooth(size: usize) -> usize {
    let power = size.next_power_of_two().max(4 * OVERLAP);
    if size <= power / 4 * 3 { power / 4 * 3 } else { power }
}

impl Waveform for Spectrum {
    fn sample_rate(&self) -> f64 {
        self.rate
    }

    fn len(&self) -> u64 {
        2 * self.silence + self.symbols() * self.symbol.len() as u64 + self.before.len() as u64
    }

    fn occupied_bandwidth(&self) -> Range<f64> {
        self.band.clone()
    }

    fn fill(&mut self, out: &mut [Complex32]) -> std::io::Result<usize> {
        let size = self.symbol.len() as u64;
        let painted = self.silence..self.len() - self.silence;
        let left = usize::try_from(self.len() - self.position).unwrap_or(usize::MAX);
        let (out, _) = out.split_at_mut(left.min(out.len()));
        let mut rest = &mut *out;
        while !rest.is_empty() {
            let until = match self.position {
                position if position < painted.start => painted.start,
                position if position < painted.end => {
                    let within = (position - painted.start) % size;
                    if within == 0 {
                        self.begin();
                    }
                    painted.end.min(position - within + size)
                }
                _ => self.len(),
            };
            let here = usize::try_from(until - self.position).unwrap_or(usize::MAX);
            let (now, later) = rest.split_at_mut(here.min(rest.len()));
            if painted.contains(&self.position) {
                self.write(((self.position - painted.start) % size) as usize, now);
            } else {
                now.fill(Complex32::ZERO);
            }
            self.position += now.len() as u64;
            rest = later;
        }
        Ok(out.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::drain;

    fn stripes() -> Lines {
        // Bright on the left, then on the right.
        let amplitudes = [[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]].concat();
        Lines { amplitudes: amplitudes.into(), columns: 4, bandwidth: 20_000.0, line_time: 0.05 }
    }

    /// Returns the part of the power on positive frequencies.
    fn above(samples: &[Complex32]) -> f32 {
        let size = samples.len();
        let mut bins = samples.to_vec();
        FftPlanner::new().plan_fft_forward(size).process(&mut bins);
        let power = |bins: &[Complex32]| bins.iter().map(Complex32::norm_sqr).sum::<f32>();
        power(&bins[..size / 2]) / power(&bins)
    }

    #[test]
    fn the_first_line_comes_first_and_the_first_column_is_lowest() {
        let spectrum = Spectrum::new(&stripes()).unwrap();
        let rate = spectrum.sample_rate();
        let samples = drain(Box::new(spectrum), 1013);
        let line = |start: f64| above(&samples[(start * rate) as usize..][..(0.04 * rate) as usize]);
        assert!(line(0.01) < 0.02, "{}", line(0.01));
        assert!(line(0.06) > 0.98, "{}", line(0.06));
    }

    #[test]
    fn the_brightest_line_has_the_level_and_nothing_is_beyond_full_scale() {
        let samples = drain(Box::new(Spectrum::new(&stripes()).unwrap()), 4096);
        let power = samples.iter().map(Complex32::norm_sqr).sum::<f32>() / samples.len() as f32;
        assert!((power.sqrt() - LEVEL).abs() < 0.03, "{}", power.sqrt());
        assert!(samples.iter().all(|sample| sample.norm() <= 1.0));
    }
}
