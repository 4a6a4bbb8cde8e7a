//! Imports an event into the database, atomically.

use super::conference::change_conference;
use super::flag_keys::keys;
use super::folder as challenge_folder;
use super::put::put;
use super::step::Step;
use super::{Looks, difference, import_cards, texts};
use crate::audit::Actor;
use crate::context::command::Command;
use crate::schedule::{Capability, Obstacle, Signal};
use crate::store::challenges::ranges::{self, RangeBands};
use crate::store::challenges::{self, Challenge, SignalProfile};
use crate::store::files::{self, StoredFile};
use crate::store::fleet::runners;
use crate::store::fleet::runners::Radio;
use crate::store::{Connection, Store, StoreError};
use crate::{CoreError, FileFolder};
use challengectl_common::challenge::Kind;
use challengectl_common::{ChallengeName, ChallengeSpec, Payload, Timestamp};
use challengectl_event::{Event, Instance, Text};
use std::collections::BTreeMap;
use std::path::Path;

/// The treatment of enabled challenges that the event does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unlisted {
    /// They stay enabled, and are reported.
    #[default]
    Keep,
    /// They are disabled.
    Disable,
}

/// Imports the event's files, then its ranges, its conference and its challenges; if anything fails, no challenge has
/// changed. A challenge whose name is known is updated and keeps its id, due time and history; if it is on air and its
/// signal no longer matches, its carrier is cut. A new challenge is due at once: an event begins as soon as the first
/// runner polls, and random pauses spread its challenges after that.
pub async fn import(
    store: &Store,
    folder: &FileFolder,
    event: &Event,
    unlisted: Unlisted,
    now: Timestamp,
) -> Result<Vec<Step>, CoreError> {
    import_by(store, folder, event, unlisted, "event.import", Actor::command_line(), now).await
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
        let way_out = "the event has no challenges, so every challenge would be disabled; import a file that has some";
        return Err(CoreError::Invalid(way_out.to_owned()));
    }
    // Files first: a file that no challenge uses does no harm, a challenge without its file does.
    let (mut stored, attached) = (take_files(folder, event)?, import_cards::take_files(folder, event)?);
    stored.extend(attached.values().map(|it| it.stored.clone()));

    let mut steps = Vec::new();
    let mut command = Command::new(store.write().await?, actor, action, now);
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
    if !event.instances.is_empty() || !event.texts.is_empty() {
        let keys = keys(store).await?;
        let mut own = Vec::new();
        for Instance { form, says_enabled, .. } in &event.instances {
            own.push(challenge_folder::put_form(&mut command, &keys, form, *says_enabled, now).await?);
        }
        for Text { form, says_enabled, .. } in &event.texts {
            own.push(texts::put(&mut command, &keys, form, *says_enabled, now).await?);
        }
        // After all, since they name each other.
        import_cards::put(&mut command, event, &mut own, &attached).await?;
        steps.append(&mut own);
    }
    let others: Vec<&Challenge> =
        known.values().filter(|known| !event.names.iter().any(|name| name == known.spec.name.as_str())).collect();
    let after_others = see_to_others(&mut command, &others, unlisted, now).await?;
    let radios = (runners::radios(&mut command).await?, ranges::bands(&mut command).await?);
    let loaded = format!("{} challenges", event.count());
    command.commit("", Some(&loaded)).await?;
    // Remarks are computed after the commit, when no other writer waits.
    steps.extend(renamed(event, &known, &others));
    steps.extend(after_others);
    steps.extend(looks_alike(&known, event));
    steps.extend(out_of_reach(&radios, event));
    Ok(steps)
}

/// Finds new challenges with the payload and modulation of one that the event no longer names.
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

/// Finds new challenges whose names look like others.
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
fn out_of_reach(radios: &Radios, event: &Event) -> Vec<Step> {
    if radios.0.is_empty() {
        return Vec::new();
    }
    let step = |new: &challengectl_event::Challenge| {
        let why = obstacle(radios, &new.spec, &profile_of(new))?.to_string();
        Some(Step::OutOfReach { challenge: new.spec.name.to_string(), why })
    };
    event.challenges.iter().filter_map(step).collect()
}

/// Radios, and the bands of the ranges to which they may be limited.
pub(crate) type Radios = (Vec<Radio>, RangeBands);

/// Returns what keeps a challenge from all of these radios while nothing else is on air; `None` if one may and can send it.
/// Does not check the frequency rules.
pub(crate) fn obstacle((radios, ranges): &Radios, spec: &ChallengeSpec, profile: &SignalProfile) -> Option<Obstacle> {
    let Kind::Transmission(transmission) = &spec.kind;
    let signal = Signal::new(&transmission.tuning, profile, &transmission.only_on, 0);
    let radios: Vec<_> = radios.iter().map(|radio| Capability::of(radio, ranges)).collect();
    Obstacle::of(&signal, &radios)
}
