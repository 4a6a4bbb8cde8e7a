//! The JSON of a live event.

use serde::Serialize;
use serde_json::Value;

/// The Socket.IO event name of all live events.
pub const NAME: &str = "event";

/// Renders `{"type", …fields, "data": {…fields}}`. The API's examples have the fields at the top, its description under
/// `data`, so they are in both places.
pub fn render(event: &impl Serialize) -> Option<Value> {
    let Ok(Value::Object(mut fields)) = serde_json::to_value(event) else { return None };
    let kind = fields.remove("type")?;
    let data = Value::Object(fields.clone());
    fields.insert("type".to_owned(), kind);
    fields.insert("data".to_owned(), data);
    Some(Value::Object(fields))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_fields_are_at_the_top_and_under_data() {
        let event = json!({"type": "log", "level": "INFO"});
        assert_eq!(render(&event), Some(json!({"type": "log", "level": "INFO", "data": {"level": "INFO"}})));
    }
}
