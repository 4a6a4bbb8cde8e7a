//! The rows of a CSV text (RFC 4180), each with the line it begins on.

use csv::{ReaderBuilder, StringRecord, StringRecordsIntoIter};

#[derive(Debug)]
pub(super) struct Row {
    pub(super) line: u64,
    record: StringRecord,
    lines: usize,
}

impl Row {
    pub(super) fn len(&self) -> usize {
        self.record.len()
    }

    pub(super) fn column(&self, index: usize) -> &str {
        self.record.get(index).unwrap_or_default()
    }

    /// The columns, if there are exactly so many; else what is wrong.
    pub(super) fn columns<const N: usize>(&self, names: &str) -> Result<[&str; N], String> {
        let columns: Vec<_> = self.record.iter().collect();
        <[&str; N]>::try_from(columns).map_err(|columns| {
            let found = columns.len();
            let hint = if self.lines > 1 {
                "; the row goes over several lines, so a \"quote\" may never be closed"
            } else if found > N {
                "; put \"quotes\" around a text that has commas"
            } else {
                ""
            };
            format!("the row has {found} columns instead of {N} ({names}){hint}")
        })
    }
}

/// All rows; blank lines are none.
pub(super) struct Rows<'t> {
    text: &'t str,
    records: StringRecordsIntoIter<&'t [u8]>,
}

impl<'t> Rows<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        Self { text, records: reader.into_records() }
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Row, String>;

    fn next(&mut self) -> Option<Self::Item> {
        let record = match self.records.next()? {
            Ok(record) => record,
            Err(error) => return Some(Err(error.to_string())),
        };
        let Some(position) = record.position() else { return Some(Err("a row has no line".to_owned())) };
        // The reader counts blank lines before a row to the row.
        let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
        let rest = self.text.get(start..).unwrap_or_default();
        let blank = rest.chars().take_while(|c| matches!(c, '\r' | '\n')).filter(|&c| c == '\n').count() as u64;
        let lines = 1 + record.iter().map(|column| column.matches('\n').count()).sum::<usize>();
        Some(Ok(Row { line: position.line() + blank, record, lines }))
    }
}
