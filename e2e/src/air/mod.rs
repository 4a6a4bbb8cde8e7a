//! An air with transmissions on it, again and again, for other people's programs to listen to; and measurements of it.

mod attackers;
pub mod attacks;
mod ears;
pub mod load;
mod place;
pub mod stops;
mod victims;

use crate::programs::{Process, output_of, program};
use anyhow::{Context, Result, bail};
use challengectl_air::sources::{Address, Transmitter};
use challengectl_air::spectrum::Transmission;
use num_complex::Complex32;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// `challengectl-runner air`, and what transmits into it. All of it ends when this is dropped.
pub struct Air {
    folder: TempDir,
    process: Process,
    output: BufReader<std::process::ChildStdout>,
    /// Where SDR programs connect.
    pub rtl_tcp: SocketAddr,
    /// Where subscribers of its streams connect.
    pub streams: Vec<String>,
    stop: Arc<AtomicBool>,
    transmitting: Vec<JoinHandle<()>>,
}

impl Air {
    /// Starts an air; `settings` are keys of `air:` in flow style beside that of `rtl_tcp`, `challenges` lines of an event
    /// file.
    pub fn start(settings: &str, challenges: &[&str]) -> Result<Self> {
        let folder = TempDir::new()?;
        let path = |name: &str| folder.path().join(name);
        let audio = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/audio/rtty.wav");
        std::fs::copy(audio, path("rtty.wav"))?;
        let mut yaml = format!("state_dir: {}\nradios:\n", path("state").display());
        for number in 0..challenges.len().max(1) {
            writeln!(yaml, "  - {{id: r{number}, driver: air, sample_rate: 250000}}")?;
        }
        writeln!(yaml, "air: {{rtl_tcp: {{listen: [127.0.0.1:0]}}{settings}}}")?;
        std::fs::write(path("runner.yml"), yaml)?;
        let lines = challenges.iter().map(|challenge| format!("  - {{{challenge}}}\n"));
        std::fs::write(path("challenges.yml"), format!("challenges:\n{}", lines.collect::<String>()))?;
        let mut command = Command::new(program("challengectl-runner")?);
        command.args(["air", "--json", "--config"]).arg(path("runner.yml"));
        let mut process = Process::start(&mut command, &path("air.log"))?;
        let mut output = BufReader::new(process.stdout()?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        let listening: serde_json::Value = serde_json::from_str(&line).with_context(|| log(&path("air.log")))?;
        let rtl_tcp = listening.pointer("/rtl_tcp/0").and_then(|address| address.as_str()).context(line)?.parse()?;
        let streams = listening.get("streams").and_then(|streams| streams.as_array()).into_iter().flatten();
        let streams = streams.filter_map(|address| Some(address.as_str()?.to_owned())).collect();
        Ok(Self { folder, process, output, rtl_tcp, streams, stop: Arc::default(), transmitting: Vec::new() })
    }

    /// Returns a path in the air's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Returns the process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Puts the challenge of this number on air again and again.
    pub fn repeat(&mut self, number: usize, name: &str) -> Result<()> {
        let (program, name) = (program("challengectl-runner")?, name.to_owned());
        let (event, config) = (self.path("challenges.yml"), self.path("runner.yml"));
        let stop = Arc::clone(&self.stop);
        self.transmitting.push(std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                let mut command = Command::new(&program);
                command.arg("transmit").arg(&event).arg(&name).args(["--radio", &format!("r{number}"), "--config"]);
                let Ok(mut child) = command.arg(&config).stdin(Stdio::null()).stdout(Stdio::null()).spawn() else {
                    return;
                };
                while !matches!(child.try_wait(), Ok(Some(_)) | Err(_)) {
                    if stop.load(Ordering::Relaxed) {
                        let _ = child.kill();
                        let _ = child.wait();
                        return;
                    }
                    std::thread::sleep(Duration::from_millis(20));
                }
            }
        }));
        Ok(())
    }

    /// Returns the socket of this host's transmitters.
    pub fn socket(&self) -> PathBuf {
        self.path("state/air.sock")
    }

    /// Puts samples on air again and again.
    pub fn repeat_samples(&mut self, transmission: &Transmission, samples: Vec<Complex32>) -> Result<()> {
        let mut transmitter = Transmitter::connect(&Address::Socket(self.socket()), transmission)?;
        let stop = Arc::clone(&self.stop);
        self.transmitting.push(std::thread::spawn(move || {
            for block in samples.chunks(4096).cycle() {
                if stop.load(Ordering::Relaxed) || transmitter.send(block).is_err() {
                    return;
                }
            }
        }));
        Ok(())
    }

    /// Runs a receiver until it has written this to its output; returns everything that it wrote until then.
    pub fn listen(&self, command: &mut Command, wanted: &str, limit: Duration) -> Result<String> {
        command.env("HOME", self.folder.path());
        let mut receiver = Process::start(command, &self.path("receiver.log"))?;
        let mut output = receiver.stdout()?;
        let heard = Arc::new(parking_lot::Mutex::new(String::new()));
        let writing = Arc::clone(&heard);
        let reading = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut bytes) {
                writing.lock().push_str(&String::from_utf8_lossy(bytes.get(..read).unwrap_or_default()));
            }
        });
        let deadline = Instant::now() + limit;
        while !heard.lock().contains(wanted) {
            if Instant::now() > deadline || reading.is_finished() {
                drop(receiver);
                bail!("wanted {wanted:?}, received {:?}; {}", heard.lock(), log(&self.path("receiver.log")));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        drop(receiver);
        let _ = reading.join();
        Ok(heard.lock().clone())
    }

    /// Ends all of it; returns how well the air has kept real time.
    pub fn stop(mut self) -> Result<serde_json::Value> {
        self.end_transmissions();
        let status = self.process.terminate()?;
        anyhow::ensure!(status.success(), "the air ended with {status}: {}", log(&self.path("air.log")));
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    }

    fn end_transmissions(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.transmitting.drain(..).for_each(|thread| drop(thread.join()));
    }
}

impl Drop for Air {
    fn drop(&mut self) {
        self.end_transmissions();
    }
}

fn log(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// Returns the seconds of processor time that a process has used.
pub fn processor_seconds(process: u32) -> Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name in parentheses may hold anything; user and system time are the 12th and 13th field after it.
    let (_, fields) = text.rsplit_once(')').context("no process")?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    let per_second: f64 = output_of(Command::new("getconf").arg("CLK_TCK"))?.trim().parse()?;
    Ok(ticks.sum::<Result<f64, _>>()? / per_second)
}

/// Returns the bytes of memory that a process has now.
pub fn resident_bytes(process: u32) -> Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/statm"))?;
    let pages: u64 = text.split_whitespace().nth(1).context("no process")?.parse()?;
    Ok(pages * 4096)
}
