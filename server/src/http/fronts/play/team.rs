use crate::http::Problem;
use crate::http::extract::body::{Json, SMALL, With};
use crate::http::extract::player::Player;
use crate::http::fronts::control::acknowledge;
use crate::http::openapi::answers::{Conflict, Done, Missing};
use crate::http::state::Shared;
use actix_web::HttpResponse;
use challengectl_common::{AccountName, TeamName, ZoneName};
use challengectl_coordinator::Players;
use challengectl_coordinator::players::{self, Created, TeamView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = PlayTeam)]
pub struct Team {
    team_id: i64,
    name: TeamName,
    zone: Option<ZoneName>,
    active: bool,
    banned: bool,
}

/// A team, as its members see it.
#[derive(Serialize, ToSchema)]
#[schema(as = OwnTeam)]
pub struct OwnTeam {
    #[serde(flatten)]
    team: Team,
    /// Sorted by name.
    members: Vec<AccountName>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = NewTeam)]
#[serde(deny_unknown_fields)]
pub struct CreateRequest {
    name: TeamName,
}

#[derive(Serialize, ToSchema)]
#[schema(as = TeamCreated)]
struct CreatedView {
    status: &'static str,
    team: OwnTeam,
    /// By which others join. Shown only once; `POST /api/play/team/code` makes a new one.
    join_code: String,
}

/// Create a team, and be its first member.
///
/// The name must not look like that of another team.
#[utoipa::path(post, path = "/api/play/team", responses((status = CREATED, body = CreatedView), Conflict))]
pub async fn create(
    With(Player(player), Json(body)): With<Player, Json<CreateRequest, SMALL>>,
    players: Shared<Players>,
) -> Result<HttpResponse, Problem> {
    let Created { team, join_code } = players.create_team(&player, body.name).await?;
    Ok(HttpResponse::Created().json(CreatedView { status: "success", team: team.into(), join_code }))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = JoinRequest)]
#[serde(deny_unknown_fields)]
pub struct JoinRequest {
    /// Of a member of the team, in capitals or not, with dashes or blanks.
    #[schema(max_length = 64)]
    join_code: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = TeamJoined)]
struct Joined {
    status: &'static str,
    team: OwnTeam,
}

/// Join a team by its code.
#[utoipa::path(post, path = "/api/play/team/join", responses((status = OK, body = Joined), Missing, Conflict))]
pub async fn join(
    With(Player(player), Json(body)): With<Player, Json<JoinRequest, SMALL>>,
    players: Shared<Players>,
) -> Result<HttpResponse, Problem> {
    let team = players.join_team(&player, &body.join_code).await?;
    Ok(HttpResponse::Ok().json(Joined { status: "success", team: team.into() }))
}

/// Leave one's team. Instances and solves stay the team's.
#[utoipa::path(post, path = "/api/play/team/leave", responses(Done, Conflict))]
pub async fn leave(Player(player): Player, players: Shared<Players>) -> Result<HttpResponse, Problem> {
    players.leave_team(&player).await?;
    Ok(acknowledge(HttpResponse::Ok(), "You have left the team"))
}

#[derive(Serialize, ToSchema)]
#[schema(as = JoinCode)]
struct Code {
    status: &'static str,
    join_code: String,
}

/// Replace the join code of one's team.
///
/// The code is shown only once. The earlier one ends; members stay.
#[utoipa::path(post, path = "/api/play/team/code", responses((status = OK, body = Code), Conflict))]
pub async fn renew_code(Player(player): Player, players: Shared<Players>) -> Result<HttpResponse, Problem> {
    let join_code = players.renew_join_code(&player).await?;
    Ok(HttpResponse::Ok().json(Code { status: "success", join_code }))
}

impl From<TeamView> for OwnTeam {
    fn from(view: TeamView) -> Self {
        Self { team: view.team.into(), members: view.members }
    }
}

impl From<players::Team> for Team {
    fn from(team: players::Team) -> Self {
        Self { team_id: team.id, name: team.name, zone: team.zone, active: team.active, banned: team.banned }
    }
}
