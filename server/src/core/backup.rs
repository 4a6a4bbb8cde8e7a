//! Everything the server knows as one archive, and back.

use super::archive::{self, Writer, at};
use super::{CoreError, FileFolder};
use crate::store::{self, DATABASE, ServerLock, Store, files};
use challengectl_common::{Digest, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

const MANIFEST: &str = "manifest.json";
const FORMAT: u32 = 1;
/// What lies beside the database and has to stay with it: the key that opens its secrets, and the certificate that
/// runners trust.
const BESIDE: [&str; 3] = ["secrets.key", "tls.crt", "tls.key"];
/// What SQLite keeps beside its file.
const OF_DATABASE: [&str; 2] = ["challengectl.db-wal", "challengectl.db-shm"];

/// What an archive holds, so that damage shows.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    format: u32,
    schema: i64,
    created_at: Timestamp,
    files: BTreeMap<String, Digest>,
}

/// What a backup or a restore did.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// How many files of challenges it took along.
    pub files: usize,
    /// What was missing or damaged before, and still is.
    pub problems: Vec<String>,
    /// Where the data lies that was there before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_aside: Option<PathBuf>,
}

/// Writes everything into one archive, also while a server runs: the copy of the database is of one moment.
///
/// # Errors
/// When something cannot be read, or the archive cannot be written; then there is none.
pub async fn backup(store: &Store, data_dir: &Path, target: &Path, now: Timestamp) -> Result<Outcome, CoreError> {
    let folder = archive::folder_of(target);
    let scratch = tempfile::tempdir_in(folder).map_err(at(folder))?;
    let copy = scratch.path().join(DATABASE);
    store.copy_into(&copy).await?;
    let (schema, known) = contents(scratch.path()).await?;

    let mut outcome = Outcome::default();
    let mut members = BTreeMap::from([(DATABASE.to_owned(), (copy.clone(), archive::digest(&copy)?))]);
    for name in BESIDE {
        let path = data_dir.join(name);
        if path.exists() {
            members.insert(name.to_owned(), (path.clone(), archive::digest(&path)?));
        }
    }
    let own = FileFolder::within(data_dir);
    for file in known {
        if is_sound(&own, file.digest) {
            members.insert(member(data_dir, &own, file.digest), (own.path(file.digest), file.digest));
            outcome.files += 1;
        } else {
            outcome.problems.push(format!("file {} ({}) is missing or damaged, and left out", file.name, file.digest));
        }
    }
    let files = members.iter().map(|(name, (_, digest))| (name.clone(), *digest)).collect();
    let manifest = Manifest { format: FORMAT, schema, created_at: now, files };
    let manifest = serde_json::to_vec_pretty(&manifest).map_err(|error| CoreError::Invalid(error.to_string()))?;

    let mut archive = Writer::create(target)?;
    archive.bytes(MANIFEST, &manifest)?;
    for (name, (path, _)) in &members {
        archive.file(name, path)?;
    }
    archive.finish()?;
    Ok(outcome)
}

/// Puts an archive's content in the place of a data directory. What is there already is set aside, if `replace` allows
/// that, and never deleted.
///
/// # Errors
/// When a server works there, when there is a database that must not be replaced, or when the archive is damaged or of
/// a newer version; then nothing has changed.
pub async fn restore(source: &Path, data_dir: &Path, replace: bool, now: Timestamp) -> Result<Outcome, CoreError> {
    store::make_folder(data_dir)?;
    let _lock = ServerLock::acquire(data_dir)?;
    let there = data_dir.join(DATABASE);
    if there.exists() && !replace {
        return Err(CoreError::Conflict(format!("{} is there already; --force replaces it", there.display())));
    }
    let scratch = tempfile::tempdir_in(data_dir).map_err(at(data_dir))?;
    let digests = archive::unpack(&source.display().to_string(), source, scratch.path())?;
    verify(source, scratch.path(), digests)?;

    let (_, known) = contents(scratch.path()).await?;
    let mut outcome = Outcome { set_aside: set_aside(data_dir, now)?, ..Outcome::default() };
    let (new, own) = (FileFolder::within(scratch.path()), FileFolder::within(data_dir));
    for file in known {
        let (from, to) = (new.path(file.digest), own.path(file.digest));
        if from.exists() {
            put(&from, &to)?;
            outcome.files += 1;
        } else if !is_sound(&own, file.digest) {
            outcome.problems.push(format!("file {} ({}) is not in the archive", file.name, file.digest));
        }
    }
    // The database last: what a server finds is whole.
    for name in BESIDE.into_iter().chain([DATABASE]) {
        let from = scratch.path().join(name);
        if from.exists() {
            put(&from, &data_dir.join(name))?;
        }
    }
    Ok(outcome)
}

