//! A challenge as keys of an event file.

use challengectl_common::challenge::Kind;
use challengectl_common::{Band, ChallengeSpec, Payload, Tuning};
use serde_json::{Value, json};

/// The keys for the frequency; a challenge has exactly one of them.
pub const TUNING_KEYS: [&str; 3] = ["frequency", "frequency_ranges", "manual_frequency_range"];

/// The keys for the payload; a challenge has exactly one of them.
pub const PAYLOAD_KEYS: [&str; 2] = ["text", "file"];

/// Returns `spec` as keys of an event file, in their usual order. [`Reader::read_one`](crate::Reader::read_one) reads
/// the same `spec` back, provided that it finds the file.
#[must_use]
pub fn keys_of(spec: &ChallengeSpec) -> Vec<(&'static str, Value)> {
    let Kind::Transmission(transmission) = &spec.kind;
    let mut keys = vec![("name", json!(spec.name.as_str())), ("modulation", json!(transmission.modulation))];
    keys.push(tuning(&transmission.tuning));
    keys.push(match &transmission.payload {
        Payload::Text(text) => ("text", json!(text)),
        Payload::File(file) => ("file", json!(file.path)),
    });
    if !transmission.parameters.is_empty() {
        keys.push(("parameters", json!(transmission.parameters)));
    }
    keys.extend([
        ("min_delay", seconds(transmission.min_delay_ms)),
        ("max_delay", seconds(transmission.max_delay_ms)),
        ("enabled", json!(spec.enabled)),
        ("priority", json!(transmission.priority)),
        ("public_view", json!(spec.public_view)),
    ]);
    if !transmission.only_on.is_empty() {
        keys.push(("only_on", json!(transmission.only_on)));
    }
    keys
}

fn tuning(tuning: &Tuning) -> (&'static str, Value) {
    match tuning {
        Tuning::Frequency(frequency) => ("frequency", json!(frequency.hz())),
        Tuning::FrequencyRanges(ranges) => {
            ("frequency_ranges", ranges.iter().map(|range| range.name.as_str()).collect::<Value>())
        }
        Tuning::ManualFrequencyRange(band) => ("manual_frequency_range", edges(band)),
    }
}

fn edges(band: &Band) -> Value {
    json!({"min_hz": band.low(), "max_hz": band.high()})
}

fn seconds(millis: i64) -> Value {
    json!(millis as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reader;
    use challengectl_common::challenge::NamedRange;

    fn read(keys: Value) -> ChallengeSpec {
        let Value::Object(keys) = keys else { unreachable!() };
        let band = "144000000-146000000".parse().unwrap();
        let own = NamedRange { name: "ours".to_owned(), display_name: None, band, raster_hz: None };
        Reader::default().read_one(keys, vec![own], &std::env::temp_dir()).unwrap().spec
    }

    #[test]
    fn the_keys_of_a_challenge_read_back_as_the_same_challenge() {
        let all = [
            json!({"name": "A", "modulation": "cw", "frequency": 145_550_000, "text": "CQ"}),
            json!({"name": "B", "modulation": "cw", "frequency_ranges": ["ours"], "text": "0123", "parameters": {"wpm": 18.5},
                "min_delay": 0.5, "max_delay": 1.25, "enabled": false, "priority": -3, "only_on": ["roof", "van/uhf"]}),
            json!({"name": "C", "modulation": "ask", "manual_frequency_range": {"min_hz": 433_100_000, "max_hz": 434_700_000},
                "text": "~", "public_view": {"show_frequency": false}}),
        ];
        for keys in all {
            let spec = read(keys);
            let keys = keys_of(&spec);
            let one_of = |wanted: &[&str]| keys.iter().filter(|(key, _)| wanted.contains(key)).count();
            assert_eq!((one_of(&TUNING_KEYS), one_of(&PAYLOAD_KEYS)), (1, 1));
            assert_eq!(read(keys.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()), spec);
        }
    }
}
