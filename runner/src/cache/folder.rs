//! The folder of cached files: their paths, which are in use, and which are deleted to make room.

use super::CacheError;
use challengectl_common::Digest;
use fs_err as fs;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

pub(super) struct CacheFolder {
    dir: PathBuf,
    /// The maximum size in bytes.
    limit: u64,
    /// The files that are pinned or being downloaded.
    in_use: Mutex<HashMap<Digest, Use>>,
}

#[derive(Default)]
struct Use {
    pins: usize,
    /// The size of the complete file.
    expected: u64,
}

/// A cached file. It is not deleted while this value exists.
pub(crate) struct PinnedFile {
    folder: Arc<CacheFolder>,
    digest: Digest,
    path: PathBuf,
}

impl PinnedFile {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn digest(&self) -> Digest {
        self.digest
    }
}

impl Drop for PinnedFile {
    fn drop(&mut self) {
        let mut in_use = self.folder.in_use.lock();
        if let Some(used) = in_use.get_mut(&self.digest) {
            used.pins -= 1;
            if used.pins == 0 {
                in_use.remove(&self.digest);
            }
        }
    }
}

struct Occupant {
    used: SystemTime,
    size: u64,
    path: PathBuf,
}

impl CacheFolder {
    pub(super) fn new(dir: &Path, limit: u64) -> Self {
        Self { dir: dir.to_owned(), limit, in_use: Mutex::default() }
    }

    pub(super) fn pin(folder: &Arc<Self>, digest: Digest) -> PinnedFile {
        folder.in_use.lock().entry(digest).or_default().pins += 1;
        PinnedFile { folder: Arc::clone(folder), digest, path: folder.path(&digest) }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn path(&self, digest: &Digest) -> PathBuf {
        self.dir.join(digest.to_string())
    }

    /// Returns the path of the bytes fetched so far.
    pub(super) fn part(&self, digest: &Digest) -> PathBuf {
        self.dir.join(format!("{digest}.part"))
    }

    /// Records that the file is used now, for the order of deletion.
    pub(super) fn touch(&self, digest: &Digest) {
        let _ =
            File::options().append(true).open(self.path(digest)).and_then(|file| file.set_modified(SystemTime::now()));
    }

    /// Deletes the least recently used files until all `size` bytes of this one fit, beside the other downloads.
    pub(super) fn make_room(&self, digest: &Digest, size: u64) -> Result<(), CacheError> {
        if size > self.limit {
            return Err(CacheError::TooLarge { size, limit: self.limit });
        }
        let mut in_use = self.in_use.lock();
        in_use.entry(*digest).or_default().expected = size;
        let to_come = |(digest, used): (&Digest, &Use)| used.expected.saturating_sub(self.fetched(digest));
        let mut occupants = self.occupants()?;
        occupants.sort_by_key(|occupant| occupant.used);
        let sizes = occupants.iter().map(|occupant| occupant.size).chain(in_use.iter().map(to_come));
        let mut total = sizes.fold(0, u64::saturating_add);
        let is_in_use =
            |path: &Path| in_use.keys().any(|digest| *path == self.path(digest) || *path == self.part(digest));
        for occupant in occupants.iter().filter(|occupant| !is_in_use(&occupant.path)) {
            if total <= self.limit {
                break;
            }
            fs::remove_file(&occupant.path)?;
            total -= occupant.size;
        }
        if total > self.limit {
            return Err(CacheError::TooLarge { size: total, limit: self.limit });
        }
        Ok(())
    }

    fn fetched(&self, digest: &Digest) -> u64 {
        let size = |path: PathBuf| fs::metadata(path).map_or(0, |metadata| metadata.len());
        size(self.path(digest)).max(size(self.part(digest)))
    }

    fn occupants(&self) -> io::Result<Vec<Occupant>> {
        let mut occupants = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            occupants.push(Occupant { used: metadata.modified()?, size: metadata.len(), path: entry.path() });
        }
        Ok(occupants)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn put(folder: &CacheFolder, content: &[u8], age: u64) -> Digest {
        let digest = Digest::of(content);
        fs::write(folder.path(&digest), content).unwrap();
        let file = File::options().append(true).open(folder.path(&digest)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
        digest
    }

    #[test]
    fn the_least_recently_used_file_is_deleted_first_and_none_that_is_in_use() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Arc::new(CacheFolder::new(dir.path(), 300));
        let (oldest, older, newest) =
            (put(&folder, &[1; 100], 30), put(&folder, &[2; 100], 20), put(&folder, &[3; 100], 10));
        let pinned = CacheFolder::pin(&folder, oldest);
        let new = CacheFolder::pin(&folder, Digest::of(b"new"));
        folder.make_room(&new.digest(), 100).unwrap();
        assert!(pinned.path().exists() && !folder.path(&older).exists() && folder.path(&newest).exists());
        // The remaining bytes of the new file count as if they were there.
        let newer = CacheFolder::pin(&folder, Digest::of(b"newer"));
        let refused = folder.make_room(&newer.digest(), 150);
        assert!(matches!(refused, Err(CacheError::TooLarge { size: 350, limit: 300 })), "{refused:?}");
    }

    #[test]
    fn a_file_larger_than_the_cache_is_refused_and_nothing_deleted_for_it() {
        let dir = tempfile::tempdir().unwrap();
        let folder = CacheFolder::new(dir.path(), 300);
        let digest = put(&folder, &[1; 100], 30);
        assert!(matches!(
            folder.make_room(&Digest::of(b"new"), 301),
            Err(CacheError::TooLarge { size: 301, limit: 300 })
        ));
        assert!(folder.path(&digest).exists());
    }
}
