//! The speed of each modulation at 2 MS/s on one core, by Criterion. A table at the end compares each with real time;
//! the budget is 50 times real time.

use challengectl_waveform::{Complex32, Input, Modulation, Payload, Waveform, find, resample, shift};
use criterion::{BenchmarkId, Criterion, Throughput};
use serde_json::{Value, json};
use std::f64::consts::TAU;
use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;

const RATE: f64 = 2e6;

/// Samples written to a radio at once.
const BLOCK: usize = 16_384;

/// Runs of each mode for the table. The fastest is shown, since other programs use the machine too.
const RUNS: usize = 7;

struct Case {
    name: &'static str,
    modulation: &'static Modulation,
    text: &'static str,
    parameters: Value,
    offset: Option<f64>,
}

fn case(name: &'static str, modulation: &str, text: &'static str, parameters: Value) -> Case {
    let Ok(modulation) = find(modulation) else { unreachable!("{modulation} is registered") };
    Case { name, modulation, text, parameters, offset: None }
}

fn cases() -> Vec<Case> {
    vec![
        case("ask", "ask", "flag{this_is_ask_data}", json!({})),
        case("cw", "cw", "CQ CQ DE RFCTF K", json!({})),
        case("lrs", "lrs", "-s 10 -p 976 -pf 1", json!({})),
        case("nbfm", "nbfm", "", json!({})),
        Case { offset: Some(250e3), ..case("nbfm shifted", "nbfm", "", json!({})) },
        case("pocsag 512", "pocsag", "CI test POCSAG message", json!({"capcode": 123_456})),
        case("pocsag 2400", "pocsag", "CI test POCSAG message", json!({"capcode": 123_456, "baud": 2400})),
        case("ssb", "ssb", "", json!({})),
    ]
}

impl Case {
    fn build(&self, sound: &NamedTempFile) -> Box<dyn Waveform> {
        let payload = match self.modulation.input {
            Input::Text => Payload::Text(self.text),
            Input::Audio => Payload::File(sound.path()),
        };
        let parameters = self.parameters.as_object().cloned().unwrap_or_default();
        let Ok(waveform) = self.modulation.waveform(payload, &parameters) else { unreachable!("the case is valid") };
        let Ok(waveform) = resample(waveform, RATE) else { unreachable!("2 MS/s hold every mode") };
        match self.offset {
            Some(offset) => shift(waveform, offset),
            None => waveform,
        }
    }

    /// Returns the speed in megasamples per second, including opening the file.
    fn speed(&self, sound: &NamedTempFile) -> f64 {
        let start = Instant::now();
        let samples = run(self.build(sound));
        samples as f64 / start.elapsed().as_secs_f64() / 1e6
    }
}

fn run(mut waveform: Box<dyn Waveform>) -> u64 {
    let mut block = vec![Complex32::ZERO; BLOCK];
    let mut samples = 0;
    while let Ok(filled @ 1..) = waveform.fill(&mut block) {
        black_box(&block);
        samples += filled as u64;
    }
    samples
}

/// Ten seconds of a sweep at 48 kHz.
fn sound() -> std::io::Result<NamedTempFile> {
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

fn main() -> std::io::Result<()> {
    let sound = sound()?;
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .sample_size(10)
        .configure_from_args();
    let mut group = criterion.benchmark_group("2 MS/s");
    for case in cases() {
        group.throughput(Throughput::Elements(case.build(&sound).len()));
        group.bench_function(BenchmarkId::from_parameter(case.name), |bencher| {
            bencher.iter(|| run(case.build(&sound)));
        });
    }
    group.finish();
    criterion.final_summary();

    println!("\n{:<14}{:>8}{:>16}", "mode", "MS/s", "x real time");
    for case in cases() {
        let best = (0..RUNS).map(|_| case.speed(&sound)).fold(0.0, f64::max);
        println!("{:<14}{best:>8.0}{:>16.0}", case.name, best * 1e6 / RATE);
    }
    Ok(())
}
