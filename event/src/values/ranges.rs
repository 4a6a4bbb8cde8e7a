//! Frequency ranges by name.

use crate::limits::MAX_RANGE_NAME;
use crate::report::{Reported, Scope};
use challengectl_common::challenge::NamedRange;
use challengectl_common::{Band, closest};

/// Ranges that event files use without defining them: name, lower and upper edge in hertz.
const WELL_KNOWN: &[(&str, u64, u64)] = &[
    ("ham_50", 50_000_000, 54_000_000),
    ("ham_144", 144_000_000, 148_000_000),
    ("ham_220", 222_000_000, 225_000_000),
    ("ham_440", 420_000_000, 450_000_000),
    ("ham_900", 902_000_000, 928_000_000),
    ("ham_1200", 1_240_000_000, 1_300_000_000),
    ("wbfm", 88_100_000, 107_900_000),
    ("ism_433", 433_050_000, 434_790_000),
];

/// The ranges of an event.
#[derive(Debug, Default)]
pub(crate) struct Ranges {
    known: Vec<NamedRange>,
    /// Refused ranges by name; `None` stands for any name. A challenge that uses one is not reported in addition.
    refused: Vec<(Option<String>, Reported)>,
}

impl Ranges {
    /// Starts with ranges that are already valid.
    pub(crate) fn known(ranges: Vec<NamedRange>) -> Self {
        Self { known: ranges, refused: Vec::new() }
    }

    /// Records that a range was refused, by its name if that could be read.
    pub(crate) fn refuse(&mut self, name: Option<String>, reported: Reported) {
        self.refused.push((name, reported));
    }

    /// Adds a range that a file defines.
    pub(crate) fn add(&mut self, range: NamedRange, line: u64, scope: &mut Scope<'_>) {
        let name = &range.name;
        if name.trim().is_empty() || name.len() > MAX_RANGE_NAME {
            let reported =
                scope.problem(line, format!("the name of a frequency range has 1 to {MAX_RANGE_NAME} characters"));
            self.refuse(Some(range.name), reported);
        } else if self.known.iter().any(|known| known.name == *name) {
            scope.problem(line, format!("frequency range {name:?} is defined twice; remove one or rename it"));
        } else {
            self.known.push(range);
        }
    }

    /// Returns the range of this name: defined by the file, else well known.
    pub(crate) fn find(&mut self, name: &str, line: u64, scope: &mut Scope<'_>) -> Result<NamedRange, Reported> {
        if let Some(range) = self.known.iter().find(|range| range.name == name) {
            return Ok(range.clone());
        }
        let about =
            |(refused, _): &&(Option<String>, Reported)| refused.as_deref().is_none_or(|refused| refused == name);
        if let Some((_, reported)) = self.refused.iter().find(about) {
            return Err(*reported);
        }
        let Some(range) = well_known(name) else { return Err(scope.problem(line, self.unknown(name))) };
        let text = format!("frequency range {name:?} is not defined; {} Hz is used", range.band);
        scope.remark(line, text);
        self.known.push(range.clone());
        Ok(range)
    }

    pub(crate) fn into_list(self) -> Vec<NamedRange> {
        self.known
    }

    fn unknown(&self, name: &str) -> String {
        let name: String = name.chars().take(80).collect();
        if name.starts_with(|c: char| c.is_ascii_digit()) {
            return format!("{name:?} is neither a number nor the name of a frequency range; write a plain number");
        }
        let own = self.known.iter().map(|range| range.name.as_str());
        let known: Vec<_> = own.chain(WELL_KNOWN.iter().map(|(name, ..)| *name)).collect();
        match closest(&name, known.iter().copied()) {
            Some(meant) => format!("there is no frequency range {name:?}; did you mean {meant:?}?"),
            None => format!("there is no frequency range {name:?}; there are {}", known.join(", ")),
        }
    }
}

fn well_known(name: &str) -> Option<NamedRange> {
    well_known_ranges().find(|range| range.name == name)
}

/// Returns the ranges that event files may use without defining them.
pub fn well_known_ranges() -> impl Iterator<Item = NamedRange> {
    WELL_KNOWN.iter().filter_map(|(name, low, high)| {
        Some(NamedRange {
            name: (*name).to_owned(),
            display_name: None,
            band: Band::new(*low, *high)?,
            raster_hz: None,
        })
    })
}
