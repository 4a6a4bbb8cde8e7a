//! What a request sets of a challenge: all fields are optional; the others keep their values.

use super::kinds::ChallengeType;
use super::values::{State, clearable, count, image, logic, name, ports, requirements, secrets, state, text, word};
use crate::http::Problem;
use crate::http::extract::fields::Fields;
use crate::http::fronts::docker::containers::of_image;
use challengectl_common::ChallengeName;
use challengectl_common::instance::{MAX_PORTS, Port};
use challengectl_coordinator::catalog::{Card, Logic, Requirements, SecretUse, Sheet, Subject};
use challengectl_coordinator::{Coordinator, CoreError};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// A challenge. `GET` answers the same fields.
#[derive(ToSchema)]
#[schema(as = DockerChallengeForm, examples(json!({
    "name": "Web Challenge", "category": "web", "description": "Find the flag", "value": 100, "type": "docker",
    "docker_image": "nginx:alpine", "exposed_ports": "80/tcp"
})))]
#[expect(dead_code, reason = "described here, read by `Fields`")]
pub struct ChallengeForm {
    name: Option<String>,
    /// `docker`, `docker_service` or `standard`, which is the default.
    r#type: Option<String>,
    category: Option<String>,
    description: Option<String>,
    /// The points.
    value: Option<u32>,
    /// 0: any number.
    max_attempts: Option<u32>,
    /// `visible`, `hidden` or `locked`.
    state: Option<String>,
    docker_image: Option<String>,
    /// Such as `80/tcp,53/udp`; empty for a new challenge: those of the image.
    exposed_ports: Option<String>,
    /// JSON, as a text: `[{"id": "…", "protected": true}]`.
    docker_secrets_array: Option<String>,
    attribution: Option<String>,
    connection_info: Option<String>,
    scheduled_at: Option<String>,
    /// `any` or `all` of its flags are needed, or `team`: one of each member of a team.
    logic: Option<String>,
    next_id: Option<i64>,
    module_id: Option<i64>,
    /// `{"prerequisites": [1, 2], "anonymize": false}`.
    requirements: Option<serde_json::Value>,
}

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
            logic: word(fields, "logic", logic, "any, all or team")?,
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
    let known = of_image(image, coordinator).await?.unwrap_or_default();
    let found: Vec<Port> = known.iter().filter_map(|port| port.parse().ok()).take(MAX_PORTS).collect();
    if found.is_empty() {
        let why =
            "exposed_ports: at least one port, such as 80/tcp; no engine that is online has an image that exposes one";
        return Err(Problem::invalid(why));
    }
    Ok(found)
}
