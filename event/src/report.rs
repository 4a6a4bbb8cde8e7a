//! Collection of problems and remarks while a file is read.

use crate::Remark;
use std::path::{Path, PathBuf};

/// Takes the place of a value whose problem has been reported. Only [`Scope::problem`] creates one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reported(());

/// The maximum number of problems listed: with more, it is probably the wrong file.
const MAX_PROBLEMS: usize = 1000;
const MAX_LABEL: usize = 100;

/// All problems and remarks of one file.
#[derive(Debug)]
pub(crate) struct Report {
    file: PathBuf,
    problems: Vec<Remark>,
    remarks: Vec<Remark>,
    left_off: usize,
}

impl Report {
    pub(crate) fn new(file: &Path) -> Self {
        Self { file: file.to_owned(), problems: Vec::new(), remarks: Vec::new(), left_off: 0 }
    }

    /// Returns the scope of the whole file.
    pub(crate) fn file(&mut self) -> Scope<'_> {
        Scope { report: self, challenge: None, first: None }
    }

    /// Returns the scope of one challenge.
    pub(crate) fn challenge(&mut self, name: Option<String>) -> Scope<'_> {
        Scope { report: self, challenge: name.map(|name| name.chars().take(MAX_LABEL).collect()), first: None }
    }

    /// Adds the problems and remarks of another file.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.problems.extend(other.problems);
        self.remarks.extend(other.remarks);
        self.left_off += other.left_off;
    }

    pub(crate) fn has_problems(&self) -> bool {
        !self.problems.is_empty()
    }

    /// Returns the problems and the remarks, in the file's order.
    pub(crate) fn finish(mut self) -> (Vec<Remark>, Vec<Remark>) {
        let file = self.file;
        let place = |remark: &Remark| (remark.file == file, remark.line);
        self.problems.sort_by_key(place);
        self.remarks.sort_by_key(place);
        if self.left_off > 0 {
            let text = format!("and {} more; is this an event file?", self.left_off);
            self.problems.push(Remark { file, line: None, challenge: None, text });
        }
        (self.problems, self.remarks)
    }
}

/// The part of the file about which problems and remarks are reported.
#[derive(Debug)]
pub(crate) struct Scope<'r> {
    report: &'r mut Report,
    challenge: Option<String>,
    first: Option<Reported>,
}

impl Scope<'_> {
    pub(crate) fn problem(&mut self, line: impl Into<Option<u64>>, text: impl Into<String>) -> Reported {
        if self.report.problems.len() < MAX_PROBLEMS {
            let problem = self.remark_at(line.into(), text.into());
            self.report.problems.push(problem);
        } else {
            self.report.left_off += 1;
        }
        *self.first.get_or_insert(Reported(()))
    }

    /// Returns `Err` if any problem was reported in this scope, including one that belongs to no field, such as an
    /// unknown key.
    pub(crate) fn verdict(&self) -> Result<(), Reported> {
        self.first.map_or(Ok(()), Err)
    }

    pub(crate) fn remark(&mut self, line: impl Into<Option<u64>>, text: impl Into<String>) {
        let remark = self.remark_at(line.into(), text.into());
        self.report.remarks.push(remark);
    }

    fn remark_at(&self, line: Option<u64>, text: String) -> Remark {
        Remark { file: self.report.file.clone(), line, challenge: self.challenge.clone(), text }
    }
}
