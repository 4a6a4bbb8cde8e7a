//! Locks of devices, so that no two processes use one. The kernel releases a lock when its process ends.

use fs_err::{File, OpenOptions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A lock, held until it is dropped or the process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Takes the lock; `None` if another process holds it.
pub fn try_take(path: &Path) -> io::Result<Option<Lock>> {
    fs_err::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
    Ok(held(file))
}

/// Takes a lock that processes of several users contend for; `None` while another process holds it. In a folder that all
/// may write to, the kernel lets nobody create a file that another user has (`fs.protected_regular`): the file is opened
/// if it is there.
pub fn try_take_shared(path: &Path) -> io::Result<Option<Lock>> {
    match File::open(path) {
        Ok(file) => return Ok(held(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))?;
    Ok(held(file))
}

fn held(file: File) -> Option<Lock> {
    file.try_lock().is_ok().then_some(Lock { _file: file })
}

/// Returns whether a process holds the lock.
#[must_use]
pub fn is_taken(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| file.try_lock().is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_once_and_free_again_when_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("radios/a.lock");
        assert!(!is_taken(&path));
        let lock = try_take(&path).unwrap().unwrap();
        assert!(is_taken(&path) && try_take(&path).unwrap().is_none());
        assert!(try_take_shared(&path).unwrap().is_none());
        drop(lock);
        assert!(!is_taken(&path) && try_take_shared(&path).unwrap().is_some());
    }
}
