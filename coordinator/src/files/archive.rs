//! Tar archives: written atomically, and read as untrusted input.

use crate::CoreError;
use challengectl_common::Digest;
use challengectl_host::{durable, hash};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Display;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};
use tar::{Archive, Builder, Entry, EntryType, Header, PaxExtensions};
use tempfile::NamedTempFile;

/// Files in an archive; no event or server has as many.
const MAX_FILES: usize = 100_000;
/// Bytes of a header with the name of a file: four times the limit of Linux for a path (`PATH_MAX`, 4,096).
const MAX_HEADER: u64 = 16 << 10;

/// The offset and the bytes by which a tar archive is recognised.
const MAGIC: (u64, &[u8]) = (257, b"ustar");

/// Turns an I/O error into one that names the file.
pub fn at(path: &Path) -> impl FnOnce(std::io::Error) -> CoreError {
    let path = path.to_owned();
    move |error| CoreError::File { path, error }
}

/// Returns whether a file is a tar archive.
pub fn is_archive(path: &Path) -> Result<bool, CoreError> {
    let (offset, magic) = MAGIC;
    let mut found = Vec::new();
    let mut read = || {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(offset))?;
        file.take(magic.len() as u64).read_to_end(&mut found)
    };
    read().map_err(at(path))?;
    Ok(found == magic)
}

/// An archive being written. It appears at its path with [`Writer::finish`]. It contains flags and secrets, so it is
/// readable only by its owner (0600).
pub struct Writer {
    target: PathBuf,
    builder: Builder<NamedTempFile>,
}

impl Writer {
    /// Begins the archive `target` in a temporary file.
    pub fn create(target: &Path) -> Result<Self, CoreError> {
        let folder = durable::folder_of(target);
        // A temporary file has mode 0600, and keeps it when it is renamed.
        let file = NamedTempFile::new_in(folder).map_err(at(folder))?;
        Ok(Self { target: target.to_owned(), builder: Builder::new(file) })
    }

    /// Adds bytes under a name.
    pub fn bytes(&mut self, name: &str, bytes: &[u8]) -> Result<(), CoreError> {
        self.append(name, bytes.len() as u64, bytes)
    }

    /// Adds a file under a name.
    pub fn file(&mut self, name: &str, path: &Path) -> Result<(), CoreError> {
        let file = File::open(path).map_err(at(path))?;
        let size = file.metadata().map_err(at(path))?.len();
        self.append(name, size, file.take(size))
    }

    fn append(&mut self, name: &str, size: u64, content: impl Read) -> Result<(), CoreError> {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_size(size);
        header.set_mode(0o600);
        self.builder.append_data(&mut header, name, content).map_err(at(&self.target))
    }

    /// Puts the archive at its path, atomically. On an error the earlier file, if any, stays.
    pub fn finish(self) -> Result<(), CoreError> {
        let Self { target, builder } = self;
        let file = builder.into_inner().map_err(at(&target))?;
        Ok(durable::persist(file, &target)?)
    }
}

/// Unpacks an archive into an empty folder. Returns the digest of each file. Accepts only regular files, and no path
/// that leads out of the folder. Errors name the archive by `name`.
///
/// # Errors
/// [`CoreError::Invalid`] when it is no archive, or contains anything else.
pub fn unpack(name: &str, archive: &Path, into: &Path) -> Result<BTreeMap<String, Digest>, CoreError> {
    let invalid = |why: &dyn Display| CoreError::Invalid(format!("{name}: {why}"));
    let mut reader = Archive::new(File::open(archive).map_err(at(archive))?);
    let mut digests = BTreeMap::new();
    let mut long_name = None;
    // Raw, since the library would read headers with long names into memory, whatever their length.
    for entry in reader.entries().map_err(|error| invalid(&error))?.raw(true) {
        let mut entry = entry.map_err(|error| invalid(&error))?;
        let kind = entry.header().entry_type();
        if let EntryType::GNULongName | EntryType::XHeader = kind {
            long_name = long_name_in(&mut entry).map_err(|error| invalid(&error))?.or(long_name);
            continue;
        }
        let path = match long_name.take() {
            Some(path) => path,
            None => entry.path().map_err(|error| invalid(&error))?.into_owned(),
        };
        if kind == EntryType::Directory {
            continue;
        }
        let member = (kind == EntryType::Regular).then(|| plain_name(&path)).flatten();
        let member = member.ok_or_else(|| invalid(&format_args!("{path:?} does not belong in such an archive")))?;
        if digests.len() == MAX_FILES {
            return Err(invalid(&format_args!("holds more than {MAX_FILES} files")));
        }
        let target = into.join(&member);
        let mut file = create(&target).map_err(|error| match error.kind() {
            kind if is_about_name(kind) => invalid(&format_args!("{member}: {error}")),
            _ => at(&target)(error),
        })?;
        let (digest, _) =
            hash::copy(&mut entry, &mut file).map_err(|error| invalid(&format_args!("{member}: {error}")))?;
        file.sync_all().map_err(at(&target))?;
        digests.insert(member, digest);
    }
    Ok(digests)
}

