//! Keeps a folder of recordings within its limit, so that days without anybody looking do not fill the disk.

use super::RadioError;
use nix::fcntl::{Flock, FlockArg};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Deletes the oldest recordings in `dir` until `needed` bytes more fit under `limit`. Touches only those that a runner
/// named, and none that is being written.
pub(super) fn make_room(dir: &Path, needed: u64, limit: u64) -> Result<(), RadioError> {
    if needed > limit {
        return Err(RadioError::TooLong { needed, limit });
    }
    let mut recordings = recordings(dir)?;
    // The names begin with the time.
    recordings.sort();
    let mut total: u64 = recordings.iter().map(|recording| recording.size).sum();
    for recording in recordings {
        if total.saturating_add(needed) <= limit {
            return Ok(());
        }
        if recording.delete()? {
            total -= recording.size;
        }
    }
    Ok(())
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Recording {
    data: PathBuf,
    size: u64,
}

impl Recording {
    /// False when it is being written.
    fn delete(&self) -> Result<bool, RadioError> {
        let file = File::open(&self.data).map_err(RadioError::at(&self.data))?;
        let Ok(_lock) = Flock::lock(file, FlockArg::LockExclusiveNonblock) else { return Ok(false) };
        let description = self.data.with_extension("sigmf-meta");
        fs::remove_file(&self.data).map_err(RadioError::at(&self.data))?;
        match fs::remove_file(&description) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(RadioError::at(&description)(error)),
            _ => Ok(true),
        }
    }
}

fn recordings(dir: &Path) -> Result<Vec<Recording>, RadioError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(RadioError::at(dir))? {
        let entry = entry.map_err(RadioError::at(dir))?;
        let data = entry.path();
        if is_ours(&data)
            && let Ok(metadata) = entry.metadata()
        {
            found.push(Recording { data, size: metadata.len() });
        }
    }
    Ok(found)
}

/// `20261122T093000.123Z_NAME_ID.sigmf-data`.
fn is_ours(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let Some(stem) = name.strip_suffix(".sigmf-data") else { return false };
    let Some((time, rest)) = stem.split_once('_') else { return false };
    let Some((_, assignment)) = rest.rsplit_once('_') else { return false };
    time.len() == 20
        && time.ends_with('Z')
        && time.chars().all(|c| c.is_ascii_digit() || matches!(c, 'T' | '.' | 'Z'))
        && assignment.parse::<i64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(dir: &Path, stem: &str) -> PathBuf {
        fs::write(dir.join(format!("{stem}.sigmf-meta")), "{}").unwrap();
        let data = dir.join(format!("{stem}.sigmf-data"));
        fs::write(&data, [0; 100]).unwrap();
        data
    }

    #[test]
    fn the_oldest_recordings_go_first_and_nobody_elses() {
        let dir = tempfile::tempdir().unwrap();
        let old = record(dir.path(), "20261122T093000.123Z_A_B_7");
        let new = record(dir.path(), "20261122T093001.123Z_A_B_8");
        let foreign = record(dir.path(), "my own");
        make_room(dir.path(), 50, 160).unwrap();
        assert!(!old.exists() && !old.with_extension("sigmf-meta").exists());
        assert!(new.exists() && foreign.exists());
    }

    #[test]
    fn a_recording_that_is_being_written_stays() {
        let dir = tempfile::tempdir().unwrap();
        let data = record(dir.path(), "20261122T093000.123Z_A_7");
        let _writer = Flock::lock(File::open(&data).unwrap(), FlockArg::LockExclusive).unwrap();
        make_room(dir.path(), 50, 60).unwrap();
        assert!(data.exists());
    }

    #[test]
    fn a_recording_longer_than_the_limit_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(make_room(dir.path(), 61, 60), Err(RadioError::TooLong { .. })));
    }
}
