//! Parameters of modulations, each declared in one line.
//!
//! ```
//! # use challengectl_waveform::{Parameter, parameter::{choice, number}};
//! const PARAMETERS: &[Parameter] = &[
//!     choice("mode", "How bits are sent.", &["fsk", "ook"], "fsk"),
//!     number("shift", "Hertz between the tones.", 50.0..=5000.0, 170.0, "Hz").when("mode", &["fsk"]),
//! ];
//! ```

use crate::error::BuildError;
use crate::values::Values;
use serde_json::{Map, Value};
use std::fmt;
use std::ops::RangeInclusive;

/// A parameter of a modulation.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// The name in event files and in the API.
    pub name: &'static str,
    /// One sentence for an organiser, with a full stop.
    pub help: &'static str,
    /// The valid values, and the default.
    pub kind: Kind,
    /// The condition under which it applies; `None`: always.
    pub only_when: Option<Condition>,
}

/// The valid values of a parameter, and its default.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A whole number from `min` to `max`.
    Integer {
        /// The lowest valid value.
        min: i64,
        /// The highest valid value.
        max: i64,
        /// The default; `None`: the parameter is required.
        default: Option<i64>,
    },
    /// A number from `min` to `max`, also with a fraction.
    Number {
        /// The lowest valid value, in `unit`.
        min: f64,
        /// The highest valid value, in `unit`.
        max: f64,
        /// The default, in `unit`.
        default: f64,
        /// The unit as it is shown: `Hz`, `Bd`.
        unit: &'static str,
    },
    /// One of some words.
    Choice {
        /// The valid words.
        of: &'static [&'static str],
        /// The default.
        default: &'static str,
    },
    /// A text of one line.
    Text {
        /// The maximum number of characters, not bytes.
        max: usize,
        /// The default.
        default: &'static str,
    },
    /// On or off: `true` or `false`.
    Switch {
        /// The default.
        default: bool,
    },
}

/// When a parameter applies: while another, a choice or a switch declared before it, has one of some values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition {
    /// The name of the other parameter.
    pub parameter: &'static str,
    /// Its values; for a switch `true` or `false`.
    pub values: &'static [&'static str],
}

/// Declares a whole number within `limits`.
#[must_use]
pub const fn integer(name: &'static str, help: &'static str, limits: RangeInclusive<i64>, default: i64) -> Parameter {
    declared(name, help, Kind::Integer { min: *limits.start(), max: *limits.end(), default: Some(default) })
}

/// Declares a required whole number within `limits`.
#[must_use]
pub const fn required_integer(name: &'static str, help: &'static str, limits: RangeInclusive<i64>) -> Parameter {
    declared(name, help, Kind::Integer { min: *limits.start(), max: *limits.end(), default: None })
}

/// Declares a number within `limits`. Limits and default are in `unit`.
#[must_use]
pub const fn number(
    name: &'static str,
    help: &'static str,
    limits: RangeInclusive<f64>,
    default: f64,
    unit: &'static str,
) -> Parameter {
    declared(name, help, Kind::Number { min: *limits.start(), max: *limits.end(), default, unit })
}

/// Declares one of some words.
#[must_use]
pub const fn choice(
    name: &'static str,
    help: &'static str,
    of: &'static [&'static str],
    default: &'static str,
) -> Parameter {
    declared(name, help, Kind::Choice { of, default })
}

/// Declares a text of at most `max` characters, without control characters.
#[must_use]
pub const fn text(name: &'static str, help: &'static str, max: usize, default: &'static str) -> Parameter {
    declared(name, help, Kind::Text { max, default })
}

/// Declares something that is on or off.
#[must_use]
pub const fn switch(name: &'static str, help: &'static str, default: bool) -> Parameter {
    declared(name, help, Kind::Switch { default })
}

const fn declared(name: &'static str, help: &'static str, kind: Kind) -> Parameter {
    Parameter { name, help, kind, only_when: None }
}

