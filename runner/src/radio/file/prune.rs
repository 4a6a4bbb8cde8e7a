//! Limits the size of a folder of recordings, so that an unattended runner does not fill the disk.

use anyhow::ensure;
use fs_err::{self as fs, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Deletes the oldest recordings in `dir` until `needed` more bytes fit within `limit`. Deletes only files named by a
/// runner, and none that is being written.
pub(super) fn make_room(dir: &Path, needed: u64, limit: u64) -> anyhow::Result<()> {
    ensure!(needed <= limit, "the recording takes {needed} bytes, more than the keep_bytes of {limit}");
    let mut recordings = recordings(dir)?;
    // By time, with which the names begin.
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
    /// Deletes the recording, unless it is being written. Returns whether it did.
    fn delete(&self) -> anyhow::Result<bool> {
        let file = File::open(&self.data)?;
        if file.try_lock().is_err() {
            return Ok(false);
        }
        fs::remove_file(&self.data)?;
        match fs::remove_file(self.data.with_extension("sigmf-meta")) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(true),
        }
    }
}

fn recordings(dir: &Path) -> anyhow::Result<Vec<Recording>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let data = entry.path();
        if is_named_by_a_runner(&data)
            && let Ok(metadata) = entry.metadata()
        {
            found.push(Recording { data, size: metadata.len() });
        }
    }
    Ok(found)
}

/// Returns whether a name looks like `20261122T093000.123Z_NAME_ID.sigmf-data`.
fn is_named_by_a_runner(path: &Path) -> bool {
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
    fn the_oldest_recordings_are_deleted_first_and_no_other_files() {
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
        let writer = File::open(&data).unwrap();
        writer.try_lock().unwrap();
        make_room(dir.path(), 50, 60).unwrap();
        assert!(data.exists());
    }

    #[test]
    fn a_recording_longer_than_the_limit_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let error = make_room(dir.path(), 61, 60).unwrap_err().to_string();
        assert!(error.contains("more than the keep_bytes of 60"), "{error}");
    }
}
