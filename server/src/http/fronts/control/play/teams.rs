use crate::http::extract::body::{With, given};
use crate::http::extract::echo::{Echo, ReadOnly};
use crate::http::extract::query::{Paging, Query};
use crate::http::fronts::control::done;
use crate::http::openapi::answers::{Conflict, Done};
use crate::http::problem::Code;
use crate::http::state::Shared;
use crate::http::{Operator, Problem};
use actix_web::{HttpResponse, web};
use challengectl_common::{TeamName, Timestamp, ZoneName};
use challengectl_coordinator::players::{Team, TeamChange};
use challengectl_coordinator::{Players, Role};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
struct Teams {
    teams: Vec<TeamView>,
    total: u64,
    /// The zones that teams and players are in.
    zones: Vec<ZoneName>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Team)]
struct TeamView {
    team_id: i64,
    name: TeamName,
    zone: Option<ZoneName>,
    active: bool,
    banned: bool,
    /// Its number in challenges that are deployed for teams, such as 2 for `team-002`.
    slot: Option<u32>,
    members: u32,
    created_at: Timestamp,
}

/// List teams, the oldest first.
#[utoipa::path(get, path = "/api/teams", responses((status = OK, body = Teams)))]
pub async fn list(
    With(_, Query(paging)): With<Operator, Query<Paging>>,
    players: Shared<Players>,
) -> Result<HttpResponse, Problem> {
    let (teams, total) = players.teams(paging.page()?).await?;
    let (teams, zones) = (teams.into_iter().map(TeamView::from).collect(), players.zones().await?);
    Ok(HttpResponse::Ok().json(Teams { teams, total, zones }))
}

/// An omitted field stays as it is.
#[derive(Default, Deserialize, ToSchema)]
#[schema(as = TeamChange)]
#[serde(default, deny_unknown_fields)]
pub struct Change {
    name: Option<TeamName>,
    /// Null: in no zone.
    #[serde(deserialize_with = "given")]
    zone: Option<Option<ZoneName>>,
    /// Members of an inactive team cannot play for it, and nobody can join it.
    active: Option<bool>,
    /// As inactive, and its members cannot leave it either.
    banned: Option<bool>,
    /// Its number in challenges that are deployed for teams, of which its members then see the instances of this number
    /// alone; null: none, and they see all. Only admins set it.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 999)]
    slot: Option<Option<u32>>,
}

impl ReadOnly for Change {
    const FIELDS: &[&str] = &["team_id", "members", "created_at"];
}

/// Change the given fields of a team.
#[utoipa::path(put, path = "/api/teams/{team_id}", responses(Done, Conflict))]
pub async fn update(
    With(Operator(person), echo): With<Operator, Echo<Change>>,
    players: Shared<Players>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let missing = || Problem::new(Code::NotFound).because(format!("there is no team {id}"));
    let number = id.parse().map_err(|_| missing())?;
    let before = TeamView::from(players.team(number).await?);
    let Change { name, zone, active, banned, slot } = echo.over(&before)?;
    if slot.is_some_and(|slot| slot != before.slot) && person.role < Role::Admin {
        return Err(Problem::new(Code::Forbidden).because(format!("slot: this requires the role {}", Role::Admin)));
    }
    players.change_team(number, TeamChange { name, zone, active, banned, slot }, person.actor()).await?;
    Ok(done("Team updated"))
}

impl From<Team> for TeamView {
    fn from(team: Team) -> Self {
        let Team { id: team_id, name, zone, active, banned, slot, created_at, members } = team;
        Self { team_id, name, zone, active, banned, slot, members, created_at }
    }
}
