//! Challenges as a folder of `challenge.yml` files: imports those of kind `instance`, and exports all.

use super::flag_keys::keys;
use super::step::Step;
use super::texts;
use crate::CoreError;
use crate::audit::Actor;
use crate::context::command::Command;
use crate::flags::FlagKeys;
use crate::instances::{Put, put};
use crate::store::instances::authoring;
use crate::store::{Connection, Store, challenges, flags};
use challengectl_common::Timestamp;
use challengectl_event::ctfcli;
use challengectl_event::instance::{Form, Slug};
use challengectl_host::durable::{self, Readers};
use std::collections::BTreeSet;
use std::path::Path;

/// Adds challenges of kind `instance`, or changes those that have their slugs; all or none. Each comes with whether it says
/// if it is enabled; if not, a known one stays as it is.
pub async fn import(store: &Store, forms: &[(Form, bool)], now: Timestamp) -> Result<Vec<Step>, CoreError> {
    let keys = keys(store).await?;
    let mut command = Command::new(store.write().await?, Actor::command_line(), "event.import", now);
    let mut steps = Vec::with_capacity(forms.len());
    for (form, says_enabled) in forms {
        steps.push(put_form(&mut command, &keys, form, *says_enabled, now).await?);
    }
    command.commit("", Some(&format!("{} challenges", forms.len()))).await?;
    Ok(steps)
}

/// Adds a challenge of kind `instance`, or changes the one that has its slug. An error names the challenge.
pub(super) async fn put_form(
    connection: &mut Connection,
    keys: &FlagKeys,
    form: &Form,
    says_enabled: bool,
    now: Timestamp,
) -> Result<Step, CoreError> {
    let challenge = form.name.to_string();
    match put(connection, keys, form, says_enabled, now).await {
        Ok(Put::Added) => Ok(Step::Added { challenge }),
        Ok(Put::Updated(fields)) if fields.is_empty() => Ok(Step::Unchanged { challenge }),
        Ok(Put::Updated(fields)) => Ok(Step::Updated { challenge, fields, cut: false }),
        Err(CoreError::Invalid(why)) => Err(CoreError::Invalid(format!("{challenge}: {why}"))),
        Err(error) => Err(error),
    }
}

/// Returns all challenges of kind `instance`, with their flags. The key of the flags is read only if there are some.
pub(super) async fn forms(store: &Store) -> Result<Vec<Form>, CoreError> {
    let connection = &mut *store.read().await?;
    let all = authoring::forms(connection, None).await?;
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let keys = keys(store).await?;
    let mut forms = Vec::with_capacity(all.len());
    for (challenge, form) in all {
        let parts = keys.parts(&flags::of(connection, challenge.id).await?)?;
        forms.push(Form { parts, ..form });
    }
    Ok(forms)
}

/// Writes a folder for each challenge, with its `challenge.yml`, readable only by its owner (0600), since flags are in it.
/// Returns the number of challenges.
pub async fn export(store: &Store, folder: &Path) -> Result<usize, CoreError> {
    let files = files(store).await?;
    let mut taken = BTreeSet::new();
    for (wanted, text) in &files {
        let mut numbers = 2..;
        let mut slug = wanted.clone();
        while !taken.insert(slug.clone()) {
            slug = numbers.next().map_or(slug, |number| wanted.numbered(number));
        }
        let own = folder.join(slug.as_str());
        durable::private_folder(&own)?;
        durable::write(&own.join(ctfcli::FILE), text.as_bytes(), Readers::Owner)?;
    }
    Ok(files.len())
}

/// Returns what is in the file of each challenge, with the name that its folder gets.
async fn files(store: &Store) -> Result<Vec<(Slug, String)>, CoreError> {
    let instances = forms(store).await?;
    let mut files: Vec<_> = instances.iter().map(|form| (form.slug(), ctfcli::write(form))).collect();
    let texts = texts::forms(store).await?;
    files.extend(texts.iter().map(|form| (Slug::of(form.name.as_str()), ctfcli::write_text(form))));
    let keys = keys(store).await?;
    let connection = &mut *store.read().await?;
    for challenge in challenges::all(connection).await? {
        let parts = keys.parts(&flags::of(connection, challenge.id).await?)?;
        let score = flags::score(connection, challenge.id).await?;
        let (points, max_attempts) = score.map_or((0, None), |score| (score.points, score.max_attempts));
        let text = ctfcli::write_transmission(&challenge.spec, points, max_attempts, &parts);
        files.push((Slug::of(challenge.spec.name.as_str()), text));
    }
    Ok(files)
}