/// The schema of the database in a folder, as this program leaves it, and the files that it knows.
async fn contents(folder: &Path) -> Result<(i64, Vec<files::StoredFile>), CoreError> {
    let store = Store::open(folder).await?;
    let schema = store.schema().await?;
    let known = files::all(&mut *store.read().await?).await?;
    store.close().await;
    Ok((schema, known))
}

fn is_sound(folder: &FileFolder, digest: Digest) -> bool {
    folder.verify(digest).unwrap_or(false)
}

fn member(data_dir: &Path, folder: &FileFolder, digest: Digest) -> String {
    let path = folder.path(digest);
    path.strip_prefix(data_dir).unwrap_or(&path).display().to_string()
}

fn verify(source: &Path, scratch: &Path, mut found: BTreeMap<String, Digest>) -> Result<(), CoreError> {
    let refuse = |why: String| CoreError::Invalid(format!("{}: {why}", source.display()));
    if found.remove(MANIFEST).is_none() {
        return Err(refuse("is no backup".to_owned()));
    }
    let text = std::fs::read(scratch.join(MANIFEST)).map_err(at(scratch))?;
    let manifest: Manifest = serde_json::from_slice(&text).map_err(|error| refuse(format!("{MANIFEST}: {error}")))?;
    if manifest.format != FORMAT || manifest.schema > store::newest_schema() {
        return Err(refuse("was made by a newer version of this program".to_owned()));
    }
    let own = FileFolder::within(scratch);
    let belongs = |name: &str, digest: Digest| {
        name == DATABASE || BESIDE.contains(&name) || name == member(scratch, &own, digest)
    };
    for (name, digest) in &manifest.files {
        if found.remove(name) != Some(*digest) || !belongs(name, *digest) {
            return Err(refuse(format!("{name} is missing or damaged")));
        }
    }
    if let Some(name) = found.keys().next() {
        return Err(refuse(format!("{name} does not belong into a backup")));
    }
    if !manifest.files.contains_key(DATABASE) {
        return Err(refuse(format!("{DATABASE} is missing or damaged")));
    }
    Ok(())
}

/// Moves what is there to where it can be found again.
fn set_aside(data_dir: &Path, now: Timestamp) -> Result<Option<PathBuf>, CoreError> {
    let names = BESIDE.into_iter().chain(OF_DATABASE).chain([DATABASE]);
    let there: Vec<&str> = names.filter(|name| data_dir.join(name).exists()).collect();
    if there.is_empty() {
        return Ok(None);
    }
    let aside = data_dir.join(format!("before-restore-{}", now.as_millis()));
    std::fs::DirBuilder::new().mode(0o700).create(&aside).map_err(at(&aside))?;
    for name in there {
        put(&data_dir.join(name), &aside.join(name))?;
    }
    Ok(Some(aside))
}

fn put(from: &Path, to: &Path) -> Result<(), CoreError> {
    let folder = archive::folder_of(to);
    let put = || {
        std::fs::create_dir_all(folder)?;
        std::fs::rename(from, to)?;
        std::fs::File::open(folder)?.sync_all()
    };
    put().map_err(at(to))
}
