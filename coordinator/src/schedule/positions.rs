//! Sets of nominal frequencies, exact to the hertz.

use challengectl_common::{Band, Frequency, FrequencyRules};
use rand::{Rng, RngExt};
use std::ops::Range;

/// Frequencies are drawn on whole kilohertz where the free set has any, as people expect to read them.
const RASTER: i64 = 1_000;

/// What a signal occupies, in whole hertz relative to its nominal frequency; both edges included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offsets {
    low: i64,
    high: i64,
}

impl Offsets {
    /// Rounded outwards, as [`Frequency::band`] does.
    #[must_use]
    pub fn new(occupied: &Range<f64>) -> Self {
        let edge = |hertz: f64| hertz.clamp(-1e12, 1e12) as i64;
        let low = edge(occupied.start.floor());
        Self { low, high: edge(occupied.end.ceil()).max(low) }
    }

    /// As a waveform tells it.
    #[must_use]
    pub fn range(self) -> Range<f64> {
        self.low as f64..self.high as f64
    }
}

/// A set of nominal frequencies: disjoint intervals in ascending order, both ends included.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Positions(Vec<(i64, i64)>);

impl Positions {
    /// Everything within these bands.
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

    /// Those where the whole signal lies within one of these limits. No limits: all of them.
    #[must_use]
    pub fn within(&self, limits: &[Band], offsets: Offsets) -> Self {
        if limits.is_empty() {
            return self.clone();
        }
        let allowed = Self::union(
            limits.iter().map(|limit| (signed(limit.low()) - offsets.low, signed(limit.high()) - offsets.high)),
        );
        let pairs = self.0.iter().flat_map(|a| allowed.0.iter().map(move |b| (a, b)));
        Self::union(pairs.map(|(a, b)| (a.0.max(b.0), a.1.min(b.1))))
    }

    /// Those where no part of the signal lies within `taken`.
    #[must_use]
    pub fn without(mut self, taken: &Band, offsets: Offsets) -> Self {
        let first = signed(taken.low()) - offsets.high;
        let last = signed(taken.high()) - offsets.low;
        if !self.0.iter().any(|&(low, high)| low <= last && first <= high) {
            return self;
        }
        let cut = |(low, high): (i64, i64)| [(low, high.min(first - 1)), (low.max(last + 1), high)];
        self.0 = self.0.into_iter().flat_map(cut).filter(|(low, high)| low <= high).collect();
        self
    }

    /// Those where the whole signal lies within the band plan, and no part of it where it is protected.
    #[must_use]
    pub fn permitted(&self, rules: &FrequencyRules, offsets: Offsets) -> Self {
        rules.closed_bands().fold(self.within(&rules.plan(), offsets), |left, band| left.without(&band, offsets))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a signal on the lowest of them occupies.
    #[must_use]
    pub fn first_band(&self, offsets: Offsets) -> Option<Band> {
        self.0.first().and_then(|&(low, _)| occupied((low, low), offsets))
    }

    /// Everything that a signal on any of them could occupy.
    pub fn bands(&self, offsets: Offsets) -> impl Iterator<Item = Band> {
        self.0.iter().filter_map(move |&interval| occupied(interval, offsets))
    }

    /// One of them; on the raster all are equally likely, and where none lies on the raster all are.
    pub fn draw<R: Rng>(&self, rng: &mut R) -> Option<Frequency> {
        self.draw_stepping(RASTER, rng).or_else(|| self.draw_stepping(1, rng))
    }

    fn draw_stepping<R: Rng>(&self, step: i64, rng: &mut R) -> Option<Frequency> {
        let steps = |&(low, high): &(i64, i64)| high.div_euclid(step) - (low - 1).div_euclid(step);
        let total: i64 = self.0.iter().map(steps).sum();
        let mut left = if total > 0 { rng.random_range(0..total) } else { return None };
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

fn occupied((low, high): (i64, i64), offsets: Offsets) -> Option<Band> {
    let edge = |hertz: i64| u64::try_from(hertz.max(0)).ok();
    Band::new(edge(low + offsets.low)?, edge(high + offsets.high)?)
}

/// Bands end at [`Frequency::MAX`], so nothing is lost.
fn signed(hertz: u64) -> i64 {
    i64::try_from(hertz).unwrap_or(i64::MAX / 4).min(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn band() -> impl Strategy<Value = Band> {
        (1_u64..300, 0_u64..120).prop_map(|(low, width)| Band::new(low, low + width).unwrap())
    }

    proptest! {
        /// Compared with trying every single frequency.
        #[test]
        fn the_free_set_is_exactly_the_frequencies_that_fit(
            tuning in prop::collection::vec(band(), 1..4),
            limits in prop::collection::vec(band(), 0..4),
            taken in prop::collection::vec(band(), 0..5),
            low in -20_i64..5,
            width in 0_i64..30,
        ) {
            let occupied = low as f64..(low + width) as f64;
            let offsets = Offsets::new(&occupied);
            let mut free = Positions::of(&tuning).within(&limits, offsets);
            for band in &taken {
                free = free.without(band, offsets);
            }
            for hz in 1..600_u64 {
                let signal = Frequency::from_hz(hz).unwrap().band(&occupied);
                let inside = |limit: &Band| {
                    limit.low() as i64 <= hz as i64 + low && hz as i64 + low + width <= limit.high() as i64
                };
                let fits = tuning.iter().any(|band| band.low() <= hz && hz <= band.high())
                    && (limits.is_empty() || limits.iter().any(inside))
                    && !taken.iter().any(|band| band.overlaps(&signal));
                let listed = free.0.iter().any(|&(low, high)| low <= hz as i64 && hz as i64 <= high);
                // A signal that would reach below zero is cut there by `Frequency::band`.
                if hz as i64 + low >= 0 {
                    prop_assert_eq!(listed, fits, "{} Hz", hz);
                }
            }
        }
    }

    #[test]
    fn frequencies_are_drawn_on_the_raster_and_all_come_up() {
        let free = Positions::of(&[Band::new(999, 2_001).unwrap(), Band::new(5_001, 7_999).unwrap()]);
        let drawn: std::collections::BTreeSet<_> =
            (0..200).filter_map(|_| free.draw(&mut rand::rng())).map(Frequency::hz).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [1_000, 2_000, 6_000, 7_000]);
    }

    #[test]
    fn no_frequency_is_drawn_where_the_signal_would_touch_what_is_protected_or_leave_the_plan() {
        let offsets = Offsets::new(&(-5_000.0..5_000.0));
        let ham = Positions::of(&[Band::new(156_700_000, 157_000_000).unwrap()]);
        let plan = FrequencyRules { band_plan: vec![Band::new(156_750_000, 156_900_000).unwrap()], ..<_>::default() };
        for _ in 0..200 {
            let hz = ham.permitted(&FrequencyRules::default(), offsets).draw(&mut rand::rng()).unwrap().hz();
            assert!(hz <= 156_757_500 || 156_842_500 <= hz, "{hz}");
            let hz = ham.permitted(&plan, offsets).draw(&mut rand::rng()).unwrap().hz();
            assert!((156_755_000..=156_757_500).contains(&hz) || (156_842_500..=156_895_000).contains(&hz), "{hz}");
        }
    }

    #[test]
    fn where_the_raster_has_no_place_any_hertz_will_do() {
        let fixed = Positions::of(&[Band::new(145_550_123, 145_550_123).unwrap()]);
        assert_eq!(fixed.draw(&mut rand::rng()).map(Frequency::hz), Some(145_550_123));
        assert_eq!(Positions::default().draw(&mut rand::rng()), None);
    }
}
