//! A channel: adds noise and a frequency error to samples.

use anyhow::{Context, Result};
use num_complex::Complex32;
use rand::{Rng, RngExt, SeedableRng};
use std::f32::consts::TAU;
use std::path::Path;

/// The samples of a recording.
pub struct Iq {
    pub samples: Vec<Complex32>,
    pub rate: f64,
}

/// A channel between the transmitter and a receiver.
#[derive(Debug, Clone, Copy)]
pub struct Channel {
    /// Signal-to-noise ratio in the receiver's bandwidth, in dB. The signal is measured while it is on.
    pub snr_db: f64,
    /// The receiver's bandwidth in hertz.
    pub bandwidth: f64,
    /// The frequency error of the receiver, in hertz.
    pub offset: f64,
}

impl Iq {
    /// Reads the data of a SigMF recording of type `cf32_le`.
    pub fn read(meta: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(meta).with_context(|| meta.display().to_string())?;
        let json: serde_json::Value = serde_json::from_str(&text)?;
        let global = json.get("global").context("no global")?;
        anyhow::ensure!(global.get("core:datatype").and_then(|v| v.as_str()) == Some("cf32_le"), "not cf32_le");
        let rate = global.get("core:sample_rate").and_then(serde_json::Value::as_f64).context("no sample rate")?;
        let bytes = std::fs::read(meta.with_extension("sigmf-data"))?;
        let (words, _) = bytes.as_chunks::<8>();
        let samples = words
            .iter()
            .map(|[a, b, c, d, e, f, g, h]| {
                Complex32::new(f32::from_le_bytes([*a, *b, *c, *d]), f32::from_le_bytes([*e, *f, *g, *h]))
            })
            .collect();
        Ok(Self { samples, rate })
    }

    /// Writes raw `cf32_le`.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut bytes = Vec::with_capacity(self.samples.len() * 8);
        for sample in &self.samples {
            bytes.extend_from_slice(&sample.re.to_le_bytes());
            bytes.extend_from_slice(&sample.im.to_le_bytes());
        }
        Ok(std::fs::write(path, bytes)?)
    }

    /// Returns the received recording: a second of noise, the signal with noise and frequency error, a second of noise.
    pub fn through(mut self, channel: Channel) -> Self {
        let power = self.power_while_on();
        let noise = power / 10_f64.powf(channel.snr_db / 10.0) * self.rate / channel.bandwidth;
        let sigma = (noise / 2.0).sqrt() as f32;
        let margin = vec![Complex32::ZERO; self.rate as usize];
        self.samples.splice(0..0, margin.iter().copied());
        self.samples.extend(margin);
        let mut rng = rand::rngs::SmallRng::seed_from_u64(1);
        let step = channel.offset / self.rate;
        for (index, sample) in self.samples.iter_mut().enumerate() {
            let turn = (step * index as f64).fract() as f32;
            *sample = *sample * Complex32::cis(TAU * turn) + gaussian(&mut rng) * sigma;
        }
        // Normalised, like by a receiver's gain control.
        let peak = self.samples.iter().map(|sample| sample.norm()).fold(f32::MIN_POSITIVE, f32::max);
        for sample in &mut self.samples {
            *sample *= 0.9 / peak;
        }
        self
    }

    fn power_while_on(&self) -> f64 {
        let on = self.samples.iter().map(|sample| f64::from(sample.norm_sqr())).filter(|&power| power > 1e-4);
        let (sum, count) = on.fold((0.0, 0.0), |(sum, count), power| (sum + power, count + 1.0));
        sum / f64::max(count, 1.0)
    }
}

/// Two independent normal deviates (Box and Muller, 1958).
fn gaussian(rng: &mut impl Rng) -> Complex32 {
    let radius = (-2.0 * rng.random::<f32>().max(f32::MIN_POSITIVE).ln()).sqrt();
    Complex32::from_polar(radius, TAU * rng.random::<f32>())
}
