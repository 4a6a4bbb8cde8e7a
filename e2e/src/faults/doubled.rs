//! Times at which recordings show two carriers where only one may be on.

use crate::recordings::Recording;
use challengectl_common::Timestamp;
use std::path::PathBuf;
use std::time::Duration;

/// A pause of a stopped transmitter, in which it wrote no samples.
#[derive(Debug, Clone)]
pub struct Pause {
    /// The data file that it was writing.
    pub data: PathBuf,
    pub from: Timestamp,
    pub to: Timestamp,
}

/// Two recordings that were on air at the same time and should not have been.
#[derive(Debug, Clone)]
pub struct Doubled {
    pub first: Recording,
    pub second: Recording,
    /// When the overlap began.
    pub from: Timestamp,
    pub time: Duration,
}

/// Returns all pairs of recordings of one challenge twice on air, or of two challenges in one band.
pub fn doubled(recordings: &[Recording], pauses: &[Pause]) -> Vec<Doubled> {
    let mut found = Vec::new();
    for (index, first) in recordings.iter().enumerate() {
        for second in recordings.iter().skip(index + 1).filter(|second| second.start < first.end) {
            if first.challenge != second.challenge && !first.band.overlaps(&second.band) {
                continue;
            }
            let shared = shared(&on_air(first, pauses), &on_air(second, pauses));
            let millis: i64 = shared.iter().map(|(from, to)| to - from).sum();
            if let Some((from, _)) = shared.first() {
                found.push(Doubled {
                    first: first.clone(),
                    second: second.clone(),
                    from: Timestamp::from_millis(*from),
                    time: Duration::from_millis(millis.unsigned_abs()),
                });
            }
        }
    }
    found
}

/// Returns the intervals on air in milliseconds, from start to end without the pauses.
fn on_air(recording: &Recording, pauses: &[Pause]) -> Vec<(i64, i64)> {
    let mut from = recording.start.as_millis();
    let end = recording.end.as_millis();
    let mut spans = Vec::new();
    let data = recording.meta.with_extension("sigmf-data");
    for pause in pauses.iter().filter(|pause| pause.data == data) {
        spans.push((from, pause.from.as_millis().min(end)));
        from = pause.to.as_millis().max(from);
    }
    spans.push((from, end));
    spans.retain(|(from, to)| to > from);
    spans
}

fn shared(first: &[(i64, i64)], second: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut shared = Vec::new();
    for (from, to) in first {
        for (other_from, other_to) in second {
            let span = (*from.max(other_from), *to.min(other_to));
            if span.1 > span.0 {
                shared.push(span);
            }
        }
    }
    shared
}

#[cfg(test)]
mod tests {
    use super::*;
    use challengectl_common::Band;

    fn recording(challenge: &str, start: i64, end: i64) -> Recording {
        Recording {
            meta: PathBuf::from(format!("{challenge}.sigmf-meta")),
            challenge: challenge.to_owned(),
            band: Band::new(1, 2).unwrap(),
            rate: 1.0,
            samples: 0,
            start: Timestamp::from_millis(start),
            end: Timestamp::from_millis(end),
        }
    }

    #[test]
    fn a_stopped_transmitter_was_not_on_air() {
        let both = [recording("A", 0, 90), recording("B", 40, 60)];
        assert_eq!(doubled(&both, &[]).first().unwrap().time, Duration::from_millis(20));
        let (from, to) = (Timestamp::from_millis(30), Timestamp::from_millis(50));
        let pause = Pause { data: PathBuf::from("A.sigmf-data"), from, to };
        let doubled = doubled(&both, &[pause]);
        assert_eq!(doubled.first().unwrap().time, Duration::from_millis(10));
        assert_eq!(doubled.first().unwrap().from, to);
    }
}
