//! Challenges, as this front shows them.

use super::kinds::{ChallengeType, TypeView};
use super::requirements::RequirementsView;
use crate::http::fronts::docker::attached::files::location;
use crate::http::fronts::docker::attached::hints::cost;
use crate::http::fronts::docker::attached::solutions::is_readable;
use challengectl_coordinator::catalog::{Access, Attachment, AttachmentKind, Card, Listed, Logic, SecretUse, Subject};
use challengectl_coordinator::{Coordinator, CoreError};
use serde::Serialize;
use utoipa::ToSchema;

/// A line of the list of challenges.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerChallengeLine)]
pub struct ChallengeLine {
    id: i64,
    /// `docker`, `docker_service` or `standard`; `hidden` for one whose requirements are not met.
    r#type: &'static str,
    name: String,
    value: u32,
    solves: Option<u32>,
    solved_by_me: bool,
    category: String,
    tags: Vec<TagValue>,
    template: &'static str,
    script: &'static str,
    /// For admins.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = DockerTagValue)]
pub struct TagValue {
    value: String,
}

impl ChallengeLine {
    /// Shows a challenge to an organiser, or to a player who sees all of it.
    pub fn new(listed: Listed, is_admin: bool) -> Self {
        let state = is_admin.then(|| state(&listed));
        let kind = ChallengeType::of(&listed.entry).as_str();
        let Listed { entry, solves, is_solved, .. } = listed;
        Self {
            id: entry.id,
            r#type: kind,
            category: category(&entry.subject, entry.about.category),
            name: entry.name.to_string(),
            value: entry.points,
            solves: Some(solves),
            solved_by_me: is_solved,
            tags: entry.about.tags.into_iter().map(|value| TagValue { value }).collect(),
            template: "",
            script: "",
            state,
        }
    }

    /// Shows that there is a challenge.
    pub fn anonymous(id: i64) -> Self {
        Self {
            id,
            r#type: "hidden",
            name: "???".to_owned(),
            value: 0,
            solves: None,
            solved_by_me: false,
            category: "???".to_owned(),
            tags: Vec::new(),
            template: "",
            script: "",
            state: None,
        }
    }

    /// Shows a challenge to a player, as far as that may be.
    pub fn for_player(listed: Listed) -> Option<Self> {
        match listed.access {
            Access::Open => Some(Self::new(listed, false)),
            Access::Anonymous => Some(Self::anonymous(listed.entry.id)),
            Access::Hidden => None,
        }
    }
}

/// A challenge.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerChallenge)]
pub struct ChallengeView {
    id: i64,
    name: String,
    /// The points.
    value: u32,
    description: String,
    category: String,
    state: &'static str,
    /// 0: any number.
    max_attempts: u32,
    r#type: &'static str,
    type_data: TypeView,
    /// How many submissions one has made, if they are limited.
    attempts: u32,
    solves: u32,
    solved_by_me: bool,
    tags: Vec<String>,
    hints: Vec<HintLine>,
    /// Paths, to be requested from this server.
    files: Vec<String>,
    attribution: Option<String>,
    connection_info: Option<String>,
    next_id: Option<i64>,
    /// The solution, if one may read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    solution_id: Option<i64>,
    /// For admins: `all` if all flags are needed, `team` if one of each member of a team is. Absent otherwise: `ctfcli` counts each field that a `challenge.yml` lacks as
    /// a difference.
    #[serde(skip_serializing_if = "Option::is_none")]
    logic: Option<&'static str>,
    /// For admins.
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduled_at: Option<String>,
    /// For admins.
    #[serde(skip_serializing_if = "Option::is_none")]
    module_id: Option<i64>,
    /// For admins.
    #[serde(skip_serializing_if = "Option::is_none")]
    requirements: Option<RequirementsView>,
    /// For admins.
    #[serde(skip_serializing_if = "Option::is_none")]
    docker_image: Option<String>,
    /// For admins: `container` or `service`.
    #[serde(skip_serializing_if = "Option::is_none")]
    docker_type: Option<&'static str>,
    /// For admins: such as `80/tcp,53/udp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    exposed_ports: Option<String>,
    /// For admins: those that a service gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    secrets: Option<Vec<SecretName>>,
}

/// A hint, without what it says.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerHintLine)]
struct HintLine {
    id: i64,
    cost: i64,
    title: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = DockerSecretName)]
