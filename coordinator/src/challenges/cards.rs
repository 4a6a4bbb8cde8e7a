//! Cards of challenges in event files: what the Docker front keeps of them, with names in the place of numbers.

use super::names::Names;
use crate::CoreError;
use crate::store::attachments::{self, Attachment, Kind};
use crate::store::catalog::{self, Card as Stored, Logic, Requirements};
use crate::store::instances::secrets;
use crate::store::instances::services::SecretUse;
use crate::store::{Connection, flags};
use challengectl_common::Digest;
use challengectl_event::card::{self, Card, CardFile, Hint, SecretName, Solution, SolutionState, Terms};
use serde_json::{Map, Value, json};

/// A file that belongs to a challenge, and is in the folder of files.
pub(super) struct OwnFile {
    pub(super) name: String,
    pub(super) of_solution: bool,
    pub(super) digest: Digest,
    pub(super) sha1: String,
}

impl OwnFile {
    fn purpose(&self) -> &'static str {
        if self.of_solution { "solution" } else { "challenge" }
    }

    fn is(&self, known: &Attachment) -> bool {
        known.text("name") == self.name
            && known.text("digest") == self.digest.to_string()
            && known.text("type") == self.purpose()
    }
}

/// Returns the card of a challenge, and the digests of its files, whose paths are their names.
pub(super) async fn read(
    connection: &mut Connection,
    names: &Names,
    challenge: i64,
) -> Result<(Card, Vec<Digest>), CoreError> {
    let stored = catalog::card(connection, challenge).await?;
    let known = secrets::all(connection).await?;
    let secret = |it: &SecretUse| {
        let name = known.iter().find(|secret| secret.id == it.id)?.name.clone();
        Some(SecretName { name, protected: it.protected })
    };
    let secrets: Vec<_> = stored.secrets.iter().filter_map(secret).collect();
    let requirements = stored.requirements.map(|it| card::Requirements {
        prerequisites: it.prerequisites.iter().filter_map(|id| names.of(*id)).collect(),
        anonymize: it.anonymize,
    });
    let hints = attachments::all(connection, Kind::Hint, Some(challenge)).await?;
    let solution = attachments::all(connection, Kind::Solution, Some(challenge)).await?.into_iter().next();
    let topics = attachments::all(connection, Kind::Topic, Some(challenge)).await?;
    let topics: Vec<_> = topics.iter().map(|topic| topic.text("value").to_owned()).collect();
    let mut files = attachments::all(connection, Kind::File, Some(challenge)).await?;
    files.retain(|file| file.text("digest").parse::<Digest>().is_ok());
    let digests = files.iter().filter_map(|file| file.text("digest").parse().ok()).collect();
    let of_file =
        |it: &Attachment| CardFile { path: it.text("name").to_owned(), of_solution: it.text("type") == "solution" };
    let files: Vec<_> = files.iter().map(of_file).collect();
    let card = Card {
        service: stored.is_service.then_some(true),
        locked: stored.is_locked.then_some(true),
        logic: Some(stored.logic.into()).filter(|logic| *logic != card::Logic::Any),
        attribution: stored.attribution,
        connection_info: stored.connection_info,
        scheduled_at: stored.scheduled_at,
        next: stored.next_id.and_then(|id| names.of(id)),
        module_id: stored.module_id,
        requirements,
        secrets: Some(secrets).filter(|secrets| !secrets.is_empty()),
        topics: Some(topics).filter(|topics| !topics.is_empty()),
        hints: hints.iter().map(|hint| written(hint, &hints)).collect(),
        solution: solution.as_ref().map(solution_of),
        files: Some(files).filter(|files| !files.is_empty()),
    };
    Ok((card, digests))
}

/// Returns a hint as files have it: its text alone, if there is nothing else.
fn written(hint: &Attachment, all: &[Attachment]) -> Hint {
    let ids = hint.content.get("requirements").and_then(|it| it.get("prerequisites")).and_then(Value::as_array);
    let place = |id: &Value| Some(1 + all.iter().position(|other| Some(other.id) == id.as_i64())?);
    let cost = hint.content.get("cost").and_then(Value::as_u64).unwrap_or_default();
    let terms = Terms {
        title: hint.text("title").to_owned(),
        cost: u32::try_from(cost).unwrap_or(u32::MAX),
        after: ids.into_iter().flatten().filter_map(place).collect(),
    };
    Hint { content: hint.text("content").to_owned(), terms: Some(terms).filter(|terms| *terms != Terms::default()) }
}

