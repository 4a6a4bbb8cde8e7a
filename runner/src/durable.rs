//! Files that survive `kill -9` and power cuts: either the old content or the new, never half of it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Only the account that the runner runs under.
    Owner,
    /// Whoever the umask lets.
    Umask,
}

/// Makes a folder, unless it exists, that nobody else can look into: keys and flags lie there.
///
/// # Errors
/// When its parent cannot be written.
pub fn private_folder(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Replaces `path` by a file with this content, for good.
///
/// # Errors
/// When the disk is full or the folder cannot be written; the old file is then untouched.
pub fn write(path: &Path, content: &[u8], readers: Readers) -> io::Result<()> {
    let file = beside(path, content, readers)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    sync_folder(folder(path))
}

/// Like [`write()`], but a power cut soon after may still undo it.
///
/// # Errors
/// As with [`write()`].
pub fn replace(path: &Path, content: &[u8], readers: Readers) -> io::Result<()> {
    beside(path, content, readers)?.persist(path)?;
    Ok(())
}

fn beside(path: &Path, content: &[u8], readers: Readers) -> io::Result<tempfile::NamedTempFile> {
    let mode = if readers == Readers::Owner { 0o600 } else { 0o666 };
    let permissions = fs::Permissions::from_mode(mode);
    let mut file = tempfile::Builder::new().prefix(".").permissions(permissions).tempfile_in(folder(path))?;
    file.write_all(content)?;
    Ok(file)
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes renames and removals in a folder last.
///
/// # Errors
/// When the folder cannot be opened.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
