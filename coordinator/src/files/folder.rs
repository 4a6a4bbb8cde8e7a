//! The folder of payload files, each named by its digest. No name from outside is part of a path.

use crate::CoreError;
use crate::files::Files;
use crate::store::files;
use challengectl_common::Digest;
use challengectl_host::{durable, hash};
use std::fs::Metadata;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::NamedTempFile;

/// The prefix of the temporary files of the crate `tempfile`.
const TEMPORARY_PREFIX: &str = ".tmp";
/// The age at which a temporary file is left over: no upload takes as long. Also how long an unused file stays at
/// least.
const MAX_UPLOAD_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// The folder of payload files, named by their digests.
#[derive(Debug, Clone)]
pub struct FileFolder(pub(super) PathBuf);

impl FileFolder {
    /// Returns the folder of a data directory.
    #[must_use]
    pub fn within(data_dir: &Path) -> Self {
        Self(data_dir.join("files"))
    }

    /// Returns the folder of the files that owners send with their sessions, beside this one.
    pub(super) fn of_sessions(&self) -> Self {
        Self(self.0.with_file_name("session-files"))
    }

    /// Returns the path of the folder, and makes it if it is missing.
    pub fn root(&self) -> Result<PathBuf, CoreError> {
        std::fs::create_dir_all(&self.0).map_err(|error| CoreError::File { path: self.0.clone(), error })?;
        Ok(self.0.clone())
    }

    /// Returns the path of the file with this digest, whether or not it exists.
    #[must_use]
    pub fn path(&self, digest: Digest) -> PathBuf {
        let name = digest.to_string();
        self.0.join(name.get(..2).unwrap_or_default()).join(name)
    }

    /// Copies a file into the folder, atomically, also across a power failure. Returns the digest and size of the copy.
    pub fn take_in(&self, source: &Path) -> Result<(Digest, u64), CoreError> {
        let input = fs_err::File::open(source)?;
        fs_err::create_dir_all(&self.0)?;
        let at = |error| CoreError::File { path: self.0.clone(), error };
        let copy = NamedTempFile::new_in(&self.0).map_err(at)?;
        let mut output = fs_err::File::from_parts(copy.as_file().try_clone().map_err(at)?, copy.path());
        let (digest, size) = hash::copy(input, &mut output)?;
        self.settle(copy, digest)?;
        Ok((digest, size))
    }

    /// Puts complete content at its path, durably.
    pub(crate) fn settle(&self, copy: NamedTempFile, digest: Digest) -> Result<(), CoreError> {
        let path = self.path(digest);
        fs_err::create_dir_all(durable::folder_of(&path))?;
        durable::persist(copy, &path)?;
        // The subfolder may be new.
        Ok(durable::sync_folder(&self.0)?)
    }

    /// Deletes temporary files that a killed process has left. Younger ones may belong to uploads in progress.
    pub fn remove_leftovers(&self) -> Result<(), CoreError> {
        let at = |error| CoreError::File { path: self.0.clone(), error };
        let entries = match std::fs::read_dir(&self.0) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(at)?,
        };
        for entry in entries {
            let entry = entry.map_err(at)?;
            // Complete files lie in subfolders with other names.
            let temporary = entry.file_name().as_encoded_bytes().starts_with(TEMPORARY_PREFIX.as_bytes());
            match entry.metadata() {
                Ok(meta) if !temporary || !is_old(&meta) => {}
                Ok(meta) if meta.is_dir() => std::fs::remove_dir_all(entry.path()).map_err(at)?,
                _ => std::fs::remove_file(entry.path()).map_err(at)?,
            }
        }
        Ok(())
    }

    /// Deletes a file, unless it is new: its sender may be about to refer to it. Returns `false` if it stays.
    pub(crate) fn remove_old(&self, digest: Digest) -> Result<bool, CoreError> {
        let path = self.path(digest);
        let removed = match path.metadata() {
            Ok(meta) if !is_old(&meta) => return Ok(false),
            Ok(_) => std::fs::remove_file(&path),
            Err(error) => Err(error),
        };
        match removed {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(CoreError::File { path, error }),
            _ => Ok(true),
        }
    }

    /// Checks that the folder can be written to, by writing to its disk.
    pub fn prove_writable(&self) -> Result<(), CoreError> {
        let prove = || {
            std::fs::create_dir_all(&self.0)?;
            let mut file = tempfile::tempfile_in(&self.0)?;
            file.write_all(&[0; 4096])?;
            file.sync_all()
        };
        prove().map_err(|error| CoreError::File { path: self.0.clone(), error })
    }

    /// Reads a file, and returns whether its content still matches its digest.
    pub fn verify(&self, digest: Digest) -> Result<bool, CoreError> {
        Ok(hash::file(&self.path(digest))?.0 == digest)
    }
}

