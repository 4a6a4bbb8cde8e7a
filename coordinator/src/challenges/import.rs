//! Taking an event into the database, whole or not at all.

use super::conference::change_conference;
use super::{Looks, difference};
use crate::audit::{Actor, By};
use crate::context::command::Command;
use crate::schedule::{Capability, Obstacle, Signal};
use crate::store::air::assignments;
use crate::store::challenges::ranges;
use crate::store::challenges::{self, Challenge, SignalProfile};
use crate::store::files::{self, StoredFile};
use crate::store::fleet::runners;
use crate::store::fleet::runners::Radio;
use crate::store::{Connection, Store, StoreError};
use crate::{CoreError, FileFolder};
use challengectl_common::challenge::Kind;
use challengectl_common::{ChallengeName, ChallengeSpec, Payload, Timestamp};
use challengectl_event::Event;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// What an import did, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "did", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Step {
    AddedFile { name: String, digest: String, size: u64 },
    AddedRange { name: String },
    ChangedConference { fields: Vec<&'static str> },
    Added { challenge: String },
    Updated { challenge: String, fields: Vec<&'static str>, cut: bool },
    Unchanged { challenge: String },
    OutOfReach { challenge: String, why: String },
    LooksRenamed { challenge: String, before: String },
    AlsoOnAir { challenge: String },
    Disabled { challenge: String, cut: bool },
    LooksAlike { challenge: String, difference: String },
}

/// What becomes of enabled challenges that the event does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unlisted {
    /// They stay as they are, and are named.
    #[default]
    Keep,
    /// They are disabled.
    Disable,
}

/// Imports the event's files, then its ranges, its conference and its challenges. A challenge whose name is known is
/// updated and keeps its id, due time and history; if what is on air no longer matches it, the carrier is cut. A new
/// challenge is due at once: an event begins as soon as the first runner polls, and random pauses spread it after that.
///
/// # Errors
/// When a file or the database fails; then nothing has changed.
pub async fn import(
    store: &Store,
    folder: &FileFolder,
    event: &Event,
    unlisted: Unlisted,
    now: Timestamp,
) -> Result<Vec<Step>, CoreError> {
    import_by(store, folder, event, unlisted, "event.import", By::COMMAND_LINE.into(), now).await
}

pub(crate) async fn import_by(
    store: &Store,
    folder: &FileFolder,
    event: &Event,
    unlisted: Unlisted,
    action: &'static str,
    actor: Actor,
    now: Timestamp,
) -> Result<Vec<Step>, CoreError> {
    if unlisted == Unlisted::Disable && event.challenges.is_empty() {
        let way_out = "the event has no challenges: with nothing to keep, everything would be disabled";
        return Err(CoreError::Invalid(way_out.to_owned()));
    }
    // Files first: a file that no challenge refers to does no harm, a challenge without its file does.
    let stored = take_files(folder, event)?;

    let mut steps = Vec::new();
    let mut command = Command::begin(store, actor, action, now).await?;
    for file in &stored {
        if files::register(&mut command, file, now).await? {
            let StoredFile { digest, size, name } = file;
            steps.push(Step::AddedFile { name: name.clone(), digest: digest.to_string(), size: *size });
        }
    }
    for range in &event.ranges {
        if ranges::put(&mut command, range).await? {
            steps.push(Step::AddedRange { name: range.name.clone() });
        }
    }
    if let Some(change) = &event.conference {
        let fields = change_conference(&mut command, change.clone()).await?;
        steps.extend((!fields.is_empty()).then_some(Step::ChangedConference { fields }));
    }
    let known = challenges::all(&mut command).await?;
    let known: BTreeMap<String, Challenge> =
        known.into_iter().map(|challenge| (challenge.spec.name.to_string(), challenge)).collect();
    for new in &event.challenges {
        let before = known.get(new.spec.name.as_str());
        let mut spec = new.spec.clone();
        if let (Some(before), false) = (before, new.says_enabled) {
            spec.enabled = before.spec.enabled;
        }
        steps.push(put(&mut command, before, &spec, &profile_of(new), now).await?);
    }
    let names = || event.challenges.iter().map(|new| new.spec.name.as_str());
    challenges::list(&mut command, names(), now).await?;
    let others: Vec<&Challenge> =
        known.values().filter(|known| !event.names.iter().any(|name| name == known.spec.name.as_str())).collect();
    let after_others = see_to_others(&mut command, &others, unlisted, now).await?;
    let radios = runners::radios(&mut command).await?;
    let loaded = format!("{} challenges", event.challenges.len());
    command.commit("", Some(&loaded)).await?;
    // What only remarks tell is reckoned when nobody waits for it.
    steps.extend(renamed(event, &known, &others));
    steps.extend(after_others);
    steps.extend(looks_alike(&known, event));
    steps.extend(out_of_reach(&radios, event));
    Ok(steps)
}

