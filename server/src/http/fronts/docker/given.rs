//! What a request sets of a challenge: all fields are optional; the others keep their values.

use super::fields::Fields;
use super::images;
use super::kinds::ChallengeType;
use super::reference::is_reference;
use crate::http::Problem;
use challengectl_common::ChallengeName;
use challengectl_common::instance::{MAX_PORTS, Port};
use challengectl_coordinator::catalog::{Card, Logic, Requirements, SecretUse, Sheet, Subject};
use challengectl_coordinator::{Coordinator, CoreError};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// The fields that are given. Of what can be cleared, `Some(None)` clears it.
#[derive(Debug, Default)]
pub struct Given {
    kind: Option<ChallengeType>,
    name: Option<ChallengeName>,
    category: Option<String>,
    description: Option<String>,
    value: Option<u32>,
    max_attempts: Option<u32>,
    state: Option<State>,
    image: Option<String>,
    ports: Option<Vec<Port>>,
    logic: Option<Logic>,
    attribution: Option<Option<String>>,
    connection_info: Option<Option<String>>,
    scheduled_at: Option<Option<String>>,
    next_id: Option<Option<i64>>,
    module_id: Option<Option<i64>>,
    requirements: Option<Option<Requirements>>,
    secrets: Option<Vec<SecretUse>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Visible,
    Hidden,
    Locked,
}

impl Given {
    /// Reads the fields of a body.
    pub fn read(fields: &Fields) -> Result<Self, Problem> {
        Ok(Self {
            kind: word(fields, "type", ChallengeType::parse, "docker, docker_service or standard")?,
            name: fields.text("name")?.map(name).transpose()?,
            category: fields.text("category")?.map(str::to_owned),
            description: fields.text("description")?.map(str::to_owned),
            value: count(fields, "value")?,
            max_attempts: count(fields, "max_attempts")?,
            state: word(fields, "state", state, "visible, hidden or locked")?,
            image: fields.text("docker_image")?.map(image).transpose()?,
            ports: fields.text("exposed_ports")?.map(ports).transpose()?,
            logic: word(fields, "logic", logic, "any or all")?,
            attribution: clearable(fields, "attribution", text)?,
            connection_info: clearable(fields, "connection_info", text)?,
            scheduled_at: clearable(fields, "scheduled_at", text)?,
            next_id: clearable(fields, "next_id", Fields::number)?,
            module_id: clearable(fields, "module_id", Fields::number)?,
            requirements: clearable(fields, "requirements", requirements)?,
            secrets: secrets(fields)?,
        })
    }

    /// Returns a new challenge of these fields. Without ports, they are those that the image exposes.
    pub async fn sheet(mut self, coordinator: &Coordinator) -> Result<Sheet, Problem> {
        let kind = self.kind.take().unwrap_or(ChallengeType::Standard);
        let missing = |field: &str| Problem::invalid(format!("{field}: is missing"));
        let name = self.name.take().ok_or_else(|| missing("name"))?;
        let subject = match kind {
            ChallengeType::Standard => Subject::Text,
            ChallengeType::Docker | ChallengeType::Service => {
                let image = self.image.take().ok_or_else(|| missing("docker_image"))?;
                let ports = match self.ports.take().filter(|ports| !ports.is_empty()) {
                    Some(ports) => ports,
                    None => exposed(&image, coordinator).await?,
                };
                Subject::Instance { slug: String::new(), image, ports }
            }
        };
        let sheet = Sheet {
            name,
            is_shown: true,
            category: String::new(),
            description: String::new(),
            points: 0,
            max_attempts: None,
            subject,
            card: Card { is_service: kind == ChallengeType::Service, ..Card::default() },
        };
        self.check_secrets(coordinator).await?;
        Ok(self.on(sheet)?)
    }

    /// Checks that the secrets are there.
    pub async fn check_secrets(&self, coordinator: &Coordinator) -> Result<(), Problem> {
        let Some(uses) = self.secrets.as_ref().filter(|uses| !uses.is_empty()) else { return Ok(()) };
        let known: BTreeSet<String> = coordinator.instances.secrets().await?.into_iter().map(|it| it.id).collect();
        match uses.iter().find(|it| !known.contains(&it.id)) {
            Some(unknown) => Err(Problem::invalid(format!("docker_secrets_array: there is no secret {}", unknown.id))),
            None => Ok(()),
        }
    }

