//! Checks a challenge, its file and its waveform: a challenge that passes can go on air.

use crate::Challenge;
use crate::draft::{Draft, Payload};
use crate::lookup::{self, Places};
use crate::report::{Report, Reported, Scope};
use challengectl_common::challenge::{Kind, NamedRange, PayloadFile, TransmissionSpec};
use challengectl_common::{
    self as common, ChallengeSpec, Conference, ConferenceChange, FrequencyRules, FrequencySet, OccupiedSpan, Tuning,
};
use challengectl_waveform::{self as waveform, BuildError, Built, Input, Modulation};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;

/// Refuses duplicate names, except for the first challenge of that name.
pub(crate) fn names(drafts: &mut [Draft], report: &mut Report) {
    let mut first = HashMap::new();
    for draft in drafts {
        let Ok(name) = &draft.name else { continue };
        let line = *first.entry(name.clone()).or_insert(draft.line);
        if line != draft.line {
            let text = format!("the name is used twice, first on line {line}; rename one");
            draft.name = Err(report.challenge(Some(name.to_string())).problem(draft.line, text));
        }
    }
}

/// Returns the change of the conference unless its times contradict each other.
pub(crate) fn conference(
    change: ConferenceChange,
    line: u64,
    scope: &mut Scope<'_>,
) -> Result<ConferenceChange, Reported> {
    match Conference::default().with(change.clone()) {
        Ok(_) => Ok(change),
        Err(error) => Err(scope.problem(line, error.to_string())),
    }
}

/// Builds the challenge's waveform and returns the checked challenge.
pub(crate) fn challenge(
    draft: Draft,
    places: &Places,
    rules: &FrequencyRules,
    report: &mut Report,
) -> Result<Challenge, Reported> {
    let name = draft.name.as_ref().ok().map(ToString::to_string);
    let scope = &mut report.challenge(name);
    let loaded = load_payload(&draft, places, scope)?;
    let tuning = draft.tuning?;
    wide_enough(&tuning, &loaded.occupied_bandwidth, draft.line, scope)?;
    tuning.permitted(&loaded.occupied_bandwidth, rules).map_err(|why| scope.problem(draft.line, why))?;
    let (delays, enabled) = (draft.delays?, draft.enabled?);
    draft.rest?;
    let transmission = TransmissionSpec {
        modulation: draft.modulation?.name.to_owned(),
        tuning,
        payload: loaded.payload,
        parameters: draft.parameters?,
        priority: draft.priority?,
        min_delay_ms: delays.min_ms(),
        max_delay_ms: delays.max_ms(),
        only_on: draft.only_on?,
    };
    let spec = ChallengeSpec {
        name: draft.name?,
        enabled: enabled.unwrap_or(true),
        public_view: draft.public_view?,
        kind: Kind::Transmission(transmission),
    };
    let LoadedPayload { file, duration, occupied_bandwidth, .. } = loaded;
    Ok(Challenge { spec, says_enabled: enabled.is_some(), line: draft.line, file, duration, occupied_bandwidth })
}

struct LoadedPayload {
    payload: common::Payload,
    file: Option<PathBuf>,
    duration: f64,
    occupied_bandwidth: Range<f64>,
}

