//! The values of a modulation's parameters.

use serde_json::{Map, Value};

/// Every parameter of a modulation with a value within its limits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Values(Map<String, Value>);

impl Values {
    pub(crate) fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    pub(crate) fn set(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// Returns whether a choice or a switch has this value.
    pub(crate) fn is(&self, name: &str, value: &str) -> bool {
        match self.0.get(name) {
            Some(Value::String(word)) => word == value,
            Some(Value::Bool(on)) => on.to_string() == value,
            _ => false,
        }
    }

    /// The value of a whole number; 0 for a name that is not declared.
    #[must_use]
    pub fn integer(&self, name: &str) -> i64 {
        self.find(name, Value::as_i64)
    }

    /// The value of a number, in its unit; 0 for a name that is not declared.
    #[must_use]
    pub fn number(&self, name: &str) -> f64 {
        self.find(name, Value::as_f64)
    }

    /// The word of a choice; empty for a name that is not declared.
    #[must_use]
    pub fn choice(&self, name: &str) -> &str {
        self.find(name, Value::as_str)
    }

    /// A text; empty for a name that is not declared.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.find(name, Value::as_str)
    }

    /// Returns whether a switch is on; false for a name that is not declared.
    #[must_use]
    pub fn switch(&self, name: &str) -> bool {
        self.find(name, Value::as_bool)
    }

    fn find<'a, T: Default>(&'a self, name: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> T {
        debug_assert!(self.0.contains_key(name), "{name} is not declared, or does not apply and has no default");
        self.0.get(name).and_then(read).unwrap_or_default()
    }
}
