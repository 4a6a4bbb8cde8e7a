//! The metadata beside a recording: SigMF 1.2, <https://sigmf.org>.

use super::super::Tuning;
use challengectl_common::Timestamp;
use serde_json::{Value, json};

/// The version of SigMF whose fields are used.
const VERSION: &str = "1.2.5";

/// The namespace of fields that are not part of SigMF, and its version.
const EXTENSION: &str = "challengectl";
const EXTENSION_VERSION: &str = "1.0.0";

/// The data of a complete recording.
pub(super) struct Completion {
    /// The number of samples.
    pub(super) samples: u64,
    /// The SHA-512 of the data file, in hexadecimal.
    pub(super) sha512: String,
}

/// Returns the metadata of a recording. It is valid without `completion` too, so that the recording of a killed process
/// can be read.
pub(super) fn describe(tuning: &Tuning, began: Timestamp, completion: Option<&Completion>) -> Value {
    let mut global = json!({
        "core:datatype": "cf32_le",
        "core:version": VERSION,
        "core:sample_rate": tuning.sample_rate,
        "core:hw": "none: recorded instead of transmitted",
        "core:recorder": concat!("challengectl-runner ", env!("CARGO_PKG_VERSION")),
        // Optional: programs that do not know it can ignore it.
        "core:extensions": [{"name": EXTENSION, "version": EXTENSION_VERSION, "optional": true}],
    });
    let mut annotation = json!({
        "core:sample_start": 0,
        "core:freq_lower_edge": tuning.band.low(),
        "core:freq_upper_edge": tuning.band.high(),
        "core:label": tuning.challenge,
        // The frequency to tune a receiver to, which is neither the centre of the recording nor that of the signal.
        "core:comment": format!("nominal frequency {} Hz", tuning.nominal.hz()),
    });
    insert(&mut annotation, &format!("{EXTENSION}:nominal_frequency"), json!(tuning.nominal.hz()));
    if let Some(Completion { samples, sha512 }) = completion {
        insert(&mut global, "core:sha512", json!(sha512));
        insert(&mut annotation, "core:sample_count", json!(samples));
    }
    let capture = json!({
        "core:sample_start": 0,
        "core:frequency": tuning.centre.hz(),
        "core:datetime": began,
    });
    json!({"global": global, "captures": [capture], "annotations": [annotation]})
}

fn insert(object: &mut Value, key: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(key.to_owned(), value);
    }
}