    /// Returns a challenge with these fields changed.
    pub fn on(self, mut sheet: Sheet) -> Result<Sheet, CoreError> {
        let invalid = |why: &str| CoreError::Invalid(why.to_owned());
        match (&mut sheet.subject, self.kind) {
            (Subject::Instance { .. }, Some(ChallengeType::Standard)) => {
                return Err(invalid("type: a challenge with containers stays one; create another challenge"));
            }
            (Subject::Text | Subject::Transmission, Some(ChallengeType::Docker | ChallengeType::Service)) => {
                return Err(invalid("type: a challenge without containers stays one; create another challenge"));
            }
            (Subject::Instance { image, ports, .. }, kind) => {
                if self.ports.as_ref().is_some_and(Vec::is_empty) {
                    return Err(invalid("exposed_ports: at least one port, such as 80/tcp"));
                }
                set(image, self.image);
                set(ports, self.ports);
                set(&mut sheet.card.is_service, kind.map(|kind| kind == ChallengeType::Service));
                set(&mut sheet.card.secrets, self.secrets);
            }
            _ => {}
        }
        set(&mut sheet.name, self.name);
        set(&mut sheet.category, self.category);
        set(&mut sheet.description, self.description);
        set(&mut sheet.points, self.value);
        set(&mut sheet.max_attempts, self.max_attempts.map(|max| Some(max).filter(|max| *max > 0)));
        if let Some(state) = self.state {
            (sheet.is_shown, sheet.card.is_locked) = (state == State::Visible, state == State::Locked);
        }
        set(&mut sheet.card.logic, self.logic);
        set(&mut sheet.card.attribution, self.attribution);
        set(&mut sheet.card.connection_info, self.connection_info);
        set(&mut sheet.card.scheduled_at, self.scheduled_at);
        set(&mut sheet.card.next_id, self.next_id);
        set(&mut sheet.card.module_id, self.module_id);
        set(&mut sheet.card.requirements, self.requirements);
        Ok(sheet)
    }
}

fn set<T>(field: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *field = given;
    }
}

/// Returns the ports that an image exposes, for a challenge that names none.
async fn exposed(image: &str, coordinator: &Coordinator) -> Result<Vec<Port>, Problem> {
    let known = images::of_image(image, coordinator).await?.unwrap_or_default();
    let found: Vec<Port> = known.iter().filter_map(|port| port.parse().ok()).take(MAX_PORTS).collect();
    if found.is_empty() {
        let why =
            "exposed_ports: at least one port, such as 80/tcp; no engine that is online has an image that exposes one";
        return Err(Problem::invalid(why));
    }
    Ok(found)
}

fn name(text: &str) -> Result<ChallengeName, Problem> {
    ChallengeName::new(text).map_err(|error| Problem::invalid(format!("name: {error}")))
}

fn image(text: &str) -> Result<String, Problem> {
    let refuse = || Problem::invalid("docker_image: no name of an image, such as nginx:alpine");
    is_reference(text).then(|| text.to_owned()).ok_or_else(refuse)
}

/// Reads ports such as `80/tcp, 53/UDP`.
fn ports(text: &str) -> Result<Vec<Port>, Problem> {
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

fn state(text: &str) -> Option<State> {
    match text {
        "visible" => Some(State::Visible),
        "hidden" => Some(State::Hidden),
        "locked" => Some(State::Locked),
        _ => None,
    }
}

fn logic(text: &str) -> Option<Logic> {
    match text {
        "any" => Some(Logic::Any),
        "all" => Some(Logic::All),
        _ => None,
    }
}

fn word<T>(fields: &Fields, name: &str, parse: fn(&str) -> Option<T>, all: &str) -> Result<Option<T>, Problem> {
    let text = fields.text(name)?.filter(|text| !text.is_empty());
    let refuse = || Problem::invalid(format!("{name}: must be {all}"));
    text.map(|text| parse(text).ok_or_else(refuse)).transpose()
}

fn count(fields: &Fields, name: &str) -> Result<Option<u32>, Problem> {
    let refuse = |_| Problem::invalid(format!("{name}: must be a whole number from 0"));
    fields.number(name)?.map(|number| u32::try_from(number).map_err(refuse)).transpose()
}

fn text(fields: &Fields, name: &str) -> Result<Option<String>, Problem> {
    Ok(fields.text(name)?.map(str::to_owned))
}

/// Reads a field that null clears.
fn clearable<T>(
    fields: &Fields,
    name: &str,
    read: impl Fn(&Fields, &str) -> Result<Option<T>, Problem>,
) -> Result<Option<Option<T>>, Problem> {
    fields.get(name).map(|_| read(fields, name)).transpose()
}

fn requirements(fields: &Fields, name: &str) -> Result<Option<Requirements>, Problem> {
    let refuse = |error| Problem::invalid(format!("{name}: {error}"));
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => serde_json::from_str(text).map_err(refuse),
        Some(value) => Requirements::deserialize(value).map(Some).map_err(refuse),
    }
}

/// Reads the secrets of a service: a list, or the same as a text of JSON.
fn secrets(fields: &Fields) -> Result<Option<Vec<SecretUse>>, Problem> {
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
