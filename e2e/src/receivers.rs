//! Independent receivers: GNU Radio demodulates; multimon-ng, minimodem and `rtl_433` decode.

use crate::iq::{Channel, Iq};
use crate::programs::{output_of, run};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A recording after a channel, for receivers.
pub struct Received {
    folder: PathBuf,
    iq: PathBuf,
    rate: f64,
}

/// The demodulation by GNU Radio.
#[derive(Debug, Clone, Copy)]
pub enum Demodulation {
    Nfm,
    Usb,
    Lsb,
    Pager,
}

impl Demodulation {
    fn name(self) -> &'static str {
        match self {
            Self::Nfm => "nfm",
            Self::Usb => "usb",
            Self::Lsb => "lsb",
            Self::Pager => "pager",
        }
    }
}

impl Received {
    /// Sends a SigMF recording through a channel; `folder` is for intermediate files.
    pub fn new(meta: &Path, channel: Channel, folder: &Path) -> Result<Self> {
        let iq = Iq::read(meta)?.through(channel);
        let path = folder.join("received.cf32");
        iq.write(&path)?;
        Ok(Self { folder: folder.to_owned(), iq: path, rate: iq.rate })
    }

    /// Returns the demodulated audio as a WAV file.
    pub fn audio(&self, demodulation: Demodulation, audio_rate: u32) -> Result<PathBuf> {
        let wav = self.folder.join(format!("{}-{audio_rate}.wav", demodulation.name()));
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("receivers/audio.py");
        run(Command::new("/usr/bin/python3")
            .arg(script)
            .arg(&self.iq)
            .arg(self.rate.to_string())
            .arg(demodulation.name())
            .arg(&wav)
            .arg(audio_rate.to_string())
            // A home folder of its own, since GNU Radio keeps preferences there and tests run in parallel.
            .env("HOME", &self.folder))?;
        Ok(wav)
    }

    /// Returns the pager messages that multimon-ng reads.
    pub fn pagers(&self) -> Result<String> {
        let wav = self.audio(Demodulation::Pager, 22050)?;
        output_of(
            Command::new("multimon-ng")
                .args(["-q", "-t", "wav", "-a", "POCSAG512", "-a", "POCSAG1200", "-a", "POCSAG2400", "-f", "alpha"])
                .arg(wav),
        )
    }

    /// Returns the Morse text of this speed that multimon-ng reads, with white space as single spaces.
    pub fn morse(&self, wpm: f64) -> Result<String> {
        let wav = self.audio(Demodulation::Usb, 22050)?;
        let dit = format!("{:.0}", 1200.0 / wpm);
        let text = output_of(
            Command::new("multimon-ng")
                .args(["-q", "-t", "wav", "-a", "MORSE_CW", "-x", "-o", "5000", "-y", "-d", &dit, "-g", &dit])
                .arg(wav),
        )?;
        Ok(text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// Returns the radio teletype that minimodem reads.
    pub fn teletype(&self, demodulation: Demodulation, teletype: Teletype) -> Result<String> {
        let wav = self.audio(demodulation, 48000)?;
        output_of(
            Command::new("minimodem")
                .args(["--rx", "--baudot", "-q", "-M", &teletype.mark.to_string(), "-S", &teletype.space.to_string()])
                .args(["--stopbits", "1.5", "-f"])
                .arg(wav)
                .arg(teletype.baud.to_string()),
        )
    }

    /// Returns the bits that `rtl_433` reads with a flex decoder, one string per row.
    pub fn bits(&self, decoder: &str) -> Result<Vec<String>> {
        let lines = output_of(
            Command::new("rtl_433")
                .args(["-Y", "minmax", "-R", "0", "-X", decoder, "-F", "json", "-s", &format!("{:.0}", self.rate)])
                .arg("-r")
                .arg(&self.iq),
        )?;
        let mut rows = Vec::new();
        for line in lines.lines().filter(|line| line.starts_with('{')) {
            // For an empty row rtl_433 22.11 writes `{0}` without quotes.
            let json: serde_json::Value = serde_json::from_str(&line.replace(", {0}", ""))?;
            for row in json.get("rows").and_then(|rows| rows.as_array()).into_iter().flatten() {
                rows.push(bits_of(row).with_context(|| line.to_owned())?);
            }
        }
        Ok(rows)
    }
}

/// A radio teletype signal.
#[derive(Debug, Clone, Copy)]
pub struct Teletype {
    pub baud: f64,
    pub mark: f64,
    pub space: f64,
}

fn bits_of(row: &serde_json::Value) -> Option<String> {
    let len = usize::try_from(row.get("len")?.as_u64()?).ok()?;
    let hex = row.get("data")?.as_str()?;
    let digits = hex.chars().map(|digit| digit.to_digit(16).map(|value| format!("{value:04b}")));
    Some(digits.collect::<Option<String>>()?.chars().take(len).collect())
}
