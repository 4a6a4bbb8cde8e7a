//! Downloads a file: resumed where the last attempt ended, hashed on arrival.

use super::folder::CacheFolder;
use super::{CacheError, blocking};
use crate::api::backoff::Backoff;
use crate::api::{Api, ApiError, SILENCE_TIMEOUT};
use challengectl_common::{Digest, Hasher};
use challengectl_host::{durable, hash};
use fs_err as fs;
use reqwest::{Response, StatusCode, header};
use std::path::{Path, PathBuf};
use tokio::io::{AsyncWriteExt, BufWriter};

/// The maximum number of consecutive attempts without a single byte. With their pauses they take about three minutes,
/// in which the radio that waits for the file is blocked.
const MAX_FRUITLESS: u32 = 12;

pub(super) async fn download(folder: &CacheFolder, api: &Api, digest: Digest) -> Result<(), CacheError> {
    let (mut backoff, mut fruitless) = (Backoff::new(), 0);
    loop {
        let before = fetched(&folder.part(&digest));
        let attempted = attempt(folder, api, digest).await;
        fruitless = if fetched(&folder.part(&digest)) > before { 0 } else { fruitless + 1 };
        match attempted {
            Err(error) if error.may_pass() && fruitless < MAX_FRUITLESS => {
                tracing::info!("{digest}: {error}; trying again");
                tokio::time::sleep(backoff.next()).await;
            }
            Err(error) if error.is_disk_full() => {
                // The disk is full: free space matters more than resuming later.
                let _ = fs::remove_file(folder.part(&digest));
                return Err(CacheError::DiskFull(folder.dir().to_owned()));
            }
            ended => return ended,
        }
    }
}

fn fetched(part: &Path) -> u64 {
    fs::metadata(part).map_or(0, |metadata| metadata.len())
}

async fn attempt(folder: &CacheFolder, api: &Api, digest: Digest) -> Result<(), CacheError> {
    let path = folder.part(&digest);
    let have = fetched(&path);
    let response = match api.file(&digest, have).await {
        Err(error) if error.is(StatusCode::RANGE_NOT_SATISFIABLE) => {
            fs::remove_file(&path)?;
            api.file(&digest, 0).await?
        }
        answered => answered?,
    };
    let resumed = response.status() == StatusCode::PARTIAL_CONTENT;
    if resumed && begin(&response) != Some(have) {
        let _ = fs::remove_file(&path);
        return Err(ApiError::Unreachable("it sent another part of the file than was requested".to_owned()).into());
    }
    let Some(rest) = response.content_length() else {
        return Err(ApiError::Unreachable("it does not give the length of the file".to_owned()).into());
    };
    folder.make_room(&digest, if resumed { have.saturating_add(rest) } else { rest })?;
    let mut part = Part::open(path, resumed && have > 0).await?;
    part.receive(response, rest).await?;
    part.keep(folder, digest).await
}

/// Returns the number of the first byte of a partial response.
fn begin(response: &Response) -> Option<u64> {
    let range = response.headers().get(header::CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok()
}

/// The bytes fetched so far.
struct Part {
    path: PathBuf,
    file: BufWriter<fs::tokio::File>,
    hasher: Hasher,
}

impl Part {
    async fn open(path: PathBuf, resumed: bool) -> Result<Self, CacheError> {
        let hasher = if resumed { hash_so_far(path.clone()).await? } else { Hasher::default() };
        let mut options = fs::tokio::OpenOptions::new();
        options.create(true).append(resumed).write(true).truncate(!resumed);
        let file = options.open(&path).await?;
        Ok(Self { path, file: BufWriter::with_capacity(256 * 1024, file), hasher })
    }

    /// Receives as many bytes as announced, and no more.
    async fn receive(&mut self, mut response: Response, announced: u64) -> Result<(), CacheError> {
        let mut left = announced;
        loop {
            let Ok(chunk) = tokio::time::timeout(SILENCE_TIMEOUT, response.chunk()).await else {
                self.file.flush().await?;
                return Err(ApiError::silent().into());
            };
            match chunk {
                Ok(Some(bytes)) => {
                    let Some(rest) = left.checked_sub(bytes.len() as u64) else {
                        self.file.flush().await?;
                        return Err(ApiError::Unreachable("it sent more than it announced".to_owned()).into());
                    };
                    left = rest;
                    self.hasher.update(&bytes);
                    self.file.write_all(&bytes).await?;
                }
                Ok(None) => return Ok(self.file.flush().await?),
                Err(error) => {
                    self.file.flush().await?;
                    return Err(ApiError::from(error).into());
                }
            }
        }
    }

    /// Moves the file to its place if its digest is the wanted one.
    async fn keep(self, folder: &CacheFolder, wanted: Digest) -> Result<(), CacheError> {
        let found = self.hasher.finish();
        if found != wanted {
            fs::remove_file(&self.path)?;
            return Err(CacheError::Digest { wanted, found });
        }
        self.file.get_ref().sync_all().await?;
        durable::rename(&self.path, &folder.path(&wanted))?;
        Ok(())
    }
}

async fn hash_so_far(path: PathBuf) -> std::io::Result<Hasher> {
    let hash = move || {
        let mut hasher = Hasher::default();
        hash::feed(&path, &mut hasher)?;
        Ok(hasher)
    };
    blocking(hash).await
}
