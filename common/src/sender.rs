//! The runners and radios that a challenge is bound to.

use crate::{NameError, RadioId, RunnerId};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A runner with all its radios, written `roof`, or one radio of it, written `van/uhf`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sender {
    /// The runner that may send.
    pub runner: RunnerId,
    /// The radio of that runner; `None`: any of them.
    pub radio: Option<RadioId>,
}

impl Sender {
    /// Returns whether this radio of this runner is included.
    #[must_use]
    pub fn covers(&self, runner: &RunnerId, radio: &RadioId) -> bool {
        self.runner == *runner && self.radio.as_ref().is_none_or(|own| own == radio)
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.radio {
            Some(radio) => write!(f, "{}/{radio}", self.runner),
            None => write!(f, "{}", self.runner),
        }
    }
}

impl FromStr for Sender {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (runner, radio) = match text.split_once('/') {
            Some((runner, radio)) => (runner, Some(radio)),
            None => (text, None),
        };
        Ok(Self { runner: RunnerId::new(runner.trim())?, radio: radio.map(|id| RadioId::new(id.trim())).transpose()? })
    }
}

impl TryFrom<String> for Sender {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<Sender> for String {
    fn from(sender: Sender) -> Self {
        sender.to_string()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Sender {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let text = utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::Type::String);
        text.description(Some("A runner with all its radios, or one radio of it, as RUNNER/RADIO."))
            .pattern(Some("^[A-Za-z0-9._-]{1,64}(/[A-Za-z0-9._-]{1,64})?$"))
            .examples(["van/uhf"])
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Sender {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runner_means_all_its_radios_and_a_radio_only_itself() {
        let covers = |sender: &str, radio: &str| {
            let radio = RadioId::new(radio).unwrap();
            sender.parse::<Sender>().unwrap().covers(&RunnerId::new("van").unwrap(), &radio)
        };
        assert!(covers("van", "uhf") && covers("van/uhf", "uhf"));
        assert!(!covers("van/uhf", "vhf") && !covers("roof", "uhf") && !covers("roof/uhf", "uhf"));
    }

    #[test]
    fn a_sender_reads_back_what_it_writes() {
        for text in ["roof", "van/uhf"] {
            assert_eq!(text.parse::<Sender>().unwrap().to_string(), text);
        }
        for text in ["", "/", "a/", "/b", "a/b/c", "a b"] {
            assert!(text.parse::<Sender>().is_err(), "{text}");
        }
    }
}
