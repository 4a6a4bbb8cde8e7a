//! Reads an event file: the valid challenges, and the problems of the others.

use crate::card::CardFile;
use crate::draft::{Draft, Parts};
use crate::lookup::Places;
use crate::report::{Report, Reported};
use crate::source::{self, Format, Text};
use crate::{Entry, EntryFile, Event, Refused, Remark, check, csv, yaml};
use challengectl_common::{ChallengeName, FrequencyRules};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Reads and checks event files of all formats.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    rules: FrequencyRules,
    wanted: Vec<String>,
}

/// The result of reading an event file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// The valid challenges, and everything else in the file.
    pub event: Event,
    /// All problems, in the file's order.
    pub problems: Vec<Remark>,
}

impl Reading {
    /// Returns the event if there are no problems.
    ///
    /// # Errors
    /// [`Refused`] with all problems.
    pub fn whole(self) -> Result<Event, Refused> {
        if self.problems.is_empty() { Ok(self.event) } else { Err(Refused(self.problems)) }
    }

    /// Returns the event with only the valid challenges, and the problems.
    ///
    /// # Errors
    /// [`Refused`] if there are problems and no valid challenge.
    pub fn sound(self) -> Result<(Event, Vec<Remark>), Refused> {
        let nothing = self.event.count() == 0 && !self.problems.is_empty();
        if nothing { Err(Refused(self.problems)) } else { Ok((self.event, self.problems)) }
    }
}

impl Reader {
    /// Creates a reader that checks frequencies against these rules; [`Reader::default`] has only the built-in ones.
    #[must_use]
    pub fn new(rules: FrequencyRules) -> Self {
        Self { rules, wanted: Vec::new() }
    }

    pub(crate) fn rules(&self) -> &FrequencyRules {
        &self.rules
    }

    /// Reads only the challenges of these names; all if `names` is empty.
    #[must_use]
    pub fn only(mut self, names: &[String]) -> Self {
        self.wanted = names.to_vec();
        self
    }

    /// Reads and checks an event file of any of the three formats. Files that it names are looked up under `base`; by
    /// default in the event file's own folder, then in its parent.
    #[must_use]
    pub fn read(&self, path: &Path, base: Option<&Path>) -> Reading {
        self.read_as(path, path, || Places::new(path, base))
    }

    /// Reads and checks an event file that was uploaded as `name`. Files that it names are looked up in `files`, by
    /// their names in the upload.
    #[must_use]
    pub fn read_sent(&self, name: &str, path: &Path, files: HashMap<String, PathBuf>) -> Reading {
        self.read_as(Path::new(name), path, || Ok(Places::Given(files)))
    }

    fn read_as(&self, name: &Path, path: &Path, places: impl FnOnce() -> Result<Places, String>) -> Reading {
        let mut report = Report::new(name);
        let parts = parts(name, path, places, &mut report);
        let event = parts.map(|(places, parts)| self.finish(parts, &places, &mut report)).unwrap_or_default();
        let (mut problems, remarks) = report.finish();
        problems.retain(|problem| problem.challenge.as_ref().is_none_or(|name| self.wants(name)));
        Reading { event: Event { remarks, ..event }, problems }
    }

    fn finish(&self, parts: Parts, places: &Places, report: &mut Report) -> Event {
        let Parts { conference, ranges, drafts, mut instances, mut texts } = parts;
        if drafts.is_empty() && instances.is_empty() && texts.is_empty() && !report.has_problems() {
            match (&conference, ranges.is_empty()) {
                (None, true) => _ = report.file().problem(None, "there are no challenges in it"),
                _ => report.file().remark(None, "there are no challenges in it, only settings of the event"),
            }
        }
        let names = drafts.iter().filter_map(|draft| Some(draft.name.as_ref().ok()?.to_string())).collect();
        let mut drafts: Vec<Draft> = drafts.into_iter().filter(|draft| self.looks_at(draft)).collect();
        check::names(&mut drafts, report);
        let challenges =
            drafts.into_iter().filter_map(|draft| check::challenge(draft, places, &self.rules, report).ok());
        let challenges = challenges.collect();
        instances.retain(|instance| self.wants(instance.form.name.as_str()));
        texts.retain(|text| self.wants(text.form.name.as_str()));
        instances.retain_mut(|it| find_files(it, |form| &form.name, places, report).is_ok());
        texts.retain_mut(|it| find_files(it, |form| &form.name, places, report).is_ok());
        Event { conference, ranges, challenges, instances, texts, names, remarks: Vec::new() }
    }

    fn looks_at(&self, draft: &Draft) -> bool {
        self.wanted.is_empty() || draft.name.as_ref().is_ok_and(|name| self.wants(name.as_str()))
    }

    fn wants(&self, name: &str) -> bool {
        self.wanted.is_empty() || self.wanted.iter().any(|wanted| wanted == name.trim())
    }
}

/// Finds the files of a challenge's card.
fn find_files<F>(
    entry: &mut Entry<F>,
    name: impl Fn(&F) -> &ChallengeName,
    places: &Places,
    report: &mut Report,
) -> Result<(), Reported> {
    let Some(files) = &entry.card.files else { return Ok(()) };
    let mut found = Vec::with_capacity(files.len());
    for CardFile { path, of_solution } in files {
        let scope = &mut report.challenge(Some(name(&entry.form).to_string()));
        let on_host = places.find(path).map_err(|why| scope.problem(entry.line, format!("`files`: {why}")))?;
        let name = path.rsplit('/').next().unwrap_or(path).to_owned();
        found.push(EntryFile { name, of_solution: *of_solution, path: on_host });
    }
    entry.files = Some(found);
    Ok(())
}

fn parts(
    name: &Path,
    path: &Path,
    places: impl FnOnce() -> Result<Places, String>,
    report: &mut Report,
) -> Result<(Places, Parts), Reported> {
    let Text { text, hard_space } = source::read(path).map_err(|(line, why)| report.file().problem(line, why))?;
    if let Some(line) = hard_space {
        report.file().remark(line, "non-breaking spaces, here and below, are read as ordinary spaces");
    }
    let places = places().map_err(|why| report.file().problem(None, why))?;
    let parts = match Format::of(name, &text) {
        Format::Yaml => yaml::read(&text, report),
        Format::Csv => csv::read(&text, &places, report),
    };
    Ok((places, parts))
}
