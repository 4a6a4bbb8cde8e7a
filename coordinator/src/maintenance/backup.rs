//! Backup and restore: all of the server's data as one archive.

use crate::files::archive::{self, Writer, at};
use crate::store::air::control;
use crate::store::files::{self, StoredFile};
use crate::store::{self, CERTIFICATE, DATABASE, Replacement, SECRETS_KEY, ServerLock, Store, accounts};
use crate::{CoreError, FileFolder};
use challengectl_common::{Digest, Timestamp};
use challengectl_host::durable;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The manifest's name in the archive.
const MANIFEST: &str = "manifest.json";
/// Bytes of a manifest; the largest server, with 100,000 files of 150 bytes each, has half of that.
const MAX_MANIFEST: u64 = 32 << 20;
/// The version of the archive's format.
const FORMAT: u32 = 1;

/// The manifest: the content of an archive, so that damage is detected.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    format: u32,
    schema: i64,
    created_at: Timestamp,
    files: BTreeMap<String, Digest>,
    /// Payload files that were missing or damaged when the archive was made.
    #[serde(default)]
    missing: BTreeSet<Digest>,
}

/// The result of a backup or a restore.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The number of payload files copied.
    pub files: usize,
    /// The files that were missing or damaged before, and still are.
    pub problems: Vec<String>,
    /// Whether the server's certificate was kept although the archive contains another.
    pub kept_certificate: bool,
    /// The path of the replaced data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_aside: Option<PathBuf>,
}

/// The content of a database.
struct Contents {
    /// The version of its schema, after the migrations of this program.
    schema: i64,
    /// Its payload files.
    files: Vec<StoredFile>,
    /// Whether it contains secrets sealed with its key.
    secrets: bool,
}

/// Writes everything into one archive, also while a server runs: the copy of the database is of one moment. On an error
/// there is no archive.
pub async fn backup(store: &Store, data_dir: &Path, target: &Path, now: Timestamp) -> Result<Outcome, CoreError> {
    let folder = durable::folder_of(target);
    let scratch = tempfile::tempdir_in(folder).map_err(at(folder))?;
    let copy = scratch.path().join(DATABASE);
    store.copy_into(&copy).await?;
    let contents = contents(scratch.path()).await?;

    let mut outcome = Outcome::default();
    let mut members = BTreeMap::from([(DATABASE.to_owned(), (copy.clone(), archive::digest(&copy)?))]);
    for name in beside(data_dir, contents.secrets)? {
        let path = data_dir.join(name);
        members.insert(name.to_owned(), (path.clone(), archive::digest(&path)?));
    }
    let own = FileFolder::within(data_dir);
    let mut missing = BTreeSet::new();
    for file in contents.files {
        if is_sound(&own, file.digest) {
            members.insert(member(data_dir, &own, file.digest), (own.path(file.digest), file.digest));
            outcome.files += 1;
        } else {
            missing.insert(file.digest);
            outcome.problems.push(format!("file {} ({}) is missing or damaged, and left out", file.name, file.digest));
        }
    }
    let files = members.iter().map(|(name, (_, digest))| (name.clone(), *digest)).collect();
    let manifest = Manifest { format: FORMAT, schema: contents.schema, created_at: now, files, missing };
    let manifest = serde_json::to_vec_pretty(&manifest).map_err(|error| CoreError::Invalid(error.to_string()))?;

    let mut archive = Writer::create(target)?;
    archive.bytes(MANIFEST, &manifest)?;
    for (name, (path, _)) in &members {
        archive.file(name, path)?;
    }
    archive.finish()?;
    Ok(outcome)
}

/// Replaces a data directory by an archive's content, atomically. Existing data is set aside, if `replace` permits it,
/// and never deleted. An existing certificate stays, since runners trust it.
///
/// # Errors
/// When a server runs there, when a database exists and `replace` is not set, or when the archive is damaged,
/// incomplete or made by a newer version; then nothing has changed.
pub async fn restore(source: &Path, data_dir: &Path, replace: bool) -> Result<Outcome, CoreError> {
    store::make_folder(data_dir)?;
    let _lock = ServerLock::acquire(data_dir)?;
    let replacement = Replacement::begin(data_dir)?;
    let there = data_dir.join(DATABASE);
    if there.exists() && !replace {
        return Err(CoreError::Conflict(format!("{} is there already; --force replaces it", there.display())));
    }
    let staging = replacement.staging();
    let refuse = |why: String| CoreError::Invalid(format!("{}: {why}", source.display()));
    let digests = archive::unpack(&source.display().to_string(), source, &staging)?;
    let missing = verify(source, &staging, digests)?;
    let contents = contents(&staging).await?;
    mark_restored(&staging).await?;
    beside(&staging, contents.secrets).map_err(|error| refuse(error.to_string()))?;

    let mut outcome = Outcome::default();
    let (new, own) = (FileFolder::within(&staging), FileFolder::within(data_dir));
    for file in &contents.files {
        let lacks = !new.path(file.digest).exists() && !is_sound(&own, file.digest);
        if lacks && !missing.contains(&file.digest) {
            return Err(refuse(format!("file {} ({}) is missing", file.name, file.digest)));
        }
        if lacks {
            outcome.problems.push(format!("file {} ({}) is not in the archive", file.name, file.digest));
        }
    }
    outcome.kept_certificate = keep_certificate(data_dir, &staging)?;
    // Before the commit: a file that no challenge of the old database uses does no harm.
    for file in contents.files {
        let from = new.path(file.digest);
        if from.exists() {
            put(&from, &own.path(file.digest))?;
            outcome.files += 1;
        }
    }
    outcome.set_aside = replacement.commit()?;
    Ok(outcome)
}

