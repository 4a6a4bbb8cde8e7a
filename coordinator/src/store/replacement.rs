//! Replaces the content of a data directory atomically.
//!
//! The new content is staged in `restore-incomplete`, which is then renamed to `restore-complete`. That rename is the
//! atomic step: before it the old content is complete and in place; after it, the first process to open the data
//! directory finishes the moves. Each move can be repeated, so that a process that is killed at any point leaves the
//! old content or the new one.

use super::{DATABASE, StoreError, lock, make_folder};
use challengectl_common::Timestamp;
use std::fs::{DirBuilder, File, TryLockError};
use std::io::{ErrorKind, Result};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// The key that opens the secrets in the database.
pub const SECRETS_KEY: &str = "secrets.key";
/// The server's own certificate, which runners trust, and its key.
pub const CERTIFICATE: [&str; 2] = ["tls.crt", "tls.key"];
/// The files of SQLite beside the database. They would be applied to the new database if they stayed.
const SQLITE_FILES: [&str; 3] = ["challengectl.db-wal", "challengectl.db-shm", "challengectl.db-journal"];

/// The staging folder before the atomic step.
const INCOMPLETE: &str = "restore-incomplete";
/// The staging folder after the atomic step.
const COMPLETE: &str = "restore-complete";
/// The folder of new files in the staging folder.
const NEW: &str = "new";
/// The folder of old files in the staging folder.
const OLD: &str = "old";

/// The new content of a data directory, while no other process works on it. Dropped without [`Replacement::commit`], it
/// changes nothing.
#[derive(Debug)]
pub struct Replacement {
    data_dir: PathBuf,
    _alone: File,
}

impl Replacement {
    /// Begins a replacement, after finishing an earlier one that was interrupted.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when another process has the database open.
    pub fn begin(data_dir: &Path) -> std::result::Result<Self, StoreError> {
        make_folder(data_dir)?;
        let alone = lock::content(data_dir)?;
        if !is_alone(data_dir, &alone)? {
            return Err(StoreError::Busy(data_dir.to_owned()));
        }
        settle(data_dir).map_err(|error| unsettled(data_dir, &error))?;
        let staging = data_dir.join(INCOMPLETE);
        [NEW, OLD]
            .iter()
            .try_for_each(|part| DirBuilder::new().recursive(true).mode(0o700).create(staging.join(part)))
            .map_err(|error| StoreError::Open { path: staging, reason: error.to_string() })?;
        Ok(Self { data_dir: data_dir.to_owned(), _alone: alone })
    }

    /// Returns the folder for the new content: the database, its key, and perhaps a certificate.
    #[must_use]
    pub fn staging(&self) -> PathBuf {
        self.data_dir.join(INCOMPLETE).join(NEW)
    }

    /// Replaces the old content by the new. Returns the path of the old content; `None` if there was none. If the disk
    /// fails, the old content is in place, or the next process that opens the data directory finishes the work.
    pub fn commit(self) -> std::result::Result<Option<PathBuf>, StoreError> {
        let data_dir = self.data_dir.as_path();
        let commit = || {
            let staging = data_dir.join(INCOMPLETE);
            for folder in [&staging.join(NEW), &staging.join(OLD), &staging] {
                sync(folder)?;
            }
            std::fs::rename(&staging, data_dir.join(COMPLETE))?;
            sync(data_dir)?;
            settle(data_dir)
        };
        commit().map_err(|error| unsettled(data_dir, &error))
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        // A leftover is removed by the next process that opens the data directory.
        let _ = remove(&self.data_dir.join(INCOMPLETE));
    }
}

/// Finishes or undoes an interrupted replacement. Returns the lock that keeps others from beginning one, which the
/// caller holds as long as it has the database open.
///
/// # Errors
/// [`StoreError::BeingReplaced`] when a replacement is in progress.
pub fn keep_out(data_dir: &Path) -> std::result::Result<File, StoreError> {
    let lock = lock::content(data_dir)?;
    let is_settled = || !data_dir.join(INCOMPLETE).exists() && !data_dir.join(COMPLETE).exists();
    if !is_settled() && is_alone(data_dir, &lock)? {
        settle(data_dir).map_err(|error| unsettled(data_dir, &error))?;
        lock.unlock().map_err(|error| unsettled(data_dir, &error))?;
    }
    match lock.try_lock_shared() {
        Ok(()) if is_settled() => Ok(lock),
        Ok(()) | Err(TryLockError::WouldBlock) => Err(StoreError::BeingReplaced(data_dir.to_owned())),
        Err(TryLockError::Error(error)) => Err(unsettled(data_dir, &error)),
    }
}

fn is_alone(data_dir: &Path, lock: &File) -> std::result::Result<bool, StoreError> {
    match lock.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(unsettled(data_dir, &error)),
    }
}

/// Puts the new content in place if its staging was completed, else keeps the old. Returns the path of the old content.
fn settle(data_dir: &Path) -> Result<Option<PathBuf>> {
    remove(&data_dir.join(INCOMPLETE))?;
    let complete = data_dir.join(COMPLETE);
    let (new, old) = (complete.join(NEW), complete.join(OLD));
    let mut set_aside = None;
    // All old files are moved away before any new file is moved in. The folder of the old files shows whether that is
    // done: it gets its last name in between.
    if old.exists() {
        for name in replaced_by(&new) {
            rename_if_there(&data_dir.join(name), &old.join(name))?;
        }
        sync(&old)?;
        let place = data_dir.join(format!("before-restore-{}", Timestamp::now().as_millis()));
        set_aside = Some(place.clone()).filter(|_| std::fs::read_dir(&old).is_ok_and(|mut all| all.next().is_some()));
        std::fs::rename(&old, set_aside.as_ref().unwrap_or(&complete.join("nothing")))?;
        sync(&complete)?;
        sync(data_dir)?;
    }
    for name in [DATABASE, SECRETS_KEY].into_iter().chain(CERTIFICATE) {
        rename_if_there(&new.join(name), &data_dir.join(name))?;
    }
    sync(data_dir)?;
    remove(&complete)?;
    Ok(set_aside)
}

