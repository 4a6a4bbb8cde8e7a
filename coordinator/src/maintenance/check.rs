//! Checks whether all stored challenges can go on air.

use super::timekeeping::{behind, spoken};
use crate::challenges::import::{Radios, obstacle};
use crate::store::challenges::{self, Challenge};
use crate::store::challenges::{conference, ranges};
use crate::store::fleet::runners;
use crate::store::{Connection, Store, files};
use crate::{CoreError, FileFolder};
use challengectl_common::challenge::{Kind, TransmissionSpec};
use challengectl_common::{ChallengeName, Conference, Digest, FrequencyRules, Payload, Sender, Timestamp};
use challengectl_waveform::{self as waveform, BuildError, find};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The result of a check.
#[derive(Debug, Default)]
pub struct Findings {
    /// The number of challenges.
    pub challenges: usize,
    /// The problems, one sentence each, beginning with the place.
    pub problems: Vec<String>,
    /// The warnings: valid, but perhaps not intended.
    pub warnings: Vec<String>,
    /// The bound challenges, by their runner or radio.
    pub bound: BTreeMap<Sender, Vec<ChallengeName>>,
}

/// Builds the waveform of every stored challenge, and reads every file.
pub async fn check(
    store: &Store,
    folder: &FileFolder,
    rules: &FrequencyRules,
    now: Timestamp,
) -> Result<Findings, CoreError> {
    let mut connection = store.read().await?;
    let mut warnings: Vec<_> = over(&conference::read(&mut connection).await?, now).into_iter().collect();
    let all = challenges::all(&mut connection).await?;
    warnings.extend(left_over(&all));
    let mut problems: Vec<String> = clock(&mut connection, now).await?.into_iter().collect();
    if all.is_empty() {
        problems.push("there are no challenges, so nothing goes on air; import an event file".to_owned());
    } else if all.iter().all(|challenge| !challenge.spec.enabled) {
        warnings.push("no challenge is enabled, so nothing goes on air".to_owned());
    }
    let radios = (runners::radios(&mut connection).await?, ranges::bands(&mut connection).await?);
    for challenge in &all {
        let name = &challenge.spec.name;
        let Kind::Transmission(transmission) = &challenge.spec.kind;
        let problem = match &transmission.payload {
            Payload::File(file) if files::find(&mut connection, file.digest).await?.is_none() => {
                Some(format!("file {} ({}) is not registered; import it again", file.path, file.digest))
            }
            Payload::File(file) => file_problem(folder, file.digest),
            Payload::Text(_) => None,
        };
        let problem = problem.or_else(|| build(transmission, folder).err().map(|error| error.to_string()));
        let problem = problem.or_else(|| transmission.tuning.permitted(&challenge.air.profile.occupied, rules).err());
        let problem = problem.or_else(|| unsendable(challenge, &radios));
        problems.extend(problem.map(|problem| format!("challenge {name}: {problem}")));
    }
    let bound = bound(&all);
    for sender in bound.keys() {
        if !runners::is_known(&mut connection, &sender.runner).await? {
            warnings.push(format!(
                "only_on {sender}: there is no runner {}; enroll it, or correct the name",
                sender.runner
            ));
        }
    }
    Ok(Findings { challenges: all.len(), problems, warnings, bound })
}

/// Returns why an enabled challenge would wait for ever; `None` before the first runner has registered.
fn unsendable(challenge: &Challenge, radios: &Radios) -> Option<String> {
    if !challenge.spec.enabled || radios.0.is_empty() {
        return None;
    }
    let obstacle = obstacle(radios, &challenge.spec, &challenge.air.profile)?;
    Some(format!("no radio that has registered so far can send it: {obstacle}"))
}

fn bound(all: &[Challenge]) -> BTreeMap<Sender, Vec<ChallengeName>> {
    let mut bound: BTreeMap<Sender, Vec<ChallengeName>> = BTreeMap::new();
    for challenge in all {
        let Kind::Transmission(transmission) = &challenge.spec.kind;
        for sender in &transmission.only_on {
            bound.entry(sender.clone()).or_default().push(challenge.spec.name.clone());
        }
    }
    bound
}

/// Returns warnings about what earlier imports have left on air: enabled challenges that the last import did not name.
fn left_over(all: &[Challenge]) -> impl Iterator<Item = String> {
    let last = all.iter().filter_map(|challenge| challenge.listed_at).max();
    let earlier =
        move |challenge: &&Challenge| challenge.spec.enabled && challenge.listed_at.is_some_and(|at| Some(at) < last);
    all.iter().filter(earlier).map(|challenge| {
        let name = &challenge.spec.name;
        format!("challenge {name}: on air, though the last import did not name it; `import --only` disables it")
    })
}

/// Returns a problem if the clock is behind, which keeps challenges waiting until a running server corrects their due
/// times.
async fn clock(connection: &mut Connection, now: Timestamp) -> Result<Option<String>, CoreError> {
    let far = challenges::too_far(connection, now).await?;
    let behind = behind(connection, now).await?;
    let what = match (behind, far) {
        (Some(behind), _) => format!("is {} behind the newest entry of the database", spoken(behind)),
        (None, 1..) => "was behind, or was ahead before".to_owned(),
        (None, _) => return Ok(None),
    };
    Ok(Some(format!(
        "clock: the clock of this host {what}, and {far} challenges are due later than their longest pause from now: set \
         it; a running server brings them nearer"
    )))
}

/// Returns a warning if the conference is over, or keeps everything off the air for ever.
fn over(conference: &Conference, now: Timestamp) -> Option<String> {
    let zone = conference.timezone();
    let off_air = if conference.auto_pause() { "; with auto_pause nothing goes on air any more" } else { "" };
    match conference.stop() {
        Some(stop) if stop <= now => Some(format!("conference: over since {}{off_air}", zone.show(stop))),
        Some(stop) if conference.auto_pause() && !conference.is_open(now) && conference.next_change(now).is_none() => {
            Some(format!("conference: no daily hours are left before it stops at {}{off_air}", zone.show(stop)))
        }
        _ => None,
    }
}

fn file_problem(folder: &FileFolder, digest: Digest) -> Option<String> {
    match folder.verify(digest) {
        Ok(true) => None,
        Ok(false) => Some(format!("{} is damaged; import it again", folder.path(digest).display())),
        Err(error) => Some(format!("{error}; import it again")),
    }
}

fn build(spec: &TransmissionSpec, folder: &FileFolder) -> Result<(), BuildError> {
    let path: PathBuf;
    let payload = match &spec.payload {
        Payload::Text(text) => waveform::Payload::Text(text),
        Payload::File(file) => {
            path = folder.path(file.digest);
            waveform::Payload::File(&path)
        }
    };
    find(&spec.modulation)?.waveform(payload, &spec.parameters).map(drop)
}
