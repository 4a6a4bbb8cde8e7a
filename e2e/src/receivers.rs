//! Receivers that nobody here wrote: GNU Radio demodulates; multimon-ng, minimodem, `rtl_433` and libcodec2 decode; `NumPy`
//! follows hops and draws waterfalls.

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
        run(script("audio.py")
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

    /// The signal of a frequency hopper, followed from channel to channel.
    pub fn dehopped(&self, hops: &Hops) -> Result<Self> {
        let iq = self.folder.join("dehopped.cf32");
        let numbers = [hops.channel_spacing, hops.hop_rate, hops.hop_time, hops.span].map(|number| number.to_string());
        run(script("dehop.py").arg(&self.iq).arg(self.rate.to_string()).arg(&iq).arg(hops.seed).args(numbers))?;
        Ok(Self { folder: self.folder.clone(), iq, rate: 48_000.0 })
    }

    /// How alike a waterfall of so many hertz and lines is to a picture (PGM): the correlation of their brightness.
    pub fn likeness(&self, width: f64, lines: usize, picture: &Path) -> Result<f64> {
        let drawn = self.folder.join("waterfall.pgm");
        let mut script = script("waterfall.py");
        script.arg(&self.iq).args([self.rate, width].map(|number| number.to_string())).arg(lines.to_string());
        Ok(output_of(script.arg(picture).arg(drawn))?.trim().parse()?)
    }

    /// The text that a `FreeDV` receiver shows; its speech lies in `speech.wav` in the folder.
    pub fn freedv(&self, mode: &str) -> Result<String> {
        let speech = self.folder.join("speech.wav");
        output_of(script("freedv.py").arg(&self.iq).arg(self.rate.to_string()).arg(mode).arg(speech))
    }

    /// What `rtl_433` reads with a flexible decoder, as a string of bits per row.
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

/// A script of Debian's Python.
fn script(name: &str) -> Command {
    let mut command = Command::new("/usr/bin/python3");
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("receivers").join(name));
    command
}

/// The published parameters of a frequency hopper.
#[derive(Debug, Clone, Copy)]
pub struct Hops<'a> {
    pub seed: &'a str,
    pub channel_spacing: f64,
    pub hop_rate: f64,
    pub hop_time: f64,
    pub span: f64,
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
