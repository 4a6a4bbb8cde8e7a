//! A radio that writes SigMF recordings.

mod prune;
mod sigmf;

use super::pace::Pacer;
use super::{Radio, RecordingFiles, RecordingName, Tuning};
use anyhow::bail;
use challengectl_common::{ChallengeName, Timestamp};
use challengectl_host::durable::{self, Readers};
use challengectl_waveform::Complex32;
use fs_err::{self as fs, File};
use prune::make_room;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha512};
use sigmf::{Completion, describe};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Two little-endian 32-bit floats.
const SAMPLE_BYTES: u64 = 8;

/// Bytes of the challenge's name in the name of a recording. With time, id and extension it stays below the 255 bytes
/// that Linux allows.
const MAX_NAME_BYTES: usize = 190;

/// The keys of the driver `file`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The folder of the recordings.
    #[serde(default = "default_directory")]
    pub directory: PathBuf,
    /// The maximum size of all recordings in bytes; beyond it the oldest are deleted.
    #[serde(default)]
    pub keep_bytes: Option<u64>,
    /// Whether a recording takes as long as on air, instead of being written as fast as possible.
    #[serde(default)]
    pub paced: bool,
}

fn default_directory() -> PathBuf {
    PathBuf::from("recordings")
}

impl super::Settings for Settings {
    fn unconfigured() -> Option<Self> {
        Some(Self { directory: PathBuf::from("."), keep_bytes: None, paced: false })
    }

    fn open(&self, tuning: &Tuning) -> anyhow::Result<Box<dyn Radio>> {
        fs::create_dir_all(&self.directory)?;
        if let Some(limit) = self.keep_bytes {
            make_room(&self.directory, tuning.samples.saturating_mul(SAMPLE_BYTES), limit)?;
        }
        let (dir, pacer) = (self.directory.clone(), Pacer::new(self.paced, tuning.sample_rate));
        Ok(Box::new(Recorder { dir, tuning: tuning.clone(), pacer, bytes: Vec::new(), recording: None }))
    }

    fn resolve(&mut self, folder: &Path) {
        self.directory = folder.join(&self.directory);
    }

    fn pace(&mut self) {
        self.paced = true;
    }

    fn recording(&self, challenge: &ChallengeName) -> Option<RecordingFiles> {
        Some(files(&self.directory, challenge.as_str()))
    }

    fn record_in(&mut self, folder: &Path) -> bool {
        folder.clone_into(&mut self.directory);
        true
    }
}

struct Recorder {
    dir: PathBuf,
    tuning: Tuning,
    pacer: Pacer,
    /// A block in the encoding of the file.
    bytes: Vec<u8>,
    /// `None` while the carrier would be off.
    recording: Option<Recording>,
}

struct Recording {
    began: Timestamp,
    meta: PathBuf,
    /// Locked while it is open, so that no other process deletes it.
    data: File,
    samples: u64,
    digest: Sha512,
}

impl Radio for Recorder {
    fn start(&mut self) -> anyhow::Result<()> {
        let recording = Recording::begin(&self.dir, &self.tuning)?;
        recording.describe(&self.tuning, None)?;
        self.recording = Some(recording);
        self.pacer.start();
        Ok(())
    }

    fn write(&mut self, samples: &[Complex32]) -> anyhow::Result<()> {
        let Some(recording) = &mut self.recording else { return Ok(()) };
        self.bytes.clear();
        for sample in samples {
            self.bytes.extend_from_slice(&sample.re.to_le_bytes());
            self.bytes.extend_from_slice(&sample.im.to_le_bytes());
        }
        recording.data.write_all(&self.bytes)?;
        recording.digest.update(&self.bytes);
        recording.samples += samples.len() as u64;
        self.pacer.wait(samples.len());
        Ok(())
    }

    fn stop(&mut self) -> anyhow::Result<()> {
        let Some(recording) = self.recording.take() else { return Ok(()) };
        let sha512 = recording.digest.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        recording.describe(&self.tuning, Some(&Completion { samples: recording.samples, sha512 }))
    }
}

impl Recording {
    fn begin(dir: &Path, tuning: &Tuning) -> anyhow::Result<Self> {
        let began = Timestamp::now();
        let stem = match tuning.recording {
            RecordingName::Challenge => tuning.challenge.to_string(),
            RecordingName::Assignment(id) => {
                let time: String = began.to_string().chars().filter(|c| !matches!(c, '-' | ':')).collect();
                format!("{time}_{}_{id}", shortened(tuning.challenge.as_str()))
            }
        };
        let RecordingFiles { meta, data } = files(dir, &stem);
        Ok(Self { began, meta, data: create_locked(&data)?, samples: 0, digest: Sha512::new() })
    }

    fn describe(&self, tuning: &Tuning, completion: Option<&Completion>) -> anyhow::Result<()> {
        let text = format!("{:#}\n", describe(tuning, self.began, completion));
        durable::replace(&self.meta, text.as_bytes(), Readers::Umask)?;
        Ok(())
    }
}

fn files(dir: &Path, stem: &str) -> RecordingFiles {
    // Not `with_extension`: a name may contain dots.
    let file = |ending| dir.join(format!("{stem}.{ending}"));
    RecordingFiles { meta: file("sigmf-meta"), data: file("sigmf-data") }
}

fn shortened(name: &str) -> &str {
    name.get(..name.floor_char_boundary(MAX_NAME_BYTES)).unwrap_or(name)
}

/// Creates an empty file and locks it.
fn create_locked(path: &Path) -> anyhow::Result<File> {
    let file = fs::OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
    if file.try_lock().is_err() {
        bail!("{}: another transmission is being recorded under this name", path.display());
    }
    file.set_len(0)?;
    Ok(file)
}
