//! Hashes of files and of copied data, in one pass and constant memory.

use challengectl_common::{Digest, Hasher};
use fs_err::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

/// Bytes read at once. With smaller blocks, system calls cost more than hashing.
const BLOCK: usize = 256 * 1024;

/// Returns the SHA-256 and the length in bytes of a file.
pub fn file(path: &Path) -> io::Result<(Digest, u64)> {
    copy(File::open(path)?, &mut io::sink())
}

/// Copies all of `from` to `to`. Returns the SHA-256 and the length in bytes of the copied data.
pub fn copy(from: impl Read, to: &mut impl Write) -> io::Result<(Digest, u64)> {
    let mut both = Both { hasher: Hasher::default(), to };
    let size = io::copy(&mut BufReader::with_capacity(BLOCK, from), &mut both)?;
    Ok((both.hasher.finish(), size))
}

/// Feeds a whole file to a hasher and returns its length in bytes. The hasher can take more data afterwards.
pub fn feed(path: &Path, hasher: &mut Hasher) -> io::Result<u64> {
    io::copy(&mut BufReader::with_capacity(BLOCK, File::open(path)?), hasher)
}

struct Both<'a, W> {
    hasher: Hasher,
    to: &'a mut W,
}

impl<W: Write> Write for Both<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Accepts one byte per write, as a pipe may.
    struct Narrow(Vec<u8>);

    impl Write for Narrow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.extend(bytes.first());
            Ok(bytes.len().min(1))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn copied_data_is_hashed_once_also_when_the_target_takes_one_byte_at_a_time() {
        let bytes: Vec<u8> = (0..=255).cycle().take(3000).collect();
        let mut to = Narrow(Vec::new());
        assert_eq!(copy(bytes.as_slice(), &mut to).unwrap(), (Digest::of(&bytes), 3000));
        assert_eq!(to.0, bytes);
    }

    #[test]
    fn a_file_has_the_hash_of_its_bytes_also_in_two_parts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("part");
        fs_err::write(&path, b"ab").unwrap();
        assert_eq!(file(&path).unwrap(), (Digest::of(b"ab"), 2));
        let mut hasher = Hasher::default();
        feed(&path, &mut hasher).unwrap();
        hasher.update(b"c");
        assert_eq!(hasher.finish(), Digest::of(b"abc"));
        let error = file(&folder.path().join("none")).unwrap_err().to_string();
        assert!(error.contains("none"), "{error}");
    }
}
