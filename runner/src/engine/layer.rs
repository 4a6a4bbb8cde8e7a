//! The writable layer of a container: a folder of the host.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Bytes and files that a container may write to its root.
const MAX_BYTES: u64 = 256 << 20;
const MAX_FILES: u64 = 10_000;
/// Bytes of a block of `stat`, whatever the file system's are.
const BLOCK: u64 = 512;

/// The size of a layer, as far as it was measured.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    files: u64,
    bytes: u64,
}

impl Size {
    /// Returns what is too much; `None` if nothing is.
    pub(super) fn excess(&self) -> Option<String> {
        if self.bytes > MAX_BYTES {
            return Some(format!("the container wrote more than {} MiB to its root", MAX_BYTES >> 20));
        }
        (self.files > MAX_FILES).then(|| format!("the container made more than {MAX_FILES} files in its root"))
    }
}

/// Measures a layer, until it is too much. Follows no links, which lead anywhere on the host.
pub(super) fn measure(layer: &Path) -> io::Result<Size> {
    let mut size = Size::default();
    let mut folders = vec![layer.to_owned()];
    while let Some(folder) = folders.pop() {
        let Some(entries) = unless_gone(fs_err::read_dir(&folder))? else { continue };
        for entry in entries {
            let entry = entry?;
            let Some(about) = unless_gone(entry.metadata())? else { continue };
            size.files += 1;
            size.bytes += about.blocks() * BLOCK;
            if size.excess().is_some() {
                return Ok(size);
            }
            if about.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    Ok(size)
}

/// Returns `None` for what the container has deleted meanwhile.
fn unless_gone<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        found => found.map(Some),
    }
}

/// Returns the writable layer of the root of a process; `None` if it is no overlay, or is not named by its whole path.
pub(super) fn of_process(process: i64) -> Option<PathBuf> {
    of_mounts(&fs_err::read_to_string(format!("/proc/{process}/mountinfo")).ok()?)
}

/// Reads mounts in the form of `/proc/PID/mountinfo`, described in `proc(5)`.
fn of_mounts(mounts: &str) -> Option<PathBuf> {
    let root = mounts.lines().rfind(|line| line.split(' ').nth(4) == Some("/"))?;
    let options = root.rsplit(' ').next()?;
    let layer = options.split(',').find_map(|option| option.strip_prefix("upperdir="))?;
    Some(PathBuf::from(layer)).filter(|layer| layer.is_absolute())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_bytes_are_counted_in_all_folders_but_not_behind_links() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs_err::create_dir_all(folder.path().join("a/b")).unwrap();
        fs_err::write(folder.path().join("a/b/file"), vec![1; 100_000]).unwrap();
        fs_err::write(other.path().join("file"), vec![1; 10_000_000]).unwrap();
        fs_err::os::unix::fs::symlink(other.path(), folder.path().join("link")).unwrap();
        let size = measure(folder.path()).unwrap();
        assert_eq!(size.files, 4);
        assert!((100_000..1_000_000).contains(&size.bytes), "{size:?}");
        assert_eq!(size.excess(), None);
    }

    #[test]
    fn too_many_files_are_noticed_although_they_are_empty() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..=MAX_FILES {
            fs_err::File::create(folder.path().join(number.to_string())).unwrap();
        }
        let why = measure(folder.path()).unwrap().excess().unwrap();
        assert!(why.contains("10000 files"), "{why}");
    }

    #[test]
    fn the_layer_of_a_process_is_that_of_its_root() {
        let mounts = "722 520 0:62 / / rw,relatime - overlay overlay rw,lowerdir=/a:/b,upperdir=/c/diff,workdir=/c/work\n\
                      723 722 0:65 / /proc rw - proc proc rw\n";
        assert_eq!(of_mounts(mounts), Some(PathBuf::from("/c/diff")));
        assert_eq!(of_mounts("722 520 8:1 / / rw - ext4 /dev/vda rw\n"), None);
        assert_eq!(of_mounts(&mounts.replace("/c/diff", "c/diff")), None);
    }
}
