//! Challenges as a folder of `challenge.yml` files: imports those of kind `instance`, and exports all.

use super::cards;
use super::flag_keys::keys;
use super::names::Names;
use super::step::Step;
use super::texts;
use crate::audit::Actor;
use crate::context::command::Command;
use crate::flags::FlagKeys;
use crate::instances::{Put, put};
use crate::store::instances::authoring;
use crate::store::{Connection, Store, challenges, flags};
use crate::{CoreError, FileFolder};
use challengectl_common::{Digest, Timestamp};
use challengectl_event::card::Card;
use challengectl_event::ctfcli;
use challengectl_event::instance::{Form, Slug};
use challengectl_host::durable::{self, Readers};
use std::collections::{BTreeMap, BTreeSet};
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

/// Returns all challenges of kind `instance` by number, with their flags. The key of the flags is read only if there are some.
pub(super) async fn forms(store: &Store) -> Result<Vec<(i64, Form)>, CoreError> {
    let connection = &mut *store.read().await?;
    let all = authoring::forms(connection, None).await?;
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let keys = keys(store).await?;
    let mut forms = Vec::with_capacity(all.len());
    for (challenge, form) in all {
        let parts = keys.parts(&flags::of(connection, challenge.id).await?)?;
        forms.push((challenge.id, Form { parts, ..form }));
    }
    Ok(forms)
}

/// Writes a folder for each challenge, with its `challenge.yml`, readable only by its owner (0600), since flags are in it, its
/// solution and its files.
/// Returns the number of challenges.
pub async fn export(store: &Store, folder_of_files: &FileFolder, folder: &Path) -> Result<usize, CoreError> {
    let all = files(store).await?;
    let mut taken = BTreeSet::new();
    for Written { slug: wanted, text, solution, files: attached } in &all {
        let mut numbers = 2..;
        let mut slug = wanted.clone();
        while !taken.insert(slug.clone()) {
            slug = numbers.next().map_or(slug, |number| wanted.numbered(number));
        }
        let own = folder.join(slug.as_str());
        durable::private_folder(&own)?;
        durable::write(&own.join(ctfcli::FILE), text.as_bytes(), Readers::Owner)?;
        if let Some(solution) = solution {
            durable::write(&own.join(ctfcli::SOLUTION_FILE), solution.as_bytes(), Readers::Owner)?;
        }
        let beside = own.join(ctfcli::FILES_FOLDER);
        if !attached.is_empty() {
            durable::private_folder(&beside)?;
        }
        for (name, digest) in attached {
            fs_err::copy(folder_of_files.path(*digest), beside.join(name))?;
        }
    }
    Ok(all.len())
}

/// The folder of a challenge.
struct Written {
    /// The name that it gets.
    slug: Slug,
    /// What is in its `challenge.yml`.
    text: String,
    solution: Option<String>,
    /// The files for players, by name.
    files: BTreeMap<String, Digest>,
}

impl Written {
    fn new(slug: Slug, text: String, card: Card, digests: Vec<Digest>) -> Self {
        let files = card.files.into_iter().flatten().zip(digests).filter(|(file, _)| !file.of_solution);
        // Without folders, whatever an uploaded name says.
        let name = |path: &str| Some(Path::new(path).file_name()?.to_str()?.to_owned());
        let files = files.filter_map(|(file, digest)| Some((name(&file.path)?, digest))).collect();
        Self { slug, text, solution: card.solution.map(|it| it.content), files }
    }
}

/// Returns what is in the folder of each challenge.
async fn files(store: &Store) -> Result<Vec<Written>, CoreError> {
    let (instances, texts, keys) = (forms(store).await?, texts::forms(store).await?, keys(store).await?);
    let connection = &mut *store.read().await?;
    let names = Names::read(connection).await?;
    let mut files = Vec::new();
    for (id, form) in instances {
        let (card, digests) = cards::read(connection, &names, id).await?;
        files.push(Written::new(form.slug(), ctfcli::write(&form, &card), card, digests));
    }
    for (id, form) in texts {
        let (card, digests) = cards::read(connection, &names, id).await?;
        let slug = Slug::of(form.name.as_str());
        files.push(Written::new(slug, ctfcli::write_text(&form, &card), card, digests));
    }
    for challenge in challenges::all(connection).await? {
        let parts = keys.parts(&flags::of(connection, challenge.id).await?)?;
        let score = flags::score(connection, challenge.id).await?;
        let (points, max_attempts) = score.map_or((0, None), |score| (score.points, score.max_attempts));
        let text = ctfcli::write_transmission(&challenge.spec, points, max_attempts, &parts);
        files.push(Written::new(Slug::of(challenge.spec.name.as_str()), text, Card::default(), Vec::new()));
    }
    Ok(files)
}
