//! Reading of event files from disk, up to a maximum size, and recognition of their format.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The maximum size. A large event has a few hundred lines; a file of this size is another one, given by mistake.
const MAX_BYTES: u64 = 8 * 1024 * 1024;

/// A problem, and its line if known.
pub(crate) type Unreadable = (Option<u64>, String);

/// Spaces that word processors and web pages insert instead of an ordinary one. Neither YAML nor a receiver reads them
/// as a space.
const HARD_SPACES: [char; 3] = ['\u{a0}', '\u{2007}', '\u{202f}'];

/// The text of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) text: String,
    /// The first line in which a non-breaking space was read as an ordinary one.
    pub(crate) hard_space: Option<u64>,
}

/// Reads the whole file as text, without a byte order mark, and with non-breaking spaces replaced.
pub(crate) fn read(path: &Path) -> Result<Text, Unreadable> {
    let unreadable = |error: std::io::Error| (None, format!("cannot be read: {error}"));
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err((None, format!("is larger than {} MiB, the maximum for an event file", MAX_BYTES >> 20)));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        let line = 1 + good.filter(|&&byte| byte == b'\n').count() as u64;
        (Some(line), "is not UTF-8 text; save it again as UTF-8".to_owned())
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let line = |at: usize| 1 + text.bytes().take(at).filter(|&byte| byte == b'\n').count() as u64;
    Ok(Text { hard_space: text.find(HARD_SPACES).map(line), text: text.replace(HARD_SPACES, " ") })
}

/// The format of an event file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Yaml,
    Csv,
}

impl Format {
    /// Recognises the format by the extension, else by the first line.
    pub(crate) fn of(path: &Path, text: &str) -> Self {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        match extension.to_ascii_lowercase().as_str() {
            "csv" => Self::Csv,
            "yml" | "yaml" => Self::Yaml,
            _ if begins_like_flags_csv(text) => Self::Csv,
            _ => Self::Yaml,
        }
    }
}

/// Returns whether the first line is `conference,start,end` with both times in seconds.
fn begins_like_flags_csv(text: &str) -> bool {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let mut fields = first.rsplit(',').map(str::trim);
    let mut is_epoch = || fields.next().is_some_and(|field| field.parse::<i64>().is_ok());
    is_epoch() && is_epoch() && fields.next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_known_by_the_extension_or_else_by_the_first_line() {
        assert_eq!(Format::of(Path::new("flags.CSV"), "challenges: []"), Format::Csv);
        assert_eq!(Format::of(Path::new("a.yaml"), "a,1,2"), Format::Yaml);
        assert_eq!(Format::of(Path::new("flags.txt"), "\nconf,1713625200,1713726000\n"), Format::Csv);
        assert_eq!(Format::of(Path::new("flags"), "challenges: [1,2,3]"), Format::Yaml);
        assert_eq!(Format::of(Path::new("flags"), ""), Format::Yaml);
    }

    #[test]
    fn an_endless_file_is_refused() {
        let (_, why) = read(Path::new("/dev/zero")).unwrap_err();
        assert_eq!(why, "is larger than 8 MiB, the maximum for an event file");
    }

    #[test]
    fn text_in_another_encoding_is_refused_with_its_line() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"a\nb\n\xe4\n").unwrap();
        assert_eq!(read(file.path()).unwrap_err().0, Some(3));
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_text() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "\u{feff}conf,1,2").unwrap();
        assert_eq!(read(file.path()).unwrap(), Text { text: "conf,1,2".to_owned(), hard_space: None });
    }
}