/// Finds new challenges that carry the same as one that the event no longer names.
fn renamed(event: &Event, known: &BTreeMap<String, Challenge>, others: &[&Challenge]) -> Vec<Step> {
    let new = event.challenges.iter().filter(|new| !known.contains_key(new.spec.name.as_str()));
    let same = |new: &ChallengeSpec| {
        let carries_it = |other: &&&Challenge| carry_the_same(&other.spec, new);
        others.iter().find(carries_it).map(|other| other.spec.name.to_string())
    };
    let step = |new: &challengectl_event::Challenge| {
        let before = same(&new.spec)?;
        Some(Step::LooksRenamed { challenge: new.spec.name.to_string(), before })
    };
    new.filter_map(step).collect()
}

fn carry_the_same(one: &ChallengeSpec, other: &ChallengeSpec) -> bool {
    let (Kind::Transmission(one), Kind::Transmission(other)) = (&one.kind, &other.kind);
    let is_same_payload = match (&one.payload, &other.payload) {
        (Payload::File(one), Payload::File(other)) => one.digest == other.digest,
        (one, other) => one == other,
    };
    one.modulation == other.modulation && is_same_payload
}

async fn see_to_others(
    connection: &mut Connection,
    others: &[&Challenge],
    unlisted: Unlisted,
    now: Timestamp,
) -> Result<Vec<Step>, StoreError> {
    let mut steps = Vec::new();
    for other in others.iter().filter(|other| other.spec.enabled) {
        let challenge = other.spec.name.to_string();
        if unlisted == Unlisted::Keep {
            steps.push(Step::AlsoOnAir { challenge });
            continue;
        }
        let spec = ChallengeSpec { enabled: false, ..other.spec.clone() };
        let step = put(connection, Some(other), &spec, &other.air.profile, now).await?;
        let cut = matches!(step, Step::Updated { cut: true, .. });
        steps.push(Step::Disabled { challenge, cut });
    }
    Ok(steps)
}

/// Copies each file once, however many challenges carry it.
fn take_files(folder: &FileFolder, event: &Event) -> Result<Vec<StoredFile>, CoreError> {
    let mut taken = BTreeMap::new();
    for challenge in &event.challenges {
        let Kind::Transmission(transmission) = &challenge.spec.kind;
        let (Some(path), Payload::File(payload)) = (&challenge.file, &transmission.payload) else { continue };
        if taken.contains_key(&payload.digest) {
            continue;
        }
        let (digest, size) = folder.take_in(path)?;
        if digest != payload.digest {
            let path = path.display();
            return Err(CoreError::Invalid(format!("{path}: the file changed while it was read; import again")));
        }
        taken.insert(digest, StoredFile { digest, size, name: file_name(&payload.path) });
    }
    Ok(taken.into_values().collect())
}

fn file_name(path: &str) -> String {
    Path::new(path).file_name().map_or_else(|| path.to_owned(), |name| name.to_string_lossy().into_owned())
}

pub(crate) fn profile_of(new: &challengectl_event::Challenge) -> SignalProfile {
    SignalProfile { duration_ms: (new.duration * 1000.0).ceil() as i64, occupied: new.occupied_bandwidth.clone() }
}

