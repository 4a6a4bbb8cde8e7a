//! Uploads: content that arrives piece by piece, and is kept once it is complete.

use crate::audit::Actor;
use crate::files::Files;
use crate::secrets::hex;
use crate::store::files::{self, StoredFile};
use crate::{CoreError, FileFolder};
use challengectl_common::{Digest, Hasher};
use sha1::{Digest as _, Sha1};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;

/// Bytes that are hashed at once.
const PIECE: usize = 64 * 1024;

/// An upload in progress, written and hashed as it arrives.
pub struct Incoming {
    copy: NamedTempFile,
    file: tokio::fs::File,
    hasher: Hasher,
    size: u64,
}

impl Incoming {
    /// Adds a piece.
    pub async fn write(&mut self, piece: &[u8]) -> Result<(), CoreError> {
        self.hasher.update(piece);
        self.size += piece.len() as u64;
        self.file.write_all(piece).await.map_err(|error| self.failed(error))
    }

    /// Waits until everything received can be read at [`Incoming::path`].
    pub async fn flush(&mut self) -> Result<(), CoreError> {
        self.file.flush().await.map_err(|error| self.failed(error))
    }

    /// Returns the SHA-1 of what was received, by which clients of CTFd know whether they have a file. Of few files, so that it
    /// is not computed as they arrive.
    pub(crate) async fn sha1(&mut self) -> Result<String, CoreError> {
        self.flush().await?;
        let path = self.path().to_owned();
        let hashed = tokio::task::spawn_blocking(move || sha1_of(&path)).await.map_err(|_| CoreError::Interrupted)?;
        hashed.map_err(|error| self.failed(error))
    }

    /// Ends the upload. Returns its content and digest; fails if it is empty.
    pub(super) async fn complete(mut self) -> Result<(NamedTempFile, Digest), CoreError> {
        if self.size == 0 {
            return Err(CoreError::Invalid("the file is empty".to_owned()));
        }
        self.flush().await?;
        Ok((self.copy, self.hasher.finish()))
    }

    fn failed(&self, error: io::Error) -> CoreError {
        CoreError::File { path: self.copy.path().to_owned(), error }
    }

    /// Returns the bytes received so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns the path of the temporary file.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.copy.path()
    }
}

/// Returns the SHA-1 of a file.
pub(crate) fn sha1_of(path: &Path) -> io::Result<String> {
    let (mut file, mut hasher, mut piece) = (fs_err::File::open(path)?, Sha1::new(), vec![0; PIECE]);
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hex(&hasher.finalize())),
            length => hasher.update(piece.get(..length).unwrap_or_default()),
        }
    }
}

impl FileFolder {
    /// Begins an upload. Dropped before it is kept, it leaves nothing behind.
    pub fn receive(&self) -> Result<Incoming, CoreError> {
        let root = self.root()?;
        let at = |error| CoreError::File { path: root.clone(), error };
        let copy = NamedTempFile::new_in(&root).map_err(at)?;
        let file = copy.reopen().map_err(at)?;
        Ok(Incoming { copy, file: file.into(), hasher: Hasher::default(), size: 0 })
    }
}

impl Files {
    /// Begins an upload.
    pub fn receive(&self) -> Result<Incoming, CoreError> {
        self.folder.receive()
    }

    /// Keeps the upload under `name`, for challenges to use. The same content again changes nothing.
    ///
    /// # Errors
    /// [`CoreError::Invalid`] when it is empty.
    pub async fn keep(self: &Arc<Self>, incoming: Incoming, name: &str, actor: Actor) -> Result<Digest, CoreError> {
        let size = incoming.size;
        let (copy, digest) = incoming.complete().await?;
        let folder = self.folder.clone();
        let settled = tokio::task::spawn_blocking(move || folder.settle(copy, digest));
        settled.await.map_err(|_| CoreError::Interrupted)??;
        let file = StoredFile { digest, size, name: name.to_owned() };
        self.context
            .command(actor, "file.upload", move |mut command| async move {
                let now = command.now();
                files::register(&mut command, &file, now).await?;
                Ok(command.commit(&digest.to_string(), Some(&file.name)).await?.with(digest))
            })
            .await
    }
}
