//! The recordings of runners: the proof of what was on air, independent of the database.

use anyhow::{Context, Result};
use challengectl_common::{Band, Timestamp};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// One transmission.
#[derive(Debug, Clone)]
pub struct Recording {
    pub meta: PathBuf,
    pub challenge: String,
    pub band: Band,
    /// Samples per second.
    pub rate: f64,
    /// The number of samples; fewer than the whole signal if it was cut.
    pub samples: u64,
    pub start: Timestamp,
    /// When the last sample was written: the only record of the end of a killed transmitter.
    pub end: Timestamp,
}

/// Returns all recordings in a folder and its subfolders, oldest first.
pub fn read_all(folder: &Path) -> Result<Vec<Recording>> {
    read_since(folder, Timestamp::from_millis(0))
}

/// Returns the recordings in a folder and its subfolders with samples after this moment, oldest first.
pub fn read_since(folder: &Path, moment: Timestamp) -> Result<Vec<Recording>> {
    let mut found = Vec::new();
    collect(folder, moment, &mut found)?;
    found.sort_by_key(|recording| recording.start);
    Ok(found)
}

fn collect(folder: &Path, moment: Timestamp, found: &mut Vec<Recording>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, moment, found)?;
        } else if path.extension().is_some_and(|extension| extension == "sigmf-meta") && end(&path)? > moment {
            found.push(read(&path).with_context(|| path.display().to_string())?);
        }
    }
    Ok(())
}

/// Returns when the last sample was written.
fn end(meta: &Path) -> Result<Timestamp> {
    moment(std::fs::metadata(meta.with_extension("sigmf-data"))?.modified()?)
}

fn moment(time: SystemTime) -> Result<Timestamp> {
    Ok(Timestamp::from_millis(i64::try_from(time.duration_since(UNIX_EPOCH)?.as_millis())?))
}

fn read(meta: &Path) -> Result<Recording> {
    let json: Value = serde_json::from_str(&std::fs::read_to_string(meta)?)?;
    let text = |pointer: &str| json.pointer(pointer).and_then(Value::as_str).with_context(|| format!("no {pointer}"));
    let number = |pointer: &str| json.pointer(pointer).and_then(Value::as_f64).with_context(|| format!("no {pointer}"));
    let edge = |name: &str| number(&format!("/annotations/0/core:freq_{name}_edge"));
    let data = std::fs::metadata(meta.with_extension("sigmf-data"))?;
    // The creation time, if the file system has it, since the runner's clock may have been set.
    let start = match data.created() {
        Ok(created) => moment(created)?,
        Err(_) => serde_json::from_value(text("/captures/0/core:datetime")?.into())?,
    };
    Ok(Recording {
        meta: meta.to_owned(),
        challenge: text("/annotations/0/core:label")?.to_owned(),
        band: Band::new(edge("lower")? as u64, edge("upper")? as u64).context("edges are not a band")?,
        rate: number("/global/core:sample_rate")?,
        samples: data.len() / 8,
        start,
        end: end(meta)?,
    })
}

/// Returns pairs that must not have been on air at the same time: one challenge twice, or two in one band.
pub fn clashes(recordings: &[Recording]) -> Vec<(Recording, Recording)> {
    let mut clashes = Vec::new();
    for (index, first) in recordings.iter().enumerate() {
        for second in recordings.iter().skip(index + 1).filter(|second| second.start < first.end) {
            if first.challenge == second.challenge || first.band.overlaps(&second.band) {
                clashes.push((first.clone(), second.clone()));
            }
        }
    }
    clashes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording(challenge: &str, band: (u64, u64), time: (i64, i64)) -> Recording {
        Recording {
            meta: PathBuf::new(),
            challenge: challenge.to_owned(),
            band: Band::new(band.0, band.1).unwrap(),
            rate: 1.0,
            samples: 0,
            start: Timestamp::from_millis(time.0),
            end: Timestamp::from_millis(time.1),
        }
    }

    #[test]
    fn one_challenge_twice_and_two_in_one_band_are_clashes() {
        let twice = [recording("A", (1, 2), (0, 10)), recording("A", (8, 9), (5, 15))];
        assert_eq!(clashes(&twice).len(), 1);
        let one_band = [recording("A", (1, 5), (0, 10)), recording("B", (5, 9), (9, 15))];
        assert_eq!(clashes(&one_band).len(), 1);
        let apart =
            [recording("A", (1, 5), (0, 10)), recording("B", (6, 9), (5, 15)), recording("A", (1, 5), (10, 20))];
        assert!(clashes(&apart).is_empty());
    }
}
