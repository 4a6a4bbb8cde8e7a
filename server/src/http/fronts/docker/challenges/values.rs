//! The values of the fields of a challenge.

use crate::http::Problem;
use crate::http::extract::fields::Fields;
use crate::http::fronts::docker::containers::is_reference;
use challengectl_common::ChallengeName;
use challengectl_common::instance::{MAX_PORTS, Port};
use challengectl_coordinator::catalog::{Logic, Requirements, SecretUse};
use serde::Deserialize;
use serde_json::Value;

/// Who sees a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Visible,
    Hidden,
    Locked,
}

pub fn name(text: &str) -> Result<ChallengeName, Problem> {
    ChallengeName::new(text).map_err(|error| Problem::invalid(format!("name: {error}")))
}

pub fn image(text: &str) -> Result<String, Problem> {
    let refuse = || Problem::invalid("docker_image: no name of an image, such as nginx:alpine");
    is_reference(text).then(|| text.to_owned()).ok_or_else(refuse)
}

/// Reads ports such as `80/tcp, 53/UDP`.
pub fn ports(text: &str) -> Result<Vec<Port>, Problem> {
    let mut ports: Vec<Port> = Vec::new();
    for part in text.split(',').map(|part| part.trim().to_ascii_lowercase()).filter(|part| !part.is_empty()) {
        let refuse = |why: &str| Problem::invalid(format!("exposed_ports: {part:?} {why}"));
        let port = Some(&part).filter(|part| part.contains('/')).and_then(|part| part.parse().ok());
        let port = port.ok_or_else(|| refuse("is not a port such as 80/tcp or 53/udp"))?;
        if ports.contains(&port) {
            return Err(refuse("is given twice"));
        }
        ports.push(port);
    }
    if ports.len() > MAX_PORTS {
        return Err(Problem::invalid(format!("exposed_ports: more than {MAX_PORTS}")));
    }
    Ok(ports)
}

pub fn state(text: &str) -> Option<State> {
    match text {
        "visible" => Some(State::Visible),
        "hidden" => Some(State::Hidden),
        "locked" => Some(State::Locked),
        _ => None,
    }
}

pub fn logic(text: &str) -> Option<Logic> {
    match text {
        "any" => Some(Logic::Any),
        "all" => Some(Logic::All),
        "team" => Some(Logic::Team),
        _ => None,
    }
}

pub fn word<T>(fields: &Fields, name: &str, parse: fn(&str) -> Option<T>, all: &str) -> Result<Option<T>, Problem> {
    let text = fields.text(name)?.filter(|text| !text.is_empty());
    let refuse = || Problem::invalid(format!("{name}: must be {all}"));
    text.map(|text| parse(text).ok_or_else(refuse)).transpose()
}

pub fn count(fields: &Fields, name: &str) -> Result<Option<u32>, Problem> {
    let refuse = |_| Problem::invalid(format!("{name}: must be a whole number from 0"));
    fields.number(name)?.map(|number| u32::try_from(number).map_err(refuse)).transpose()
}

pub fn text(fields: &Fields, name: &str) -> Result<Option<String>, Problem> {
    Ok(fields.text(name)?.map(str::to_owned))
}

/// Reads a field that null clears.
pub fn clearable<T>(
    fields: &Fields,
    name: &str,
    read: impl Fn(&Fields, &str) -> Result<Option<T>, Problem>,
) -> Result<Option<Option<T>>, Problem> {
    fields.get(name).map(|_| read(fields, name)).transpose()
}

pub fn requirements(fields: &Fields, name: &str) -> Result<Option<Requirements>, Problem> {
    let refuse = |error| Problem::invalid(format!("{name}: {error}"));
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => serde_json::from_str(text).map_err(refuse),
        Some(value) => Requirements::deserialize(value).map(Some).map_err(refuse),
    }
}

/// Reads the secrets of a service: a list, or the same as a text of JSON.
pub fn secrets(fields: &Fields) -> Result<Option<Vec<SecretUse>>, Problem> {
    const NAME: &str = "docker_secrets_array";
    #[derive(Deserialize)]
    struct Use {
        id: String,
        #[serde(default)]
        protected: bool,
    }
    let refuse = |error| Problem::invalid(format!("{NAME}: {error}"));
    let uses: Vec<Use> = match fields.get(NAME) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => Vec::new(),
        Some(Value::String(text)) => serde_json::from_str(text).map_err(refuse)?,
        Some(value) => Vec::deserialize(value).map_err(refuse)?,
    };
    Ok(Some(uses.into_iter().map(|it| SecretUse { id: it.id, protected: it.protected }).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_in_any_case_with_blanks_and_empty_parts() {
        let read = |text: &str| ports(text).map(|ports| ports.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(read(" 80/TCP, ,53/udp,").unwrap(), ["80/tcp", "53/udp"]);
        assert!(read("").unwrap().is_empty());
        for text in ["80", "0/tcp", "65536/tcp", "80/sctp", "80/tcp,80/tcp", "a/tcp", "-1/tcp", "80//tcp"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
