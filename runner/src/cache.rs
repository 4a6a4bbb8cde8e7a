//! Files by their SHA-256, kept on disk: fetched once, resumed, verified, bounded.

mod download;
mod shelf;

use crate::agent::api::Api;
use challengectl_common::{Digest, Hasher};
use shelf::Shelf;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use shelf::Held;

/// Why a file is not to be had.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum CacheError {
    #[error("{0}")]
    Server(#[from] crate::agent::api::ApiError),
    #[error("the server sent {found} instead of {wanted}")]
    Digest { wanted: Digest, found: Digest },
    #[error("{size} bytes are more than the cache may hold (cache_max_bytes: {limit})")]
    TooLarge { size: u64, limit: u64 },
    #[error("the disk is full: the cache folder {} takes no more", .0.display())]
    DiskFull(PathBuf),
    #[error("cache {}: {source}", .path.display())]
    Io { path: PathBuf, source: io::Error },
}

impl CacheError {
    fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull(path.parent().unwrap_or(path).to_owned())
            }
            _ => Self::Io { path: path.to_owned(), source },
        }
    }

    /// Whether trying again soon may help.
    fn may_pass(&self) -> bool {
        matches!(self, Self::Server(error) if error.may_pass())
    }
}

/// The cache of one runner.
pub struct Cache {
    shelf: Arc<Shelf>,
    /// One download of a file at a time; who comes second finds it done.
    turns: Mutex<HashMap<Digest, Arc<tokio::sync::Mutex<()>>>>,
}

impl Cache {
    /// The cache in this folder.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(dir: &Path, limit: u64) -> Result<Self, CacheError> {
        std::fs::create_dir_all(dir).map_err(CacheError::at(dir))?;
        Ok(Self { shelf: Arc::new(Shelf::new(dir, limit)), turns: Mutex::default() })
    }

    /// The file, fetched if need be. It stays at least as long as it is held.
    ///
    /// # Errors
    /// [`CacheError`]; while the server is away it tries on.
    pub async fn fetch(&self, api: &Api, digest: Digest) -> Result<Held, CacheError> {
        let held = Shelf::hold(&self.shelf, digest);
        let turn = Arc::clone(lock(&self.turns).entry(digest).or_default());
        let _turn = turn.lock().await;
        if !has(&held).await? {
            download::download(&self.shelf, api, digest).await?;
        }
        self.shelf.touch(&digest);
        Ok(held)
    }
}

/// Whether it is there, and still what it was: read back whole each time, since a disk can rot, and people can write.
async fn has(held: &Held) -> Result<bool, CacheError> {
    let path = held.path();
    if !path.exists() {
        return Ok(false);
    }
    if hash_file(path).await?.finish() == held.digest() {
        return Ok(true);
    }
    tracing::warn!("{}: damaged on disk, fetching it again", path.display());
    std::fs::remove_file(path).map_err(CacheError::at(path))?;
    Ok(false)
}

async fn hash_file(path: &Path) -> Result<Hasher, CacheError> {
    let named = path.to_owned();
    let hash = move || {
        let mut file = File::open(&named)?;
        let mut hasher = Hasher::default();
        let mut block = vec![0; 256 * 1024];
        loop {
            match file.read(&mut block)? {
                0 => return Ok(hasher),
                read => hasher.update(block.get(..read).unwrap_or_default()),
            }
        }
    };
    tokio::task::spawn_blocking(hash)
        .await
        .unwrap_or_else(|error| Err(io::Error::other(error)))
        .map_err(CacheError::at(path))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
