//! What the mixer keeps of a source: its last samples, and their spectrum.

use super::queue::{Pulled, Queue};
use crate::spectrum::Shared;
use crate::spectrum::fading::Fader;
use crate::spectrum::frame::{BIN_HZ, Edge, FRAMES_PER_SECOND, Geometry, Place};
use crate::spectrum::path::Path;
use crate::spectrum::plans::Transform;
use crate::spectrum::random::place_of;
use crate::spectrum::rotate::rotate;
use challengectl_dsp::Complex32;
use std::f64::consts::TAU;
use std::sync::Arc;

/// Bins at either end of a spectrum whose power is below this are left out: 40 dB below a noise floor of -99 dB/Hz. A
/// signal of a few kilohertz at a rate of megasamples so costs what its own width costs.
const NEGLIGIBLE_DB: f32 = -123.0;

/// Frames in which a sample is heard after the one that it came in: a quarter of a frame overlaps the next one, and a
/// path delays by less than half a frame.
const ECHO_FRAMES: usize = 1;

/// Pieces of a frame in which the phase of a drifting frequency is taken for a straight line: 1 ms each, in which a
/// drift of 1 kHz in 10 s bends it by 0.0001 turns.
const DRIFT_PIECES_PER_SECOND: usize = 1000;

#[derive(Debug)]
pub(in crate::spectrum) struct Work {
    geometry: Geometry,
    place: Place,
    drift: Drift,
    gain: f64,
    fader: Option<Fader>,
    transform: Transform,
    /// The last samples as they came: as many as are transformed, and before them those that a delayed path needs.
    raw: Vec<Complex32>,
    /// Frames for which the samples in `raw` are still heard; 0: all of them are zero.
    sounds: usize,
    bins: Vec<Complex32>,
    scratch: Vec<Complex32>,
    spectrum: Spectrum,
}

/// Bins in order of frequency, without negligible ones at both ends.
#[derive(Debug, Default)]
pub(in crate::spectrum) struct Spectrum {
    /// Distance of the first bin from the bin of the source's place.
    pub(in crate::spectrum) first: i64,
    /// Empty for silence.
    pub(in crate::spectrum) bins: Vec<Complex32>,
}

impl Work {
    /// Prepares for a source at this place. `challenge` selects its fading.
    pub(super) fn new(shared: &Arc<Shared>, geometry: Geometry, place: Place, path: &Path, challenge: &str) -> Self {
        let rate = f64::from(geometry.rate);
        let fader = Fader::new(path, rate, shared.settings.seed, place_of(challenge));
        let back = fader.as_ref().map_or(0, Fader::delay);
        let transform = shared.plans.forward(geometry.bins);
        Self {
            geometry,
            place,
            drift: Drift { hertz: path.drift_hz, seconds: path.drift_seconds },
            gain: 10_f64.powf(path.gain_db / 20.0),
            scratch: vec![Complex32::ZERO; transform.0.get_inplace_scratch_len()],
            bins: vec![Complex32::ZERO; geometry.bins],
            raw: vec![Complex32::ZERO; back + geometry.bins],
            sounds: 0,
            spectrum: Spectrum::default(),
            fader,
            transform,
        }
    }

    pub(in crate::spectrum) fn spectrum(&self) -> &Spectrum {
        &self.spectrum
    }

    /// Drops what waits in the queue: nobody hears it.
    pub(super) fn pass(&mut self, queue: &mut Queue) -> Pulled {
        queue.pass();
        if self.sounds > 0 {
            self.raw.fill(Complex32::ZERO);
            self.sounds = 0;
        }
        Pulled::Nothing
    }

    /// Takes a frame from the queue into the history.
    pub(super) fn take(&mut self, queue: &mut Queue) -> Pulled {
        let kept = self.raw.len() - self.geometry.frame;
        if self.sounds > 0 {
            self.raw.copy_within(self.geometry.frame.., 0);
        }
        let pulled = match self.raw.get_mut(kept..) {
            Some(new) => queue.pull(new),
            None => Pulled::Nothing,
        };
        self.sounds = if pulled == Pulled::Nothing { self.sounds.saturating_sub(1) } else { 1 + ECHO_FRAMES };
        queue.echoes = self.sounds > 1;
        pulled
    }

    /// Computes the spectrum of this frame, with all that the path does to it.
    pub(in crate::spectrum) fn transform(&mut self, frame: u64, edge: &Edge) {
        self.spectrum.bins.clear();
        if self.sounds == 0 {
            return;
        }
        // The number of the first sample that is transformed: the frame's last one ends it.
        let first = (frame as i64 + 1) * self.geometry.frame as i64 - self.geometry.bins as i64;
        match &self.fader {
            Some(fader) => fader.fade(&self.raw, &mut self.bins, first),
            None => self.bins.copy_from_slice(&self.raw),
        }
        self.rotate(first);
        self.transform.0.process_with_scratch(&mut self.bins, &mut self.scratch);
        // From the transform's order, 0 Hz first, to that of frequency.
        self.bins.rotate_right(self.geometry.middle());
        let (below, above) = self.bins.split_at_mut(self.geometry.middle());
        edge.apply(below, above);
        self.trim();
    }

    /// Turns the samples by the part of the frequency that is less than a bin, and by the drift.
    fn rotate(&mut self, first: i64) {
        if self.place.rest == 0.0 && self.drift.hertz == 0.0 {
            return;
        }
        let (rate, rest, drift) = (f64::from(self.geometry.rate), self.place.rest, self.drift);
        let turns = |number: i64| {
            let seconds = number as f64 / rate;
            rest * seconds + drift.turns(seconds)
        };
        let piece =
            if drift.hertz == 0.0 { self.bins.len() } else { self.geometry.rate as usize / DRIFT_PIECES_PER_SECOND };
        let mut number = first;
        for samples in self.bins.chunks_mut(piece) {
            let next = number + samples.len() as i64;
            let (start, end) = (turns(number), turns(next));
            rotate(samples, start, (end - start) / samples.len() as f64);
            number = next;
        }
    }

    /// Scales the bins, and leaves out negligible ones at both ends.
    fn trim(&mut self) {
        let scale = (self.gain / self.geometry.bins as f64) as f32;
        let least = 10_f32.powf(NEGLIGIBLE_DB / 10.0) / (scale * scale);
        let counts = |bin: &Complex32| bin.norm_sqr() >= least;
        let Some(first) = self.bins.iter().position(counts) else { return };
        let last = self.bins.iter().rposition(counts).unwrap_or(first);
        let kept = self.bins.get(first..=last).unwrap_or_default();
        self.spectrum.bins.extend(kept.iter().map(|bin| bin * scale));
        self.spectrum.first = first as i64 - self.geometry.middle() as i64;
    }
}

/// A frequency that wanders as a sine.
#[derive(Debug, Clone, Copy)]
struct Drift {
    hertz: f64,
    seconds: f64,
}

impl Drift {
    /// Returns the turns since the air began: the integral of the frequency.
    fn turns(self, at: f64) -> f64 {
        -self.hertz * self.seconds / TAU * (TAU * at / self.seconds).cos()
    }
}

const _: () = assert!(FRAMES_PER_SECOND * BIN_HZ as u64 == 2000, "frames are 0.8 periods of a bin apart");
