//! Looks up the files that an event file names, never outside of the permitted folders.

use challengectl_common::{Digest, Hasher};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufReader, ErrorKind};
use std::path::{Component, Path, PathBuf};

/// Where files are looked up.
#[derive(Debug)]
pub(crate) enum Places {
    /// In these folders, in this order. The paths contain no symbolic links.
    Folders(Vec<PathBuf>),
    /// Among the files uploaded with the event file, by their names.
    Given(HashMap<String, PathBuf>),
}

impl Places {
    /// Returns `base`; by default the event file's folder and its parent, since older event files are kept one folder
    /// deeper than the paths they give.
    pub(crate) fn new(event: &Path, base: Option<&Path>) -> Result<Self, String> {
        let canonical = |folder: &Path| {
            fs::canonicalize(folder).map_err(|error| format!("folder {} cannot be read: {error}", folder.display()))
        };
        if let Some(base) = base {
            return Ok(Self::Folders(vec![canonical(base)?]));
        }
        let folder = event.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = canonical(folder)?;
        // Not the root of the file system, under which every file is found.
        let above = folder.parent().filter(|above| above.parent().is_some()).map(Path::to_owned);
        Ok(Self::Folders([folder].into_iter().chain(above).collect()))
    }

    /// Returns the file of this name beside the event file, if there is one.
    pub(crate) fn beside(&self, name: &str) -> Option<PathBuf> {
        match self {
            Self::Folders(folders) => folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file()),
            Self::Given(files) => files.get(name).cloned(),
        }
    }

    /// Returns the path of the regular file with this relative path.
    pub(crate) fn find(&self, path: &str) -> Result<PathBuf, String> {
        let shown = || path.chars().take(200).collect::<String>();
        let ways = Path::new(path).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if path.is_empty() || !ways {
            return Err(format!(
                "{:?}: a path must be relative to the event file's folder and must not contain `..`",
                shown()
            ));
        }
        let folders = match self {
            Self::Folders(folders) => folders,
            Self::Given(files) => {
                let missing = || format!("no file {:?} was uploaded with the event file", shown());
                return given(files, path).ok_or_else(missing);
            }
        };
        for folder in folders {
            match fs::canonicalize(folder.join(path)) {
                Ok(file) => return accept(folders, file).map_err(|why| format!("{:?} {why}", shown())),
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
                Err(error) => return Err(format!("{:?} in {} cannot be read: {error}", shown(), folder.display())),
            }
        }
        Err(format!("there is no file {:?} in {}{}", shown(), listed(folders), hint(path)))
    }
}

/// Looks up the whole path, else its last component: browsers upload files without their folders.
fn given(files: &HashMap<String, PathBuf>, path: &str) -> Option<PathBuf> {
    let last = path.rsplit('/').next().unwrap_or(path);
    files.get(path).or_else(|| files.get(last)).cloned()
}

fn accept(folders: &[PathBuf], file: PathBuf) -> Result<PathBuf, String> {
    if !folders.iter().any(|folder| file.starts_with(folder)) {
        return Err(format!("is a link to a file outside of {}; put the file itself there", listed(folders)));
    }
    // Opening a pipe or a device could block forever.
    match fs::metadata(&file) {
        Ok(metadata) if metadata.is_file() => Ok(file),
        Ok(_) => Err("is not a regular file".to_owned()),
        Err(error) => Err(format!("cannot be read: {error}")),
    }
}

fn listed(folders: &[PathBuf]) -> String {
    let folders: Vec<_> = folders.iter().map(|folder| folder.display().to_string()).collect();
    folders.join(" or ")
}

fn hint(path: &str) -> &'static str {
    if path.contains('\\') { "; write `/` instead of `\\`" } else { "; put it there or give another --base" }
}

/// Returns the SHA-256 and the length in bytes of a file.
pub(crate) fn digest(path: &Path) -> io::Result<(Digest, u64)> {
    let mut hasher = Hasher::default();
    let size = io::copy(&mut BufReader::with_capacity(64 * 1024, File::open(path)?), &mut hasher)?;
    Ok((hasher.finish(), size))
}
