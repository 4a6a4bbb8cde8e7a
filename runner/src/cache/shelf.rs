//! Where cached files lie, which are in use, and which have to go.

use super::{CacheError, lock};
use challengectl_common::Digest;
use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

pub(super) struct Shelf {
    dir: PathBuf,
    limit: u64,
    in_use: Mutex<HashMap<Digest, Use>>,
}

#[derive(Default)]
struct Use {
    holders: usize,
    /// The size that the file will have when all of it has come.
    expected: u64,
}

/// A file that stays as long as this exists.
pub struct Held {
    shelf: Arc<Shelf>,
    digest: Digest,
    path: PathBuf,
}

impl Held {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn digest(&self) -> Digest {
        self.digest
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut in_use = lock(&self.shelf.in_use);
        if let Some(used) = in_use.get_mut(&self.digest) {
            used.holders -= 1;
            if used.holders == 0 {
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

impl Shelf {
    pub(super) fn new(dir: &Path, limit: u64) -> Self {
        Self { dir: dir.to_owned(), limit, in_use: Mutex::default() }
    }

    pub(super) fn hold(shelf: &Arc<Self>, digest: Digest) -> Held {
        lock(&shelf.in_use).entry(digest).or_default().holders += 1;
        Held { shelf: Arc::clone(shelf), digest, path: shelf.path(&digest) }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn path(&self, digest: &Digest) -> PathBuf {
        self.dir.join(digest.to_string())
    }

    /// What has been fetched so far.
    pub(super) fn part(&self, digest: &Digest) -> PathBuf {
        self.dir.join(format!("{digest}.part"))
    }

    /// Notes that the file was used now. Only the order of deletion depends on it.
    pub(super) fn touch(&self, digest: &Digest) {
        let _ =
            File::options().append(true).open(self.path(digest)).and_then(|file| file.set_modified(SystemTime::now()));
    }

    /// Deletes what was used least recently, until all of this file will fit, beside the others that are coming.
    pub(super) fn make_room(&self, digest: &Digest, size: u64) -> Result<(), CacheError> {
        if size > self.limit {
            return Err(CacheError::TooLarge { size, limit: self.limit });
        }
        let mut in_use = lock(&self.in_use);
        in_use.entry(*digest).or_default().expected = size;
        let to_come = |(digest, used): (&Digest, &Use)| used.expected.saturating_sub(self.fetched(digest));
        let mut occupants = self.occupants().map_err(CacheError::at(&self.dir))?;
        occupants.sort_by_key(|occupant| occupant.used);
        let sizes = occupants.iter().map(|occupant| occupant.size).chain(in_use.iter().map(to_come));
        let mut total = sizes.fold(0, u64::saturating_add);
        let is_in_use =
            |path: &Path| in_use.keys().any(|digest| *path == self.path(digest) || *path == self.part(digest));
        for occupant in occupants.iter().filter(|occupant| !is_in_use(&occupant.path)) {
            if total <= self.limit {
                break;
            }
            fs::remove_file(&occupant.path).map_err(CacheError::at(&occupant.path))?;
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

    fn occupants(&self) -> std::io::Result<Vec<Occupant>> {
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

    fn put(shelf: &Shelf, content: &[u8], age: u64) -> Digest {
        let digest = Digest::of(content);
        fs::write(shelf.path(&digest), content).unwrap();
        let file = File::options().append(true).open(shelf.path(&digest)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
        digest
    }

    #[test]
    fn the_least_recently_used_file_goes_first_and_none_that_is_in_use() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Arc::new(Shelf::new(dir.path(), 300));
        let (oldest, older, newest) =
            (put(&shelf, &[1; 100], 30), put(&shelf, &[2; 100], 20), put(&shelf, &[3; 100], 10));
        let held = Shelf::hold(&shelf, oldest);
        let new = Shelf::hold(&shelf, Digest::of(b"new"));
        shelf.make_room(&new.digest(), 100).unwrap();
        assert!(held.path().exists() && !shelf.path(&older).exists() && shelf.path(&newest).exists());
        // What is still to come of the new file counts as if it were there.
        let newer = Shelf::hold(&shelf, Digest::of(b"newer"));
        let refused = shelf.make_room(&newer.digest(), 150);
        assert!(matches!(refused, Err(CacheError::TooLarge { size: 350, limit: 300 })), "{refused:?}");
    }

    #[test]
    fn a_file_larger_than_the_cache_is_refused_and_nothing_deleted_for_it() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(dir.path(), 300);
        let digest = put(&shelf, &[1; 100], 30);
        assert!(matches!(
            shelf.make_room(&Digest::of(b"new"), 301),
            Err(CacheError::TooLarge { size: 301, limit: 300 })
        ));
        assert!(shelf.path(&digest).exists());
    }
}
