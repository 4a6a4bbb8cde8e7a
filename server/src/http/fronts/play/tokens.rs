use crate::http::Problem;
use crate::http::extract::body::{Json, SMALL, With};
use crate::http::extract::player::Player;
use crate::http::fronts::control::acknowledge;
use crate::http::openapi::answers::{Conflict, Done};
use crate::http::problem::Code;
use crate::http::state::Shared;
use actix_web::{HttpResponse, web};
use challengectl_common::{Timestamp, TokenName};
use challengectl_coordinator::Players;
use challengectl_coordinator::players::PersonalToken;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Days for which a token is valid if nothing else is asked for: longer than most events.
const DEFAULT_DAYS: u32 = 30;

#[derive(Serialize, ToSchema)]
#[schema(as = PersonalTokens)]
struct Tokens {
    tokens: Vec<TokenView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PersonalToken)]
struct TokenView {
    token_id: i64,
    name: TokenName,
    created_at: Timestamp,
    expires_at: Timestamp,
}

/// List one's tokens, without their secrets.
#[utoipa::path(get, path = "/api/play/tokens", responses((status = OK, body = Tokens)))]
pub async fn list(Player(player): Player, players: Shared<Players>) -> Result<HttpResponse, Problem> {
    let tokens = players.personal_tokens(&player).await?.into_iter().map(TokenView::from).collect();
    Ok(HttpResponse::Ok().json(Tokens { tokens }))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = NewPersonalToken)]
#[serde(deny_unknown_fields)]
pub struct CreateRequest {
    name: TokenName,
    /// Days for which it is valid.
    #[schema(minimum = 1, maximum = 366, default = 30)]
    expires_days: Option<u32>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PersonalTokenCreated)]
struct Created {
    status: &'static str,
    token_id: i64,
    /// Shown only once. For `Authorization: Bearer` and `Authorization: Token`.
    token: String,
    expires_at: Timestamp,
}

/// Create a token for a program.
///
/// It plays, and cannot change the password or create other tokens. It is shown only once.
#[utoipa::path(post, path = "/api/play/tokens", responses((status = CREATED, body = Created), Conflict))]
pub async fn create(
    With(Player(player), Json(body)): With<Player, Json<CreateRequest, SMALL>>,
    players: Shared<Players>,
) -> Result<HttpResponse, Problem> {
    let days = body.expires_days.unwrap_or(DEFAULT_DAYS);
    let issued = players.issue_personal_token(&player, body.name, days).await?;
    Ok(HttpResponse::Created().json(Created {
        status: "success",
        token_id: issued.id,
        token: issued.token,
        expires_at: issued.expires_at,
    }))
}

/// Revoke one of one's tokens.
#[utoipa::path(delete, path = "/api/play/tokens/{personal_token_id}", responses(Done))]
pub async fn revoke(
    Player(player): Player,
    players: Shared<Players>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let missing = || Problem::new(Code::NotFound).because(format!("there is no token {id} of yours"));
    let number = id.parse().map_err(|_| missing())?;
    players.revoke_personal_token(&player, number).await?;
    Ok(acknowledge(HttpResponse::Ok(), "Token revoked"))
}

impl From<PersonalToken> for TokenView {
    fn from(token: PersonalToken) -> Self {
        Self { token_id: token.id, name: token.name, created_at: token.created_at, expires_at: token.expires_at }
    }
}
