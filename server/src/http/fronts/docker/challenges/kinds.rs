//! The types of challenges, in CTFd's words.

use crate::http::fronts::docker::envelope::Data;
use crate::http::fronts::docker::principal::Organiser;
use actix_web::web::Json;
use challengectl_coordinator::catalog::{Entry, Subject};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The type of a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChallengeType {
    /// A container for each team or player.
    Docker,
    /// A service of a swarm for each team or player.
    Service,
    /// A text with a flag; also what is on air.
    Standard,
}

impl ChallengeType {
    pub fn of(entry: &Entry) -> Self {
        match entry.subject {
            Subject::Instance { .. } if entry.card.is_service => Self::Service,
            Subject::Instance { .. } => Self::Docker,
            Subject::Text | Subject::Transmission => Self::Standard,
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Docker, Self::Service, Self::Standard].into_iter().find(|it| it.as_str() == text)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Service => "docker_service",
            Self::Standard => "standard",
        }
    }
}

/// A type of challenges, as CTFd's pages load it. Ours has its own pages.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerChallengeType)]
pub struct TypeView {
    pub id: &'static str,
    pub name: &'static str,
    pub templates: BTreeMap<&'static str, &'static str>,
    pub scripts: BTreeMap<&'static str, &'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create: Option<&'static str>,
}

impl From<ChallengeType> for TypeView {
    fn from(kind: ChallengeType) -> Self {
        let id = kind.as_str();
        Self { id, name: id, templates: BTreeMap::new(), scripts: BTreeMap::new(), create: None }
    }
}

/// List the types of challenges.
#[utoipa::path(
    get, path = "/api/v1/challenges/types", responses((status = OK, body = Data<BTreeMap<String, TypeView>>))
)]
pub async fn types(_: Organiser) -> Json<Data<BTreeMap<String, TypeView>>> {
    let pages = BTreeMap::from([("create", ""), ("update", ""), ("view", "")]);
    let all = [ChallengeType::Docker, ChallengeType::Service, ChallengeType::Standard].map(|kind| {
        let view = TypeView { templates: pages.clone(), scripts: pages.clone(), create: Some(""), ..kind.into() };
        (kind.as_str().to_owned(), view)
    });
    Json(Data::new(BTreeMap::from(all)))
}
