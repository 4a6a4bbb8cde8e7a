//! Event files in folders of their own.

use challengectl_common::challenge::{Kind, TransmissionSpec};
use challengectl_event::{Challenge, Event, read};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder with an event in `event/`, and other files.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        fs::create_dir(folder.path("event")).unwrap();
        folder
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn with(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    pub fn event(&self, name: &str) -> Event {
        read(&self.path(name), None).unwrap_or_else(|refused| panic!("{refused}"))
    }

    /// Returns the problems of the file, each as `LINE NAME: TEXT`.
    pub fn problems(&self, name: &str) -> Vec<String> {
        let refused = read(&self.path(name), None).expect_err("it must be refused").0;
        refused.into_iter().map(|problem| said(problem.line, problem.challenge, &problem.text)).collect()
    }
}

pub fn said(line: Option<u64>, challenge: Option<String>, text: &str) -> String {
    let line = line.map(|line| line.to_string()).unwrap_or_default();
    format!("{line} {}: {text}", challenge.unwrap_or_default())
}

pub fn remarks(event: &Event) -> Vec<String> {
    event.remarks.iter().map(|remark| said(remark.line, remark.challenge.clone(), &remark.text)).collect()
}

pub fn yaml(text: &str) -> Event {
    Folder::new().with("event/challenges.yml", text).event("event/challenges.yml")
}

pub fn yaml_problems(text: &str) -> Vec<String> {
    Folder::new().with("event/challenges.yml", text).problems("event/challenges.yml")
}

pub fn only(event: &Event) -> &Challenge {
    assert_eq!(event.challenges.len(), 1);
    &event.challenges[0]
}

/// Returns the transmission of a challenge.
pub fn transmission(challenge: &Challenge) -> &TransmissionSpec {
    let Kind::Transmission(transmission) = &challenge.spec.kind;
    transmission
}

/// Asserts that there is exactly one problem and that it contains all of `parts`.
#[track_caller]
pub fn assert_refused(problems: &[String], parts: &[&str]) {
    assert_eq!(problems.len(), 1, "{problems:#?}");
    for part in parts {
        assert!(problems[0].contains(part), "{part:?} is not in {:?}", problems[0]);
    }
}

/// Returns a fifth of a second of a tone as WAV, 16 bits, mono.
pub fn wav(rate: u32) -> Vec<u8> {
    let samples = (0..rate / 5).map(|n| (f64::from(n) * 0.1).sin() * 8000.0);
    let data: Vec<u8> = samples.flat_map(|sample| (sample as i16).to_le_bytes()).collect();
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + data.len() as u32).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(rate.to_le_bytes());
    wav.extend((rate * 2).to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend((data.len() as u32).to_le_bytes());
    wav.extend(data);
    wav
}

pub fn manifest(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
