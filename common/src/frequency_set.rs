//! Sets of nominal frequencies, exact to the hertz, from which one is drawn.

use crate::{Band, Frequency, FrequencyRules};
use std::ops::Range;

/// Frequencies are drawn in steps of 1 kHz where the set allows, since people write frequencies in whole kilohertz.
const RASTER_HZ: i64 = 1_000;

/// The span that a signal occupies, in whole hertz relative to its nominal frequency; both edges included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OccupiedSpan {
    low: i64,
    high: i64,
}

impl OccupiedSpan {
    /// Rounds `occupied`, in hertz relative to the nominal frequency, outwards to whole hertz, as [`Frequency::band`]
    /// does.
    #[must_use]
    pub fn new(occupied: &Range<f64>) -> Self {
        let edge = |hertz: f64| hertz.clamp(-1e12, 1e12) as i64;
        let low = edge(occupied.start.floor());
        Self { low, high: edge(occupied.end.ceil()).max(low) }
    }

    /// The edges in hertz, as [`Frequency::band`] takes them.
    #[must_use]
    pub fn range(self) -> Range<f64> {
        self.low as f64..self.high as f64
    }
}

/// A set of nominal frequencies: disjoint intervals in ascending order, both ends included, in hertz.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FrequencySet(Vec<(i64, i64)>);

impl FrequencySet {
    /// All frequencies within these bands.
    #[must_use]
    pub fn of(bands: &[Band]) -> Self {
        Self::union(bands.iter().map(|band| (signed(band.low()).max(1), signed(band.high()))))
    }

    fn union(intervals: impl Iterator<Item = (i64, i64)>) -> Self {
        let mut sorted: Vec<_> = intervals.filter(|(low, high)| low <= high).collect();
        sorted.sort_unstable();
        let mut merged: Vec<(i64, i64)> = Vec::with_capacity(sorted.len());
        for (low, high) in sorted {
            match merged.last_mut() {
                Some((_, end)) if low <= end.saturating_add(1) => *end = high.max(*end),
                _ => merged.push((low, high)),
            }
        }
        Self(merged)
    }

    /// Keeps the frequencies on which the whole signal lies within one of these limits. Without limits, keeps all.
    #[must_use]
    pub fn within(&self, limits: &[Band], span: OccupiedSpan) -> Self {
        if limits.is_empty() {
            return self.clone();
        }
        let allowed =
            Self::union(limits.iter().map(|limit| (signed(limit.low()) - span.low, signed(limit.high()) - span.high)));
        let pairs = self.0.iter().flat_map(|a| allowed.0.iter().map(move |b| (a, b)));
        Self::union(pairs.map(|(a, b)| (a.0.max(b.0), a.1.min(b.1))))
    }

    /// Keeps the frequencies on which no part of the signal lies within `taken`.
    #[must_use]
    pub fn without(mut self, taken: &Band, span: OccupiedSpan) -> Self {
        let first = signed(taken.low()) - span.high;
        let last = signed(taken.high()) - span.low;
        if !self.0.iter().any(|&(low, high)| low <= last && first <= high) {
            return self;
        }
        let cut = |(low, high): (i64, i64)| [(low, high.min(first - 1)), (low.max(last + 1), high)];
        self.0 = self.0.into_iter().flat_map(cut).filter(|(low, high)| low <= high).collect();
        self
    }

