//! A challenge as a reader leaves it: parsed, but not yet checked against its waveform and its file.

use crate::report::Reported;
use crate::values::delays::Delays;
use challengectl_common::challenge::NamedRange;
use challengectl_common::{ChallengeName, ConferenceChange, PublicView, Sender, Tuning};
use challengectl_waveform::Modulation;
use serde_json::{Map, Value};

/// What a reader found in a file.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    pub(crate) conference: Option<ConferenceChange>,
    pub(crate) ranges: Vec<NamedRange>,
    pub(crate) drafts: Vec<Draft>,
}

/// One challenge. A field that could not be parsed does not keep the others from being checked.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) line: u64,
    pub(crate) name: Result<ChallengeName, Reported>,
    pub(crate) modulation: Result<&'static Modulation, Reported>,
    pub(crate) tuning: Result<Tuning, Reported>,
    pub(crate) payload: Result<Payload, Reported>,
    pub(crate) parameters: Result<Map<String, Value>, Reported>,
    /// The sample rate that older files repeat beside the WAV file.
    pub(crate) wav_rate: Option<f64>,
    /// `None`: the file has no `enabled`.
    pub(crate) enabled: Result<Option<bool>, Reported>,
    pub(crate) priority: Result<i64, Reported>,
    pub(crate) delays: Result<Delays, Reported>,
    pub(crate) public_view: Result<PublicView, Reported>,
    pub(crate) only_on: Result<Vec<Sender>, Reported>,
    /// `Err` if there was a problem that belongs to no field, such as an unknown key.
    pub(crate) rest: Result<(), Reported>,
}

/// What a challenge carries, as the event file gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Payload {
    /// The event file gives neither.
    Nothing,
    Text(String),
    /// A path as the event file writes it.
    File(String),
}
