//! The folder that holds the content of files, each named by its digest. No name from outside is ever part of a path.

use super::audit::{self, Actor, By};
use super::{Coordinator, CoreError};
use crate::store;
use crate::store::files::{self, StoredFile};
use challengectl_common::{Digest, Hasher};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;

const BLOCK: usize = 1 << 16;

/// A folder of files named by their digests.
#[derive(Debug, Clone)]
pub struct FileFolder(PathBuf);

impl FileFolder {
    /// The folder of a data directory.
    #[must_use]
    pub fn within(data_dir: &Path) -> Self {
        Self(data_dir.join("files"))
    }

    /// The folder itself, which is there from now on.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn root(&self) -> Result<PathBuf, CoreError> {
        std::fs::create_dir_all(&self.0).map_err(|error| CoreError::File { path: self.0.clone(), error })?;
        Ok(self.0.clone())
    }

    /// Where the content with this digest lies, if it is there.
    #[must_use]
    pub fn path(&self, digest: Digest) -> PathBuf {
        let name = digest.to_string();
        self.0.join(name.get(..2).unwrap_or_default()).join(name)
    }

    /// Copies a file into the folder, and gives digest and size of what was copied. It is there as a whole or not at
    /// all, also when the power fails.
    ///
    /// # Errors
    /// When it cannot be read, or the copy cannot be written.
    pub fn take_in(&self, source: &Path) -> Result<(Digest, u64), CoreError> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |error| CoreError::File { path, error }
        };
        let mut input = File::open(source).map_err(at(source))?;
        std::fs::create_dir_all(&self.0).map_err(at(&self.0))?;
        let mut copy = NamedTempFile::new_in(&self.0).map_err(at(&self.0))?;
        let (digest, size) = copy_and_hash(&mut input, source, copy.as_file_mut(), &self.0)?;
        self.settle(copy, digest)?;
        Ok((digest, size))
    }

    /// Puts content that is whole where it belongs, for good.
    fn settle(&self, copy: NamedTempFile, digest: Digest) -> Result<(), CoreError> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |error| CoreError::File { path, error }
        };
        copy.as_file().sync_all().map_err(at(&self.0))?;
        let path = self.path(digest);
        let folder = path.parent().unwrap_or(&self.0);
        std::fs::create_dir_all(folder).map_err(at(folder))?;
        copy.persist(&path).map_err(|error| CoreError::File { path: path.clone(), error: error.error })?;
        for folder in [folder, &self.0] {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))?;
        }
        Ok(())
    }

    /// A place for content that comes piece by piece. Dropped before it is kept, it leaves nothing behind.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn receive(&self) -> Result<Incoming, CoreError> {
        let at = |error| CoreError::File { path: self.0.clone(), error };
        let copy = NamedTempFile::new_in(self.root()?).map_err(at)?;
        let file = copy.reopen().map_err(at)?;
        Ok(Incoming { copy, file: file.into(), hasher: Hasher::default(), size: 0 })
    }

    /// Writes to the disk below the folder, to see whether that works.
    ///
    /// # Errors
    /// When it does not.
    pub fn prove_writable(&self) -> Result<(), CoreError> {
        let prove = || {
            std::fs::create_dir_all(&self.0)?;
            let mut file = tempfile::tempfile_in(&self.0)?;
            file.write_all(&[0; 4096])?;
            file.sync_all()
        };
        prove().map_err(|error| CoreError::File { path: self.0.clone(), error })
    }

    /// Reads a file that is there, to see whether it still is what its name says.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn verify(&self, digest: Digest) -> Result<bool, CoreError> {
        let path = self.path(digest);
        let mut input = File::open(&path).map_err(|error| CoreError::File { path: path.clone(), error })?;
        Ok(copy_and_hash(&mut input, &path, &mut std::io::sink(), &path)?.0 == digest)
    }
}

/// Content on its way in: written and hashed as it comes.
pub struct Incoming {
    copy: NamedTempFile,
    file: tokio::fs::File,
    hasher: Hasher,
    size: u64,
}

impl Incoming {
    /// Adds a piece.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn write(&mut self, piece: &[u8]) -> Result<(), CoreError> {
        self.hasher.update(piece);
        self.size += piece.len() as u64;
        self.file.write_all(piece).await.map_err(|error| self.failed(error))
    }

    /// Waits until all of it can be read from [`Incoming::path`].
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn flush(&mut self) -> Result<(), CoreError> {
        self.file.flush().await.map_err(|error| self.failed(error))
    }

    fn failed(&self, error: std::io::Error) -> CoreError {
        CoreError::File { path: self.copy.path().to_owned(), error }
    }

    /// Bytes so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Where it lies meanwhile.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.copy.path()
    }
}

/// A file, ready to be read.
#[derive(Debug)]
pub struct OpenFile {
    /// What it was first called.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Its content.
    pub content: tokio::fs::File,
}

impl Coordinator {
    /// A place for content that comes piece by piece.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn receive(&self) -> Result<Incoming, CoreError> {
        self.files.receive()
    }

    /// Keeps what has come, known as `name`, for challenges to use. The same content again changes nothing.
    ///
    /// # Errors
    /// [`CoreError::Invalid`] when it is empty.
    pub async fn keep(self: &Arc<Self>, mut incoming: Incoming, name: &str, by: By<'_>) -> Result<Digest, CoreError> {
        if incoming.size == 0 {
            return Err(CoreError::Invalid("the file is empty".to_owned()));
        }
        incoming.flush().await?;
        let Incoming { copy, hasher, size, .. } = incoming;
        let (digest, folder) = (hasher.finish(), self.files.clone());
        let settled = tokio::task::spawn_blocking(move || folder.settle(copy, digest));
        settled.await.map_err(|_| CoreError::Interrupted)??;
        let (this, file, actor) =
            (Arc::clone(self), StoredFile { digest, size, name: name.to_owned() }, Actor::from(by));
        self.undisturbed(async move {
            let now = this.clock.now();
            let mut transaction = this.store.write().await?;
            files::register(&mut transaction, &file, now).await?;
            let target = digest.to_string();
            audit::note(&mut transaction, actor.by(), "file.upload", &target, Some(&file.name), now).await?;
            store::commit(transaction).await?;
            Ok(digest)
        })
        .await
    }

    /// Opens the file with this content.
    ///
    /// # Errors
    /// [`CoreError::NoSuchFile`] when there is none.
    pub async fn open_file(&self, digest: Digest) -> Result<OpenFile, CoreError> {
        let known = files::find(&mut *self.store.read().await?, digest).await?;
        let known = known.ok_or(CoreError::NoSuchFile(digest))?;
        let path = self.files.path(digest);
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

fn copy_and_hash(
    input: &mut impl Read,
    source: &Path,
    output: &mut impl Write,
    target: &Path,
) -> Result<(Digest, u64), CoreError> {
    let mut hasher = Hasher::default();
    let mut size = 0;
    let mut block = vec![0; BLOCK];
    loop {
        let read = match input.read(&mut block) {
            Ok(0) => return Ok((hasher.finish(), size)),
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(CoreError::File { path: source.to_owned(), error }),
        };
        let part = block.get(..read).unwrap_or_default();
        hasher.update(part);
        output.write_all(part).map_err(|error| CoreError::File { path: target.to_owned(), error })?;
        size += part.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
