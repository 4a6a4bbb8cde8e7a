//! What a process prints: the newest of it, in two files of bounded size. The older one is emptied when the newer one is
//! full, so that a flood of lines costs the disk no more than both.

use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::path::Path;

/// Bytes of each file.
const MAX_BYTES: u64 = 256 * 1024;
const NAMES: [&str; 2] = ["output.0", "output.1"];
/// The file that says which of both is the newer one.
const NEWER: &str = "output.newer";

/// The files, open for writing.
pub(super) struct Output {
    newer: File,
    older: File,
    /// Which of both is the newer one, by its byte.
    which: File,
    is_swapped: bool,
    length: u64,
}

impl Output {
    /// Makes the files in a folder.
    pub(super) fn create(folder: &Path) -> io::Result<Self> {
        let [newer, older] = NAMES.map(|name| File::create(folder.join(name)));
        let (newer, older, which) = (newer?, older?, File::create(folder.join(NEWER))?);
        Ok(Self { newer, older, which, is_swapped: false, length: 0 })
    }

    /// Adds what was printed.
    pub(super) fn write(&mut self, printed: &[u8]) -> io::Result<()> {
        if self.length + printed.len() as u64 > MAX_BYTES {
            std::mem::swap(&mut self.newer, &mut self.older);
            self.newer.set_len(0)?;
            self.newer.rewind()?;
            (self.length, self.is_swapped) = (0, !self.is_swapped);
            self.which.rewind()?;
            self.which.write_all(if self.is_swapped { b"1" } else { b"0" })?;
        }
        self.length += printed.len() as u64;
        self.newer.write_all(printed)
    }
}

/// Reads what a process has printed, at most twice 256 KiB, the newest last. What is no UTF-8 becomes U+FFFD.
pub(super) fn read(folder: &Path) -> String {
    let mut names = NAMES;
    if fs::read(folder.join(NEWER)).is_ok_and(|which| which == b"1") {
        names.reverse();
    }
    let [newer, older] = names.map(|name| fs::read(folder.join(name)).unwrap_or_default());
    String::from_utf8_lossy(&[older, newer].concat()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_flood_the_newest_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut output = Output::create(folder.path()).unwrap();
        output.write(b"first\n").unwrap();
        assert_eq!(read(folder.path()), "first\n");
        for number in 0..2000 {
            output.write(format!("{number:01000}\n").as_bytes()).unwrap();
        }
        let kept = read(folder.path());
        assert!(kept.len() as u64 <= 2 * MAX_BYTES && kept.len() as u64 > MAX_BYTES / 2);
        let numbers: Vec<u32> = kept.lines().map(|line| line.parse().unwrap()).collect();
        assert!(numbers.is_sorted() && numbers.last() == Some(&1999));
        output.write(&[0xff, b'\n']).unwrap();
        assert!(read(folder.path()).ends_with("\u{fffd}\n"));
    }
}
