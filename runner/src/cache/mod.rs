//! The cache of files on disk, by SHA-256: downloads are resumed and verified, and the size is bounded.

mod download;
mod folder;

use crate::api::{Api, ApiError};
use challengectl_common::Digest;
use challengectl_host::hash;
use folder::CacheFolder;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use folder::PinnedFile;

/// Why a file is not available.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CacheError {
    #[error(transparent)]
    Server(#[from] ApiError),
    #[error("the server sent {found} instead of {wanted}")]
    Digest { wanted: Digest, found: Digest },
    #[error("{size} bytes are more than the cache may hold (cache_max_bytes: {limit})")]
    TooLarge { size: u64, limit: u64 },
    #[error("the disk of the cache folder {} is full", .0.display())]
    DiskFull(PathBuf),
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl CacheError {
    /// Returns whether trying again soon may help.
    fn may_pass(&self) -> bool {
        matches!(self, Self::Server(error) if error.may_pass())
    }

    fn is_disk_full(&self) -> bool {
        let full = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded];
        matches!(self, Self::Io(error) if full.contains(&error.kind()))
    }
}

/// The cache of one runner.
pub(crate) struct Cache {
    folder: Arc<CacheFolder>,
    /// Serialises downloads of the same file, so that the second finds the file of the first.
    turns: Mutex<HashMap<Digest, Arc<tokio::sync::Mutex<()>>>>,
}

impl Cache {
    /// Opens the cache in this folder, with a maximum size of `limit` bytes.
    pub(crate) fn open(dir: &Path, limit: u64) -> Result<Self, CacheError> {
        fs_err::create_dir_all(dir)?;
        Ok(Self { folder: Arc::new(CacheFolder::new(dir, limit)), turns: Mutex::default() })
    }

    /// Returns the file. Downloads it unless it is cached, and keeps trying while the server is away.
    pub(crate) async fn fetch(&self, api: &Api, digest: Digest) -> Result<PinnedFile, CacheError> {
        let pinned = CacheFolder::pin(&self.folder, digest);
        let turn = Arc::clone(self.turns.lock().entry(digest).or_default());
        let _turn = turn.lock().await;
        if !is_intact(&pinned).await? {
            download::download(&self.folder, api, digest).await?;
        }
        self.folder.touch(&digest);
        Ok(pinned)
    }
}

/// Returns whether the file exists and has its digest. It is read as a whole each time, since disks fail and people
/// change files.
async fn is_intact(pinned: &PinnedFile) -> Result<bool, CacheError> {
    let path = pinned.path().to_owned();
    if !path.exists() {
        return Ok(false);
    }
    let (found, _) = blocking(move || hash::file(&path)).await?;
    if found == pinned.digest() {
        return Ok(true);
    }
    tracing::warn!("{}: damaged on disk, fetching it again", pinned.path().display());
    fs_err::remove_file(pinned.path())?;
    Ok(false)
}

/// Runs a function that reads a whole file on a thread where blocking is allowed.
async fn blocking<T: Send + 'static>(read: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(read).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}
