//! The memory of the transmit pipeline, with hours of audio.

use super::memory;
use crate::programs::program;
use anyhow::{Result, ensure};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const RATE: u32 = 48_000;
const EVENT: &str = "challenges:\n  - {name: LONG, modulation: nbfm, frequency: 146520000, file: long.wav}\n";
const RUNNER: &str = "radios:\n  - {id: nowhere, driver: 'null', sample_rate: 2000000}\n";

/// The result of a run.
#[derive(Debug)]
pub struct Report {
    pub audio_seconds: u32,
    pub wall_seconds: f64,
    /// Peak resident memory of the agent and of its transmitting process, in KiB.
    pub agent_kib: u64,
    pub transmitter_kib: u64,
}

/// Transmits audio of this duration to a `null` radio at 2 MS/s, as fast as possible.
pub fn transmit(audio: Duration) -> Result<Report> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name);
    let audio_seconds = u32::try_from(audio.as_secs())?;
    write_tone(&path("long.wav"), audio_seconds)?;
    std::fs::write(path("challenges.yml"), EVENT)?;
    std::fs::write(path("runner.yml"), RUNNER)?;
    let begin = Instant::now();
    let mut agent = Command::new(program("challengectl-runner")?)
        .args(["transmit", "--radio", "nowhere", "--config"])
        .args([path("runner.yml"), path("challenges.yml")])
        .stdin(Stdio::null())
        .spawn()?;
    let (mut agent_kib, mut transmitter_kib) = (0, 0);
    let status = loop {
        if let Some(status) = agent.try_wait()? {
            break status;
        }
        agent_kib = agent_kib.max(memory(agent.id(), "VmHWM:").unwrap_or(0));
        for child in children(agent.id()) {
            transmitter_kib = transmitter_kib.max(memory(child, "VmHWM:").unwrap_or(0));
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    ensure!(status.success(), "transmit ended with {status}");
    Ok(Report { audio_seconds, wall_seconds: begin.elapsed().as_secs_f64(), agent_kib, transmitter_kib })
}

/// Writes a WAV file of a steady tone.
pub fn write_tone(path: &Path, seconds: u32) -> Result<()> {
    let second: Vec<u8> = (0..RATE)
        .map(|n| (f64::from(n) / f64::from(RATE) * std::f64::consts::TAU * 1000.0).sin() * 1e4)
        .flat_map(|level| (level as i16).to_le_bytes())
        .collect();
    let data = RATE * 2 * seconds;
    let mut file = BufWriter::new(std::fs::File::create(path)?);
    file.write_all(b"RIFF")?;
    file.write_all(&(data + 36).to_le_bytes())?;
    file.write_all(b"WAVEfmt \x10\0\0\0\x01\0\x01\0")?;
    file.write_all(&RATE.to_le_bytes())?;
    file.write_all(&(RATE * 2).to_le_bytes())?;
    file.write_all(b"\x02\0\x10\0data")?;
    file.write_all(&data.to_le_bytes())?;
    for _ in 0..seconds {
        file.write_all(&second)?;
    }
    Ok(file.flush()?)
}

/// Returns the running children of a process.
pub fn children(pid: u32) -> Vec<u32> {
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let lists = tasks.flatten().filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|child| child.parse().ok()).collect::<Vec<_>>()).collect()
}
