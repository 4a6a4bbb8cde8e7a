//! One waveform of each mode, at 2 MS/s.

use challengectl_waveform::{Complex32, Input, Modulation, Payload, Waveform, find, resample, shift};
use serde_json::{Value, json};
use std::f64::consts::TAU;
use std::hint::black_box;
use std::io::Write;
use tempfile::NamedTempFile;

pub const RATE: f64 = 2e6;

/// Samples that a radio takes at once.
const BLOCK: usize = 16_384;

pub struct Case {
    pub name: &'static str,
    modulation: &'static Modulation,
    text: &'static str,
    parameters: Value,
    offset: Option<f64>,
}

fn case(name: &'static str, modulation: &str, text: &'static str, parameters: Value) -> Case {
    let Ok(modulation) = find(modulation) else { unreachable!("{modulation} is registered") };
    Case { name, modulation, text, parameters, offset: None }
}

pub fn cases() -> Vec<Case> {
    vec![
        case("ask", "ask", "flag{this_is_ask_data}", json!({})),
        case("cw", "cw", "CQ CQ DE RFCTF K", json!({})),
        case("fhss", "fhss", "", json!({"span": 1_000_000})),
        #[cfg(feature = "freedv")]
        case("freedv 1600", "freedv", "", json!({})),
        #[cfg(feature = "freedv")]
        case("freedv 700D", "freedv", "", json!({"codec": "700D"})),
        case("lrs", "lrs", "-s 10 -p 976 -pf 1", json!({})),
        case("nbfm", "nbfm", "", json!({})),
        Case { offset: Some(250e3), ..case("nbfm shifted", "nbfm", "", json!({})) },
        case("paint", "paint", "FLAG\nON THE WATERFALL", json!({})),
        case("paint 1 MHz", "paint", "FLAG\nON THE WATERFALL", json!({"bandwidth": 1_000_000})),
        case("pocsag 512", "pocsag", "CI test POCSAG message", json!({"capcode": 123_456})),
        case("pocsag 2400", "pocsag", "CI test POCSAG message", json!({"capcode": 123_456, "baud": 2400})),
        case("ssb", "ssb", "", json!({})),
        case("ssb, marked", "ssb", "", json!({"watermark": "DE RFCTF"})),
    ]
}

impl Case {
    pub fn build(&self, sound: &NamedTempFile) -> Box<dyn Waveform> {
        let payload = match self.modulation.input {
            Input::Text | Input::Picture => Payload::Text(self.text),
            Input::Audio => Payload::File(sound.path()),
        };
        let parameters = self.parameters.as_object().cloned().unwrap_or_default();
        let Ok(waveform) = self.modulation.waveform(payload, &parameters) else { unreachable!("the case is sound") };
        let Ok(waveform) = resample(waveform, RATE) else { unreachable!("2 MS/s hold every mode") };
        match self.offset {
            Some(offset) => shift(waveform, offset),
            None => waveform,
        }
    }
}

pub fn run(mut waveform: Box<dyn Waveform>) -> u64 {
    let mut block = vec![Complex32::ZERO; BLOCK];
    let mut samples = 0;
    while let Ok(filled @ 1..) = waveform.fill(&mut block) {
        black_box(&block);
        samples += filled as u64;
    }
    samples
}

/// Ten seconds of a sweep at 48 kHz.
pub fn sound() -> std::io::Result<NamedTempFile> {
    let samples = (0..480_000).map(|n| (TAU * (300.0 + 0.0025 * f64::from(n)) * f64::from(n) / 48_000.0).sin());
    let data: Vec<u8> = samples.flat_map(|sample| ((sample * 32_767.0) as i16).to_le_bytes()).collect();
    let size = data.len() as u32;
    let mut file = NamedTempFile::new()?;
    file.write_all(b"RIFF")?;
    file.write_all(&(size + 36).to_le_bytes())?;
    file.write_all(b"WAVEfmt ")?;
    for word in [16, 0x1_0001, 48_000, 96_000, 0x10_0002] {
        file.write_all(&u32::to_le_bytes(word))?;
    }
    file.write_all(b"data")?;
    file.write_all(&size.to_le_bytes())?;
    file.write_all(&data)?;
    Ok(file)
}
