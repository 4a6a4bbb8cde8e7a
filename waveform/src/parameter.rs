//! What can be set of a modulation.

use crate::error::BuildError;
use serde_json::Value;

/// Something that can be set.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// By this name event files and the API speak of it.
    pub name: &'static str,
    /// One sentence for an organiser.
    pub help: &'static str,
    /// Which values it may have.
    pub kind: Kind,
}

/// Which values a parameter may have, and which it has when none is given.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Kind {
    /// A whole number. Without a default it must be given.
    Integer { min: i64, max: i64, default: Option<i64> },
    /// A number with a unit.
    Number { min: f64, max: f64, default: f64, unit: &'static str },
    /// One of some words.
    Choice { of: &'static [&'static str], default: &'static str },
}

impl Parameter {
    /// The value as given, or the default.
    pub(crate) fn value(&self, given: Option<&Value>) -> Result<Value, BuildError> {
        let refuse = |reason: String| BuildError::Parameter { name: self.name, reason };
        match (self.kind, given) {
            (Kind::Integer { default: Some(default), .. }, None) => Ok(default.into()),
            (Kind::Integer { default: None, .. }, None) => Err(refuse("must be given".to_owned())),
            (Kind::Number { default, .. }, None) => Ok(default.into()),
            (Kind::Choice { default, .. }, None) => Ok(default.into()),
            (Kind::Integer { min, max, .. }, Some(value)) => value
                .as_i64()
                .filter(|number| (min..=max).contains(number))
                .map(Value::from)
                .ok_or_else(|| refuse(format!("{value} is not a whole number from {min} to {max}"))),
            (Kind::Number { min, max, unit, .. }, Some(value)) => value
                .as_f64()
                .filter(|number| (min..=max).contains(number))
                .map(Value::from)
                .ok_or_else(|| refuse(format!("{value} is not a number from {min} to {max} {unit}"))),
            (Kind::Choice { of, .. }, Some(value)) => of
                .iter()
                .find(|word| value.as_str() == Some(word))
                .map(|word| Value::from(*word))
                .ok_or_else(|| refuse(format!("{value} is not one of {}", of.join(", ")))),
        }
    }
}
