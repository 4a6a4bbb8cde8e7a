//! Bodies of which unknown fields are ignored, since the clients of these fronts send more than they need.

use crate::http::Problem;
use serde_json::{Map, Value};

/// The maximum size of such a body in bytes.
pub const MAX_BODY: usize = 1 << 20;
/// The maximum depth of lists and objects in each other.
const MAX_DEPTH: usize = 64;

/// The fields of a body; none without a body.
#[derive(Debug, Default)]
pub struct Fields(Map<String, Value>);

impl Fields {
    /// Reads a JSON object.
    pub fn of_json(body: &[u8]) -> Result<Self, Problem> {
        let value: Value = serde_json::from_slice(body).map_err(|error| Problem::invalid(error.to_string()))?;
        if depth(&value) > MAX_DEPTH {
            return Err(Problem::invalid(format!("the body has more than {MAX_DEPTH} levels")));
        }
        Self::of(value)
    }

    /// Takes the fields of a value that stands in a body.
    pub fn of(value: Value) -> Result<Self, Problem> {
        match value {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(Problem::invalid("the body must be a JSON object")),
        }
    }

    /// Takes the fields of a form, of which the last one of a name counts.
    pub fn of_form(fields: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(fields.into_iter().map(|(name, text)| (name, Value::String(text))).collect())
    }

    /// Returns a field as it is; `None` if it is absent.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Returns a text; `None` if it is absent or null.
    pub fn text(&self, name: &str) -> Result<Option<&str>, Problem> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Problem::invalid(format!("{name}: must be a text"))),
        }
    }

    /// Returns a text that has to be there, and not be empty.
    pub fn needed(&self, name: &str) -> Result<&str, Problem> {
        let text = self.text(name)?.filter(|text| !text.trim().is_empty());
        text.ok_or_else(|| Problem::invalid(format!("{name}: is missing")))
    }

    /// Returns a whole number, also one that is given as a text, as forms do; `None` if it is absent, null or empty.
    pub fn number(&self, name: &str) -> Result<Option<i64>, Problem> {
        let refuse = || Problem::invalid(format!("{name}: must be a whole number"));
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => text.parse().map(Some).map_err(|_| refuse()),
            Some(Value::Number(number)) => {
                // Some clients write 100.0.
                let whole = number.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 1e15);
                number.as_i64().or(whole.map(|number| number as i64)).map(Some).ok_or_else(refuse)
            }
            Some(_) => Err(refuse()),
        }
    }

    /// Takes a list out of the body.
    pub fn take_list(&mut self, name: &str) -> Result<Vec<Value>, Problem> {
        match self.0.remove(name) {
            Some(Value::Array(list)) => Ok(list),
            _ => Err(Problem::invalid(format!("{name}: must be a list"))),
        }
    }
}

/// `serde_json` reads at most 128 levels, so that this ends.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(depth).max().unwrap_or_default(),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}
