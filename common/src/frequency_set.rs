//! Sets of nominal frequencies, exact to the hertz, from which one is drawn.

use crate::{Band, Frequency, FrequencyRules, Tuning};
use std::ops::Range;

/// Frequencies of a range without a raster are drawn in steps of 1 kHz where the set allows, since people write frequencies
/// in whole kilohertz.
const KILOHERTZ: i64 = 1_000;

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

/// Frequencies at equal distances: `low`, `low + step` and so on up to `high`, in hertz. A step of 1: every hertz.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Steps {
    low: i64,
    high: i64,
    step: i64,
}

impl Steps {
    /// Keeps those from `low` to `high`; `None` if there are none.
    fn clip(self, low: i64, high: i64) -> Option<Self> {
        let first = self.low.max(self.low + up_to_multiple(low - self.low, self.step));
        let last = high.min(self.high);
        let high = first + (last - first).div_euclid(self.step) * self.step;
        (first <= last).then_some(Self { low: first, high, step: self.step })
    }

    /// Keeps those of a raster; of every hertz, the whole kilohertz.
    fn on_raster(self) -> Option<Self> {
        if self.step > 1 {
            return Some(self);
        }
        let whole = Self { low: up_to_multiple(self.low, KILOHERTZ), high: self.high, step: KILOHERTZ };
        whole.clip(self.low, self.high)
    }

    fn count(self) -> i64 {
        (self.high - self.low) / self.step + 1
    }

    fn contains(self, hz: i64) -> bool {
        (self.low..=self.high).contains(&hz) && (hz - self.low) % self.step == 0
    }
}

/// Returns the least multiple of `step` that is not below `hz`.
fn up_to_multiple(hz: i64, step: i64) -> i64 {
    ((hz - 1).div_euclid(step) + 1) * step
}

/// A set of nominal frequencies, in ascending order; those of no raster in disjoint intervals.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FrequencySet(Vec<Steps>);

impl FrequencySet {
    /// All frequencies within these bands.
    #[must_use]
    pub fn of(bands: &[Band]) -> Self {
        Self::collect(bands.iter().map(|band| Steps {
            low: signed(band.low()).max(1),
            high: signed(band.high()),
            step: 1,
        }))
    }

    /// The frequencies that a challenge may have: its own; or, of each of its ranges, those of the range's raster on which
    /// the whole signal lies within the range, with `guard_hz` hertz more on either side. In a range without room for the
    /// guard, those on which the signal alone lies within it.
    #[must_use]
    pub fn of_tuning(tuning: &Tuning, span: OccupiedSpan, guard_hz: u64) -> Self {
        match tuning {
            Tuning::Frequency(_) => Self::of(&tuning.bands()),
            Tuning::ManualFrequencyRange(band) => Self::collect(inside(band, 1, span, guard_hz).into_iter()),
            Tuning::FrequencyRanges(ranges) => Self::collect(ranges.iter().filter_map(|range| {
                let step = range.raster_hz.map_or(1, |raster| raster.get().into());
                inside(&range.band, step, span, guard_hz)
            })),
        }
    }

    fn collect(steps: impl Iterator<Item = Steps>) -> Self {
        let (every_hertz, rasters): (Vec<_>, Vec<_>) = steps.partition(|steps| steps.step == 1);
        let joined = union(every_hertz.into_iter().map(|steps| (steps.low, steps.high)));
        let mut all: Vec<_> = joined.into_iter().map(|(low, high)| Steps { low, high, step: 1 }).collect();
        all.extend(rasters);
        all.sort_unstable();
        all.dedup();
        Self(all)
    }

    /// Keeps the frequencies on which the whole signal lies within one of these limits. Without limits, keeps all.
    #[must_use]
    pub fn within(&self, limits: &[Band], span: OccupiedSpan) -> Self {
        if limits.is_empty() {
            return self.clone();
        }
        let allowed =
            union(limits.iter().map(|limit| (signed(limit.low()) - span.low, signed(limit.high()) - span.high)));
        let clip = |steps: &Steps| {
            let steps = *steps;
            allowed.iter().filter_map(move |&(low, high)| steps.clip(low, high))
        };
        Self(self.0.iter().flat_map(clip).collect())
    }

