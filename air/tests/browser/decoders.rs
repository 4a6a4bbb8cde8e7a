//! Decoders that nobody here wrote.

use anyhow::{Context, Result};
use std::path::Path;
use std::process::{Command, Stdio};

/// Digits of a telephone.
pub fn dtmf(file: &Path) -> Result<String> {
    let text = multimon(file, &["-a", "DTMF"])?;
    Ok(text.lines().filter_map(|line| line.strip_prefix("DTMF: ")).collect())
}

/// Pages with text.
pub fn pages(file: &Path) -> Result<String> {
    multimon(file, &["-a", "POCSAG1200", "-f", "alpha"])
}

/// Morse with dits of so many milliseconds, white space as single spaces.
pub fn morse(file: &Path, dit: u32) -> Result<String> {
    let dit = dit.to_string();
    let text = multimon(file, &["-a", "MORSE_CW", "-x", "-o", "7000", "-y", "-d", &dit, "-g", &dit])?;
    Ok(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Text of a modem.
pub fn modem(file: &Path, baud: u32) -> Result<String> {
    let output = Command::new("minimodem")
        .args(["--rx", &baud.to_string(), "--quiet", "-f"])
        .arg(file)
        .stderr(Stdio::null())
        .output()
        .context("minimodem")?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// multimon-ng wants 22,050 samples a second; its threshold for Morse means a level.
fn multimon(file: &Path, arguments: &[&str]) -> Result<String> {
    let raw = file.with_extension("22050.wav");
    Command::new("sox")
        .arg(file)
        .args(["-r", "22050", "-b", "16"])
        .arg(&raw)
        .args(["gain", "-n", "-1"])
        .stderr(Stdio::null())
        .status()?;
    let output = Command::new("multimon-ng")
        .args(["-q", "-t", "wav"])
        .args(arguments)
        .arg(&raw)
        .stderr(Stdio::null())
        .output()
        .context("multimon-ng")?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
