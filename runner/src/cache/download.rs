//! Fetches one file: resumed where the last attempt ended, verified as it comes.

use super::shelf::Shelf;
use super::{CacheError, hash_file};
use crate::agent::api::{Api, ApiError, SILENCE};
use crate::agent::backoff::Backoff;
use crate::durable::sync_folder;
use challengectl_common::{Digest, Hasher};
use reqwest::{Response, StatusCode, header};
use std::fs;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncWriteExt, BufWriter};

/// Attempts in a row that bring not a byte. With the pauses between them they take about three minutes; a radio that
/// waits for a file can do nothing else meanwhile.
const MAX_FRUITLESS: u32 = 12;

pub(super) async fn download(shelf: &Shelf, api: &Api, digest: Digest) -> Result<(), CacheError> {
    let (mut backoff, mut fruitless) = (Backoff::new(), 0);
    loop {
        let before = fetched(&shelf.part(&digest));
        let attempted = attempt(shelf, api, digest).await;
        fruitless = if fetched(&shelf.part(&digest)) > before { 0 } else { fruitless + 1 };
        match attempted {
            Err(error) if error.may_pass() && fruitless < MAX_FRUITLESS => {
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

fn fetched(part: &Path) -> u64 {
    fs::metadata(part).map_or(0, |metadata| metadata.len())
}

async fn attempt(shelf: &Shelf, api: &Api, digest: Digest) -> Result<(), CacheError> {
    let path = shelf.part(&digest);
    let have = fetched(&path);
    let response = match api.file(&digest, have).await {
        Err(error) if error.is(StatusCode::RANGE_NOT_SATISFIABLE) => {
            fs::remove_file(&path).map_err(CacheError::at(&path))?;
            api.file(&digest, 0).await?
        }
        answered => answered?,
    };
    let resumed = response.status() == StatusCode::PARTIAL_CONTENT;
    if resumed && begin(&response) != Some(have) {
        let _ = fs::remove_file(&path);
        return Err(ApiError::Unreachable("it sent another part of the file than was asked for".to_owned()).into());
    }
    let Some(rest) = response.content_length() else {
        return Err(ApiError::Unreachable("it does not tell the length of the file".to_owned()).into());
    };
    shelf.make_room(&digest, if resumed { have.saturating_add(rest) } else { rest })?;
    let mut part = Part::open(path, resumed && have > 0).await?;
    part.receive(response, rest).await?;
    let found = part.hasher.clone().finish();
    part.keep(shelf, digest, found).await
}

/// The first byte of the part that a response brings.
fn begin(response: &Response) -> Option<u64> {
    let range = response.headers().get(header::CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok()
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

    /// Reads as many bytes as were announced, and stops there.
    async fn receive(&mut self, mut response: Response, announced: u64) -> Result<(), CacheError> {
        let mut left = announced;
        loop {
            let Ok(chunk) = tokio::time::timeout(SILENCE, response.chunk()).await else {
                self.flush().await?;
                return Err(ApiError::silent().into());
            };
            match chunk {
                Ok(Some(bytes)) => {
                    let Some(rest) = left.checked_sub(bytes.len() as u64) else {
                        self.flush().await?;
                        return Err(ApiError::Unreachable("it sent more than it announced".to_owned()).into());
                    };
                    left = rest;
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