impl Parameter {
    /// Restricts the parameter: it applies only while `parameter`, a choice or a switch declared before it, has one of
    /// `values`. Otherwise a given value must still be within the limits, and is ignored with a remark.
    #[must_use]
    pub const fn when(self, parameter: &'static str, values: &'static [&'static str]) -> Self {
        Self { only_when: Some(Condition { parameter, values }), ..self }
    }

    /// Returns whether the parameter applies, given the values of those before it, of which those in `applying` do.
    fn applies(&self, values: &Values, applying: &[&str]) -> bool {
        self.only_when.is_none_or(|Condition { parameter, values: wanted }| {
            applying.contains(&parameter) && wanted.iter().any(|value| values.is(parameter, value))
        })
    }

    /// Returns the given value, or the default; `None` if there is no default and the parameter does not apply.
    ///
    /// # Errors
    /// [`BuildError::Parameter`] with the limits.
    fn value(&self, given: Option<&Value>, applies: bool) -> Result<Option<Value>, BuildError> {
        match (given, self.kind.default()) {
            (Some(value), _) => self.kind.within(value).map(Some).map_err(|reason| self.refuse(reason)),
            (None, None) if applies => Err(self.refuse("must be given".to_owned())),
            (None, default) => Ok(default),
        }
    }

    fn refuse(&self, reason: String) -> BuildError {
        BuildError::Parameter { name: self.name, reason }
    }
}

/// Shows a parameter as in the description of the API: name, limits, default, condition, help.
impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({}", self.name, self.kind)?;
        if let Some(condition) = self.only_when {
            write!(f, "; applies only with {condition}")?;
        }
        write!(f, "). {}", self.help)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.parameter, self.values.join(" or "))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer { min, max, default: Some(default) } => write!(f, "{min} to {max}, default {default}"),
            Self::Integer { min, max, default: None } => write!(f, "{min} to {max}, required"),
            Self::Number { min, max, default, unit } => write!(f, "{min} to {max} {unit}, default {default}"),
            Self::Choice { of, default } => write!(f, "{}, default {default}", of.join(", ")),
            Self::Text { max, default } => write!(f, "text of at most {max} characters, default {default:?}"),
            Self::Switch { default } => write!(f, "true or false, default {default}"),
        }
    }
}

impl Kind {
    fn default(self) -> Option<Value> {
        match self {
            Self::Integer { default, .. } => default.map(Value::from),
            Self::Number { default, .. } => Some(default.into()),
            Self::Choice { default, .. } | Self::Text { default, .. } => Some(default.into()),
            Self::Switch { default } => Some(default.into()),
        }
    }

    /// Returns the value if it is valid; else the limits.
    fn within(self, value: &Value) -> Result<Value, String> {
        match self {
            Self::Integer { min, max, .. } => value
                .as_i64()
                .filter(|number| (min..=max).contains(number))
                .map(Value::from)
                .ok_or_else(|| format!("{value} is not a whole number from {min} to {max}")),
            Self::Number { min, max, unit, .. } => value
                .as_f64()
                .filter(|number| (min..=max).contains(number))
                .map(Value::from)
                .ok_or_else(|| format!("{value} is not a number from {min} to {max} {unit}")),
            Self::Choice { of, .. } => of
                .iter()
                .find(|word| value.as_str() == Some(word))
                .map(|word| Value::from(*word))
                .ok_or_else(|| format!("{value} is not one of {}", of.join(", "))),
            Self::Text { max, .. } => value
                .as_str()
                .filter(|text| text.chars().count() <= max && !text.contains(char::is_control))
                .map(Value::from)
                .ok_or_else(|| format!("must be a text of one line with at most {max} characters")),
            Self::Switch { .. } => {
                value.as_bool().map(Value::from).ok_or_else(|| format!("{value} is neither true nor false"))
            }
        }
    }
}

