//! The target of an archive: a file, or a temporary file that is copied to standard output.

use anyhow::{Context, bail};
use std::fs::File;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub struct ArchiveTarget {
    path: PathBuf,
    scratch: Option<TempDir>,
}

impl ArchiveTarget {
    /// Creates a target; `None` and `-` mean standard output, which must not be a terminal.
    pub fn new(file: Option<&Path>) -> anyhow::Result<Self> {
        if let Some(path) = file.filter(|path| *path != Path::new("-")) {
            return Ok(Self { path: path.to_owned(), scratch: None });
        }
        if std::io::stdout().is_terminal() {
            bail!("refusing to write an archive to a terminal; give FILE or redirect standard output");
        }
        let scratch = tempfile::tempdir().context("a temporary folder")?;
        Ok(Self { path: scratch.path().join("archive.tar"), scratch: Some(scratch) })
    }

    /// The path to which the archive is written.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns whether the archive goes to standard output, so that messages must go to standard error.
    pub fn is_standard_output(&self) -> bool {
        self.scratch.is_some()
    }

    /// Copies a complete archive to standard output, if that is the target.
    pub fn finish(&self) -> anyhow::Result<()> {
        if self.is_standard_output() {
            std::io::copy(&mut File::open(&self.path)?, &mut std::io::stdout())?;
        }
        Ok(())
    }
}