    /// Keeps the frequencies on which the whole signal lies within the band plan and touches no protected band.
    #[must_use]
    pub fn permitted(&self, rules: &FrequencyRules, span: OccupiedSpan) -> Self {
        rules.closed_bands().fold(self.within(&rules.plan(), span), |left, band| left.without(&band, span))
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this frequency is in the set.
    #[must_use]
    pub fn contains(&self, frequency: Frequency) -> bool {
        let hz = signed(frequency.hz());
        self.0.iter().any(|&(low, high)| low <= hz && hz <= high)
    }

    /// Returns the band that a signal on the lowest frequency occupies; `None` if the set is empty.
    #[must_use]
    pub fn first_band(&self, span: OccupiedSpan) -> Option<Band> {
        self.0.first().and_then(|&(low, _)| occupied((low, low), span))
    }

    /// Returns the bands that a signal may occupy, one for each interval of the set.
    pub fn bands(&self, span: OccupiedSpan) -> impl Iterator<Item = Band> {
        self.0.iter().filter_map(move |&interval| occupied(interval, span))
    }

    /// Draws a frequency with equal probability: from those on whole kilohertz if there are any, else from all. `None`
    /// if the set is empty.
    ///
    /// `random(n)`, with `n` at least 1, returns a uniformly distributed number from 0 to `n` - 1. The caller brings
    /// it, so that this crate needs no source of randomness.
    pub fn draw(&self, mut random: impl FnMut(u64) -> u64) -> Option<Frequency> {
        self.draw_stepping(RASTER_HZ, &mut random).or_else(|| self.draw_stepping(1, &mut random))
    }

    fn draw_stepping(&self, step: i64, random: &mut impl FnMut(u64) -> u64) -> Option<Frequency> {
        let steps = |&(low, high): &(i64, i64)| high.div_euclid(step) - (low - 1).div_euclid(step);
        let total = u64::try_from(self.0.iter().map(steps).sum::<i64>()).ok().filter(|total| *total > 0)?;
        let mut left = signed(random(total));
        for interval in &self.0 {
            let here = steps(interval);
            if left < here {
                let first = ((interval.0 - 1).div_euclid(step) + 1) * step;
                return u64::try_from(first + left * step).ok().and_then(Frequency::from_hz);
            }
            left -= here;
        }
        None
    }
}

fn occupied((low, high): (i64, i64), span: OccupiedSpan) -> Option<Band> {
    let edge = |hertz: i64| u64::try_from(hertz.max(0)).ok();
    Band::new(edge(low + span.low)?, edge(high + span.high)?)
}

/// Lossless: bands end at [`Frequency::MAX`].
fn signed(hertz: u64) -> i64 {
    i64::try_from(hertz).unwrap_or(i64::MAX / 4).min(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn band() -> impl Strategy<Value = Band> {
        (1_u64..300, 0_u64..120).prop_map(|(low, width)| Band::new(low, low + width).unwrap())
    }

    /// Every frequency that can be drawn.
    fn drawn(set: &FrequencySet) -> BTreeSet<u64> {
        let mut count = 0;
        let _ = set.draw(|below| {
            count = below;
            0
        });
        (0..count).filter_map(|number| set.draw(|_| number)).map(Frequency::hz).collect()
    }

    proptest! {
        /// Compares the set with trying every frequency.
        #[test]
        fn the_free_set_is_exactly_the_frequencies_that_fit(
            tuning in prop::collection::vec(band(), 1..4),
            limits in prop::collection::vec(band(), 0..4),
            taken in prop::collection::vec(band(), 0..5),
            low in -20_i64..5,
            width in 0_i64..30,
        ) {
            let occupied = low as f64..(low + width) as f64;
            let span = OccupiedSpan::new(&occupied);
            let mut free = FrequencySet::of(&tuning).within(&limits, span);
            for band in &taken {
                free = free.without(band, span);
            }
            for hz in 1..600_u64 {
                let signal = Frequency::from_hz(hz).unwrap().band(&occupied);
                let inside = |limit: &Band| {
                    limit.low() as i64 <= hz as i64 + low && hz as i64 + low + width <= limit.high() as i64
                };
                let fits = tuning.iter().any(|band| band.low() <= hz && hz <= band.high())
                    && (limits.is_empty() || limits.iter().any(inside))
                    && !taken.iter().any(|band| band.overlaps(&signal));
                // `Frequency::band` cuts a signal at 0 Hz.
                if hz as i64 + low >= 0 {
                    prop_assert_eq!(free.contains(Frequency::from_hz(hz).unwrap()), fits, "{} Hz", hz);
                }
            }
        }

        #[test]
        fn the_whole_set_is_drawn_from_or_all_of_it_that_lies_on_whole_kilohertz(
            bands in prop::collection::vec((1_u64..9_000, 0_u64..1_500), 0..4),
        ) {
            let bands: Vec<_> = bands.iter().map(|(low, width)| Band::new(*low, low + width).unwrap()).collect();
            let set = FrequencySet::of(&bands);
            let all = (1..12_000).filter(|hz| bands.iter().any(|band| band.low() <= *hz && *hz <= band.high()));
            let (on, off): (BTreeSet<u64>, _) = all.partition(|hz| hz % 1_000 == 0);
            prop_assert_eq!(drawn(&set), if on.is_empty() { off } else { on });
        }
    }

    #[test]
    fn frequencies_are_drawn_on_whole_kilohertz() {
        let free = FrequencySet::of(&[Band::new(999, 2_001).unwrap(), Band::new(5_001, 7_999).unwrap()]);
        assert_eq!(drawn(&free).into_iter().collect::<Vec<_>>(), [1_000, 2_000, 6_000, 7_000]);
    }

    #[test]
    fn no_frequency_is_drawn_on_which_the_signal_touches_a_protected_band_or_leaves_the_plan() {
        let span = OccupiedSpan::new(&(-5_000.0..5_000.0));
        let ham = FrequencySet::of(&[Band::new(156_700_000, 157_000_000).unwrap()]);
        let plan = FrequencyRules { band_plan: vec![Band::new(156_750_000, 156_900_000).unwrap()], ..<_>::default() };
        for hz in drawn(&ham.permitted(&FrequencyRules::default(), span)) {
            assert!(hz <= 156_757_500 || 156_842_500 <= hz, "{hz}");
        }
        for hz in drawn(&ham.permitted(&plan, span)) {
            assert!((156_755_000..=156_757_500).contains(&hz) || (156_842_500..=156_895_000).contains(&hz), "{hz}");
        }
    }

    #[test]
    fn without_a_free_whole_kilohertz_any_hertz_is_drawn() {
        let fixed = FrequencySet::of(&[Band::new(145_550_123, 145_550_123).unwrap()]);
        assert_eq!(fixed.draw(|_| 0).map(Frequency::hz), Some(145_550_123));
        assert_eq!(FrequencySet::default().draw(|_| 0), None);
    }
}
