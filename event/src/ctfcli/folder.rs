//! Folders of challenges, each with its `challenge.yml`.

use super::{Finding, Form, Reading, read, read_with};
use crate::source;
use std::io;
use std::path::{Path, PathBuf};

/// Folders in folders: an organiser sorts challenges by category, and some by event.
const MAX_DEPTH: usize = 4;
const FILES: [&str; 2] = ["challenge.yml", "challenge.yaml"];
const COMPOSE: [&str; 4] = ["compose.yml", "compose.yaml", "docker-compose.yml", "docker-compose.yaml"];

/// A `challenge.yml` of a folder.
#[derive(Debug)]
pub struct Found {
    /// Its path.
    pub path: PathBuf,
    /// The challenge, without what is refused, unsupported or ignored; `None` if the file has none.
    pub form: Option<Form>,
    /// The findings about it and about the Compose file beside it, each with the path of its file.
    pub findings: Vec<(PathBuf, Finding)>,
}

/// Reads every `challenge.yml` in a folder and in those below it, with the Compose file beside it. Links are not followed.
///
/// # Errors
/// A folder cannot be read. A file that cannot be read is a finding.
pub fn read_folder(folder: &Path) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    search(folder, MAX_DEPTH, &mut found)?;
    Ok(found.into_iter().map(read_file).collect())
}

fn search(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries = std::fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        let is_hidden = name.to_string_lossy().starts_with('.');
        if kind.is_dir() && depth > 0 && !is_hidden {
            search(&entry.path(), depth - 1, found)?;
        } else if kind.is_file() && FILES.iter().any(|file| name == *file) {
            found.push(entry.path());
        }
    }
    Ok(())
}

fn read_file(path: PathBuf) -> Found {
    let beside = COMPOSE.iter().map(|name| path.with_file_name(name)).find(|path| path.is_file());
    let (reading, of_compose) = match (source::read(&path), beside.as_ref().map(|path| source::read(path))) {
        (Err((line, why)), _) => (Reading::unreadable(line.unwrap_or(0), why), Vec::new()),
        (Ok(text), None) => (read(&text.text, None), Vec::new()),
        (Ok(text), Some(Ok(compose))) => read_with(&text.text, &compose.text),
        (Ok(_), Some(Err((line, why)))) => (Reading::default(), Reading::unreadable(line.unwrap_or(0), why).findings),
    };
    let at = |path: PathBuf| move |finding| (path.clone(), finding);
    let mut findings: Vec<_> = reading.findings.into_iter().map(at(path.clone())).collect();
    if let Some(beside) = beside {
        findings.extend(of_compose.into_iter().map(at(beside)));
    }
    Found { path, form: reading.form, findings }
}
