use crate::http::extract::anybody::Anybody;
use crate::http::openapi::answers::TooMany;
use crate::http::state::Shared;
use actix_web::HttpResponse;
use challengectl_coordinator::Players;
use challengectl_coordinator::players::{Mode, Registration};
use serde::Serialize;
use utoipa::ToSchema;

/// Whose instances and solves are: the team's, or the account's.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PlayMode {
    Teams,
    Users,
}

/// How registration works: open to everybody, by a code, or closed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = RegistrationRule)]
enum WhoRegisters {
    Open,
    Code,
    Closed,
}

/// What people need to know before they play.
#[derive(Serialize, ToSchema)]
#[schema(as = PlayRules)]
struct Rules {
    registration: WhoRegisters,
    mode: PlayMode,
    /// The most members of a team.
    team_size: u32,
}

/// Show how registration works, and whether players play in teams.
#[utoipa::path(get, path = "/api/play", responses((status = OK, body = Rules), TooMany))]
pub async fn show(_: Anybody, players: Shared<Players>) -> HttpResponse {
    let settings = players.settings();
    HttpResponse::Ok().json(Rules {
        registration: settings.registration.into(),
        mode: settings.mode.into(),
        team_size: settings.team_size,
    })
}

impl From<Mode> for PlayMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Teams => Self::Teams,
            Mode::Users => Self::Users,
        }
    }
}

impl From<Registration> for WhoRegisters {
    fn from(registration: Registration) -> Self {
        match registration {
            Registration::Open => Self::Open,
            Registration::Code(_) => Self::Code,
            Registration::Closed => Self::Closed,
        }
    }
}
