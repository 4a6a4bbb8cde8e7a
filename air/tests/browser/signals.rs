//! Six transmissions, one for each mode.

use anyhow::{Context, Result, bail};
use challengectl_dsp::Complex32;
use challengectl_waveform::{Payload, find, resample};
use serde_json::{Value, json};
use std::f64::consts::TAU;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A transmission that is repeated for ever.
#[derive(Clone)]
pub struct Signal {
    pub hertz: f64,
    pub rate: u32,
    pub samples: Vec<Complex32>,
}

/// Of narrow transmissions.
const NARROW: u32 = 48_000;
const WIDE: u32 = 240_000;

/// What is heard in each mode, and where. Frequencies lie between the raster's lines as well as on it.
pub const AM: f64 = 144_600_000.0;
pub const NBFM: f64 = 144_812_500.0;
pub const WBFM: f64 = 145_100_000.0;
pub const USB: f64 = 145_400_250.0;
pub const LSB: f64 = 145_500_750.0;
pub const CW: f64 = 145_603_210.0;

pub const DIGITS: &str = "1338472";
pub const PAGE: &str = "flag{pager_in_the_browser}";
pub const BROADCAST: &str = "flag{wide_and_loud}";
pub const UPPER: &str = "flag{upper_sideband}";
pub const LOWER: &str = "flag{lower_sideband}";
pub const MORSE: &str = "CTF FLAG 73";

/// Words a minute of the Morse, and the length of its dits in milliseconds.
const WPM: u32 = 30;
pub const DIT: u32 = 1200 / WPM;

/// All six. Intermediate files lie in `folder`.
pub fn all(folder: &Path) -> Result<Vec<Signal>> {
    Ok(vec![am(folder)?, page()?, broadcast(folder)?, sideband(folder, "usb")?, sideband(folder, "lsb")?, morse()?])
}

fn am(folder: &Path) -> Result<Signal> {
    let sound = read(&dtmf(folder)?, NARROW)?;
    let samples = sound.into_iter().map(|sample| Complex32::new(0.05 * (1.0 + 0.8 * sample), 0.0)).collect();
    Ok(Signal { hertz: AM, rate: NARROW, samples })
}

fn page() -> Result<Signal> {
    of("pocsag", NBFM, Payload::Text(PAGE), &json!({"capcode": 1_234_567, "baud": 1200}))
}

fn broadcast(folder: &Path) -> Result<Signal> {
    let sound = read(&modem(folder, BROADCAST, 1200)?, WIDE)?;
    let mut phase = 0.0;
    let samples = sound.into_iter().map(|sample| {
        phase += 60e3 * f64::from(sample) / f64::from(WIDE);
        let (sin, cos) = (phase.fract() * TAU).sin_cos();
        Complex32::new(0.1 * cos as f32, 0.1 * sin as f32)
    });
    Ok(Signal { hertz: WBFM, rate: WIDE, samples: samples.collect() })
}

fn sideband(folder: &Path, side: &str) -> Result<Signal> {
    let (text, hertz) = if side == "usb" { (UPPER, USB) } else { (LOWER, LSB) };
    of("ssb", hertz, Payload::File(&modem(folder, text, 300)?), &json!({ "mode": side }))
}

fn morse() -> Result<Signal> {
    // The carrier is so far above the nominal frequency that it is heard at this tone in upper sideband.
    let tone = 700.0;
    of("cw", CW - tone, Payload::Text(MORSE), &json!({ "wpm": WPM, "tone": tone }))
}

/// A tenth of full scale, and a pause behind.
fn of(modulation: &str, hertz: f64, payload: Payload<'_>, parameters: &Value) -> Result<Signal> {
    let parameters = parameters.as_object().cloned().unwrap_or_default();
    let mut waveform = resample(find(modulation)?.waveform(payload, &parameters)?, NARROW.into())?;
    let mut samples = vec![Complex32::ZERO; waveform.len() as usize + NARROW as usize / 2];
    let filled = waveform.fill(&mut samples)?;
    if filled as u64 != waveform.len() {
        bail!("{modulation}: {filled} samples");
    }
    samples.iter_mut().for_each(|sample| *sample *= 0.1);
    Ok(Signal { hertz, rate: NARROW, samples })
}

/// Keys of a telephone.
fn dtmf(folder: &Path) -> Result<PathBuf> {
    let rows = [697, 770, 852, 941];
    let columns = [1209, 1336, 1477, 1633];
    let mut parts = Vec::new();
    for (number, digit) in DIGITS.chars().enumerate() {
        let at =
            ["123A", "456B", "789C", "*0#D"].iter().enumerate().find_map(|(row, keys)| Some((row, keys.find(digit)?)));
        let (row, column) = at.context("no key")?;
        let part = folder.join(format!("{number}.wav"));
        run(Command::new("sox")
            .args(["-n", "-r", "12000", "-b", "16"])
            .arg(&part)
            .args(["synth", "0.1"])
            .args([
                "sine".to_owned(),
                rows[row].to_string(),
                "synth".to_owned(),
                "0.1".to_owned(),
                "sine".to_owned(),
                "mix".to_owned(),
                columns[column].to_string(),
            ])
            .args(["gain", "-3", "pad", "0", "0.08"]))?;
        parts.push(part);
    }
    let whole = folder.join("dtmf.wav");
    run(Command::new("sox").args(&parts).arg(&whole).args(["pad", "0.3", "0.3"]))?;
    Ok(whole)
}

/// Text as tones of a modem (Bell 202 at 1200, Bell 103 at 300 bit/s).
fn modem(folder: &Path, text: &str, baud: u32) -> Result<PathBuf> {
    use std::io::Write;
    let file = folder.join(format!("{baud}-{}.wav", text.len()));
    let mut child = Command::new("minimodem")
        .args(["--tx", &baud.to_string(), "-R", "12000", "-f"])
        .arg(&file)
        .stdin(Stdio::piped())
        .spawn()
        .context("minimodem")?;
    child.stdin.take().context("no standard input")?.write_all(format!("{text}\n").as_bytes())?;
    if !child.wait()?.success() {
        bail!("minimodem has failed");
    }
    let padded = folder.join(format!("{baud}-{}-padded.wav", text.len()));
    run(Command::new("sox").arg(&file).arg(&padded).args(["gain", "-n", "-1", "pad", "0.3", "0.3"]))?;
    Ok(padded)
}

/// A WAV file at another rate, as samples.
fn read(file: &Path, rate: u32) -> Result<Vec<f32>> {
    let output = Command::new("sox").arg(file).args(["-t", "f32", "-r", &rate.to_string(), "-"]).output()?;
    let (samples, _) = output.stdout.as_chunks::<4>();
    Ok(samples.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    if !output.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
