//! The values of a modulation's parameters.

use serde_json::{Map, Value};

/// Every parameter of a modulation with a value within its limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Values(Map<String, Value>);

impl Values {
    pub(crate) fn new(values: Map<String, Value>) -> Self {
        Self(values)
    }

    /// A parameter of kind integer.
    #[must_use]
    pub fn integer(&self, name: &str) -> i64 {
        debug_assert!(self.0.contains_key(name), "{name} is not declared");
        self.0.get(name).and_then(Value::as_i64).unwrap_or_default()
    }

    /// A parameter of kind number.
    #[must_use]
    pub fn number(&self, name: &str) -> f64 {
        debug_assert!(self.0.contains_key(name), "{name} is not declared");
        self.0.get(name).and_then(Value::as_f64).unwrap_or_default()
    }

    /// A parameter of kind choice.
    #[must_use]
    pub fn choice(&self, name: &str) -> &str {
        debug_assert!(self.0.contains_key(name), "{name} is not declared");
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}
