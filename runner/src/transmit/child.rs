//! The child's side: makes the samples and has the radio.

use super::gate::Gate;
use super::message::{Cause, Control, End, Event, Job, Length, Source};
use crate::radio::{Radio, Tuning};
use challengectl_common::{Band, Frequency, Timestamp};
use challengectl_waveform::{self as waveform, Complex32, Payload, Waveform};
use nix::fcntl::{Flock, FlockArg};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use std::fs::{self, File};
use std::io::{self, BufRead, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// Between two signs of life.
const TICK: Duration = Duration::from_millis(250);

/// How long to wait for the process that had the radio before.
const LOCK_PATIENCE: Duration = Duration::from_secs(10);

/// How long a radio may take to go off before this process ends, which closes the device.
const OFF_PATIENCE: Duration = Duration::from_millis(700);

/// What `__transmit` runs.
#[must_use]
pub fn main() -> ExitCode {
    // If the parent dies, the end of standard input says so. This is for a child that cannot listen, even a stopped one.
    let _ = prctl::set_pdeathsig(Signal::SIGKILL);
    let Some(job) = read_job() else {
        eprintln!("this is run by challengectl-runner itself, with a job on its standard input");
        return ExitCode::from(2);
    };
    let gate = Arc::new(Gate::default());
    listen(Arc::clone(&gate));
    guard(Arc::clone(&gate));
    let mut progress = Progress { samples: 0, told: Instant::now() };
    let cause = transmit(&job, &gate, &mut progress).err().unwrap_or(Cause::Done);
    let at = Timestamp::now();
    tell(&Event::Ended(End { at, samples: progress.samples, cause }));
    ExitCode::SUCCESS
}

fn read_job() -> Option<Job> {
    let mut line = String::new();
    io::stdin().read_line(&mut line).ok()?;
    serde_json::from_str(&line).ok()
}

/// Follows the parent's lines until it goes away.
fn listen(gate: Arc<Gate>) {
    thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(control) =
                line.map_err(|_| ()).and_then(|line| serde_json::from_str::<Control>(&line).map_err(|_| ()))
            else {
                break;
            };
            gate.obey(control);
        }
        gate.close(Cause::Orphaned);
    });
}

/// Ends this process when the carrier is on though it must not be, and the thread that has the radio does not react.
fn guard(gate: Arc<Gate>) {
    thread::spawn(move || {
        let mut defied_since = None;
        loop {
            thread::sleep(Duration::from_millis(50));
            defied_since = gate.is_defied().then(|| defied_since.unwrap_or_else(Instant::now));
            if defied_since.is_some_and(|since| since.elapsed() > OFF_PATIENCE) {
                std::process::exit(3);
            }
        }
    });
}

/// A parent that no longer listens is told nothing; the end of standard input tells us.
fn tell(event: &Event) {
    if let Ok(mut line) = serde_json::to_vec(event) {
        line.push(b'\n');
        let _ = io::stdout().write_all(&line);
    }
}

struct Progress {
    samples: u64,
    told: Instant,
}

impl Progress {
    fn add(&mut self, samples: usize) {
        self.samples += samples as u64;
        if self.told.elapsed() >= TICK {
            tell(&Event::Progress(self.samples));
            self.told = Instant::now();
        }
    }
}

fn failed(error: impl std::fmt::Display) -> Cause {
    Cause::Failed(error.to_string())
}

fn transmit(job: &Job, gate: &Gate, progress: &mut Progress) -> Result<(), Cause> {
    let _lock = job.lock.as_deref().map(|file| take(file, gate)).transpose()?;
    let mut waveform = prepare(job)?;
    let tuning = tune(job, waveform.as_ref())?;
    let mut radio = job.radio.driver.open(&tuning).map_err(failed)?;
    tell(&Event::Ready(Length { samples: tuning.samples, sample_rate: tuning.sample_rate }));
    gate.wait(TICK, || tell(&Event::Waiting))?;

    gate.set_carrier(true);
    let sent = send(waveform.as_mut(), radio.as_mut(), gate, progress);
    let stopped = radio.stop();
    gate.set_carrier(false);
    sent?;
    stopped.map_err(failed)
}

