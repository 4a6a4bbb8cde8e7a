//! The loudest passages of a recording, found in one pass: there an FM carrier moves furthest.

use std::ops::Range;

/// Length of a passage in seconds: a syllable. The step at the joint of two passages takes 0.3 ms, 0.6 % of it.
const SECONDS: f64 = 0.05;

/// Passages kept of each kind. Both kinds, 1.6 s in all, take about 5 ms to modulate and measure, before each
/// transmission.
const MAX_PASSAGES: usize = 16;

/// Part of the power of the loudest passage (-6 dB, half the deviation). Quieter passages are left out: the carrier is
/// as strong there, so they would make the measured band too narrow for the loud ones.
const LOUD: f32 = 0.25;

/// The minimum sample rate at which passages are compared, in hertz: no voice channel carries more than half of it.
const COARSE: f64 = 8000.0;

/// The loudest passages of a sound, in constant memory.
#[derive(Debug, Default)]
pub(crate) struct Passages {
    /// Frames of a passage.
    frames: u64,
    /// Samples summed to one value, a power of two.
    stride: usize,
    /// The first frame of the current passage, and the number of its frames so far.
    start: u64,
    filled: u64,
    level: f32,
    slope: f32,
    last: f32,
    /// The passages with the highest level: low tones.
    loudest: Best,
    /// The passages with the highest slope: high tones, which pre-emphasis raises.
    steepest: Best,
}

/// The power and first frame of passages, by falling power.
#[derive(Debug, Default)]
struct Best(Vec<(f32, u64)>);

impl Best {
    fn offer(&mut self, power: f32, start: u64) {
        let place = self.0.partition_point(|(other, _)| *other >= power);
        if place < MAX_PASSAGES {
            self.0.insert(place, (power, start));
            self.0.truncate(MAX_PASSAGES);
        }
    }

    /// Returns the first frames of the loud passages, ascending.
    fn loud(&self) -> Vec<u64> {
        let least = self.0.first().map_or(0.0, |(power, _)| LOUD * power);
        let mut starts: Vec<_> = self.0.iter().filter(|(power, _)| *power >= least).map(|(_, start)| *start).collect();
        starts.sort_unstable();
        starts
    }
}

impl Passages {
    /// Starts for sound with `rate` samples per second.
    pub(crate) fn at(rate: f64) -> Self {
        let most = (rate / COARSE).max(1.0);
        let stride = 1 << (most.log2() as u32).min(5);
        Self { frames: (SECONDS * rate).ceil() as u64, stride, ..Self::default() }
    }

    /// Adds the next samples.
    pub(crate) fn add(&mut self, mut samples: &[f32]) {
        while !samples.is_empty() {
            let left = usize::try_from(self.frames - self.filled).unwrap_or(usize::MAX);
            let (now, later) = samples.split_at(left.min(samples.len()));
            // Constant lengths, which the compiler unrolls.
            match self.stride {
                1 => self.compare::<1>(now),
                2 => self.compare::<2>(now),
                4 => self.compare::<4>(now),
                8 => self.compare::<8>(now),
                16 => self.compare::<16>(now),
                _ => self.compare::<32>(now),
            }
            self.filled += now.len() as u64;
            samples = later;
            if self.filled == self.frames {
                self.finish();
            }
        }
    }

    /// Adds samples in strides. A remainder of less than a stride per block is dropped: too little to change the order.
    fn compare<const STRIDE: usize>(&mut self, samples: &[f32]) {
        let (strides, _) = samples.as_chunks::<STRIDE>();
        for stride in strides {
            let sum: f32 = stride.iter().sum();
            self.level += sum * sum;
            self.slope += (sum - self.last) * (sum - self.last);
            self.last = sum;
        }
    }

    /// Ends the current passage.
    fn finish(&mut self) {
        let filled = self.filled as f32;
        if self.filled > 0 {
            self.loudest.offer(self.level / filled, self.start);
            self.steepest.offer(self.slope / filled, self.start);
        }
        let (start, last) = (self.start + self.filled, self.last);
        (self.start, self.filled, self.level, self.slope, self.last) = (start, 0, 0.0, 0.0, last);
    }

    /// Returns the loud passages of both kinds, each ascending, after all samples.
    pub(crate) fn loud(mut self) -> [Vec<Range<u64>>; 2] {
        self.finish();
        let (len, frames) = (self.start, self.frames);
        [self.loudest, self.steepest]
            .map(|best| best.loud().into_iter().map(|start| start..len.min(start + frames)).collect())
    }
}