/// Removes the archive's certificate if the server has one. Returns whether the two differ.
fn keep_certificate(data_dir: &Path, staging: &Path) -> Result<bool, CoreError> {
    let there = |folder: &Path| CERTIFICATE.iter().all(|name| folder.join(name).exists());
    if !there(data_dir) || !there(staging) {
        return Ok(false);
    }
    let [certificate, _] = CERTIFICATE;
    let differs = archive::digest(&data_dir.join(certificate))? != archive::digest(&staging.join(certificate))?;
    for name in CERTIFICATE {
        let path = staging.join(name);
        std::fs::remove_file(&path).map_err(at(&path))?;
    }
    Ok(differs)
}

/// Returns the names of the files that belong to a database: the key to its secrets, and the certificate that runners
/// trust.
fn beside(folder: &Path, secrets: bool) -> Result<Vec<&'static str>, CoreError> {
    let lacks = |name: &str| CoreError::Invalid(format!("{name} is missing"));
    let is_there = |name: &&'static str| folder.join(name).exists();
    let certificate: Vec<_> = CERTIFICATE.into_iter().filter(is_there).collect();
    if let [name] = certificate.as_slice() {
        let [certificate, key] = CERTIFICATE;
        return Err(lacks(if *name == certificate { key } else { certificate }));
    }
    let key = Some(SECRETS_KEY).filter(is_there);
    if secrets && key.is_none() {
        return Err(lacks(SECRETS_KEY));
    }
    Ok(certificate.into_iter().chain(key).collect())
}

async fn contents(folder: &Path) -> Result<Contents, CoreError> {
    let store = Store::open(folder).await?;
    let schema = store.schema().await?;
    let mut connection = store.read().await?;
    let files = files::all(&mut connection).await?;
    let secrets = accounts::are_there(&mut connection).await?;
    drop(connection);
    store.close().await;
    Ok(Contents { schema, files, secrets })
}

/// Marks the database as restored: work handed out since the backup may occupy frequencies that it shows as free.
async fn mark_restored(staging: &Path) -> Result<(), CoreError> {
    let store = Store::open(staging).await?;
    let mut transaction = store.write().await?;
    control::begin_aftermath(&mut transaction, Timestamp::now()).await?;
    store::commit(transaction).await?;
    store.close().await;
    // Content that is only in the write-ahead log when the database is put in place would be lost.
    let log = staging.join(format!("{DATABASE}-wal"));
    if log.metadata().is_ok_and(|log| log.len() > 0) {
        return Err(CoreError::Conflict(format!("{}: could not be written into the database", log.display())));
    }
    Ok(())
}

fn is_sound(folder: &FileFolder, digest: Digest) -> bool {
    folder.verify(digest).unwrap_or(false)
}

fn member(data_dir: &Path, folder: &FileFolder, digest: Digest) -> String {
    let path = folder.path(digest);
    path.strip_prefix(data_dir).unwrap_or(&path).display().to_string()
}

/// Checks the unpacked files against the manifest. Returns which payload files are known to be missing.
fn verify(source: &Path, scratch: &Path, mut found: BTreeMap<String, Digest>) -> Result<BTreeSet<Digest>, CoreError> {
    let refuse = |why: String| CoreError::Invalid(format!("{}: {why}", source.display()));
    if found.remove(MANIFEST).is_none() {
        return Err(refuse("is no backup".to_owned()));
    }
    let mut text = Vec::new();
    let manifest = File::open(scratch.join(MANIFEST)).map_err(at(scratch))?;
    manifest.take(MAX_MANIFEST).read_to_end(&mut text).map_err(at(scratch))?;
    let manifest: Manifest = serde_json::from_slice(&text).map_err(|error| refuse(format!("{MANIFEST}: {error}")))?;
    if manifest.format != FORMAT || manifest.schema > store::newest_schema() {
        return Err(refuse("was made by a newer version of this program".to_owned()));
    }
    let own = FileFolder::within(scratch);
    let belongs = |name: &str, digest: Digest| {
        [DATABASE, SECRETS_KEY].contains(&name) || CERTIFICATE.contains(&name) || name == member(scratch, &own, digest)
    };
    for (name, digest) in &manifest.files {
        if found.remove(name) != Some(*digest) || !belongs(name, *digest) {
            return Err(refuse(format!("{name} is missing or damaged")));
        }
    }
    if let Some(name) = found.keys().next() {
        return Err(refuse(format!("{name} does not belong in a backup")));
    }
    if !manifest.files.contains_key(DATABASE) {
        return Err(refuse(format!("{DATABASE} is missing or damaged")));
    }
    Ok(manifest.missing)
}

fn put(from: &Path, to: &Path) -> Result<(), CoreError> {
    fs_err::create_dir_all(durable::folder_of(to))?;
    Ok(durable::rename(from, to)?)
}
