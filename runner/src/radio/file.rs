//! A radio that writes SigMF recordings.

use super::pace::Pacer;
use super::prune::make_room;
use super::sigmf::{Completion, describe};
use super::{Radio, RadioError, Title, Tuning};
use crate::durable::{self, Readers};
use challengectl_common::Timestamp;
use challengectl_waveform::Complex32;
use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha512};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Two little-endian 32-bit floats.
const SAMPLE_BYTES: u64 = 8;

/// What `runner.yml` says of such a radio.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where the recordings go.
    #[serde(default = "default_directory")]
    pub directory: PathBuf,
    /// The oldest go when all would take more than this.
    #[serde(default)]
    pub keep_bytes: Option<u64>,
    /// As long as on air, rather than as fast as the host can.
    #[serde(default)]
    pub paced: bool,
}

fn default_directory() -> PathBuf {
    PathBuf::from("recordings")
}

impl Settings {
    pub(super) fn resolve(&mut self, folder: &Path) {
        self.directory = folder.join(&self.directory);
    }

    pub(super) fn open(&self, tuning: &Tuning) -> Result<impl Radio + 'static, RadioError> {
        fs::create_dir_all(&self.directory).map_err(RadioError::at(&self.directory))?;
        if let Some(limit) = self.keep_bytes {
            make_room(&self.directory, tuning.samples.saturating_mul(SAMPLE_BYTES), limit)?;
        }
        let pacer = Pacer::new(self.paced, tuning.sample_rate);
        Ok(Recorder { dir: self.directory.clone(), tuning: tuning.clone(), pacer, bytes: Vec::new(), recording: None })
    }
}

struct Recorder {
    dir: PathBuf,
    tuning: Tuning,
    pacer: Pacer,
    /// Samples as they are written.
    bytes: Vec<u8>,
    /// None while the carrier would be off.
    recording: Option<Recording>,
}

struct Recording {
    began: Timestamp,
    data: Flock<File>,
    data_path: PathBuf,
    samples: u64,
    digest: Sha512,
}

impl Radio for Recorder {
    fn start(&mut self) -> Result<(), RadioError> {
        let recording = Recording::begin(&self.dir, &self.tuning)?;
        recording.describe(&self.tuning, None)?;
        self.recording = Some(recording);
        self.pacer.start();
        Ok(())
    }

    fn write(&mut self, samples: &[Complex32]) -> Result<(), RadioError> {
        let Some(recording) = &mut self.recording else { return Ok(()) };
        self.bytes.clear();
        for sample in samples {
            self.bytes.extend_from_slice(&sample.re.to_le_bytes());
            self.bytes.extend_from_slice(&sample.im.to_le_bytes());
        }
        recording.data.write_all(&self.bytes).map_err(RadioError::at(&recording.data_path))?;
        recording.digest.update(&self.bytes);
        recording.samples += samples.len() as u64;
        self.pacer.wait(samples.len());
        Ok(())
    }

    fn stop(&mut self) -> Result<(), RadioError> {
        let Some(recording) = self.recording.take() else { return Ok(()) };
        let sha512 = recording.digest.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        recording.describe(&self.tuning, Some(&Completion { samples: recording.samples, sha512 }))
    }
}

impl Recording {
    fn begin(dir: &Path, tuning: &Tuning) -> Result<Self, RadioError> {
        let began = Timestamp::now();
        let stem = match tuning.title {
            Title::Challenge => tuning.challenge.to_string(),
            Title::Assignment(id) => {
                let time: String = began.to_string().chars().filter(|c| !matches!(c, '-' | ':')).collect();
                format!("{time}_{}_{id}", shortened(tuning.challenge.as_str()))
            }
        };
        // Not `with_extension`: a name may contain dots.
        let data_path = dir.join(format!("{stem}.sigmf-data"));
        let data = create(&data_path).map_err(RadioError::at(&data_path))?;
        Ok(Self { began, data, data_path, samples: 0, digest: Sha512::new() })
    }

    fn describe(&self, tuning: &Tuning, completion: Option<&Completion>) -> Result<(), RadioError> {
        let path = self.data_path.with_extension("sigmf-meta");
        let text = format!("{:#}\n", describe(tuning, self.began, completion));
        durable::replace(&path, text.as_bytes(), Readers::Umask).map_err(RadioError::at(&path))
    }
}

/// So that with time, id and ending the file's name keeps to the 255 bytes that Linux allows.
fn shortened(name: &str) -> &str {
    name.get(..name.floor_char_boundary(190)).unwrap_or(name)
}

/// An empty file, locked for as long as it is open, so that nobody prunes it.
fn create(path: &Path) -> io::Result<Flock<File>> {
    let file = File::options().write(true).create(true).truncate(false).open(path)?;
    let file = Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|_| {
        io::Error::new(io::ErrorKind::ResourceBusy, "another transmission is being recorded under this name")
    })?;
    file.set_len(0)?;
    Ok(file)
}
