//! Rows of a waterfall, and the noise of the band.

use super::Bins;
use super::level::decibels;
use super::transform::{BIN_HERTZ, Band, FRAMES_PER_SECOND};
use challengectl_dsp::Complex32;
use std::ops::Range;

/// Rows per second.
pub const ROWS_PER_SECOND: u32 = 10;

/// The most columns of a row.
pub const MAX_COLUMNS: usize = 1024;

/// The fewest columns of a row.
pub const MIN_COLUMNS: usize = 64;

/// Frames that a row averages.
const FRAMES: u32 = FRAMES_PER_SECOND / ROWS_PER_SECOND;

/// The narrowest view, in hertz: a column is no narrower than a bin.
const MIN_SPAN: f64 = 200.0 * BIN_HERTZ;

/// The noise bandwidth of a Hann window, in bins.
const NOISE_BINS: f64 = 1.5;

/// The quantile of a row's bins by which noise is estimated, and its value relative to the mean: that of the sum of five
/// exponential distributions.
const QUANTILE: f64 = 0.3;
const QUANTILE_OF_MEAN: f32 = 0.727;

/// Bins of which one is used to estimate the noise: some thousands give it to a tenth of a decibel.
const STRIDE: usize = 16;

/// The noise of a band, estimated from its quieter part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise {
    /// Power in each hertz, 1 for full scale.
    density: f32,
}

impl Noise {
    /// Returns its power in a passband of `width` hertz, in decibels relative to full scale.
    #[must_use]
    pub fn dbfs(self, width: f64) -> f32 {
        decibels(self.density * width as f32)
    }
}

/// The part of the band that a listener sees.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    span: Range<f64>,
    columns: usize,
}

impl View {
    /// Creates a view of the whole band.
    #[must_use]
    pub fn whole(band: &Band) -> Self {
        Self { span: band.edges(), columns: MAX_COLUMNS }
    }

    /// Creates a view of the part of the band nearest to `span`, in hertz, in at most `columns` columns. `None` if `span` is
    /// empty or not finite.
    ///
    /// Each column has the same number of bins, or noise would look stronger in some; so there may be fewer columns.
    #[must_use]
    pub fn new(band: &Band, span: &Range<f64>, columns: usize) -> Option<Self> {
        if !span.start.is_finite() || !span.end.is_finite() || span.end <= span.start {
            return None;
        }
        let edges = band.edges();
        let width = (span.end - span.start).clamp(MIN_SPAN, edges.end - edges.start);
        let centre = (span.start + span.end) / 2.0;
        let centre = centre.clamp(edges.start + width / 2.0, edges.end - width / 2.0);
        let bins = (width / BIN_HERTZ).round() as usize;
        let bins_of_column = bins.div_ceil(columns.clamp(MIN_COLUMNS, MAX_COLUMNS));
        let columns = bins / bins_of_column;
        let first = ((centre - width / 2.0 - edges.start) / BIN_HERTZ).round();
        let low = edges.start + first * BIN_HERTZ;
        Some(Self { span: low..low + (columns * bins_of_column) as f64 * BIN_HERTZ, columns })
    }

    /// Returns the lowest and the highest frequency, in hertz.
    #[must_use]
    pub fn span(&self) -> &Range<f64> {
        &self.span
    }

    /// Returns the columns of each row.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }
}

/// Averages the power of all bins over 100 ms, under a Hann window. It is applied to the spectrum: from each bin the mean of
/// its two neighbours is subtracted.
pub struct Waterfall {
    band: Band,
    /// Sums of power from the lowest frequency to the highest.
    power: Vec<f32>,
    summed: u32,
    row: Vec<f32>,
    noise: Noise,
    sample: Vec<f32>,
}

impl Waterfall {
    /// Creates one for the spectra of a band.
    #[must_use]
    pub fn new(band: Band) -> Self {
        let zeros = vec![0.0; band.frame() / 4 * 5];
        Self { band, power: zeros.clone(), summed: 0, row: zeros, noise: Noise { density: 0.0 }, sample: Vec::new() }
    }

    /// Adds a frame of 20 ms. Returns whether a row is complete.
    pub fn push(&mut self, bins: &Bins) -> bool {
        let (lower, upper) = bins.halves();
        let (low, high) = self.power.split_at_mut(lower.len());
        // At the two ends and in the middle a neighbour is in the other half.
        add(low, lower, upper.last(), upper.first());
        add(high, upper, lower.last(), lower.first());
        self.summed += 1;
        if self.summed < FRAMES {
            return false;
        }
        self.finish();
        true
    }

