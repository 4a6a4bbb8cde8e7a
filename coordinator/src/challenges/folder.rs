//! Challenges as a folder of `challenge.yml` files: imports those of kind `instance`, and exports all.

use super::step::Step;
use crate::CoreError;
use crate::audit::Actor;
use crate::context::command::Command;
use crate::flags::FlagKeys;
use crate::instances::{Put, put};
use crate::store::instances::authoring;
use crate::store::{Connection, Store, accounts, challenges, flags};
use crate::vault::Vault;
use challengectl_common::Timestamp;
use challengectl_event::ctfcli;
use challengectl_event::instance::{Form, Slug};
use challengectl_host::durable::{self, Readers};
use std::collections::BTreeSet;
use std::path::Path;

/// Adds challenges of kind `instance`, or changes those that have their slugs; all or none.
pub async fn import(store: &Store, forms: &[Form], now: Timestamp) -> Result<Vec<Step>, CoreError> {
    let keys = keys(store).await?;
    let mut command = Command::new(store.write().await?, Actor::command_line(), "event.import", now);
    let mut steps = Vec::with_capacity(forms.len());
    for form in forms {
        let in_it = |why: String| CoreError::Invalid(format!("{}: {why}", form.name));
        let put = put(&mut command, &keys, form, now).await.map_err(|error| match error {
            CoreError::Invalid(why) => in_it(why),
            error => error,
        })?;
        steps.push(step(form, put));
    }
    command.commit("", Some(&format!("{} challenges", forms.len()))).await?;
    Ok(steps)
}

pub(super) fn step(form: &Form, put: Put) -> Step {
    let challenge = form.name.to_string();
    match put {
        Put::Added => Step::Added { challenge },
        Put::Updated(fields) if fields.is_empty() => Step::Unchanged { challenge },
        Put::Updated(fields) => Step::Updated { challenge, fields, cut: false },
    }
}

/// Returns the keys by which flags are sealed, for a command that runs without the server.
pub(super) async fn keys(store: &Store) -> Result<FlagKeys, CoreError> {
    let has_secrets = accounts::are_there(&mut *store.read().await?).await?;
    Ok(FlagKeys::new(Vault::open(store.folder(), has_secrets)?.into()))
}

/// Writes a folder for each challenge, with its `challenge.yml`, readable only by its owner (0600), since flags are in it.
/// Returns the number of challenges.
pub async fn export(store: &Store, folder: &Path) -> Result<usize, CoreError> {
    let keys = keys(store).await?;
    let mut connection = store.read().await?;
    let texts = texts(&mut connection, &keys).await?;
    drop(connection);
    let mut taken = BTreeSet::new();
    for (wanted, text) in &texts {
        let mut numbers = 2..;
        let mut slug = wanted.clone();
        while !taken.insert(slug.clone()) {
            slug = numbers.next().map_or(slug, |number| wanted.numbered(number));
        }
        let own = folder.join(slug.as_str());
        durable::private_folder(&own)?;
        durable::write(&own.join(ctfcli::FILE), text.as_bytes(), Readers::Owner)?;
    }
    Ok(texts.len())
}

async fn texts(connection: &mut Connection, keys: &FlagKeys) -> Result<Vec<(Slug, String)>, CoreError> {
    let mut texts = Vec::new();
    for (challenge, form) in authoring::forms(connection, None).await? {
        let parts = keys.parts(&flags::of(connection, challenge.id).await?)?;
        let form = Form { parts, ..form };
        texts.push((form.slug(), ctfcli::write(&form)));
    }
    for challenge in challenges::all(connection).await? {
        let parts = keys.parts(&flags::of(connection, challenge.id).await?)?;
        let score = flags::score(connection, challenge.id).await?;
        let (points, max_attempts) = score.map_or((0, None), |score| (score.points, score.max_attempts));
        let text = ctfcli::write_transmission(&challenge.spec, points, max_attempts, &parts);
        texts.push((Slug::of(challenge.spec.name.as_str()), text));
    }
    Ok(texts)
}