fn solution_of(it: &Attachment) -> Solution {
    let states = [SolutionState::Visible, SolutionState::Solved];
    let state = states.into_iter().find(|state| state.as_str() == it.text("state")).unwrap_or_default();
    Solution { content: it.text("content").to_owned(), state }
}

/// Changes the card of a challenge, whose hints have the texts of the new one. `files`: all that it is to have. Returns the keys
/// that have changed.
pub(super) async fn put(
    connection: &mut Connection,
    names: &Names,
    challenge: i64,
    card: &Card,
    files: Option<&[OwnFile]>,
) -> Result<Vec<&'static str>, CoreError> {
    let mut changed = put_stored(connection, names, challenge, card).await?;
    if let Some(topics) = &card.topics {
        let known = attachments::all(connection, Kind::Topic, Some(challenge)).await?;
        if !known.iter().map(|it| it.text("value")).eq(topics.iter().map(String::as_str)) {
            attachments::set_texts(connection, challenge, Kind::Topic, topics).await?;
            changed.push("topics");
        }
    }
    if put_hints(connection, challenge, &card.hints).await? {
        changed.push("hints");
    }
    if let Some(solution) = &card.solution
        && put_solution(connection, challenge, solution).await?
    {
        changed.push("solution");
    }
    if let Some(files) = files
        && put_files(connection, challenge, files).await?
    {
        changed.push("files");
    }
    Ok(changed)
}

async fn put_stored(
    connection: &mut Connection,
    names: &Names,
    challenge: i64,
    card: &Card,
) -> Result<Vec<&'static str>, CoreError> {
    let before = catalog::card(connection, challenge).await?;
    let text = |given: &Option<String>, before: &Option<String>| match given {
        Some(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        None => before.clone(),
    };
    let after = Stored {
        is_service: card.service.unwrap_or(before.is_service),
        is_locked: card.locked.unwrap_or(before.is_locked),
        logic: card.logic.map_or(before.logic, Into::into),
        attribution: text(&card.attribution, &before.attribution),
        connection_info: text(&card.connection_info, &before.connection_info),
        scheduled_at: text(&card.scheduled_at, &before.scheduled_at),
        next_id: match &card.next {
            Some(next) => Some(names.id("next", next)?),
            None => before.next_id,
        },
        module_id: card.module_id.or(before.module_id),
        requirements: match &card.requirements {
            Some(required) => Some(required_by(required, names)?),
            None => before.requirements.clone(),
        },
        secrets: match &card.secrets {
            Some(secrets) => uses(connection, secrets).await?,
            None => before.secrets.clone(),
        },
    };
    let parts = flags::of(connection, challenge).await?.last().map_or(0, |flag| flag.part + 1);
    if parts > 1 && card.logic.is_some() && after.logic != Logic::All {
        let why = "logic: it has parts, of which each is needed; leave `logic` out, or give one part";
        return Err(CoreError::Invalid(why.to_owned()));
    }
    if after != before {
        catalog::put(connection, challenge, &after).await?;
    }
    let fields = [
        ("service", before.is_service != after.is_service),
        ("locked", before.is_locked != after.is_locked),
        ("logic", before.logic != after.logic),
        ("attribution", before.attribution != after.attribution),
        ("connection_info", before.connection_info != after.connection_info),
        ("scheduled_at", before.scheduled_at != after.scheduled_at),
        ("next", before.next_id != after.next_id),
        ("module_id", before.module_id != after.module_id),
        ("requirements", before.requirements != after.requirements),
        ("secrets", before.secrets != after.secrets),
    ];
    Ok(fields.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect())
}

