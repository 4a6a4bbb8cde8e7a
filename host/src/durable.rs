//! Atomic, durable writes: after `kill -9` or a power cut a file holds all of its old content or all of the new.

use fs_err::{self as fs, File};
use std::fs::{DirBuilder, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use tempfile::{Builder, NamedTempFile};

/// The access rights of a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Only the account that the program runs under (0600).
    Owner,
    /// The accounts that the process's umask admits.
    Umask,
}

/// Creates a folder that only its owner can access (0700), and its parents, unless it exists.
pub fn private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| at(path, &error))
}

/// Replaces `path` durably by a file with this content. On an error, such as a full disk, the old file is untouched.
pub fn write(path: &Path, content: &[u8], readers: Readers) -> io::Result<()> {
    persist(beside(path, content, readers)?, path)
}

/// Replaces `path` atomically by a file with this content. Unlike with [`write()`], a power cut soon afterwards may
/// bring the old file back.
pub fn replace(path: &Path, content: &[u8], readers: Readers) -> io::Result<()> {
    take_name(beside(path, content, readers)?, path)
}

/// Replaces `path` durably by a temporary file of the same file system that holds its content.
///
/// A [`NamedTempFile`] is readable only by its owner (0600), and stays so.
pub fn persist(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().sync_all().map_err(|error| at(path, &error))?;
    take_name(file, path)?;
    sync_folder(folder_of(path))
}

/// Renames a file durably. Its content must be synced to disk before.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    sync_folder(folder_of(to))
}

/// Makes renames and removals in a folder durable.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Returns the folder that a file is in, or will be in.
#[must_use]
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn beside(path: &Path, content: &[u8], readers: Readers) -> io::Result<NamedTempFile> {
    let mode = if readers == Readers::Owner { 0o600 } else { 0o666 };
    let file = Builder::new().prefix(".").permissions(Permissions::from_mode(mode)).tempfile_in(folder_of(path));
    let mut file = file.map_err(|error| at(path, &error))?;
    file.write_all(content).map_err(|error| at(path, &error))?;
    Ok(file)
}

fn take_name(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.persist(path).map(drop).map_err(|error| at(path, &error.error))
}

/// Adds the path to an error of a call that does not go through `fs-err`.
fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_is_replaced_whole_and_nothing_else_is_left_in_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write(&path, b"old", Readers::Umask).unwrap();
        write(&path, b"new", Readers::Owner).unwrap();
        assert_eq!((fs::read(&path).unwrap().as_slice(), mode(&path)), (b"new".as_slice(), 0o600));
        replace(&path, b"newer", Readers::Owner).unwrap();
        let to = folder.path().join("moved");
        rename(&path, &to).unwrap();
        assert_eq!(fs::read(&to).unwrap(), b"newer");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_private_folder_is_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b");
        private_folder(&path).unwrap();
        private_folder(&path).unwrap();
        assert_eq!(mode(&path), 0o700);
    }

    #[test]
    fn an_error_names_the_path_and_keeps_its_kind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none/key");
        for refused in [write(&path, b"x", Readers::Owner), rename(&path, &path), sync_folder(&path)] {
            let error = refused.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::NotFound);
            assert!(error.to_string().contains(&path.display().to_string()), "{error}");
        }
    }

    #[test]
    fn a_bare_name_is_a_file_of_the_working_folder() {
        assert_eq!(folder_of(Path::new("runner.yml")), Path::new("."));
        assert_eq!(folder_of(Path::new("/a/b")), Path::new("/a"));
    }
}
