//! Imports the cards of the challenges of an event file, with their files.

use super::cards::{self, OwnFile};
use super::names::Names;
use super::step::Step;
use crate::files::incoming::sha1_of;
use crate::store::Connection;
use crate::store::files::StoredFile;
use crate::{CoreError, FileFolder};
use challengectl_event::{EntryFile, Event};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A file of a card that has been copied into the folder.
pub(super) struct Taken {
    pub(super) stored: StoredFile,
    sha1: String,
}

/// Copies the files of cards. Returns them by their paths on this host.
pub(super) fn take_files(folder: &FileFolder, event: &Event) -> Result<BTreeMap<PathBuf, Taken>, CoreError> {
    let mut taken = BTreeMap::new();
    let files = event.instances.iter().map(|it| &it.files).chain(event.texts.iter().map(|it| &it.files));
    for EntryFile { name, path, .. } in files.flatten().flatten() {
        if taken.contains_key(path) {
            continue;
        }
        let (digest, size) = folder.take_in(path)?;
        let sha1 = sha1_of(&folder.path(digest))?;
        taken.insert(path.clone(), Taken { stored: StoredFile { digest, size, name: name.clone() }, sha1 });
    }
    Ok(taken)
}

/// Sets the cards of the challenges that have these steps: first those of kind `instance`, then texts.
pub(super) async fn put(
    connection: &mut Connection,
    event: &Event,
    steps: &mut [Step],
    taken: &BTreeMap<PathBuf, Taken>,
) -> Result<(), CoreError> {
    let names = Names::read(connection).await?;
    let instances = event.instances.iter().map(|it| {
        let id = names.slug(it.form.slug().as_str());
        (&it.form.name, id, &it.card, &it.files)
    });
    let texts = event.texts.iter().map(|it| (&it.form.name, names.text(&it.form.name), &it.card, &it.files));
    for (step, (name, id, card, files)) in steps.iter_mut().zip(instances.chain(texts)) {
        let id = id.ok_or_else(|| CoreError::NotFound(format!("challenge {name}")))?;
        let files: Option<Vec<_>> =
            files.as_ref().map(|files| files.iter().filter_map(|file| own_file(file, taken)).collect());
        let changed =
            cards::put(connection, &names, id, card, files.as_deref()).await.map_err(|error| match error {
                CoreError::Invalid(why) => CoreError::Invalid(format!("{name}: {why}")),
                error => error,
            })?;
        step.add(changed);
    }
    Ok(())
}

fn own_file(file: &EntryFile, taken: &BTreeMap<PathBuf, Taken>) -> Option<OwnFile> {
    let Taken { stored, sha1 } = taken.get(&file.path)?;
    let (name, sha1) = (file.name.clone(), sha1.clone());
    Some(OwnFile { name, of_solution: file.of_solution, digest: stored.digest, sha1 })
}