fn required_by(required: &card::Requirements, names: &Names) -> Result<Requirements, CoreError> {
    let ids = required.prerequisites.iter().map(|name| names.id("requirements", name));
    Ok(Requirements { prerequisites: ids.collect::<Result<_, _>>()?, anonymize: required.anonymize })
}

async fn uses(connection: &mut Connection, wanted: &[SecretName]) -> Result<Vec<SecretUse>, CoreError> {
    let mut uses = Vec::with_capacity(wanted.len());
    for SecretName { name, protected } in wanted {
        let id = secrets::id_of(connection, name).await?;
        let missing =
            || CoreError::Invalid(format!("secrets: there is no secret {name:?}; set it first, then import again"));
        uses.push(SecretUse { id: id.ok_or_else(missing)?, protected: *protected });
    }
    Ok(uses)
}

/// Sets what hints cost and what they follow. Those of which the file gives the text alone stay as they are.
async fn put_hints(connection: &mut Connection, challenge: i64, hints: &[Hint]) -> Result<bool, CoreError> {
    let known = attachments::all(connection, Kind::Hint, Some(challenge)).await?;
    let mut changed = false;
    for (before, terms) in known.iter().zip(hints).filter_map(|(before, hint)| Some((before, hint.terms.as_ref()?))) {
        let mut content = before.content.clone();
        let after = terms.after.iter().filter_map(|place| known.get(place.checked_sub(1)?));
        let after: Vec<i64> = after.map(|hint| hint.id).collect();
        let requirements = if after.is_empty() { Value::Null } else { json!({"prerequisites": after}) };
        let fields = [("title", json!(terms.title)), ("cost", json!(terms.cost)), ("requirements", requirements)];
        for (name, value) in fields {
            let is_default = matches!(&value, Value::Null) || value == json!("") || value == json!(0);
            if is_default {
                content.remove(name)
            } else {
                content.insert(name.to_owned(), value)
            };
        }
        changed |= rewrite(connection, before, &content).await?;
    }
    Ok(changed)
}

async fn rewrite(
    connection: &mut Connection,
    before: &Attachment,
    content: &Map<String, Value>,
) -> Result<bool, CoreError> {
    let differs = before.content != *content;
    if differs {
        attachments::update(connection, before.id, content).await?;
    }
    Ok(differs)
}

async fn put_solution(connection: &mut Connection, challenge: i64, solution: &Solution) -> Result<bool, CoreError> {
    let fields = [("content", solution.content.as_str()), ("state", solution.state.as_str())];
    let content = fields.into_iter().map(|(name, text)| (name.to_owned(), json!(text))).collect();
    match attachments::all(connection, Kind::Solution, Some(challenge)).await?.first() {
        Some(before) => rewrite(connection, before, &content).await,
        None => {
            attachments::insert(connection, challenge, Kind::Solution, &content).await?;
            Ok(true)
        }
    }
}

async fn put_files(connection: &mut Connection, challenge: i64, files: &[OwnFile]) -> Result<bool, CoreError> {
    let known = attachments::all(connection, Kind::File, Some(challenge)).await?;
    let mut changed = false;
    for gone in known.iter().filter(|known| !files.iter().any(|file| file.is(known))) {
        attachments::delete(connection, gone.id).await?;
        changed = true;
    }
    for new in files.iter().filter(|file| !known.iter().any(|known| file.is(known))) {
        let digest = new.digest.to_string();
        let fields = [("name", new.name.as_str()), ("type", new.purpose()), ("digest", &digest), ("sha1", &new.sha1)];
        let content = fields.into_iter().map(|(name, text)| (name.to_owned(), json!(text))).collect();
        attachments::insert(connection, challenge, Kind::File, &content).await?;
        changed = true;
    }
    Ok(changed)
}

impl From<Logic> for card::Logic {
    fn from(logic: Logic) -> Self {
        match logic {
            Logic::Any => Self::Any,
            Logic::All => Self::All,
            Logic::Team => Self::Team,
        }
    }
}

impl From<card::Logic> for Logic {
    fn from(logic: card::Logic) -> Self {
        match logic {
            card::Logic::Any => Self::Any,
            card::Logic::All => Self::All,
            card::Logic::Team => Self::Team,
        }
    }
}
