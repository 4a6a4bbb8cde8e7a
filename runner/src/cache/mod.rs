//! Files by their SHA-256, kept on disk: fetched once, resumed, verified, bounded.

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

/// Why a file cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CacheError {
    #[error(transparent)]
    Server(#[from] ApiError),
    #[error("the server sent {found} instead of {wanted}")]
    Digest { wanted: Digest, found: Digest },
    #[error("{size} bytes are more than the cache may hold (cache_max_bytes: {limit})")]
    TooLarge { size: u64, limit: u64 },
    #[error("the disk is full: the cache folder {} takes no more", .0.display())]
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
    /// Serialises downloads of one file, so that the second one finds it done.
    turns: Mutex<HashMap<Digest, Arc<tokio::sync::Mutex<()>>>>,
}

impl Cache {
    /// Opens the cache in this folder, of at most `limit` bytes.
    pub(crate) fn open(dir: &Path, limit: u64) -> Result<Self, CacheError> {
        fs_err::create_dir_all(dir)?;
        Ok(Self { folder: Arc::new(CacheFolder::new(dir, limit)), turns: Mutex::default() })
    }

    /// Returns the file, fetched unless it is there; tries on while the server is away.
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

/// Returns whether the file is there and has its hash. Each time it is read back whole: a disk can rot, and people can
/// write to it.
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

/// Runs what reads a whole file where it holds up no other task.
async fn blocking<T: Send + 'static>(read: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(read).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}
