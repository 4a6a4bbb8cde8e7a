use crate::http::extract::body::{With, given};
use crate::http::extract::echo::{Echo, ReadOnly};
use crate::http::extract::query::{Paging, Query};
use crate::http::fronts::control::done;
use crate::http::openapi::answers::{Done, TooMany};
use crate::http::state::Shared;
use crate::http::{Operator, Problem};
use actix_web::{HttpResponse, web};
use challengectl_common::{AccountName, TeamName, Timestamp, ZoneName};
use challengectl_coordinator::Players;
use challengectl_coordinator::players::{PlayerChange, PlayerRecord};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = PlayerList)]
struct List {
    players: Vec<PlayerView>,
    total: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Player)]
struct PlayerView {
    username: AccountName,
    zone: Option<ZoneName>,
    active: bool,
    banned: bool,
    team_id: Option<i64>,
    team: Option<TeamName>,
    created_at: Timestamp,
    last_login: Option<Timestamp>,
}

/// List players, by name.
#[utoipa::path(get, path = "/api/players", responses((status = OK, body = List)))]
pub async fn list(
    With(_, Query(paging)): With<Operator, Query<Paging>>,
    players: Shared<Players>,
) -> Result<HttpResponse, Problem> {
    let (list, total) = players.players(paging.page()?).await?;
    Ok(HttpResponse::Ok().json(List { players: list.into_iter().map(PlayerView::from).collect(), total }))
}

/// An omitted field stays as it is.
#[derive(Default, Deserialize, ToSchema)]
#[schema(as = PlayerChange)]
#[serde(default, deny_unknown_fields)]
pub struct Change {
    /// A new password, for a player who has lost the old one; all logins and tokens end.
    #[schema(min_length = 8, max_length = 256)]
    password: Option<String>,
    /// Null: in no zone.
    #[serde(deserialize_with = "given")]
    zone: Option<Option<ZoneName>>,
    /// An inactive player has no login and no token.
    active: Option<bool>,
    /// As inactive; logging in says so.
    banned: Option<bool>,
}

impl ReadOnly for Change {
    const FIELDS: &[&str] = &["username", "team_id", "team", "created_at", "last_login"];
}

/// Change the given fields of a player. A ban ends all logins and tokens at once.
#[utoipa::path(put, path = "/api/players/{player}", responses(Done, TooMany))]
pub async fn update(
    With(Operator(person), echo): With<Operator, Echo<Change>>,
    players: Shared<Players>,
    name: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let Change { password, zone, active, banned } = echo.over(&PlayerView::from(players.player(&name).await?))?;
    players.change_player(&name, PlayerChange { password, zone, active, banned }, person.actor()).await?;
    Ok(done("Player updated"))
}

impl From<PlayerRecord> for PlayerView {
    fn from(player: PlayerRecord) -> Self {
        let (team_id, team) = player.team.map(|team| (team.id, team.name)).unzip();
        Self {
            username: player.name,
            zone: player.zone,
            active: player.active,
            banned: player.banned,
            team_id,
            team,
            created_at: player.created_at,
            last_login: player.last_login,
        }
    }
}