/// Returns the value of every parameter, given or default, and a remark for each that is given but does not apply.
///
/// # Errors
/// [`BuildError::Parameter`] for the first that is invalid or missing.
pub(crate) fn all(
    parameters: &'static [Parameter],
    given: &Map<String, Value>,
) -> Result<(Values, Vec<String>), BuildError> {
    let (mut values, mut applying, mut remarks) = (Values::default(), Vec::new(), Vec::new());
    for parameter in parameters {
        let applies = parameter.applies(&values, &applying);
        applying.extend(applies.then_some(parameter.name));
        let given = given.get(parameter.name);
        if let Some(value) = parameter.value(given, applies)? {
            values.set(parameter.name, value);
        }
        if let (Some(condition), false, Some(_)) = (parameter.only_when, applies, given) {
            remarks.push(format!("parameter {} is ignored: it applies only with {condition}", parameter.name));
        }
    }
    Ok((values, remarks))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ALL: &[Parameter] = &[
        required_integer("pager", "The pager's number.", 1..=9),
        choice("mode", "How bits are sent.", &["ook", "fsk", "gfsk"], "ook"),
        number("shift", "Hertz between the tones.", 50.0..=5000.0, 170.0, "Hz").when("mode", &["fsk", "gfsk"]),
        switch("smooth", "Whether edges are rounded.", true).when("mode", &["gfsk"]),
        integer("taps", "How long the filter is.", 1..=64, 8).when("smooth", &["true"]),
        text("callsign", "Goes before the text.", 8, ""),
        required_integer("key", "The key.", 0..=3).when("mode", &["fsk"]),
    ];

    fn given(given: &Value) -> Result<(Values, Vec<String>), String> {
        all(ALL, given.as_object().unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn an_omitted_parameter_has_its_default() {
        let (values, remarks) = given(&json!({"pager": 3})).unwrap();
        assert_eq!((values.integer("pager"), values.choice("mode"), values.number("shift")), (3, "ook", 170.0));
        assert_eq!((values.switch("smooth"), values.integer("taps"), values.text("callsign")), (true, 8, ""));
        assert!(remarks.is_empty());
    }

    #[test]
    fn an_invalid_value_is_refused_with_the_limits() {
        let refused = |more: Value| {
            let mut all = json!({"pager": 3});
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            given(&all).unwrap_err()
        };
        assert_eq!(given(&json!({})).unwrap_err(), "parameter pager: must be given");
        assert_eq!(refused(json!({"pager": 0})), "parameter pager: 0 is not a whole number from 1 to 9");
        assert_eq!(refused(json!({"mode": "am"})), "parameter mode: \"am\" is not one of ook, fsk, gfsk");
        assert_eq!(refused(json!({"shift": "wide"})), "parameter shift: \"wide\" is not a number from 50 to 5000 Hz");
        assert_eq!(refused(json!({"smooth": 1})), "parameter smooth: 1 is neither true nor false");
        let long = "parameter callsign: must be a text of one line with at most 8 characters";
        assert_eq!(refused(json!({"callsign": "N0CALL-12"})), long);
        assert_eq!(refused(json!({"callsign": "A\nB"})), long);
    }

    #[test]
    fn a_parameter_that_does_not_apply_is_ignored_with_a_remark_and_need_not_be_given() {
        let (_, remarks) = given(&json!({"pager": 3, "shift": 850, "taps": 4})).unwrap();
        assert_eq!(
            remarks,
            [
                "parameter shift is ignored: it applies only with mode fsk or gfsk",
                "parameter taps is ignored: it applies only with smooth true",
            ]
        );
        let (values, remarks) = given(&json!({"pager": 3, "mode": "gfsk", "smooth": false, "taps": 4})).unwrap();
        assert_eq!(remarks, ["parameter taps is ignored: it applies only with smooth true"]);
        assert_eq!(values.integer("taps"), 4);
        let (_, remarks) = given(&json!({"pager": 3, "mode": "gfsk", "shift": 850, "taps": 4})).unwrap();
        assert!(remarks.is_empty());
        // A value that does not apply must be valid too, so that a mistake shows now and not later.
        assert!(given(&json!({"pager": 3, "shift": 1})).is_err());
        assert_eq!(given(&json!({"pager": 3, "mode": "fsk"})).unwrap_err(), "parameter key: must be given");
    }

    #[test]
    fn forms_and_documentation_show_limits_default_and_condition() {
        let shown: Vec<_> = ALL.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "`pager` (1 to 9, required). The pager's number.",
                "`mode` (ook, fsk, gfsk, default ook). How bits are sent.",
                "`shift` (50 to 5000 Hz, default 170; applies only with mode fsk or gfsk). Hertz between the tones.",
                "`smooth` (true or false, default true; applies only with mode gfsk). Whether edges are rounded.",
                "`taps` (1 to 64, default 8; applies only with smooth true). How long the filter is.",
                "`callsign` (text of at most 8 characters, default \"\"). Goes before the text.",
                "`key` (0 to 3, required; applies only with mode fsk). The key.",
            ]
        );
    }
}
