//! Ports as authors write them.

use challengectl_common::instance::Port;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// A port as it is written: a number of TCP, or `"53/udp"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct PortEntry {
    /// The port.
    pub port: Port,
    written: Value,
}

impl TryFrom<Value> for PortEntry {
    type Error = String;

    fn try_from(written: Value) -> Result<Self, String> {
        let text = match &written {
            Value::Number(number) => number.to_string(),
            Value::String(text) => text.clone(),
            other => return Err(format!("{other} is no port such as 80 or \"53/udp\"")),
        };
        let port = text.parse().map_err(|_| format!("{text:?} is no port such as 80 or \"53/udp\""))?;
        Ok(Self { port, written })
    }
}

impl PartialSchema for PortEntry {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(65_535));
        let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[1-9][0-9]{0,4}(/(tcp|udp))?$"));
        OneOfBuilder::new().item(number).item(text).into()
    }
}

impl ToSchema for PortEntry {}

impl From<PortEntry> for Value {
    fn from(entry: PortEntry) -> Self {
        entry.written
    }
}
