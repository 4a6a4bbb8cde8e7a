//! The chain that a transmission is pulled through: payload, modulation, resampler, mixer, radio. Samples move in this
//! direction alone, a block at a time and in constant memory: the radio's pace pulls each block through all the links.

use super::message::{Cause, Job, Length, Payload, Station};
use crate::radio::{Radio, Tuning};
use challengectl_common::identification::is_due;
use challengectl_common::{Band, Frequency};
use challengectl_waveform::{self as waveform, Complex32, Waveform};
use std::time::Duration;

/// Blocks in a second, so that a stop takes effect within a twentieth of one.
const BLOCKS_PER_SECOND: f64 = 20.0;

/// Between the building of a signal and its first sample, mostly: the identification comes so much early.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// All the links, the radio open and its carrier off.
pub(super) struct Chain {
    waveform: Box<dyn Waveform>,
    radio: Box<dyn Radio>,
    length: Length,
    block: Vec<Complex32>,
}

impl Chain {
    /// Opens the radio for what [`signal`] has built.
    pub(super) fn open(job: &Job, waveform: Box<dyn Waveform>) -> Result<Self, Cause> {
        let tuning = tune(job, waveform.as_ref())?;
        let radio = job.radio.driver.settings().open(&tuning)?;
        let block = (waveform.sample_rate() / BLOCKS_PER_SECOND).clamp(64.0, 65_536.0) as usize;
        let length = Length { samples: tuning.samples, sample_rate: tuning.sample_rate };
        Ok(Self { waveform, radio, length, block: vec![Complex32::default(); block] })
    }

    pub(super) fn length(&self) -> Length {
        self.length
    }

    pub(super) fn carrier_on(&mut self) -> Result<(), Cause> {
        Ok(self.radio.start()?)
    }

    /// Pulls one block through; returns how many samples it had, 0 after the last one.
    pub(super) fn pull(&mut self) -> Result<usize, Cause> {
        let filled = self.waveform.fill(&mut self.block).map_err(Cause::failed)?;
        let samples = self.block.get(..filled).unwrap_or_default();
        if !samples.is_empty() {
            self.radio.write(samples)?;
        }
        Ok(samples.len())
    }

    pub(super) fn carrier_off(&mut self) -> Result<(), Cause> {
        Ok(self.radio.stop()?)
    }
}

/// Turns a driver's error into the end of the transmission, with everything that the driver says about it.
impl From<anyhow::Error> for Cause {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(format!("{error:#}"))
    }
}

/// What goes on air.
pub(super) struct Signal {
    pub(super) waveform: Box<dyn Waveform>,
    /// Whether the station identifies itself at the end.
    pub(super) identifies: bool,
}

/// Builds the links up to the radio: the signal at the radio's rate, where it must lie above the radio's own frequency,
/// with the identification of the station if that is due. Takes as long as reading a whole file does.
pub(super) fn signal(job: &Job) -> Result<Signal, Cause> {
    let resampled = waveform::resample(modulated(job)?, job.radio.sample_rate as f64).map_err(Cause::failed)?;
    let identification = match &job.station {
        Some(station) => identification(station, resampled.as_ref())?,
        None => None,
    };
    let identifies = identification.is_some();
    let whole = match identification {
        Some(identification) => waveform::sequence(resampled, identification),
        None => resampled,
    };
    let offset = job.radio.offset_hz;
    let waveform = if offset == 0 { whole } else { waveform::shift(whole, offset.into()) };
    Ok(Signal { waveform, identifies })
}

/// Returns the identification to send behind `signal`, in the middle of its band; `None` while none is due.
fn identification(station: &Station, signal: &dyn Waveform) -> Result<Option<Box<dyn Waveform>>, Cause> {
    let keyed = waveform::identification(&station.callsign).map_err(Cause::failed)?;
    let since_last = station.identified.map(|at| at.elapsed() + MAX_WAIT);
    if !is_due(since_last, seconds(signal), seconds(keyed.as_ref()), station.interval) {
        return Ok(None);
    }
    let centre = waveform::identification_centre(&signal.occupied_bandwidth());
    let keyed = waveform::resample(keyed, signal.sample_rate()).map_err(Cause::failed)?;
    Ok(Some(waveform::shift(keyed, centre)))
}

fn seconds(waveform: &dyn Waveform) -> Duration {
    Duration::try_from_secs_f64(waveform.duration()).unwrap_or(Duration::MAX)
}

fn modulated(job: &Job) -> Result<Box<dyn Waveform>, Cause> {
    let modulation = waveform::find(&job.modulation).map_err(Cause::failed)?;
    match &job.payload {
        Payload::Text(text) => {
            modulation.waveform(waveform::Payload::Text(text), &job.parameters).map_err(Cause::failed)
        }
        Payload::File { path, name } => modulation
            .waveform(waveform::Payload::File(path), &job.parameters)
            .map_err(|error| Cause::failed(format_args!("{name}: {error}"))),
    }
}

/// Works out where the radio must be tuned to; refuses what leaves its limits, counting bandwidth.
fn tune(job: &Job, waveform: &dyn Waveform) -> Result<Tuning, Cause> {
    let offset = i64::from(job.radio.offset_hz);
    let occupied = waveform.occupied_bandwidth();
    let nyquist = job.radio.sample_rate as f64 / 2.0;
    if occupied.start < -nyquist || occupied.end > nyquist {
        return Err(Cause::failed(format_args!(
            "with offset_hz {offset} the signal does not fit into {} samples per second",
            job.radio.sample_rate
        )));
    }
    let centre = job.frequency.hz().checked_add_signed(-offset).and_then(Frequency::from_hz);
    let centre = centre.ok_or_else(|| Cause::failed(format_args!("offset_hz {offset} leads below 0 Hz")))?;
    let band = centre.band(&occupied);
    check_limits(&job.radio.frequency_limits, &band)?;
    check_length(job, waveform)?;
    Ok(Tuning {
        centre,
        nominal: job.frequency,
        band,
        sample_rate: job.radio.sample_rate,
        samples: waveform.len(),
        challenge: job.challenge.clone(),
        recording: job.recording.clone(),
    })
}

/// Refuses what would be on air for longer than the radio may be.
fn check_length(job: &Job, waveform: &dyn Waveform) -> Result<(), Cause> {
    match job.radio.max_on_air_seconds {
        Some(longest) if waveform.duration() > f64::from(longest) => Err(Cause::failed(format_args!(
            "the signal takes {:.1} s, longer than max_on_air_seconds of radio {}, {longest}",
            waveform.duration(),
            job.radio.id,
        ))),
        _ => Ok(()),
    }
}

fn check_limits(limits: &[Band], band: &Band) -> Result<(), Cause> {
    if limits.is_empty() || limits.iter().any(|limit| limit.contains(band)) {
        return Ok(());
    }
    let limits: Vec<_> = limits.iter().map(ToString::to_string).collect();
    Err(Cause::failed(format_args!("the signal takes {band} Hz, outside the radio's limits {}", limits.join(", "))))
}
