//! Text messages, in JSON: commands of a listener, and answers.

use crate::listen::{Band, Level, Mode, Tuning, View};
use serde::{Deserialize, Serialize};

/// A command of a listener.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Command {
    /// Tunes. Fields that are left out stay as they are; another mode sets its usual passband and de-emphasis.
    Tune(Tune),
    /// Turns sound on or off.
    Listen { on: bool },
    /// Selects the part of the band that rows show, and the most columns of a row.
    View { low_hz: f64, high_hz: f64, columns: usize },
    /// Turns rows of the waterfall on or off.
    Rows { on: bool },
    /// Acknowledges everything up to this sample of the band.
    Ack { sample: u64 },
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tune {
    pub(super) hz: Option<f64>,
    pub(super) mode: Option<Mode>,
    pub(super) low_hz: Option<f64>,
    pub(super) high_hz: Option<f64>,
    /// Microseconds; 0 for flat.
    pub(super) deemphasis_us: Option<f64>,
    /// Decibels above the noise; 0 for off.
    pub(super) squelch_db: Option<f32>,
}

/// A message to a listener.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Answer<'a> {
    /// The first message: what can be chosen.
    Hello { title: &'a str, band: usize, bands: Vec<BandInfo<'a>>, modes: Vec<ModeInfo> },
    /// The tuning of the sound of this epoch.
    Tuned {
        epoch: u16,
        hz: f64,
        mode: Mode,
        low_hz: f64,
        high_hz: f64,
        deemphasis_us: f64,
        squelch_db: f32,
        audio_rate: u32,
    },
    /// The view of the rows of this epoch.
    View { epoch: u16, low_hz: f64, high_hz: f64, columns: usize },
    /// The level of the tuned signal, five times a second.
    Level { dbfs: f32, noise_dbfs: f32, open: bool },
    /// The last command has changed nothing, for this reason.
    Refused { reason: String },
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct BandInfo<'a> {
    pub(super) name: &'a str,
    pub(super) centre_hz: f64,
    pub(super) rate_hz: u32,
}

impl<'a> BandInfo<'a> {
    pub(super) fn new(name: &'a str, band: &Band) -> Self {
        Self { name, centre_hz: band.centre(), rate_hz: band.rate() }
    }
}

/// The properties of a mode that a page shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct ModeInfo {
    mode: Mode,
    low_hz: f64,
    high_hz: f64,
    min_low_hz: f64,
    max_high_hz: f64,
    min_width_hz: f64,
}

impl From<Mode> for ModeInfo {
    fn from(mode: Mode) -> Self {
        let (passband, limits) = (mode.passband(), mode.limits());
        Self {
            mode,
            low_hz: passband.start,
            high_hz: passband.end,
            min_low_hz: limits.start,
            max_high_hz: limits.end,
            min_width_hz: mode.min_width(),
        }
    }
}

impl Answer<'_> {
    pub(super) fn tuned(epoch: u16, tuning: &Tuning) -> Self {
        Self::Tuned {
            epoch,
            hz: tuning.hertz(),
            mode: tuning.mode(),
            low_hz: tuning.passband().start,
            high_hz: tuning.passband().end,
            deemphasis_us: tuning.deemphasis(),
            squelch_db: tuning.squelch().unwrap_or(0.0),
            audio_rate: tuning.mode().audio_rate(),
        }
    }

    pub(super) fn view(epoch: u16, view: &View) -> Self {
        Self::View { epoch, low_hz: view.span().start, high_hz: view.span().end, columns: view.columns() }
    }

    pub(super) fn level(level: Level) -> Self {
        let tenth = |value: f32| (value * 10.0).round() / 10.0;
        Self::Level { dbfs: tenth(level.dbfs), noise_dbfs: tenth(level.noise_dbfs), open: level.is_open }
    }

    pub(super) fn text(&self) -> String {
        // Fails only for maps whose keys are not text.
        serde_json::to_string(self).unwrap_or_default()
    }
}
