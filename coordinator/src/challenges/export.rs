//! Exports the whole event as one archive that `import` reads.

use super::names::Names;
use super::{cards, folder as challenge_folder, texts};
use crate::audit::Actor;
use crate::challenges::Challenges;
use crate::files::archive::{Writer, at};
use crate::store::Store;
use crate::store::challenges::{self, conference, ranges};
use crate::{CoreError, FileFolder};
use challengectl_common::challenge::Kind;
use challengectl_common::{Digest, Payload};
use challengectl_event::EVENT_FILE;
use challengectl_event::card::Card;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Component, Path};
use std::sync::Arc;

/// Writes the conference and all challenges with their payloads and ranges to an archive. Returns the number of
/// challenges. If the content of a payload file is gone, no archive is written.
pub async fn export(store: &Store, folder: &FileFolder, target: &Path) -> Result<usize, CoreError> {
    let mut connection = store.read().await?;
    let conference = conference::read(&mut connection).await?;
    let ranges = ranges::all(&mut connection).await?;
    let all = challenges::all(&mut connection).await?;
    drop(connection);
    let (instances, texts) = (challenge_folder::forms(store).await?, texts::forms(store).await?);
    let mut specs: Vec<_> = all.into_iter().map(|challenge| challenge.spec).collect();
    let mut places = BTreeMap::new();
    for spec in &mut specs {
        let Kind::Transmission(transmission) = &mut spec.kind;
        if let Payload::File(file) = &mut transmission.payload {
            file.path = place(&mut places, &file.path, file.digest);
        }
    }
    let instances = with_cards(store, instances, &mut places).await?;
    let texts = with_cards(store, texts, &mut places).await?;
    let mut archive = Writer::create(target)?;
    archive
        .bytes(EVENT_FILE, challengectl_event::write(&conference, &ranges, &specs, &instances, &texts).as_bytes())?;
    for (path, digest) in &places {
        archive.file(path, &folder.path(*digest))?;
    }
    archive.finish()?;
    Ok(specs.len() + instances.len() + texts.len())
}

/// Adds their cards to challenges that come with their numbers, and places the files of these.
async fn with_cards<F>(
    store: &Store,
    forms: Vec<(i64, F)>,
    places: &mut BTreeMap<String, Digest>,
) -> Result<Vec<(F, Card)>, CoreError> {
    let mut connection = store.read().await?;
    let names = Names::read(&mut connection).await?;
    let mut all = Vec::with_capacity(forms.len());
    for (id, form) in forms {
        let (mut card, digests) = cards::read(&mut connection, &names, id).await?;
        for (file, digest) in card.files.iter_mut().flatten().zip(digests) {
            file.path = place(places, &file.path, digest);
        }
        all.push((form, card));
    }
    Ok(all)
}

/// An archive, open for reading. It has no name in any folder, so dropping it frees its room on disk.
#[derive(Debug)]
pub struct Exported {
    /// Its length in bytes.
    pub size: u64,
    /// Its content.
    pub content: tokio::fs::File,
}

impl Challenges {
    /// Exports the whole event as one archive.
    pub async fn export(self: &Arc<Self>, actor: Actor) -> Result<Exported, CoreError> {
        let this = Arc::clone(self);
        self.context
            .run_to_completion(async move {
                let inner = Arc::clone(&this);
                // Copying files blocks the thread.
                let written = tokio::task::spawn_blocking(move || {
                    let root = inner.files.folder.root()?;
                    let scratch = tempfile::tempdir_in(&root).map_err(at(&root))?;
                    let target = scratch.path().join("event.tar");
                    inner.context.runtime.block_on(export(&inner.context.store, &inner.files.folder, &target))?;
                    File::open(&target).and_then(|file| Ok((file.metadata()?.len(), file))).map_err(at(&target))
                });
                let (size, content) = written.await.map_err(|_| CoreError::Interrupted)??;
                this.context.begin(actor, "event.export").await?.commit("", None).await?;
                Ok(Exported { size, content: content.into() })
            })
            .await
    }
}

/// Returns the path of a file in the archive: its path in its event file, or `DIGEST/NAME` if another file has that
/// path, as may happen after several imports.
fn place(places: &mut BTreeMap<String, Digest>, wanted: &str, digest: Digest) -> String {
    let path = Path::new(wanted);
    let downwards = path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    let in_the_way = |(other, of_other): (&String, &Digest)| {
        let other = Path::new(other);
        let same = other == path && *of_other == digest;
        !same && (other.starts_with(path) || path.starts_with(other))
    };
    let taken = path.starts_with(EVENT_FILE) || places.iter().any(in_the_way);
    let place = if downwards && !taken {
        wanted.to_owned()
    } else {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("file");
        format!("{digest}/{name}")
    };
    places.insert(place.clone(), digest);
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_stay_where_they_were_unless_another_is_there() {
        let mut places = BTreeMap::new();
        let mut put = |path: &str, content: &[u8]| place(&mut places, path, Digest::of(content));
        assert_eq!(put("audio/a.wav", b"a"), "audio/a.wav");
        assert_eq!(put("audio/a.wav", b"a"), "audio/a.wav");
        let apart = |content: &[u8], name: &str| format!("{}/{name}", Digest::of(content));
        assert_eq!(put("audio/a.wav", b"b"), apart(b"b", "a.wav"));
        assert_eq!(put("audio", b"c"), apart(b"c", "audio"));
        assert_eq!(put("../d.wav", b"d"), apart(b"d", "d.wav"));
        assert_eq!(put("challenges.yml", b"e"), apart(b"e", "challenges.yml"));
    }
}
