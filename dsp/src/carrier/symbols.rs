//! A sequence of bits as a level over time.

use std::f64::consts::PI;

/// A sequence of bits, each some samples long, as a level from 0 to 1. Between two different bits the level follows
/// half a cosine, which begins at the boundary: all edges are equally late, so every bit keeps its length.
pub(crate) struct Symbols {
    bits: Box<[bool]>,
    samples_per_bit: u32,
    /// The level after a step from 0 to 1.
    edge: Box<[f32]>,
    /// Bits begun, and samples of the current bit that are done.
    begun: usize,
    done: u32,
    before: f32,
    level: f32,
}

impl Symbols {
    /// Starts from the level of a bit `before` the first. `edge` is in samples, and at most the length of a bit.
    pub(crate) fn new(before: bool, bits: &[bool], samples_per_bit: u32, edge: f64) -> Self {
        let steps = (edge.ceil() as u32).saturating_sub(1).min(samples_per_bit);
        let edge = (1..=steps).map(|n| (0.5 - 0.5 * (PI * f64::from(n) / edge).cos()) as f32).collect();
        let level = level(before);
        Self { bits: bits.into(), samples_per_bit, edge, begun: 0, done: samples_per_bit, before: level, level }
    }

    /// The total number of samples.
    pub(crate) fn len(&self) -> u64 {
        self.bits.len() as u64 * u64::from(self.samples_per_bit)
    }

    /// Returns the level before the first bit.
    pub(crate) fn before(&self) -> f32 {
        self.before
    }

    /// Writes the levels of the next samples; after the last bit, its level.
    pub(crate) fn fill(&mut self, mut levels: &mut [f32]) {
        while !levels.is_empty() {
            if self.done == self.samples_per_bit && !self.begin() {
                return levels.fill(self.level);
            }
            let left = (self.samples_per_bit - self.done) as usize;
            let (now, later) = levels.split_at_mut(left.min(levels.len()));
            let edge = self.edge.get(self.done as usize..).unwrap_or_default();
            let (sloping, flat) = now.split_at_mut(edge.len().min(now.len()));
            for (level, rise) in sloping.iter_mut().zip(edge) {
                *level = self.before + (self.level - self.before) * rise;
            }
            flat.fill(self.level);
            self.done += now.len() as u32;
            levels = later;
        }
    }

    /// Begins the next bit; `false` if there is none.
    fn begin(&mut self) -> bool {
        self.before = self.level;
        let Some(bit) = self.bits.get(self.begun) else { return false };
        self.level = level(*bit);
        self.begun += 1;
        self.done = 0;
        true
    }
}

fn level(bit: bool) -> f32 {
    if bit { 1.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_are_smooth_and_bits_keep_their_length() {
        let mut symbols = Symbols::new(false, &[false, true, true, false], 10, 4.0);
        let mut levels = [0.0; 40];
        symbols.fill(&mut levels);
        assert_eq!(levels[9..15], [0.0, 0.14644662, 0.5, 0.8535534, 1.0, 1.0]);
        assert_eq!(levels.iter().filter(|level| **level >= 0.5).count(), 21);
        let total: f32 = levels.iter().sum();
        assert!((total - 20.0).abs() < 1e-5, "{total}");
    }

    #[test]
    fn the_first_bit_has_an_edge_too() {
        let mut symbols = Symbols::new(false, &[true], 4, 2.0);
        let mut levels = [0.0; 3];
        symbols.fill(&mut levels);
        assert_eq!(levels, [0.5, 1.0, 1.0]);
    }

    #[test]
    fn the_last_level_stays() {
        let mut symbols = Symbols::new(true, &[true], 2, 0.0);
        let mut levels = [0.0; 3];
        symbols.fill(&mut levels);
        assert_eq!(levels, [1.0; 3]);
    }
}
