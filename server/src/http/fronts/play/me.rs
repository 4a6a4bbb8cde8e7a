use super::rules::PlayMode;
use super::team::OwnTeam;
use crate::http::Problem;
use crate::http::extract::body::{Json, SMALL, With};
use crate::http::extract::player::Player;
use crate::http::fronts::control::acknowledge;
use crate::http::openapi::answers::{Conflict, Done, TooMany};
use crate::http::state::Shared;
use actix_web::HttpResponse;
use challengectl_common::AccountName;
use challengectl_coordinator::Players;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = Me)]
struct Me {
    username: AccountName,
    mode: PlayMode,
    team: Option<OwnTeam>,
}

/// Show oneself, and one's team.
#[utoipa::path(get, path = "/api/play/me", responses((status = OK, body = Me)))]
pub async fn me(Player(player): Player, players: Shared<Players>) -> Result<HttpResponse, Problem> {
    let team = players.own_team(&player).await?.map(OwnTeam::from);
    let mode = players.settings().mode.into();
    Ok(HttpResponse::Ok().json(Me { username: player.name, mode, team }))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = PlayPasswordRequest)]
#[serde(deny_unknown_fields)]
pub struct PasswordRequest {
    current_password: String,
    #[schema(min_length = 8, max_length = 256)]
    new_password: String,
}

/// Change one's own password. Other logins end.
#[utoipa::path(post, path = "/api/play/password", responses(Done, Conflict, TooMany))]
pub async fn change_password(
    With(Player(player), Json(body)): With<Player, Json<PasswordRequest, SMALL>>,
    players: Shared<Players>,
) -> Result<HttpResponse, Problem> {
    players.change_password(&player, body.current_password, body.new_password).await?;
    Ok(acknowledge(HttpResponse::Ok(), "Password changed successfully"))
}