    /// Keeps the frequencies on which no part of the signal lies within `taken`.
    #[must_use]
    pub fn without(mut self, taken: &Band, span: OccupiedSpan) -> Self {
        let first = signed(taken.low()) - span.high;
        let last = signed(taken.high()) - span.low;
        let mut index = 0;
        while let Some(&steps) = self.0.get(index) {
            if steps.high < first || last < steps.low {
                index += 1;
                continue;
            }
            // In place: a set that is cut a hundred times is mostly left as it is by each cut.
            let kept = [steps.clip(steps.low, first - 1), steps.clip(last + 1, steps.high)];
            let before = self.0.len();
            self.0.splice(index..=index, kept.into_iter().flatten());
            index += self.0.len() + 1 - before;
        }
        self
    }

    /// Keeps the frequencies on which the whole signal lies within the band plan and touches no protected band.
    #[must_use]
    pub fn permitted(&self, rules: &FrequencyRules, span: OccupiedSpan) -> Self {
        rules.closed_bands().fold(self.within(&rules.plan(), span), |left, band| left.without(&band, span))
    }

    /// Returns whether the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the frequency if there is one and no other.
    #[must_use]
    pub fn only(&self) -> Option<Frequency> {
        match self.0.as_slice() {
            [Steps { low, high, .. }] if low == high => u64::try_from(*low).ok().and_then(Frequency::from_hz),
            _ => None,
        }
    }

    /// Returns whether this frequency is in the set.
    #[must_use]
    pub fn contains(&self, frequency: Frequency) -> bool {
        let hz = signed(frequency.hz());
        self.0.iter().any(|steps| steps.contains(hz))
    }

    /// Returns the band that a signal on the lowest frequency occupies; `None` if the set is empty.
    #[must_use]
    pub fn first_band(&self, span: OccupiedSpan) -> Option<Band> {
        self.0.iter().map(|steps| steps.low).min().and_then(|low| occupied((low, low), span))
    }

    /// Returns the bands that a signal may occupy, one for each interval of the set.
    pub fn bands(&self, span: OccupiedSpan) -> impl Iterator<Item = Band> {
        self.0.iter().filter_map(move |steps| occupied((steps.low, steps.high), span))
    }

    /// Draws a frequency with equal probability: from those of a raster and those on whole kilohertz if there are any, else
    /// from all. One that lies in ranges of different rasters counts in each. `None` if the set is empty.
    ///
    /// `random(n)`, with `n` at least 1, returns a uniformly distributed number from 0 to `n` - 1. The caller brings
    /// it, so that this crate needs no source of randomness.
    pub fn draw(&self, mut random: impl FnMut(u64) -> u64) -> Option<Frequency> {
        let on_raster: Vec<_> = self.0.iter().filter_map(|steps| steps.on_raster()).collect();
        let from = if on_raster.is_empty() { &self.0 } else { &on_raster };
        let total =
            u64::try_from(from.iter().map(|steps| steps.count()).sum::<i64>()).ok().filter(|total| *total > 0)?;
        let mut left = signed(random(total));
        for steps in from {
            if left < steps.count() {
                return u64::try_from(steps.low + left * steps.step).ok().and_then(Frequency::from_hz);
            }
            left -= steps.count();
        }
        None
    }
}

/// The frequencies of a range on which the whole signal lies within it, with the guard if there is room for that.
fn inside(band: &Band, step: i64, span: OccupiedSpan, guard_hz: u64) -> Option<Steps> {
    let all = Steps { low: signed(band.low()).max(1), high: signed(band.high()), step };
    let keep = |guard: i64| all.clip(signed(band.low()) + guard - span.low, signed(band.high()) - guard - span.high);
    keep(signed(guard_hz)).or_else(|| keep(0))
}

