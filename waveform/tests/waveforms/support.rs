//! Helpers for the tests.
use challengectl_waveform::{Complex32, Input, Modulation, Payload, Waveform};
use serde_json::{Map, Value};
use std::f64::consts::TAU;
use std::io::Write;
use std::ops::Range;
use tempfile::NamedTempFile;

/// Returns a WAV file, 16 bits, mono.
pub fn wav(rate: u32, samples: impl IntoIterator<Item = f32>) -> NamedTempFile {
    let data = samples.into_iter().flat_map(|sample| ((sample * 32_767.0).round() as i16).to_le_bytes());
    written(1, 1, rate, 16, &data.collect::<Vec<_>>())
}

/// Returns a WAV file, 16 bits, with a left and a right channel.
pub fn stereo(rate: u32, frames: impl IntoIterator<Item = [f32; 2]>) -> NamedTempFile {
    let samples = frames.into_iter().flatten();
    let data = samples.flat_map(|sample| ((sample * 32_767.0).round() as i16).to_le_bytes());
    written(1, 2, rate, 16, &data.collect::<Vec<_>>())
}

/// Returns a WAV file, 32-bit floating point, mono.
pub fn float(rate: u32, samples: impl IntoIterator<Item = f32>) -> NamedTempFile {
    written(3, 1, rate, 32, &samples.into_iter().flat_map(f32::to_le_bytes).collect::<Vec<_>>())
}

fn written(tag: u32, channels: u32, rate: u32, bits: u32, data: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    let size = data.len() as u32;
    let align = channels * bits / 8;
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>();
    let format = words(&[16, channels << 16 | tag, rate, rate * align, bits << 16 | align]);
    let head = [b"RIFF", words(&[size + 36]).as_slice(), b"WAVEfmt ", &format, b"data", &words(&[size])].concat();
    file.write_all(&head).unwrap();
    file.write_all(data).unwrap();
    file.flush().unwrap();
    file
}

/// Returns white noise, the same each time.
pub fn noise(samples: usize) -> impl Iterator<Item = f32> {
    let mut state = 1u32;
    (0..samples).map(move |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    })
}

pub fn tone(rate: u32, hertz: f64, samples: usize) -> impl Iterator<Item = f32> {
    (0..samples).map(move |n| (TAU * hertz * n as f64 / f64::from(rate)).sin() as f32)
}

/// Builds the waveform with these parameters. The payload is the text, or the file if the modulation needs one.
pub fn build(modulation: &Modulation, text: &str, file: &NamedTempFile, parameters: &Value) -> Box<dyn Waveform> {
    let payload = match modulation.input {
        Input::Text | Input::Picture => Payload::Text(text),
        Input::Audio => Payload::File(file.path()),
    };
    let parameters = parameters.as_object().cloned().unwrap_or_else(Map::new);
    modulation.waveform(payload, &parameters).unwrap()
}

/// Returns all samples, fetched in calls of these sizes in turn.
pub fn drain(mut waveform: Box<dyn Waveform>, calls: &[usize]) -> Vec<Complex32> {
    let mut samples = Vec::with_capacity(waveform.len() as usize);
    for call in calls.iter().cycle() {
        let start = samples.len();
        samples.resize(start + call, Complex32::ZERO);
        let filled = waveform.fill(&mut samples[start..]).unwrap();
        samples.truncate(start + filled);
        if filled < *call {
            assert_eq!(waveform.fill(&mut [Complex32::ZERO; 9]).unwrap(), 0, "after the end there is nothing");
            assert_eq!(samples.len() as u64, waveform.len());
            return samples;
        }
    }
    samples
}

/// Returns the power spectrum: hertz, and power in an arbitrary unit.
pub fn spectrum(samples: &[Complex32], rate: f64) -> Vec<(f64, f64)> {
    let size = samples.len().next_power_of_two();
    let mut bins = samples.to_vec();
    bins.resize(size, Complex32::ZERO);
    transform(&mut bins);
    let hertz = |bin: usize| (if bin < size / 2 { bin as f64 } else { bin as f64 - size as f64 }) * rate / size as f64;
    bins.iter().enumerate().map(|(bin, value)| (hertz(bin), f64::from(value.norm_sqr()))).collect()
}

/// Returns the part of the power that lies in the band.
pub fn power_in(spectrum: &[(f64, f64)], band: &Range<f64>) -> f64 {
    let total: f64 = spectrum.iter().map(|(_, power)| power).sum();
    spectrum.iter().filter(|(hertz, _)| band.contains(hertz)).map(|(_, power)| power).sum::<f64>() / total
}

/// Fourier transform in place; the length is a power of two.
fn transform(values: &mut [Complex32]) {
    let size = values.len();
    let bits = size.trailing_zeros();
    for n in 0..size {
        let reversed = n.reverse_bits().checked_shr(usize::BITS - bits).unwrap_or(0);
        if n < reversed {
            values.swap(n, reversed);
        }
    }
    let mut half = 1;
    while half < size {
        let twiddles: Vec<Complex32> =
            (0..half).map(|n| Complex32::cis((-TAU * n as f64 / (2 * half) as f64) as f32)).collect();
        for pair in values.chunks_exact_mut(2 * half) {
            let (low, high) = pair.split_at_mut(half);
            for ((low, high), twiddle) in low.iter_mut().zip(high).zip(&twiddles) {
                let product = *high * twiddle;
                (*low, *high) = (*low + product, *low - product);
            }
        }
        half *= 2;
    }
}