/// Returns the files to move away. A certificate stays, unless there is a new one: without it no runner would trust the
/// server.
fn replaced_by(new: &Path) -> impl Iterator<Item = &'static str> {
    let certificate = CERTIFICATE.into_iter().filter(|name| new.join(name).exists());
    [DATABASE, SECRETS_KEY].into_iter().chain(SQLITE_FILES).chain(certificate.collect::<Vec<_>>())
}

fn rename_if_there(from: &Path, to: &Path) -> Result<()> {
    match std::fs::rename(from, to) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        renamed => renamed,
    }
}

fn remove(folder: &Path) -> Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn sync(folder: &Path) -> Result<()> {
    File::open(folder)?.sync_all()
}

fn unsettled(data_dir: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Open { path: data_dir.to_owned(), reason: format!("the restore is not finished: {error}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str, content: &str) {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(folder.join(name), content).unwrap();
    }

    /// Database, write-ahead log, key, certificate: which of them are there, and of which content.
    fn content(folder: &Path) -> [Option<String>; 4] {
        [DATABASE, SQLITE_FILES[0], SECRETS_KEY, CERTIFICATE[0]]
            .map(|name| std::fs::read_to_string(folder.join(name)).ok())
    }

    fn old(folder: &Path) {
        for name in [DATABASE, SQLITE_FILES[0], SECRETS_KEY, CERTIFICATE[0], CERTIFICATE[1]] {
            write(folder, name, "old");
        }
    }

    fn stage(folder: &Path, names: &[&str]) {
        for name in names {
            write(&folder.join(NEW), name, "new");
        }
        std::fs::create_dir_all(folder.join(OLD)).unwrap();
    }

    const BEFORE: [Option<&str>; 4] = [Some("old"); 4];
    const AFTER: [Option<&str>; 4] = [Some("new"), None, Some("new"), Some("old")];

    fn is(folder: &Path, expected: [Option<&str>; 4]) -> bool {
        content(folder) == expected.map(|text| text.map(str::to_owned))
    }

    /// Killed before each of the renames in turn: those that are missing are made up for.
    #[test]
    fn a_replacement_that_was_killed_anywhere_leaves_the_old_or_the_new() {
        let renames_of_old = [DATABASE, SECRETS_KEY, SQLITE_FILES[0]];
        let renames_of_new = [DATABASE, SECRETS_KEY];
        for done in 0..=renames_of_old.len() + 1 + renames_of_new.len() {
            let folder = tempfile::tempdir().unwrap();
            let (data_dir, complete) = (folder.path(), folder.path().join(COMPLETE));
            old(data_dir);
            stage(&complete, &[DATABASE, SECRETS_KEY]);
            for name in renames_of_old.iter().take(done) {
                std::fs::rename(data_dir.join(name), complete.join(OLD).join(name)).unwrap();
            }
            if done > renames_of_old.len() {
                std::fs::rename(complete.join(OLD), data_dir.join("before-restore-1")).unwrap();
            }
            for name in renames_of_new.iter().take(done.saturating_sub(renames_of_old.len() + 1)) {
                std::fs::rename(complete.join(NEW).join(name), data_dir.join(name)).unwrap();
            }
            drop(keep_out(data_dir).unwrap());
            assert!(is(data_dir, AFTER), "{done}: {:?}", content(data_dir));
            assert!(!complete.exists());
            let aside: Vec<_> = std::fs::read_dir(data_dir).unwrap().map(|entry| entry.unwrap().path()).collect();
            let aside = aside.iter().find(|path| path.display().to_string().contains("before-restore-")).unwrap();
            assert!(is(aside, [Some("old"), Some("old"), Some("old"), None]), "{done}: {:?}", content(aside));
        }
    }

    #[test]
    fn what_was_not_staged_completely_leaves_no_trace() {
        let folder = tempfile::tempdir().unwrap();
        old(folder.path());
        stage(&folder.path().join(INCOMPLETE), &[DATABASE]);
        drop(keep_out(folder.path()).unwrap());
        assert!(is(folder.path(), BEFORE) && !folder.path().join(INCOMPLETE).exists());
        let replacement = Replacement::begin(folder.path()).unwrap();
        write(&replacement.staging(), DATABASE, "new");
        drop(replacement);
        assert!(is(folder.path(), BEFORE) && !folder.path().join(INCOMPLETE).exists());
    }

    #[test]
    fn nothing_is_replaced_while_somebody_has_it_open_and_nobody_opens_it_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let open = keep_out(folder.path()).unwrap();
        let error = Replacement::begin(folder.path()).unwrap_err().to_string();
        assert!(error.contains("another program has the database open"), "{error}");
        drop(open);
        let replacement = Replacement::begin(folder.path()).unwrap();
        let error = keep_out(folder.path()).unwrap_err().to_string();
        assert!(error.contains("is being restored"), "{error}");
        write(&replacement.staging(), DATABASE, "new");
        assert_eq!(replacement.commit().unwrap(), None);
        keep_out(folder.path()).unwrap();
    }
}
