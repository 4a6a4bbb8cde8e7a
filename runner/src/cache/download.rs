//! Fetches one file: resumed where the last attempt ended, verified as it comes.

use super::shelf::Shelf;
use super::{CacheError, hash_file};
use crate::agent::api::{Api, ApiError};
use crate::agent::backoff::Backoff;
use crate::durable::sync_folder;
use challengectl_common::{Digest, Hasher};
use reqwest::{Response, StatusCode};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncWriteExt, BufWriter};

/// A server that sends nothing for so long is taken to be away.
const SILENCE: Duration = Duration::from_secs(20);

pub(super) async fn download(shelf: &Shelf, api: &Api, digest: Digest) -> Result<(), CacheError> {
    let mut backoff = Backoff::new();
    loop {
        match attempt(shelf, api, digest).await {
            Err(error) if error.may_pass() => {
                tracing::info!("{digest}: {error}; trying on");
                tokio::time::sleep(backoff.next()).await;
            }
            Err(error @ CacheError::DiskFull(_)) => {
                // The space is worth more to others than what was fetched.
                let _ = fs::remove_file(shelf.part(&digest));
                return Err(error);
            }
            ended => return ended,
        }
    }
}

async fn attempt(shelf: &Shelf, api: &Api, digest: Digest) -> Result<(), CacheError> {
    let path = shelf.part(&digest);
    let have = fs::metadata(&path).map_or(0, |metadata| metadata.len());
    let response = match api.file(&digest, have).await {
        Err(error) if error.is(StatusCode::RANGE_NOT_SATISFIABLE) => {
            fs::remove_file(&path).map_err(CacheError::at(&path))?;
            api.file(&digest, 0).await?
        }
        answered => answered?,
    };
    let resumed = response.status() == StatusCode::PARTIAL_CONTENT;
    let Some(rest) = response.content_length() else {
        return Err(ApiError::Unreachable("it does not tell the length of the file".to_owned()).into());
    };
    shelf.make_room(&digest, if resumed { have + rest } else { rest })?;
    let mut part = Part::open(path, resumed).await?;
    part.receive(response).await?;
    let found = part.hasher.clone().finish();
    part.keep(shelf, digest, found).await
}

struct Part {
    path: PathBuf,
    file: BufWriter<tokio::fs::File>,
    hasher: Hasher,
}

impl Part {
    async fn open(path: PathBuf, resumed: bool) -> Result<Self, CacheError> {
        let hasher = if resumed { hash_file(&path).await? } else { Hasher::default() };
        let mut options = tokio::fs::OpenOptions::new();
        options.create(true).append(resumed).write(true).truncate(!resumed);
        let file = options.open(&path).await.map_err(CacheError::at(&path))?;
        Ok(Self { path, file: BufWriter::with_capacity(256 * 1024, file), hasher })
    }

    async fn receive(&mut self, mut response: Response) -> Result<(), CacheError> {
        loop {
            let Ok(chunk) = tokio::time::timeout(SILENCE, response.chunk()).await else {
                self.file.flush().await.map_err(CacheError::at(&self.path))?;
                return Err(ApiError::Unreachable("it went silent".to_owned()).into());
            };
            match chunk {
                Ok(Some(bytes)) => {
                    self.hasher.update(&bytes);
                    self.file.write_all(&bytes).await.map_err(CacheError::at(&self.path))?;
                }
                Ok(None) => return self.flush().await,
                Err(error) => {
                    self.flush().await?;
                    return Err(ApiError::from(error).into());
                }
            }
        }
    }

    async fn flush(&mut self) -> Result<(), CacheError> {
        self.file.flush().await.map_err(CacheError::at(&self.path))
    }

    async fn keep(self, shelf: &Shelf, wanted: Digest, found: Digest) -> Result<(), CacheError> {
        if found != wanted {
            fs::remove_file(&self.path).map_err(CacheError::at(&self.path))?;
            return Err(CacheError::Digest { wanted, found });
        }
        self.file.get_ref().sync_all().await.map_err(CacheError::at(&self.path))?;
        let into_place = |from: &Path| fs::rename(from, shelf.path(&wanted)).and_then(|()| sync_folder(shelf.dir()));
        into_place(&self.path).map_err(CacheError::at(&self.path))
    }
}