/// Returns the name of the next entry from a header of its own; `None` if the header contains no name.
fn long_name_in(entry: &mut Entry<'_, impl Read>) -> std::io::Result<Option<PathBuf>> {
    let refuse = |why: &str| Err(std::io::Error::new(ErrorKind::InvalidData, why));
    if entry.header().entry_size()? > MAX_HEADER {
        return refuse("a header is longer than any name");
    }
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes)?;
    if entry.header().entry_type() == EntryType::GNULongName {
        let name = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        return Ok(Some(PathBuf::from(OsStr::from_bytes(name))));
    }
    let mut name = None;
    for record in PaxExtensions::new(&bytes) {
        let record = record?;
        match record.key_bytes() {
            b"path" => name = Some(PathBuf::from(OsStr::from_bytes(record.value_bytes()))),
            // Files above 8 GiB and sparse files: the entry's own header has another size.
            b"size" => return refuse("a file is too large"),
            key if key.starts_with(b"GNU.sparse.") => return refuse("a file is sparse"),
            _ => {}
        }
    }
    Ok(name)
}

/// Creates a file readable only by its owner (0600): it may be a key.
fn create(file: &Path) -> std::io::Result<File> {
    std::fs::create_dir_all(durable::folder_of(file))?;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)
}

/// Returns whether the archive causes the error, by a name that occurs twice or is a file and a folder.
fn is_about_name(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::AlreadyExists | ErrorKind::NotADirectory | ErrorKind::IsADirectory | ErrorKind::InvalidFilename
    )
}

/// Returns the path without `.` components; `None` if it leads out of the folder.
fn plain_name(path: &Path) -> Option<String> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(part) => plain.push(part),
            Component::CurDir => {}
            _ => return None,
        }
    }
    plain.to_str().filter(|name| !name.is_empty()).map(str::to_owned)
}