fn load_payload(draft: &Draft, places: &Places, scope: &mut Scope<'_>) -> Result<LoadedPayload, Reported> {
    let modulation = draft.modulation?;
    let payload = draft.payload.as_ref().map_err(|reported| *reported)?;
    let parameters = draft.parameters.as_ref().map_err(|reported| *reported)?;
    let line = draft.line;
    let (built, payload, file) = match payload {
        Payload::Nothing if modulation.input == Input::Audio => {
            return Err(scope.problem(line, "it has no payload; give `file` with the path of a WAV file"));
        }
        Payload::Nothing => {
            (empty(modulation, parameters, NO_PAYLOAD, line, scope)?, common::Payload::Text(String::new()), None)
        }
        Payload::Text(text) if text.trim().is_empty() => (
            empty(modulation, parameters, "its text is empty", line, scope)?,
            common::Payload::Text(String::new()),
            None,
        ),
        Payload::Text(text) => {
            let built = modulation.built(waveform::Payload::Text(text), parameters);
            (built.map_err(|error| scope.problem(line, error.to_string()))?, common::Payload::Text(text.clone()), None)
        }
        Payload::File(_) if modulation.input == Input::Text => {
            let text = format!("{} sends text, not a file; give it as `text`", modulation.name);
            return Err(scope.problem(line, text));
        }
        Payload::File(path) => {
            let found = places.find(path).map_err(|why| scope.problem(line, why))?;
            compare_rate(draft.wav_rate, waveform::wav_rate(&found), line, scope);
            let mut refuse = |error: &BuildError| scope.problem(line, about(path, error));
            let mut built =
                modulation.built(waveform::Payload::File(&found), parameters).map_err(|error| refuse(&error))?;
            let (digest, size) = lookup::digest(&found).map_err(|error| refuse(&error.into()))?;
            for remark in &mut built.remarks {
                *remark = format!("{path:?}: {remark}");
            }
            (built, common::Payload::File(PayloadFile { path: path.clone(), digest, size }), Some(found))
        }
    };
    for remark in built.remarks {
        scope.remark(line, remark);
    }
    // The runner that sends it may have to identify its station behind it.
    let occupied_bandwidth = waveform::with_identification(&built.waveform.occupied_bandwidth());
    let duration = built.waveform.duration();
    Ok(LoadedPayload { payload, file, duration, occupied_bandwidth })
}

const NO_PAYLOAD: &str = "it has no payload; give `text`, or `file` with a path";

/// Builds a waveform without text, such as a page of only a tone; reports `why` if the modulation needs text.
fn empty(
    modulation: &Modulation,
    parameters: &Map<String, Value>,
    why: &str,
    line: u64,
    scope: &mut Scope<'_>,
) -> Result<Built, Reported> {
    modulation.built(waveform::Payload::Text(""), parameters).map_err(|error| match error {
        BuildError::Empty(_) => scope.problem(line, why),
        error => scope.problem(line, error.to_string()),
    })
}

/// Adds the file's name to an error about the file.
fn about(path: &str, error: &BuildError) -> String {
    match error {
        BuildError::File(_) | BuildError::Io(_) => format!("{path:?}: {error}"),
        _ => error.to_string(),
    }
}

fn compare_rate(given: Option<f64>, found: Option<u32>, line: u64, scope: &mut Scope<'_>) {
    if let (Some(given), Some(found)) = (given, found)
        && given != f64::from(found)
    {
        scope.remark(
            line,
            format!(
                "WARNING: the event file gives {given} samples per second, the WAV file {found}; the rate of the WAV \
                 file is used, so listen whether its pitch is right"
            ),
        );
    }
}

fn wide_enough(tuning: &Tuning, occupied: &Range<f64>, line: u64, scope: &mut Scope<'_>) -> Result<(), Reported> {
    let span = OccupiedSpan::new(occupied);
    let has_room = |tuning: &Tuning| !FrequencySet::of_tuning(tuning, span, 0).is_empty();
    let needed = occupied.end - occupied.start;
    let text = match tuning {
        Tuning::Frequency(_) => return Ok(()),
        Tuning::ManualFrequencyRange(band) if !has_room(tuning) => {
            format!("the signal is {needed:.0} Hz wide and does not fit into {band} Hz; widen the range")
        }
        Tuning::ManualFrequencyRange(_) => return Ok(()),
        Tuning::FrequencyRanges(ranges) => {
            let narrow = |range: &&NamedRange| !has_room(&Tuning::FrequencyRanges(vec![(*range).clone()]));
            let Some(NamedRange { band, raster_hz, .. }) = ranges.iter().find(narrow) else { return Ok(()) };
            let raster = raster_hz.map(|raster| format!(" on a raster of {raster} Hz")).unwrap_or_default();
            format!("the signal is {needed:.0} Hz wide and does not fit into {band} Hz{raster}; widen the range")
        }
    };
    Err(scope.problem(line, text))
}
