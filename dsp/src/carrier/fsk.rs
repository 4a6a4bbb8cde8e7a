//! Frequency-shift keying (FSK): a carrier keyed between two frequencies.

use super::envelope::Envelope;
use super::symbols::Symbols;
use crate::Waveform;
use crate::occupied::band_of;
use crate::phasor::{units, write_phasors};
use num_complex::Complex32;
use std::ops::Range;

/// How a carrier is keyed between two frequencies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Keying {
    /// Bits per second, above 0.
    pub baud: f64,
    /// Samples per bit, at least 1. The sample rate is `samples_per_bit` × `baud`.
    pub samples_per_bit: u32,
    /// Hertz from the nominal frequency for a bit 0 and for a bit 1. Both within half the sample rate.
    pub tones: [f64; 2],
    /// Seconds in which the carrier rises before the first bit, and falls after the last.
    pub ramp: f64,
}

/// Part of a bit in which the frequency changes: short enough for any slicer, and side lobes fall off much faster than
/// with a jump.
const EDGE: f64 = 0.1;

/// How far beyond the tones power is taken into account, in multiples of the bit rate: it sets the sample rate at which
/// the occupied band is measured. With smooth edges less than 0.1 % of the power lies further out.
const SKIRT: f64 = 4.0;

/// Samples per bit at which the edges are resolved: with 12, the band of a page at 2400 bits per second comes out 29 %
/// too wide; with 32, within 1 %.
const EDGES: u32 = 32;

/// A waveform of frequency-shift keying with continuous phase and constant amplitude, and silence at both ends.
pub struct Fsk {
    symbols: Symbols,
    envelope: Envelope,
    rate: f64,
    /// By how much the phase grows with a sample of a bit 0, and by how much more with one of a bit 1.
    steps: [f64; 2],
    band: Range<f64>,
    phase: u32,
    position: u64,
}

/// Samples modulated at once.
const BLOCK: usize = 256;

impl Fsk {
    /// Creates the waveform of these bits, the first of them first. Modulates them once beforehand, at the lowest rate
    /// that resolves the edges, to measure the occupied band. It does no I/O, and so never returns an error.
    pub fn new(bits: &[bool], keying: &Keying) -> std::io::Result<Self> {
        let reach = keying.tones.into_iter().map(f64::abs).fold(0.0, f64::max) + SKIRT * keying.baud;
        let enough = ((2.0 * reach / keying.baud).ceil() as u32).max(EDGES);
        let band = band_of(&mut Self::sampled(bits, keying, enough.min(keying.samples_per_bit)))?;
        Ok(Self { band, ..Self::sampled(bits, keying, keying.samples_per_bit) })
    }

    fn sampled(bits: &[bool], keying: &Keying, samples_per_bit: u32) -> Self {
        let rate = keying.baud * f64::from(samples_per_bit);
        let [zero, one] = keying.tones;
        let first = bits.first().copied().unwrap_or_default();
        let symbols = Symbols::new(first, bits, samples_per_bit, EDGE * f64::from(samples_per_bit));
        Self {
            envelope: Envelope::around(symbols.len(), rate, keying.ramp),
            symbols,
            rate,
            steps: [units(zero / rate), units((one - zero) / rate)],
            band: 0.0..0.0,
            phase: 0,
            position: 0,
        }
    }

    /// Turns the phase on by the next samples.
    fn turn(&mut self, phases: &mut [u32]) {
        let mut levels = [0.0; BLOCK];
        let (levels, _) = levels.split_at_mut(phases.len());
        // The carrier rises on the tone of the first bit and falls on that of the last.
        let rising = self.envelope.lead().saturating_sub(self.position).min(levels.len() as u64) as usize;
        let (before, keyed) = levels.split_at_mut(rising);
        before.fill(self.symbols.before());
        self.symbols.fill(keyed);
        let [zero, more] = self.steps;
        for (phase, level) in phases.iter_mut().zip(levels) {
            self.phase = self.phase.wrapping_add_signed((zero + more * f64::from(*level)) as i32);
            *phase = self.phase;
        }
    }
}

impl Waveform for Fsk {
    fn sample_rate(&self) -> f64 {
        self.rate
    }

    fn len(&self) -> u64 {
        self.envelope.len()
    }

    fn occupied_bandwidth(&self) -> Range<f64> {
        self.band.clone()
    }

    fn fill(&mut self, out: &mut [Complex32]) -> std::io::Result<usize> {
        let left = usize::try_from(self.envelope.len() - self.position).unwrap_or(usize::MAX);
        let filled = left.min(out.len());
        let (out, _) = out.split_at_mut(filled);
        for samples in out.chunks_mut(BLOCK) {
            let mut phases = [0; BLOCK];
            let (phases, _) = phases.split_at_mut(samples.len());
            self.turn(phases);
            write_phasors(phases, samples);
            self.envelope.shape(self.position, samples);
            self.position += samples.len() as u64;
        }
        Ok(filled)
    }
}