/// Adds a challenge, or updates `before`; if what is on air no longer matches, its carrier is cut.
pub(crate) async fn put(
    connection: &mut Connection,
    before: Option<&Challenge>,
    spec: &ChallengeSpec,
    profile: &SignalProfile,
    now: Timestamp,
) -> Result<Step, StoreError> {
    let challenge = spec.name.to_string();
    let Some(before) = before else {
        challenges::insert(connection, spec, profile, now, now).await?;
        return Ok(Step::Added { challenge });
    };
    let fields = changed_fields(&before.spec, spec);
    if fields.is_empty() && before.air.profile == *profile {
        return Ok(Step::Unchanged { challenge });
    }
    challenges::update(connection, before.id, spec, profile, now).await?;
    let outdated = !spec.enabled || fields.iter().any(|field| ON_AIR.contains(field));
    let cut = outdated && assignments::abort_of_challenge(connection, before.id, now).await?.is_some();
    Ok(Step::Updated { challenge, fields, cut })
}

/// The fields whose change cuts the carrier: a receiver would notice, or another radio may be meant.
const ON_AIR: [&str; 5] = ["modulation", "frequency", "flag", "parameters", "only_on"];

fn changed_fields(before: &ChallengeSpec, after: &ChallengeSpec) -> Vec<&'static str> {
    let (Kind::Transmission(sent_before), Kind::Transmission(sent_after)) = (&before.kind, &after.kind);
    let fields = [
        ("name", before.name != after.name),
        ("modulation", sent_before.modulation != sent_after.modulation),
        ("frequency", sent_before.tuning != sent_after.tuning),
        ("flag", sent_before.payload != sent_after.payload),
        ("parameters", sent_before.parameters != sent_after.parameters),
        ("enabled", before.enabled != after.enabled),
        ("priority", sent_before.priority != sent_after.priority),
        ("min_delay", sent_before.min_delay_ms != sent_after.min_delay_ms),
        ("max_delay", sent_before.max_delay_ms != sent_after.max_delay_ms),
        ("public_view", before.public_view != after.public_view),
        ("only_on", sent_before.only_on != sent_after.only_on),
    ];
    fields.into_iter().filter(|(_, changed)| *changed).map(|(name, _)| name).collect()
}

/// Finds new challenges whose names people would mistake for others.
fn looks_alike(known: &BTreeMap<String, Challenge>, event: &Event) -> Vec<Step> {
    let mut looks = Looks::of(known.values().map(|challenge| &challenge.spec.name));
    let is_known = |name: &ChallengeName| known.contains_key(name.as_str());
    let mut steps = Vec::new();
    for name in event.challenges.iter().map(|new| &new.spec.name).filter(|name| !is_known(name)) {
        let difference = looks.like(name).map(|other| difference(name, other));
        steps.extend(difference.map(|difference| Step::LooksAlike { challenge: name.to_string(), difference }));
        looks.add(name);
    }
    steps
}

/// Finds the challenges that no registered radio can send. Returns none as long as no radio has registered.
fn out_of_reach(radios: &[Radio], event: &Event) -> Vec<Step> {
    if radios.is_empty() {
        return Vec::new();
    }
    let step = |new: &challengectl_event::Challenge| {
        let why = obstacle(radios, &new.spec, &profile_of(new))?.to_string();
        Some(Step::OutOfReach { challenge: new.spec.name.to_string(), why })
    };
    event.challenges.iter().filter_map(step).collect()
}

/// What keeps a challenge from all of these radios while nothing else is on air. The frequency rules are another matter.
pub(crate) fn obstacle(radios: &[Radio], spec: &ChallengeSpec, profile: &SignalProfile) -> Option<Obstacle> {
    let Kind::Transmission(transmission) = &spec.kind;
    let signal = Signal::new(&transmission.tuning, profile, &transmission.only_on, 0);
    let radios: Vec<_> = radios.iter().map(Capability::of).collect();
    Obstacle::of(&signal, &radios)
}
