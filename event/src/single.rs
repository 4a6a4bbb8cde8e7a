//! Reading of one challenge that a program sends instead of a file.

use crate::defaults::Defaults;
use crate::lookup::Places;
use crate::report::{Report, Reported};
use crate::values::ranges::Ranges;
use crate::{Challenge, Reader, Remark, check, yaml};
use challengectl_common::challenge::NamedRange;
use serde_json::{Map, Value};
use std::path::Path;

impl Reader {
    /// Reads and checks one challenge, given as keys of an event file, exactly as in a file. `ranges` are the frequency
    /// ranges that it may use; the file that it names is looked up under `base`.
    ///
    /// # Errors
    /// All problems, one sentence each.
    pub fn read_one(
        &self,
        keys: Map<String, Value>,
        ranges: Vec<NamedRange>,
        base: &Path,
    ) -> Result<Challenge, Vec<String>> {
        Ok(self.read_one_with_remarks(keys, ranges, base)?.0)
    }

    /// Like [`read_one`](Self::read_one), also with the remarks: what is unusual but can be sent.
    ///
    /// # Errors
    /// As of [`read_one`](Self::read_one).
    pub fn read_one_with_remarks(
        &self,
        keys: Map<String, Value>,
        ranges: Vec<NamedRange>,
        base: &Path,
    ) -> Result<(Challenge, Vec<String>), Vec<String>> {
        let mut report = Report::new(Path::new(""));
        let challenge = self.checked(keys, ranges, base, &mut report);
        let (problems, remarks) = report.finish();
        let texts = |all: Vec<Remark>| all.into_iter().map(|remark| remark.text).collect();
        match challenge {
            Ok(challenge) => Ok((challenge, texts(remarks))),
            Err(_) => Err(texts(problems)),
        }
    }

    fn checked(
        &self,
        keys: Map<String, Value>,
        ranges: Vec<NamedRange>,
        base: &Path,
        report: &mut Report,
    ) -> Result<Challenge, Reported> {
        let places = Places::new(Path::new(""), Some(base)).map_err(|why| report.file().problem(None, why))?;
        let draft = yaml::one(keys, &Defaults::default(), &mut Ranges::known(ranges), &mut report.file());
        check::challenge(draft, &places, self.rules(), report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use challengectl_common::challenge::Kind;
    use serde_json::json;

    fn read(keys: Value) -> Result<Challenge, Vec<String>> {
        let Value::Object(keys) = keys else { unreachable!() };
        let band = "144000000-146000000".parse().unwrap();
        let own = NamedRange { name: "ours".to_owned(), display_name: None, band, raster_hz: None };
        Reader::default().read_one(keys, vec![own], &std::env::temp_dir())
    }

    #[test]
    fn a_challenge_is_read_as_from_a_file() {
        let keys = json!({
            "name": "A", "modulation": "cw", "frequency_ranges": ["ours"], "text": "CQ", "parameters": {"wpm": 20},
            "min_delay": 1.5, "priority": 3, "public_view": {"show_frequency": false},
        });
        let challenge = read(keys).unwrap();
        let Kind::Transmission(transmission) = &challenge.spec.kind;
        assert_eq!((transmission.min_delay_ms, transmission.max_delay_ms), (1_500, 90_000));
        assert_eq!(transmission.tuning.bands(), ["144000000-146000000".parse().unwrap()]);
        assert!(challenge.duration > 0.0 && !challenge.spec.public_view.show_frequency);
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let problems = read(json!({"name": "A", "modulation": "cw", "frequency": 145.55, "min_delay": 0, "colour": 1}));
        let problems = problems.unwrap_err();
        for part in ["145.55 MHz is 145550000", "is not a delay", "has no payload", "unknown key `colour`"] {
            assert!(problems.iter().any(|problem| problem.contains(part)), "{part}: {problems:?}");
        }
    }
}