/// A file, open for reading.
#[derive(Debug)]
pub struct OpenFile {
    /// The name under which it was first imported.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// Its content.
    pub content: tokio::fs::File,
}

impl Files {
    /// Opens the file with this content.
    ///
    /// # Errors
    /// [`CoreError::NoSuchFile`] when the file is unknown or gone.
    pub async fn open_file(&self, digest: Digest) -> Result<OpenFile, CoreError> {
        let known = files::find(&mut *self.context.store.read().await?, digest).await?;
        let Some(known) = known else { return self.open_own(digest).await };
        let path = self.folder.path(digest);
        match tokio::fs::File::open(&path).await {
            Ok(content) => Ok(OpenFile { name: known.name, size: known.size, content }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                tracing::error!(path = %path.display(), "a registered file is gone; import it again");
                Err(CoreError::NoSuchFile(digest))
            }
            Err(error) => Err(CoreError::File { path, error }),
        }
    }
}

fn is_old(meta: &Metadata) -> bool {
    meta.modified().is_ok_and(|at| at.elapsed().is_ok_and(|age| age > MAX_UPLOAD_AGE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn only_what_was_left_over_is_removed() {
        let temporary = tempfile::tempdir().unwrap();
        let source = temporary.path().join("voice.wav");
        std::fs::write(&source, b"abc").unwrap();
        let folder = FileFolder::within(temporary.path());
        let (digest, _) = folder.take_in(&source).unwrap();
        let root = folder.root().unwrap();
        let long_ago = std::time::SystemTime::now() - 2 * MAX_UPLOAD_AGE;
        for (path, modified) in
            [(root.join(".tmp1"), Some(long_ago)), (root.join(".tmp2"), None), (folder.path(digest), Some(long_ago))]
        {
            let file = File::options().create(true).append(true).open(&path).unwrap();
            if let Some(modified) = modified {
                file.set_modified(modified).unwrap();
            }
        }
        let unpacked = tempfile::tempdir_in(&root).unwrap().keep();
        std::fs::write(unpacked.join("a.wav"), b"abc").unwrap();
        File::open(&unpacked).unwrap().set_modified(long_ago).unwrap();
        folder.remove_leftovers().unwrap();
        assert!(!unpacked.exists());
        assert!(!root.join(".tmp1").exists() && root.join(".tmp2").exists() && folder.path(digest).exists());
    }

    #[test]
    fn what_is_taken_in_lies_under_its_digest() {
        let temporary = tempfile::tempdir().unwrap();
        let source = temporary.path().join("voice.wav");
        std::fs::write(&source, b"abc").unwrap();
        let folder = FileFolder::within(temporary.path());
        let (digest, size) = folder.take_in(&source).unwrap();
        assert_eq!((digest, size), (Digest::of(b"abc"), 3));
        assert_eq!(std::fs::read(folder.path(digest)).unwrap(), b"abc");
        assert!(folder.verify(digest).unwrap());
        std::fs::write(folder.path(digest), b"abd").unwrap();
        assert!(!folder.verify(digest).unwrap());
    }
}
