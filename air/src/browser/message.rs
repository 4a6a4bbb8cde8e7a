//! Text messages, in JSON: what a listener asks for, and what it is told.

use crate::listen::{Band, Level, Mode, Tuning, View};
use serde::{Deserialize, Serialize};

/// What a listener asks for.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Command {
    /// Tunes; what is left out stays. Another mode brings its usual passband and de-emphasis.
    Tune(Tune),
    /// Sound, or none.
    Listen { on: bool },
    /// Shows this part of the band, in at most so many columns.
    View { low_hz: f64, high_hz: f64, columns: usize },
    /// Rows of the waterfall, or none.
    Rows { on: bool },
    /// Everything up to this sample of the band has arrived.
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

/// What a listener is told.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Answer<'a> {
    /// The first message.
    Hello { title: &'a str, band: usize, bands: Vec<BandInfo<'a>>, modes: Vec<ModeInfo> },
    /// What the sound of this epoch is of.
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
    /// What the rows of this epoch are of.
    View { epoch: u16, low_hz: f64, high_hz: f64, columns: usize },
    /// How strong the tuned signal is, five times a second.
    Level { dbfs: f32, noise_dbfs: f32, open: bool },
    /// The last command has changed nothing, and why.
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

/// What a page must know of a mode.
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
        // No map with keys that are no text: it cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}
