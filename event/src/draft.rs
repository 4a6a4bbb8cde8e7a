//! A challenge as the readers return it: parsed, but its waveform and its file are not yet checked.

use crate::report::Reported;
use crate::values::delays::Delays;
use crate::{Instance, Text};
use challengectl_common::challenge::NamedRange;
use challengectl_common::{ChallengeName, ConferenceChange, PublicView, Sender, Tuning};
use challengectl_waveform::Modulation;
use serde_json::{Map, Value};

/// The contents of a file.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    pub(crate) conference: Option<ConferenceChange>,
    pub(crate) ranges: Vec<NamedRange>,
    pub(crate) drafts: Vec<Draft>,
    pub(crate) instances: Vec<Instance>,
    pub(crate) texts: Vec<Text>,
}

/// One challenge. Each field has its own result, so that an invalid one does not prevent checks of the others.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) line: u64,
    pub(crate) name: Result<ChallengeName, Reported>,
    pub(crate) modulation: Result<&'static Modulation, Reported>,
    pub(crate) tuning: Result<Tuning, Reported>,
    pub(crate) payload: Result<Payload, Reported>,
    pub(crate) parameters: Result<Map<String, Value>, Reported>,
    /// The sample rate of the WAV file, which older files repeat.
    pub(crate) wav_rate: Option<f64>,
    /// `None`: the file has no `enabled`.
    pub(crate) enabled: Result<Option<bool>, Reported>,
    pub(crate) priority: Result<i64, Reported>,
    pub(crate) delays: Result<Delays, Reported>,
    pub(crate) public_view: Result<PublicView, Reported>,
    pub(crate) only_on: Result<Vec<Sender>, Reported>,
    /// `Err` if there is a problem that belongs to no field, such as an unknown key.
    pub(crate) rest: Result<(), Reported>,
}

/// The payload as the event file gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Payload {
    /// Neither text nor file is given.
    Nothing,
    Text(String),
    /// A path as the event file writes it.
    File(String),
}