/// The lock of the radio, when whoever had it is gone.
fn take(path: &Path, gate: &Gate) -> Result<Flock<File>, Cause> {
    let named = |error: io::Error| failed(format_args!("{}: {error}", path.display()));
    fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).map_err(named)?;
    let mut file = File::options().write(true).create(true).truncate(false).open(path).map_err(named)?;
    let began = Instant::now();
    while began.elapsed() < LOCK_PATIENCE {
        file = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => return Ok(lock),
            Err((file, _)) => file,
        };
        if let Err(cause @ (Cause::Stopped | Cause::Orphaned)) = gate.check() {
            return Err(cause);
        }
        tell(&Event::Waiting);
        thread::sleep(Duration::from_millis(50));
    }
    Err(failed("another process has the radio"))
}

/// The signal at the radio's rate, where it is to lie above the radio's own frequency.
fn prepare(job: &Job) -> Result<Box<dyn Waveform>, Cause> {
    let modulation = waveform::find(&job.modulation).map_err(failed)?;
    let built = match &job.source {
        Source::Text(text) => modulation.waveform(Payload::Text(text), &job.parameters).map_err(failed)?,
        Source::File { path, name } => modulation
            .waveform(Payload::File(path), &job.parameters)
            .map_err(|error| failed(format_args!("{name}: {error}")))?,
    };
    let resampled = waveform::resample(built, job.radio.sample_rate as f64).map_err(failed)?;
    if job.radio.offset_hz == 0 {
        return Ok(resampled);
    }
    Ok(waveform::shift(resampled, job.radio.offset_hz.into()))
}

fn tune(job: &Job, waveform: &dyn Waveform) -> Result<Tuning, Cause> {
    let offset = i64::from(job.radio.offset_hz);
    let occupied = waveform.occupied_bandwidth();
    let nyquist = job.radio.sample_rate as f64 / 2.0;
    if occupied.start < -nyquist || occupied.end > nyquist {
        return Err(failed(format_args!(
            "with offset_hz {offset} the signal does not fit into {} samples per second",
            job.radio.sample_rate
        )));
    }
    let centre = job.frequency.hz().checked_add_signed(-offset).and_then(Frequency::from_hz);
    let centre = centre.ok_or_else(|| failed(format_args!("offset_hz {offset} leads below 0 Hz")))?;
    let band = centre.band(&occupied);
    within(&job.radio.frequency_limits, &band)?;
    Ok(Tuning {
        centre,
        nominal: job.frequency,
        band,
        sample_rate: job.radio.sample_rate,
        samples: waveform.len(),
        challenge: job.challenge.clone(),
        title: job.title.clone(),
    })
}

fn within(limits: &[Band], band: &Band) -> Result<(), Cause> {
    if limits.is_empty() || limits.iter().any(|limit| limit.contains(band)) {
        return Ok(());
    }
    let limits: Vec<_> = limits.iter().map(ToString::to_string).collect();
    Err(failed(format_args!("the signal takes {band} Hz, outside the radio's limits {}", limits.join(", "))))
}

fn send(waveform: &mut dyn Waveform, radio: &mut dyn Radio, gate: &Gate, progress: &mut Progress) -> Result<(), Cause> {
    // Blocks of at most a twentieth of a second, so that a stop takes effect within that.
    let block = (waveform.sample_rate() / 20.0).clamp(64.0, 65_536.0) as usize;
    let mut samples = vec![Complex32::default(); block];
    radio.start().map_err(failed)?;
    tell(&Event::OnAir(Timestamp::now()));
    loop {
        gate.check()?;
        let filled = waveform.fill(&mut samples).map_err(failed)?;
        let Some(filled) = samples.get(..filled).filter(|filled| !filled.is_empty()) else { return Ok(()) };
        radio.write(filled).map_err(failed)?;
        progress.add(filled.len());
    }
}