    fn finish(&mut self) {
        let size = self.power.len() as f32;
        // The window halves amplitudes.
        let scale = 4.0 / (size * size * self.summed as f32);
        self.row.iter_mut().zip(&mut self.power).for_each(|(row, power)| *row = std::mem::take(power) * scale);
        self.summed = 0;

        self.sample.clear();
        self.sample.extend(self.row.iter().step_by(STRIDE));
        let at = (self.sample.len() as f64 * QUANTILE) as usize;
        let (_, quantile, _) = self.sample.select_nth_unstable_by(at, f32::total_cmp);
        self.noise = Noise { density: *quantile / QUANTILE_OF_MEAN / (NOISE_BINS * BIN_HERTZ) as f32 };
    }

    /// Returns the noise of the last row.
    #[must_use]
    pub fn noise(&self) -> Noise {
        self.noise
    }

    /// Appends the last row in `view`, one byte for each column: its strongest bin, in steps of half a decibel above
    /// -130 dBFS.
    pub fn row(&self, view: &View, out: &mut Vec<u8>) {
        let begin = (view.span.start - self.band.edges().start) / BIN_HERTZ;
        let width = (view.span.end - view.span.start) / BIN_HERTZ / view.columns as f64;
        out.extend((0..view.columns).map(|column| {
            let from = (begin + width * column as f64).round() as usize;
            let to = (begin + width * (column + 1) as f64).round() as usize;
            let bins = self.row.get(from..to.max(from + 1).min(self.row.len())).unwrap_or_default();
            byte(bins.iter().copied().fold(0.0, f32::max))
        }));
    }
}

fn byte(power: f32) -> u8 {
    ((decibels(power) + 130.0) * 2.0).round().clamp(0.0, 255.0) as u8
}

/// Adds the power of bins under the window; `before` and `after` are the neighbours of the outer two.
fn add(power: &mut [f32], bins: &[Complex32], before: Option<&Complex32>, after: Option<&Complex32>) {
    for (power, neighbours) in power.iter_mut().skip(1).zip(bins.windows(3)) {
        if let [below, bin, above] = neighbours {
            *power += windowed(*below, *bin, *above);
        }
    }
    if let (Some(power), Some(below), [bin, above, ..]) = (power.first_mut(), before, bins) {
        *power += windowed(*below, *bin, *above);
    }
    if let (Some(power), [.., below, bin], Some(above)) = (power.last_mut(), bins, after) {
        *power += windowed(*below, *bin, *above);
    }
}

#[inline(always)]
fn windowed(below: Complex32, bin: Complex32, above: Complex32) -> f32 {
    (bin * 0.5 - (below + above) * 0.25).norm_sqr()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::testing::{BAND, gaussian, rows, tone};

    #[test]
    fn a_tone_is_in_its_column_at_its_level_and_nowhere_else() {
        let (_, row) = rows(&tone(123_000.0, 0.1), &View::whole(&BAND)).pop().unwrap();
        let width = 2_048_000.0 / 1024.0;
        let column = ((123_000.0 + 1_024_000.0) / width) as usize;
        assert_eq!(row.len(), 1024);
        assert_eq!(row[column], byte(0.01));
        let others = row.iter().enumerate().filter(|(at, _)| at.abs_diff(column) > 1);
        assert!(others.map(|(_, level)| *level).max().unwrap() <= byte(1e-9), "no side lobes above -90 dBFS");
    }

    #[test]
    fn a_zoomed_view_tells_tones_160_hz_apart_and_ends_at_the_band() {
        let both = tone(-900_000.0, 0.1).into_iter().zip(tone(-899_840.0, 0.1)).map(|(a, b)| a + b).collect::<Vec<_>>();
        let centre = BAND.centre();
        let view = View::new(&BAND, &(centre - 905e3..centre - 895e3), 1024).unwrap();
        assert_eq!(view.columns(), 250);
        let (_, row) = rows(&both, &view).pop().unwrap();
        assert_eq!((row[125], row[129]), (byte(0.01), byte(0.01)));
        assert!(row[127] < byte(0.01) - 20);

        let beyond = View::new(&BAND, &(centre + 1e6..centre + 2e6), 10).unwrap();
        assert!(beyond.span().end <= BAND.edges().end && beyond.span().end > BAND.edges().end - 40e3);
        assert_eq!(beyond.columns(), 63, "of 391 bins each");
        assert!(View::new(&BAND, &(f64::NAN..1.0), 10).is_none());
    }

    #[test]
    fn the_noise_is_known_to_half_a_decibel_also_under_signals() {
        let noise = gaussian(0.01);
        let signals = tone(0.0, 0.5).into_iter().zip(noise).map(|(a, b)| a + b).collect::<Vec<_>>();
        let (noise, _) = rows(&signals, &View::whole(&BAND)).pop().unwrap();
        let expected = 10.0 * (2.0 * 1e-4_f32).log10();
        assert!((noise.dbfs(2_048_000.0) - expected).abs() < 0.5, "{} {expected}", noise.dbfs(2_048_000.0));
    }
}
