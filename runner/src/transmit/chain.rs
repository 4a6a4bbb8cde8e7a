//! The chain of a transmission: payload, modulation, resampler, mixer, radio. Samples move only in this direction,
//! block by block in constant memory; the radio's pace pulls each block through all links.

use super::message::{Cause, Job, Length, Payload, Station};
use crate::radio::{Radio, Tuning};
use challengectl_common::identification::is_due;
use challengectl_common::{Band, Frequency};
use challengectl_waveform::{self as waveform, Complex32, Waveform};
use std::time::{Duration, Instant};

/// Blocks per second, so that a stop takes effect within 50 ms.
const BLOCKS_PER_SECOND: f64 = 20.0;

/// Time that is usually enough from the building of a signal to its first sample; an identification comes that much early.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// All links, with the radio open and its carrier initially off.
pub(super) struct Chain {
    waveform: Box<dyn Waveform>,
    radio: Box<dyn Radio>,
    length: Length,
    block: Vec<Complex32>,
}

impl Chain {
    /// Opens the radio for what [`signal`] has built, or takes the one that stayed open, if it is the same device.
    pub(super) fn open(job: &Job, waveform: Box<dyn Waveform>, kept: Option<Box<dyn Radio>>) -> Result<Self, Cause> {
        let tuning = tune(job, waveform.as_ref())?;
        let driver = &job.radio.driver;
        // One that does not take its settings any more may have been unplugged meanwhile, and be there again.
        let same = kept.and_then(|mut radio| radio.reuse(driver, &tuning).unwrap_or(false).then_some(radio));
        let radio = match same {
            Some(radio) => radio,
            None => driver.settings().open(&tuning)?,
        };
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

    /// Pulls one block through the chain; returns its number of samples, 0 after the last block.
    pub(super) fn pull(&mut self) -> Result<usize, Cause> {
        let filled = self.waveform.fill(&mut self.block).map_err(Cause::failed)?;
        let samples = self.block.get(..filled).unwrap_or_default();
        if !samples.is_empty() {
            self.radio.write(samples)?;
        }
        Ok(samples.len())
    }

    /// Pushes the last samples through; returns when they leave the antenna, `None` while there are more.
    pub(super) fn finish(&mut self) -> Result<Option<Instant>, Cause> {
        Ok(self.radio.finish()?)
    }

    pub(super) fn carrier_off(&mut self) -> Result<(), Cause> {
        Ok(self.radio.stop()?)
    }

    pub(super) fn underruns(&self) -> u64 {
        self.radio.underruns()
    }

    /// Returns the radio if it may stay open; else closes it.
    pub(super) fn into_kept(self) -> Option<Box<dyn Radio>> {
        self.radio.may_stay_open().then_some(self.radio)
    }
}

/// Turns a driver's error into the end of the transmission, with its whole chain of causes.
impl From<anyhow::Error> for Cause {
    fn from(error: anyhow::Error) -> Self {
        Self::Radio(format!("{error:#}"))
    }
}

/// The signal of a transmission.
pub(super) struct Signal {
    pub(super) waveform: Box<dyn Waveform>,
    /// Whether the station identifies itself at the end.
    pub(super) identifies: bool,
}

/// Builds the links up to the radio: the signal at the radio's sample rate, with the identification of the station if it is
/// due, moved by `offset_hz`. Reads a file as a whole, and may take as long as that.
pub(super) fn signal(job: &Job) -> Result<Signal, Cause> {
    let resampled = waveform::resample(modulated(job)?, job.radio.sample_rate as f64).map_err(Cause::failed)?;
    let identification = match &job.station {
        Some(station) => identification(station, resampled.as_ref())?,
        None => None,
    };
    let identifies = identification.is_some();
    let whole = match identification {
        Some(identification) => Box::new(waveform::Join::new(vec![resampled, identification])),
        None => resampled,
    };
    let offset = job.radio.offset_hz;
    let waveform = if offset == 0 { whole } else { waveform::shift(whole, offset.into()) };
    Ok(Signal { waveform, identifies })
}

/// Returns the identification to send after `signal`, in the middle of its band; `None` if none is due.
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

/// Computes the tuning of the radio; refuses a signal that is not entirely within the radio's limits.
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
    let below_zero = || Cause::failed(format_args!("offset_hz {offset} puts the radio's frequency below 0 Hz"));
    let centre = centre.ok_or_else(below_zero)?;
    let band = centre.band(&occupied);
    if !job.radio.frequency_ranges.is_empty() {
        return Err(Cause::failed("the radio is limited to named ranges whose bands are unknown"));
    }
    check_limits(&job.radio.frequency_limits, &band)?;
    check_length(job, waveform)?;
    if job.radio.driver.settings().device().is_some() {
        check_leak(&job.radio.frequency_limits, &band, centre)?;
    }
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

/// Refuses a signal that is longer than the radio may be on air.
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
    Err(Cause::failed(format_args!("the signal occupies {band} Hz, outside the radio's limits {}", limits.join(", "))))
}

/// Refuses a tuning whose carrier leak, some 50 dB below the signal at the radio's own frequency, is outside of the limits.
fn check_leak(limits: &[Band], band: &Band, centre: Frequency) -> Result<(), Cause> {
    let all = Band::new(band.low().min(centre.hz()), band.high().max(centre.hz())).unwrap_or(*band);
    check_limits(limits, &all).map_err(|_| {
        Cause::failed(format_args!(
            "the radio's own carrier would leak at {} Hz, outside its limits: choose another offset_hz",
            centre.hz()
        ))
    })
}
