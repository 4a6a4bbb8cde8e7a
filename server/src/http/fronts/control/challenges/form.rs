//! A challenge as the body of a request.

use super::schemas;
use crate::http::extract::echo::ReadOnly;
use challengectl_common::{ChallengeName, Digest, PublicView, Sender};
use challengectl_coordinator::Form;
use serde::Deserialize;
use serde_json::{Map, Number, Value};
use utoipa::ToSchema;

/// The given fields. All others keep their values when a challenge is changed, and have the defaults of an event file
/// when one is created. Fields have the same meaning as in an event file, except that a file is an uploaded one, given
/// by its digest.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(examples(json!({"name": "MORSE_3", "modulation": "cw", "frequency": 145_550_000, "text": "CQ CQ", "parameters": {"wpm": 18}})))]
pub struct ChallengeForm {
    #[schema(value_type = Option<ChallengeName>)]
    name: Option<String>,
    #[schema(schema_with = schemas::modulation)]
    modulation: Option<String>,
    #[schema(schema_with = schemas::frequency)]
    frequency: Option<Number>,
    frequency_ranges: Option<Vec<String>>,
    #[schema(schema_with = schemas::edges)]
    manual_frequency_range: Option<Map<String, Value>>,
    #[schema(max_length = 4096)]
    text: Option<String>,
    flag_hash: Option<Digest>,
    #[schema(max_length = 255)]
    flag_file: Option<String>,
    #[schema(schema_with = schemas::parameters)]
    parameters: Option<Map<String, Value>>,
    enabled: Option<bool>,
    priority: Option<i64>,
    #[schema(schema_with = schemas::seconds)]
    min_delay: Option<Number>,
    #[schema(schema_with = schemas::seconds)]
    max_delay: Option<Number>,
    #[schema(value_type = Option<PublicView>)]
    public_view: Option<Map<String, Value>>,
    /// The runners and radios that may transmit it; an empty list: all.
    only_on: Option<Vec<Sender>>,
}

impl ReadOnly for ChallengeForm {
    const FIELDS: &[&str] =
        &["challenge_id", "state", "last_run", "next_run", "triggered", "failures", "duration", "occupied"];
}

impl From<ChallengeForm> for Form {
    fn from(form: ChallengeForm) -> Self {
        Self {
            name: form.name,
            modulation: form.modulation,
            frequency: form.frequency,
            frequency_ranges: form.frequency_ranges,
            manual_frequency_range: form.manual_frequency_range,
            text: form.text,
            flag_hash: form.flag_hash,
            flag_file: form.flag_file,
            parameters: form.parameters,
            enabled: form.enabled,
            priority: form.priority,
            min_delay: form.min_delay,
            max_delay: form.max_delay,
            public_view: form.public_view,
            only_on: form.only_on,
        }
    }
}