/// Joins intervals that overlap or touch, in ascending order.
fn union(intervals: impl Iterator<Item = (i64, i64)>) -> Vec<(i64, i64)> {
    let mut sorted: Vec<_> = intervals.filter(|(low, high)| low <= high).collect();
    sorted.sort_unstable();
    let mut merged: Vec<(i64, i64)> = Vec::with_capacity(sorted.len());
    for (low, high) in sorted {
        match merged.last_mut() {
            Some((_, end)) if low <= end.saturating_add(1) => *end = high.max(*end),
            _ => merged.push((low, high)),
        }
    }
    merged
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
    use crate::challenge::NamedRange;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use std::num::NonZeroU32;

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

        /// Compared with trying every single frequency.
        #[test]
        fn what_is_drawn_of_ranges_is_what_keeps_signal_and_guard_inside_on_the_raster(
            ranges in prop::collection::vec((band(), 0_u32..20), 1..4),
            taken in band(),
            low in -20_i64..5,
            width in 0_i64..30,
            guard in 0_u64..10,
        ) {
            let span = OccupiedSpan::new(&(low as f64..(low + width) as f64));
            let range = |(band, raster): &(Band, u32)| NamedRange {
                name: String::new(), display_name: None, band: *band, raster_hz: NonZeroU32::new(*raster + 1),
            };
            let tuning = Tuning::FrequencyRanges(ranges.iter().map(range).collect());
            let set = FrequencySet::of_tuning(&tuning, span, guard).without(&taken, span);
            let within = |hz: i64, (band, raster): &(Band, u32), guard: i64| {
                let (first, last) = (band.low() as i64, band.high() as i64);
                first <= hz && hz <= last && (hz - first) % i64::from(*raster + 1) == 0
                    && first + guard <= hz + low && hz + low + width <= last - guard
            };
            for hz in 1..600_i64 {
                let is_meant = |range: &(Band, u32)| {
                    let roomy = (1..600).any(|hz| within(hz, range, guard as i64));
                    within(hz, range, if roomy { guard as i64 } else { 0 })
                };
                let free = hz + low + width < taken.low() as i64 || (taken.high() as i64) < hz + low;
                let expected = free && ranges.iter().any(is_meant);
                prop_assert_eq!(set.contains(Frequency::from_hz(hz as u64).unwrap()), expected, "{} Hz", hz);
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
    fn a_raster_counts_from_the_lower_edge_and_keeps_signal_and_guard_within_the_range() {
        let range = |low, high, raster| NamedRange {
            name: "r".to_owned(),
            display_name: None,
            band: Band::new(low, high).unwrap(),
            raster_hz: NonZeroU32::new(raster),
        };
        let span = OccupiedSpan::new(&(-4_000.0..4_000.0));
        let channels = |ranges: &[NamedRange], guard| {
            drawn(&FrequencySet::of_tuning(&Tuning::FrequencyRanges(ranges.to_vec()), span, guard))
        };
        let pmr = range(446_006_250, 446_100_000, 12_500);
        let first = channels(std::slice::from_ref(&pmr), 5_000).into_iter().collect::<Vec<_>>();
        let expected = [446_018_750, 446_031_250, 446_043_750, 446_056_250, 446_068_750, 446_081_250];
        assert_eq!(first, expected);
        // Without room for the guard, the signal alone.
        let narrow = range(100_000_000, 100_008_500, 0);
        assert_eq!(channels(&[narrow], 5_000).into_iter().collect::<Vec<_>>(), [100_004_000]);
        // Ranges that touch are no single wide one.
        let both = [range(100_000_000, 100_010_000, 1_000), range(100_010_000, 100_020_000, 0)];
        let drawn = channels(&both, 0).into_iter().collect::<Vec<_>>();
        assert_eq!(drawn, [100_004_000, 100_005_000, 100_006_000, 100_014_000, 100_015_000, 100_016_000]);
    }

    #[test]
    fn without_a_free_whole_kilohertz_any_hertz_is_drawn() {
        let fixed = FrequencySet::of(&[Band::new(145_550_123, 145_550_123).unwrap()]);
        assert_eq!(fixed.draw(|_| 0).map(Frequency::hz), Some(145_550_123));
        assert_eq!(FrequencySet::default().draw(|_| 0), None);
    }
}
