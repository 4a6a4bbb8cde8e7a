//! `frequencies.txt`, which defines named ranges: `name,min_khz,max_khz`.

use super::rows::{self, Row, Rows};
use crate::lookup::Places;
use crate::report::{Report, Reported, Scope};
use crate::values::ranges::Ranges;
use crate::{source, values::hertz};
use challengectl_common::challenge::NamedRange;

/// Returns the ranges of the first such file; none if there is no file.
pub(super) fn read(places: &Places, report: &mut Report) -> Ranges {
    let mut ranges = Ranges::default();
    let Some(path) = places.beside("frequencies.txt") else {
        return ranges;
    };
    let mut about = Report::new(&path);
    match source::read(&path) {
        Ok(source) => read_rows(&source.text, &mut ranges, &mut about.file()),
        Err((line, why)) => ranges.refuse(None, about.file().problem(line, why)),
    }
    report.absorb(about);
    ranges
}

fn read_rows(text: &str, ranges: &mut Ranges, scope: &mut Scope<'_>) {
    if let Some(separator) = rows::foreign_separator(text) {
        return ranges.refuse(None, scope.problem(None, super::wrong_separator(separator)));
    }
    for row in Rows::new(text) {
        match row {
            Ok(row) => match range(&row, scope) {
                Ok(range) => ranges.add(range, row.line, scope),
                Err(reported) => ranges.refuse(Some(row.column(0).trim().to_owned()), reported),
            },
            Err(why) => ranges.refuse(None, scope.problem(None, why)),
        }
    }
}

fn range(row: &Row, scope: &mut Scope<'_>) -> Result<NamedRange, Reported> {
    let mut refuse = |why: String| scope.problem(row.line, why);
    let [name, low, high] = row.columns(3, "name,min_khz,max_khz").map_err(&mut refuse)?;
    let (low, high) = (hertz::parse_khz(low).map_err(&mut refuse)?, hertz::parse_khz(high).map_err(&mut refuse)?);
    let band = hertz::band(low, high).map_err(refuse)?;
    Ok(NamedRange { name: name.trim().to_owned(), display_name: None, band, raster_hz: None })
}
