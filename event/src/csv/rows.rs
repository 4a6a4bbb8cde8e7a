//! The rows of a CSV text (RFC 4180) as spreadsheets write them, each with the line on which it begins.

use csv::{ReaderBuilder, StringRecord, StringRecordsIntoIter};

#[derive(Debug)]
pub(super) struct Row {
    pub(super) line: u64,
    record: StringRecord,
    lines: usize,
}

impl Row {
    /// The number of columns up to the last that is not empty: spreadsheets add empty columns at the end of a row to
    /// make rows equally long, or drop them.
    pub(super) fn len(&self) -> usize {
        let filled = self.record.iter().enumerate().filter(|(_, column)| !column.trim().is_empty());
        filled.last().map_or(0, |(last, _)| last + 1)
    }

    pub(super) fn column(&self, index: usize) -> &str {
        self.record.get(index).unwrap_or_default()
    }

    /// Returns all columns.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.record.iter()
    }

    /// Returns `N` columns if there are at least `needed` and those beyond `N` are empty; else the problem.
    pub(super) fn columns<const N: usize>(&self, needed: usize, names: &str) -> Result<[&str; N], String> {
        if self.record.len() < needed || self.len() > N {
            return Err(self.miscounted(N, names));
        }
        Ok(std::array::from_fn(|index| self.column(index)))
    }

    fn miscounted(&self, wanted: usize, names: &str) -> String {
        let found = self.record.len();
        let hint = if self.lines > 1 {
            "; the row goes over several lines, so a \"quote\" may never be closed"
        } else if found > wanted {
            "; put \"quotes\" around a text that has commas"
        } else {
            ""
        };
        format!("the row has {found} columns instead of {wanted} ({names}){hint}")
    }

    /// Returns whether the row is empty, or disabled by `#`.
    fn is_disabled(&self) -> bool {
        self.len() == 0 || self.column(0).trim_start().starts_with('#')
    }
}

/// Returns the separator of the columns if it is not a comma but another one that spreadsheets write.
pub(super) fn foreign_separator(text: &str) -> Option<&'static str> {
    let is_row = |line: &&str| {
        !line.trim_start_matches(['"', ' ']).starts_with('#') && !line.trim_matches([',', ';', '\t']).is_empty()
    };
    let first = text.lines().map(str::trim).find(is_row)?;
    let count = |separator: char| first.matches(separator).count();
    let named = [(';', "semicolons"), ('\t', "tabs")];
    named.into_iter().find(|(separator, _)| count(*separator) > 0 && count(',') == 0).map(|(_, name)| name)
}

/// The rows that are neither empty nor disabled by a `#` at the beginning.
pub(super) struct Rows<'t> {
    text: &'t str,
    records: StringRecordsIntoIter<&'t [u8]>,
}

impl<'t> Rows<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let reader =
            ReaderBuilder::new().has_headers(false).flexible(true).comment(Some(b'#')).from_reader(text.as_bytes());
        Self { text, records: reader.into_records() }
    }

    fn row(&self, record: StringRecord) -> Result<Row, String> {
        let Some(position) = record.position() else { return Err("a row has no line number".to_owned()) };
        // The reader counts blank lines and comments before a row as part of it.
        let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
        let lines = 1 + record.iter().map(|column| column.matches('\n').count()).sum::<usize>();
        let before = lines_before(self.text.get(start..).unwrap_or_default());
        Ok(Row { line: position.line() + before, record, lines })
    }
}

/// Returns the number of blank lines and comments before the first row.
fn lines_before(mut rest: &str) -> u64 {
    let mut lines = 0;
    loop {
        rest = rest.trim_start_matches('\r');
        rest = match (rest.strip_prefix('\n'), rest.starts_with('#')) {
            (Some(rest), _) => rest,
            (None, true) => rest.split_once('\n').map_or("", |(_, rest)| rest),
            (None, false) => return lines,
        };
        lines += 1;
        if rest.is_empty() {
            return lines;
        }
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Row, String>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let row = match self.records.next()? {
                Ok(record) => self.row(record),
                Err(error) => Err(error.to_string()),
            };
            if !row.as_ref().is_ok_and(Row::is_disabled) {
                return Some(row);
            }
        }
    }
}