struct SecretName {
    name: String,
    id: String,
}

/// Shows a challenge; to players without what they must not know.
pub async fn read(listed: Listed, is_admin: bool, coordinator: &Coordinator) -> Result<ChallengeView, CoreError> {
    let id = listed.entry.id;
    let kind = ChallengeType::of(&listed.entry);
    let state = state(&listed);
    let hints = coordinator.catalog.attachments(AttachmentKind::Hint, Some(id)).await?;
    let files = coordinator.catalog.attachments(AttachmentKind::File, Some(id)).await?;
    let Listed { entry, solves, is_solved, attempts, .. } = listed;
    let card = entry.card;
    let category = category(&entry.subject, entry.about.category);
    let view = ChallengeView {
        id,
        name: entry.name.to_string(),
        value: entry.points,
        description: entry.about.description,
        category,
        state,
        max_attempts: entry.max_attempts.unwrap_or_default(),
        r#type: kind.as_str(),
        type_data: kind.into(),
        attempts,
        solves,
        solved_by_me: is_solved,
        tags: entry.about.tags,
        hints: hints.iter().map(hint).collect(),
        files: files.iter().filter(|it| it.text("type") != "solution").map(path).collect(),
        attribution: card.attribution.clone(),
        connection_info: card.connection_info.clone(),
        next_id: card.next_id,
        solution_id: None,
        logic: None,
        scheduled_at: None,
        module_id: None,
        requirements: None,
        docker_image: None,
        docker_type: None,
        exposed_ports: None,
        secrets: None,
    };
    if !is_admin {
        let solutions = coordinator.catalog.attachments(AttachmentKind::Solution, Some(id)).await?;
        let solution_id = solutions.iter().find(|it| is_readable(it, is_solved)).map(|it| it.id);
        return Ok(ChallengeView { solution_id, ..view });
    }
    details(view, entry.subject, card, coordinator).await
}

/// Adds what players do not see.
async fn details(
    mut view: ChallengeView,
    subject: Subject,
    card: Card,
    coordinator: &Coordinator,
) -> Result<ChallengeView, CoreError> {
    if let Subject::Instance { image, ports, .. } = subject {
        let ports: Vec<_> = ports.iter().map(ToString::to_string).collect();
        view.docker_image = Some(image);
        view.docker_type = Some(if card.is_service { "service" } else { "container" });
        view.exposed_ports = Some(ports.join(","));
        if card.is_service {
            view.secrets = Some(names(&card.secrets, coordinator).await?);
        }
    }
    view.logic = match card.logic {
        Logic::Any => None,
        Logic::All => Some("all"),
        Logic::Team => Some("team"),
    };
    view.scheduled_at = card.scheduled_at;
    view.module_id = card.module_id;
    view.requirements = card.requirements.map(Into::into);
    Ok(view)
}

fn hint(it: &Attachment) -> HintLine {
    HintLine { id: it.id, cost: cost(it), title: it.text("title").to_owned() }
}

/// Returns the path of a file, below this server.
fn path(file: &Attachment) -> String {
    format!("/files/{}", location(file))
}

fn state(listed: &Listed) -> &'static str {
    match (listed.entry.is_shown, listed.entry.card.is_locked) {
        (true, _) => "visible",
        (false, true) => "locked",
        (false, false) => "hidden",
    }
}

fn category(subject: &Subject, category: String) -> String {
    if *subject == Subject::Transmission { "radio".to_owned() } else { category }
}

async fn names(uses: &[SecretUse], coordinator: &Coordinator) -> Result<Vec<SecretName>, CoreError> {
    let known = coordinator.instances.secrets().await?;
    let named = uses.iter().filter_map(|it| known.iter().find(|secret| secret.id == it.id));
    Ok(named.map(|secret| SecretName { name: secret.name.clone(), id: secret.id.clone() }).collect())
}
