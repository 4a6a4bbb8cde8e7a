//! Challenges of kind `text` of event files.

use super::flag_keys::keys;
use super::step::Step;
use crate::CoreError;
use crate::flags::{FlagKeys, Score, Worth};
use crate::store::catalog::entries::{self, Entry, Subject};
use crate::store::catalog::{self, Logic};
use crate::store::instances::About;
use crate::store::{Connection, Store, flags};
use challengectl_common::Timestamp;
use challengectl_event::TextForm;

/// Returns all challenges of kind `text` by number, with their flags. The key of the flags is read only if there are some.
pub(super) async fn forms(store: &Store) -> Result<Vec<(i64, TextForm)>, CoreError> {
    let connection = &mut *store.read().await?;
    let mut all = entries::all(connection, None).await?;
    all.retain(|entry| entry.subject == Subject::Text);
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let keys = keys(store).await?;
    let mut forms = Vec::with_capacity(all.len());
    for entry in all {
        forms.push((entry.id, form(connection, &keys, entry).await?));
    }
    Ok(forms)
}

async fn form(connection: &mut Connection, keys: &FlagKeys, entry: Entry) -> Result<TextForm, CoreError> {
    let parts = keys.parts(&flags::of(connection, entry.id).await?)?;
    let (points, max_attempts) = (entry.points, entry.max_attempts);
    let About { category, description, tags, hints, .. } = entry.about;
    let (name, enabled) = (entry.name, entry.is_shown);
    Ok(TextForm { name, enabled, category, description, tags, hints, points, max_attempts, parts })
}

/// Adds a challenge of kind `text`, or changes the one of its name. An error names the challenge.
pub(super) async fn put(
    connection: &mut Connection,
    keys: &FlagKeys,
    form: &TextForm,
    says_enabled: bool,
    now: Timestamp,
) -> Result<Step, CoreError> {
    put_form(connection, keys, form, says_enabled, now).await.map_err(|error| match error {
        CoreError::Invalid(why) => CoreError::Invalid(format!("{}: {why}", form.name)),
        error => error,
    })
}

async fn put_form(
    connection: &mut Connection,
    keys: &FlagKeys,
    wanted: &TextForm,
    says_enabled: bool,
    now: Timestamp,
) -> Result<Step, CoreError> {
    wanted.check().map_err(CoreError::Invalid)?;
    let challenge = wanted.name.to_string();
    let all = entries::all(connection, None).await?.into_iter();
    let Some(known) = all.filter(|it| it.subject == Subject::Text).find(|it| it.name == wanted.name) else {
        let id = entries::insert_text(connection, &wanted.name, wanted.enabled, &About::default(), now).await?;
        write(connection, keys, id, About::default(), wanted).await?;
        return Ok(Step::Added { challenge });
    };
    let (id, about) = (known.id, known.about.clone());
    let before = form(connection, keys, known).await?;
    let enabled = if says_enabled { wanted.enabled } else { before.enabled };
    let parts = if wanted.parts.is_empty() { before.parts.clone() } else { wanted.parts.clone() };
    let after = TextForm { enabled, parts, ..wanted.clone() };
    let fields = changed(&before, &after);
    if fields.is_empty() {
        return Ok(Step::Unchanged { challenge });
    }
    entries::rename(connection, id, &after.name, after.enabled, now).await?;
    write(connection, keys, id, about, &after).await?;
    Ok(Step::Updated { challenge, fields, cut: false })
}

/// Writes all of a challenge but its name and whether players see it.
async fn write(
    connection: &mut Connection,
    keys: &FlagKeys,
    id: i64,
    about: About,
    form: &TextForm,
) -> Result<(), CoreError> {
    let TextForm { category, description, tags, hints, .. } = form.clone();
    entries::set_about(connection, id, &About { category, description, tags, hints, ..about }).await?;
    let score = Score { points: form.points, max_attempts: form.max_attempts };
    if form.parts.is_empty() {
        score.check()?;
        return Ok(flags::put_score(connection, id, score).await?);
    }
    let worth = Worth { points: form.points, max_attempts: form.max_attempts, parts: form.parts.clone() };
    flags::put(connection, id, score, &keys.seal_all(&worth)?).await?;
    // Flags that are added one by one become parts of their own, or alternatives, like those that are there.
    let mut card = catalog::card(connection, id).await?;
    let logic = if form.parts.len() > 1 { Logic::All } else { card.logic };
    if card.logic != logic {
        card.logic = logic;
        catalog::put(connection, id, &card).await?;
    }
    Ok(())
}

/// Returns the fields that differ.
fn changed(before: &TextForm, after: &TextForm) -> Vec<&'static str> {
    let all = [
        ("enabled", before.enabled != after.enabled),
        ("category", before.category != after.category),
        ("description", before.description != after.description),
        ("tags", before.tags != after.tags),
        ("hints", before.hints != after.hints),
        ("points", before.points != after.points),
        ("max_attempts", before.max_attempts != after.max_attempts),
        ("parts", before.parts != after.parts),
    ];
    all.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}
