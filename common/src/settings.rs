//! Settings from YAML text, overridden by the environment, overridden by the command line. The caller does the I/O.

use crate::closest;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Why settings are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The text is not YAML, or has an unknown key or an invalid value; the message names file, line and column.
    #[error("{0}")]
    Text(String),
    /// An environment variable has a value that is invalid for its setting.
    #[error("environment variable {variable}: {message}")]
    Variable {
        /// The name, such as `CHALLENGECTL_LISTEN`.
        variable: String,
        /// The cause, as the parser states it.
        message: String,
    },
    /// The command line names an unknown setting, or gives it an invalid value.
    #[error("{name}: {message}")]
    Flag {
        /// The setting's name, as given.
        name: String,
        /// The cause, as the parser states it.
        message: String,
    },
}

/// Reads settings from YAML text and overrides them from environment variables. A variable is named `CHALLENGECTL_` and
/// the path of the setting in capitals: `CHALLENGECTL_SERVER_URL` for `server: {url: …}`. Lists are separated by
/// commas.
pub fn load<T>(
    text: &str,
    file: &str,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<T, SettingsError>
where
    T: DeserializeOwned + Serialize + Default,
{
    let refuse = |message: String| SettingsError::Text(format!("{file}: {message}"));
    let mut settings: T = if is_blank(text) {
        T::default()
    } else {
        serde_saphyr::from_str(text).map_err(|error| SettingsError::Text(yaml_message(&error.to_string(), file)))?
    };
    for (variable, value) in variables {
        let Some(path) = variable.strip_prefix("CHALLENGECTL_") else { continue };
        let mut tree = serde_json::to_value(&settings).map_err(|error| refuse(error.to_string()))?;
        if set(&mut tree, path, &value) {
            settings = serde_json::from_value(tree)
                .map_err(|error| SettingsError::Variable { variable, message: error.to_string() })?;
        }
    }
    Ok(settings)
}

/// Returns the settings with the one at the path `name`, such as `tls.self_signed`, set to `value`.
///
/// # Errors
/// [`SettingsError::Flag`] if there is no such setting, or the value is invalid for it.
pub fn assign<T>(settings: &T, name: &str, value: &str) -> Result<T, SettingsError>
where
    T: DeserializeOwned + Serialize,
{
    let refuse = |message: String| SettingsError::Flag { name: name.to_owned(), message };
    let mut tree = serde_json::to_value(settings).map_err(|error| refuse(error.to_string()))?;
    if !set(&mut tree, &name.replace('.', "_").to_uppercase(), value) {
        let names = names(&tree);
        let hint = closest(name, names.iter().map(String::as_str));
        let hint = hint.map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"));
        return Err(refuse(format!("there is no such setting{hint}")));
    }
    serde_json::from_value(tree).map_err(|error| refuse(error.to_string()))
}

/// Returns the paths of all settings.
fn names(tree: &Value) -> Vec<String> {
    let Value::Object(fields) = tree else { return Vec::new() };
    let below = |(key, field): (&String, &Value)| match field {
        Value::Object(_) => names(field).into_iter().map(|name| format!("{key}.{name}")).collect(),
        _ => vec![key.clone()],
    };
    fields.iter().flat_map(below).collect()
}

fn is_blank(text: &str) -> bool {
    text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
}

/// Sets the leaf that `path` names; false if there is none.
fn set(tree: &mut Value, path: &str, value: &str) -> bool {
    let Value::Object(fields) = tree else { return false };
    for (key, field) in fields {
        let key = key.to_uppercase();
        if key == path && !field.is_object() {
            *field = if field.is_array() { list(value) } else { scalar(field, value) };
            return true;
        }
        if let Some(rest) = path.strip_prefix(&key).and_then(|rest| rest.strip_prefix('_'))
            && set(field, rest, value)
        {
            return true;
        }
    }
    false
}

fn list(value: &str) -> Value {
    value.split(',').map(str::trim).filter(|item| !item.is_empty()).collect()
}

/// Parses a value: text where the setting was text; elsewhere `8443` is a number and `true` a boolean.
fn scalar(before: &Value, value: &str) -> Value {
    match before {
        Value::String(_) => Value::String(value.to_owned()),
        _ => match serde_json::from_str(value) {
            Ok(parsed @ (Value::Bool(_) | Value::Number(_) | Value::Null)) => parsed,
            _ => Value::String(value.to_owned()),
        },
    }
}

/// Formats a YAML error with the file's name, and a suggestion for an unknown key.
fn yaml_message(message: &str, file: &str) -> String {
    let message = message.trim_end().trim_start_matches("error: ").replace("<input>", file);
    match suggestion(&message) {
        Some(meant) => format!("{message}\n  = help: did you mean `{meant}`?"),
        None => message,
    }
}

fn suggestion(message: &str) -> Option<String> {
    let (_, rest) = message.lines().next()?.split_once("unknown field `")?;
    let (found, rest) = rest.split_once('`')?;
    let (_, expected) = rest.split_once("expected")?;
    let expected = expected.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    closest(found, expected).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Example {
        listen: String,
        server: Server,
        limit: Option<u32>,
        proxies: Vec<String>,
    }

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Server {
        url: String,
        wait: u32,
    }

    fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn the_environment_overrides_the_file() {
        let text = "listen: a\nserver:\n  url: b\n  wait: 3\n";
        let environment = variables(&[
            ("CHALLENGECTL_SERVER_URL", "c"),
            ("CHALLENGECTL_SERVER_WAIT", "5"),
            ("CHALLENGECTL_LIMIT", "7"),
            ("CHALLENGECTL_PROXIES", "::1, 10.0.0.0/8"),
            ("PATH", "/bin"),
        ]);
        let example: Example = load(text, "x.yml", environment).unwrap();
        let server = Server { url: "c".into(), wait: 5 };
        let proxies = vec!["::1".into(), "10.0.0.0/8".into()];
        assert_eq!(example, Example { listen: "a".into(), server, limit: Some(7), proxies });
    }

    #[test]
    fn the_command_line_overrides_both() {
        let example: Example = load("limit: 1\n", "x.yml", variables(&[("CHALLENGECTL_LIMIT", "7")])).unwrap();
        let example = assign(&example, "limit", "9").unwrap();
        assert_eq!(assign(&example, "server.wait", "5").unwrap().server.wait, 5);
        let refused = |name, value| assign(&example, name, value).unwrap_err().to_string();
        assert_eq!(refused("server.wiat", "5"), "server.wiat: there is no such setting; did you mean `server.wait`?");
        assert_eq!(refused("server", "5"), "server: there is no such setting");
        assert!(refused("limit", "soon").starts_with("limit: invalid type"));
    }

    #[test]
    fn a_misspelt_key_is_refused_with_its_line_and_a_suggestion() {
        let error = load::<Example>("server:\n  ulr: b\n", "x.yml", None).unwrap_err().to_string();
        assert!(error.contains("x.yml:2:3"), "{error}");
        assert!(error.contains("did you mean `url`?"), "{error}");
    }

    #[test]
    fn a_variable_with_an_invalid_value_is_named() {
        let environment = variables(&[("CHALLENGECTL_SERVER_WAIT", "soon")]);
        let error = load::<Example>("", "x.yml", environment).unwrap_err().to_string();
        assert!(error.contains("CHALLENGECTL_SERVER_WAIT"), "{error}");
    }

    #[test]
    fn a_file_of_comments_means_the_defaults() {
        assert_eq!(load::<Example>("# nothing\n\n", "x.yml", None).unwrap(), Example::default());
    }
}
