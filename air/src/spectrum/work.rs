//! What the mixer keeps of a source: its last samples, and their spectrum.

use super::Shared;
use super::fading::Fader;
use super::frame::{BIN_HZ, FRAMES_PER_SECOND, Geometry, Place};
use super::path::Path;
use super::plans::Transform;
use super::random::place_of;
use super::rotate::rotate;
use super::source::{Pulled, Queue, Transmission};
use challengectl_dsp::Complex32;
use std::f64::consts::TAU;
use std::sync::Arc;

/// Bins at either end of a spectrum whose power is below this are left out: 40 dB below a noise floor of -99 dB/Hz. A
/// signal of a few kilohertz at a rate of megasamples so costs what its own width costs.
const NEGLIGIBLE_DB: f32 = -123.0;

#[derive(Debug)]
pub(super) struct Work {
    geometry: Geometry,
    place: Place,
    drift: Drift,
    gain: f64,
    fader: Option<Fader>,
    transform: Transform,
    /// The last samples as they came: as many as are transformed, and before them what fading looks back to.
    raw: Vec<Complex32>,
    /// Whether all of them are zero.
    is_silent: bool,
    /// Frames until nothing of the last sample is left in `raw`.
    echo: usize,
    bins: Vec<Complex32>,
    scratch: Vec<Complex32>,
    spectrum: Spectrum,
}

/// Bins in order of frequency, without negligible ones at both ends.
#[derive(Debug, Default)]
pub(super) struct Spectrum {
    /// Distance of the first bin from the bin of the source's place; `bins` is empty for silence.
    pub(super) first: i64,
    pub(super) bins: Vec<Complex32>,
}

impl Work {
    pub(super) fn new(shared: &Arc<Shared>, geometry: Geometry, transmission: &Transmission, path: Path) -> Self {
        let rate = f64::from(geometry.rate);
        let fader = Fader::new(&path, rate, shared.settings.seed, place_of(&transmission.challenge));
        let back = fader.as_ref().map_or(0, Fader::delay);
        let transform = shared.plans.forward(geometry.bins);
        Self {
            geometry,
            place: Place::of(transmission.centre_hz * (1.0 + path.ppm * 1e-6)),
            drift: Drift { hertz: path.drift_hz, seconds: path.drift_seconds },
            gain: 10_f64.powf(path.gain_db / 20.0),
            scratch: vec![Complex32::ZERO; transform.0.get_inplace_scratch_len()],
            bins: vec![Complex32::ZERO; geometry.bins],
            raw: vec![Complex32::ZERO; back + geometry.bins],
            is_silent: true,
            echo: 0,
            spectrum: Spectrum::default(),
            fader,
            transform,
        }
    }

    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// Takes a frame that nobody hears from the queue.
    pub(super) fn pass(&mut self, queue: &mut Queue) -> Pulled {
        if !self.is_silent {
            self.raw.fill(Complex32::ZERO);
            self.is_silent = true;
            self.echo = 0;
        }
        queue.pull(self.geometry.frame, None)
    }

    /// Takes a frame from the queue into the history.
    pub(super) fn take(&mut self, queue: &mut Queue) -> Pulled {
        let kept = self.raw.len() - self.geometry.frame;
        if !self.is_silent {
            self.raw.copy_within(self.geometry.frame.., 0);
        }
        let pulled = match self.raw.get_mut(kept..) {
            Some(new) => queue.pull(self.geometry.frame, Some(new)),
            None => Pulled::Nothing,
        };
        // What is before the frame sounds on for two more at most: a quarter of a frame, and the delay of a path.
        self.echo = if pulled == Pulled::Nothing { self.echo.saturating_sub(1) } else { 2 };
        self.is_silent = self.echo == 0;
        pulled
    }

    /// Computes the spectrum of this frame, with what the path does to it.
    pub(super) fn transform(&mut self, frame: u64) {
        self.spectrum.bins.clear();
        if self.is_silent {
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
    }

    fn rotate(&mut self, first: i64) {
        if self.place.rest == 0.0 && self.drift.hertz == 0.0 {
            return;
        }
        let rate = f64::from(self.geometry.rate);
        let seconds = first as f64 / rate;
        let samples = self.bins.len() as f64;
        let (start, end) = (self.turns(seconds), self.turns(seconds + samples / rate));
        rotate(&mut self.bins, start, (end - start) / samples);
    }

    fn turns(&self, seconds: f64) -> f64 {
        self.place.rest * seconds + self.drift.turns(seconds)
    }

    /// Applies the edge of the source's window, scales, and leaves out what is negligible.
    pub(super) fn finish(&mut self, edge: &super::frame::Edge) {
        if self.is_silent {
            return;
        }
        edge.apply(&mut self.bins);
        let scale = (self.gain / self.geometry.bins as f64) as f32;
        let least = 10_f32.powf(NEGLIGIBLE_DB / 10.0) / (scale * scale);
        let counts = |bin: &Complex32| bin.norm_sqr() >= least;
        let Some(first) = self.bins.iter().position(counts) else { return };
        let last = self.bins.iter().rposition(counts).unwrap_or(first);
        let kept = self.bins.get(first..=last).unwrap_or_default();
        self.spectrum.bins.extend(kept.iter().map(|bin| bin * scale));
        self.spectrum.first = first as i64 - self.geometry.middle() as i64;
    }

    pub(super) fn spectrum(&self) -> &Spectrum {
        &self.spectrum
    }

    /// Whether a receiver's window may hold any of it.
    pub(super) fn reaches(&self, place: Place, geometry: Geometry) -> bool {
        let reach = (self.geometry.bins + geometry.bins) as i64 / 2;
        (self.place.bin - place.bin).abs() <= reach
    }
}

/// A frequency that wanders as a sine.
#[derive(Debug)]
struct Drift {
    hertz: f64,
    seconds: f64,
}

impl Drift {
    /// Turns since the air began: the integral of the frequency.
    fn turns(&self, at: f64) -> f64 {
        -self.hertz * self.seconds / TAU * (TAU * at / self.seconds).cos()
    }
}

const _: () = assert!(FRAMES_PER_SECOND * BIN_HZ as u64 == 2000, "frames are 0.8 periods of a bin apart");
