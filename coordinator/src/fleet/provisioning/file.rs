//! The configuration file for a new runner.

use crate::CoreError;
use challengectl_common::{Band, RadioId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Radios in a requested configuration, as in a registration.
const MAX_RADIOS: usize = 64;
/// Characters of a driver's or a setting's name.
const MAX_WORD: usize = 64;

/// A radio of a new runner. Only the drivers on the runner's host know which further settings exist.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewRadio {
    /// Unique on the runner.
    pub id: RadioId,
    /// The driver's name.
    pub driver: String,
    /// The bands that it may transmit in; empty: any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frequency_limits: Vec<Band>,
    /// Further settings for `runner.yml`, unchanged.
    #[serde(flatten)]
    pub settings: Map<String, Value>,
}

/// The part of `runner.yml` that the server knows.
#[derive(Debug, Serialize)]
pub(super) struct RunnerFile<'a> {
    pub server: &'a str,
    pub enrollment_token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_cert: Option<&'a str>,
    pub radios: &'a [NewRadio],
}

impl RunnerFile<'_> {
    pub fn to_yaml(&self) -> Result<String, CoreError> {
        serde_saphyr::to_string(self).map_err(|error| CoreError::Invalid(format!("radios: {error}")))
    }
}

/// Checks the radios, as far as the server can before a runner reads them.
pub(super) fn check(radios: &[NewRadio]) -> Result<(), CoreError> {
    if radios.len() > MAX_RADIOS {
        return Err(CoreError::Invalid(format!("radios: {} are more than {MAX_RADIOS}", radios.len())));
    }
    let mut ids = BTreeSet::new();
    for NewRadio { id, driver, settings, .. } in radios {
        if !ids.insert(id) {
            return Err(CoreError::Invalid(format!("radios: the id {id} is given twice")));
        }
        let wrong = settings.keys().chain([driver]).find(|word| !is_word(word));
        if let Some(wrong) = wrong {
            let start: String = wrong.chars().take(80).collect();
            return Err(CoreError::Invalid(format!("radios: {id}: {start:?} is neither a driver nor a setting")));
        }
    }
    Ok(())
}

fn is_word(text: &str) -> bool {
    let allows = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (1..=MAX_WORD).contains(&text.len()) && text.chars().all(allows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    proptest! {
        #[test]
        fn whatever_a_radio_is_called_the_file_says_just_that(model in any::<String>(), number in any::<i32>()) {
            let radio = json!({"id": "a", "driver": "null", "model": model, "gain": number, "more": [model, null]});
            let radios = [serde_json::from_value(radio.clone()).unwrap()];
            let file = RunnerFile { server: "https://h:8443", enrollment_token: "et_x", ca_cert: Some("A\nB\n"), radios: &radios };
            let read: Value = serde_saphyr::from_str(&file.to_yaml().unwrap()).unwrap();
            let expected = json!({
                "server": "https://h:8443", "enrollment_token": "et_x", "ca_cert": "A\nB\n", "radios": [radio],
            });
            prop_assert_eq!(read, expected);
        }
    }

    #[test]
    fn a_radio_that_makes_no_sense_is_refused() {
        let radio = |value: Value| serde_json::from_value::<NewRadio>(value).unwrap();
        let plain = || radio(json!({"id": "a", "driver": "null"}));
        assert!(check(&[plain()]).is_ok());
        assert!(check(&[plain(), plain()]).is_err());
        assert!(check(&[radio(json!({"id": "a", "driver": "null\nx: y"}))]).is_err());
        assert!(check(&[radio(json!({"id": "a", "driver": "null", "a: b": 1}))]).is_err());
        assert!(
            check(&(0..65).map(|n| radio(json!({"id": n.to_string(), "driver": "x"}))).collect::<Vec<_>>()).is_err()
        );
    }
}
