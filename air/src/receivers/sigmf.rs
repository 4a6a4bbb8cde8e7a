//! Recordings in SigMF: samples as `cf32_le`, and their metadata (<https://sigmf.org>).

use crate::Block;
use serde_json::json;
use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Bytes of a sample.
const SAMPLE_BYTES: u64 = 8;

/// A recording that is being made.
#[derive(Debug)]
pub struct Recording {
    meta: PathBuf,
    data: BufWriter<fs_err::File>,
    centre_hz: f64,
    rate: u32,
    samples: u64,
    max_samples: u64,
    /// The number of the sample that is expected next; `None` before the first.
    next: Option<u64>,
    /// Where samples were lost: positions in the recording.
    gaps: Vec<u64>,
}

impl Recording {
    /// Begins a recording in the files `STEM.sigmf-data` and `STEM.sigmf-meta`, of at most `max_bytes` of samples.
    ///
    /// # Errors
    /// `STEM.sigmf-data` cannot be created.
    pub fn begin(stem: &Path, centre_hz: f64, rate: u32, max_bytes: u64) -> io::Result<Self> {
        let file = |ending: &str| {
            // Not `with_extension`: a name may contain dots.
            let mut name = OsString::from(stem);
            name.push(ending);
            PathBuf::from(name)
        };
        Ok(Self {
            meta: file(".sigmf-meta"),
            data: BufWriter::new(fs_err::File::create(file(".sigmf-data"))?),
            centre_hz,
            rate,
            samples: 0,
            max_samples: max_bytes / SAMPLE_BYTES,
            next: None,
            gaps: Vec::new(),
        })
    }

    /// Adds a block; returns whether there is room for more.
    ///
    /// # Errors
    /// The samples cannot be written, as on a full disk.
    pub fn add(&mut self, block: &Block) -> io::Result<bool> {
        if self.next.is_some_and(|next| next != block.first) {
            self.gaps.push(self.samples);
        }
        let left = usize::try_from(self.max_samples - self.samples).unwrap_or(usize::MAX);
        for sample in block.samples.iter().take(left) {
            self.data.write_all(&sample.re.to_le_bytes())?;
            self.data.write_all(&sample.im.to_le_bytes())?;
        }
        self.samples += block.samples.len().min(left) as u64;
        self.next = Some(block.first + block.samples.len() as u64);
        Ok(self.samples < self.max_samples)
    }

    /// Ends the recording and writes its metadata; returns its number of samples.
    ///
    /// # Errors
    /// A file cannot be written, as on a full disk.
    pub fn end(mut self) -> io::Result<u64> {
        self.data.flush()?;
        let gap = |at: &u64| json!({"core:sample_start": at, "core:comment": "samples were lost here"});
        let metadata = json!({
            "global": {
                "core:datatype": "cf32_le",
                "core:version": "1.2.5",
                "core:sample_rate": self.rate,
                "core:recorder": "ChallengeCtl",
            },
            "captures": [{"core:sample_start": 0, "core:frequency": self.centre_hz}],
            "annotations": self.gaps.iter().map(gap).collect::<Vec<_>>(),
        });
        fs_err::write(&self.meta, format!("{metadata:#}\n"))?;
        Ok(self.samples)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use challengectl_dsp::Complex32;

    #[test]
    fn a_recording_holds_what_was_heard_up_to_its_limit_and_says_where_something_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let stem = folder.path().join("a.b");
        let mut recording = Recording::begin(&stem, 1e8, 48_000, 100).unwrap();
        let block = |first, len| Block { first, samples: vec![Complex32::new(0.5, -1.0); len].into() };
        assert!(recording.add(&block(100, 4)).unwrap());
        assert!(recording.add(&block(200, 4)).unwrap());
        assert!(!recording.add(&block(204, 8)).unwrap());
        assert_eq!(recording.end().unwrap(), 12);
        let data = std::fs::read(folder.path().join("a.b.sigmf-data")).unwrap();
        assert_eq!((data.len(), &data[..8]), (96, &[0, 0, 0, 63, 0, 0, 128, 191][..]));
        let meta = std::fs::read_to_string(folder.path().join("a.b.sigmf-meta")).unwrap();
        let meta: serde_json::Value = serde_json::from_str(&meta).unwrap();
        assert_eq!(meta["annotations"][0]["core:sample_start"], 4);
        assert_eq!(meta["captures"][0]["core:frequency"], 1e8);
    }
}