/// Returns the digest of a file.
pub fn digest(path: &Path) -> Result<Digest, CoreError> {
    Ok(hash::file(path)?.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_is_packed_is_unpacked_and_nobody_elses_to_read() {
        let folder = tempfile::tempdir().unwrap();
        let (archive, into) = (folder.path().join("a.tar"), folder.path().join("into"));
        let long = format!("{}/{}", "deep".repeat(40), "x".repeat(120));
        let mut writer = Writer::create(&archive).unwrap();
        writer.bytes("one", b"abc").unwrap();
        writer.bytes(&long, &[7; 100_000]).unwrap();
        assert!(!archive.exists());
        writer.finish().unwrap();
        assert!(is_archive(&archive).unwrap());
        assert_eq!(std::fs::metadata(&archive).unwrap().permissions().mode() & 0o777, 0o600);
        let digests = unpack("a.tar", &archive, &into).unwrap();
        assert_eq!(digests.get("one"), Some(&Digest::of(b"abc")));
        assert_eq!(std::fs::read(into.join(&long)).unwrap(), [7; 100_000]);
        assert_eq!(std::fs::metadata(into.join(long)).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn an_archive_that_leads_elsewhere_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let build = |kind: EntryType, name: &[u8]| {
            let mut header = Header::new_gnu();
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name);
            header.set_entry_type(kind);
            header.set_size(0);
            header.set_cksum();
            let path = folder.path().join("bad.tar");
            std::fs::write(&path, [header.as_bytes().as_slice(), &[0; 1024]].concat()).unwrap();
            path
        };
        let bad = [
            (EntryType::Regular, &b"../escaped"[..]),
            (EntryType::Regular, b"/tmp/escaped"),
            (EntryType::Regular, b"a/../../escaped"),
            (EntryType::Symlink, b"link"),
            (EntryType::Link, b"link"),
            (EntryType::Fifo, b"pipe"),
        ];
        for (kind, name) in bad {
            let into = tempfile::tempdir().unwrap();
            let error = unpack("bad.tar", &build(kind, name), into.path()).unwrap_err().to_string();
            assert!(error.starts_with("bad.tar: ") && error.contains("does not belong"), "{error}");
            assert_eq!(std::fs::read_dir(into.path()).unwrap().count(), 0);
        }
    }

    fn header(kind: EntryType, name: &str, size: u64) -> Header {
        let mut header = Header::new_ustar();
        header.set_path(name).unwrap();
        header.set_entry_type(kind);
        header.set_size(size);
        header.set_cksum();
        header
    }

    /// The header gives a size beyond the file's: reading it into memory first would need that much memory.
    #[test]
    fn a_long_header_is_refused_before_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bad.tar");
        for kind in [EntryType::GNULongName, EntryType::XHeader, EntryType::GNULongLink, EntryType::XGlobalHeader] {
            let file = File::create(&path).unwrap();
            (&file).write_all(header(kind, "long", 400 << 20).as_bytes()).unwrap();
            // A hole: it takes no room on the disk.
            file.set_len(401 << 20).unwrap();
            let error = unpack("bad.tar", &path, &folder.path().join("into")).unwrap_err().to_string();
            let why = ["a header is longer than any name", "does not belong in such an archive"];
            assert!(why.iter().any(|why| error.contains(why)), "{kind:?}: {error}");
        }
    }

    /// As `tar --format=pax` of GNU, Python and BSD write it.
    #[test]
    fn names_of_other_programs_are_read_and_sizes_beside_the_header_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (path, into) = (folder.path().join("a.tar"), folder.path().join("into"));
        let long = format!("{}/ü.wav", "x".repeat(150));
        let write = |records: &[u8]| {
            let pax = header(EntryType::XHeader, "PaxHeaders/x", records.len() as u64);
            let mut tar = [pax.as_bytes(), records].concat();
            tar.resize(1024, 0);
            tar.extend(header(EntryType::Regular, "short", 3).as_bytes());
            tar.extend(b"abc");
            tar.resize(1024 + 1024 + 1024, 0);
            std::fs::write(&path, tar).unwrap();
        };
        let name = format!("{} path={long}\n", long.len() + 10);
        write(format!("30 mtime=1705314600.123456789\n{name}").as_bytes());
        assert_eq!(unpack("a.tar", &path, &into).unwrap().keys().collect::<Vec<_>>(), [&long]);
        for (record, why) in [("12 size=512\n", "too large"), ("22 GNU.sparse.major=1\n", "sparse")] {
            write(record.as_bytes());
            let error = unpack("a.tar", &path, &into).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn an_archive_that_contradicts_itself_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for (first, second) in [("a.wav", "a.wav"), ("a", "a/b"), ("a/b", "a")] {
            let (archive, into) = (folder.path().join("a.tar"), tempfile::tempdir().unwrap());
            let mut writer = Writer::create(&archive).unwrap();
            writer.bytes(first, b"1").unwrap();
            writer.bytes(second, b"2").unwrap();
            writer.finish().unwrap();
            let error = unpack("a.tar", &archive, into.path()).unwrap_err();
            assert!(matches!(&error, CoreError::Invalid(why) if why.starts_with("a.tar: ")), "{error:?}");
        }
    }

    #[test]
    fn a_torn_archive_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("a.tar");
        let mut writer = Writer::create(&archive).unwrap();
        writer.bytes("one", &[7; 5000]).unwrap();
        writer.finish().unwrap();
        let bytes = std::fs::read(&archive).unwrap();
        std::fs::write(&archive, &bytes[..3000]).unwrap();
        assert!(unpack("a.tar", &archive, &folder.path().join("into")).is_err());
    }
}
