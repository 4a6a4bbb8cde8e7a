use super::team::Team;
use crate::http::Problem;
use crate::http::extract::anybody::Anybody;
use crate::http::extract::body::{Json, SMALL};
use crate::http::extract::origin;
use crate::http::extract::player::Player;
use crate::http::fronts::control::acknowledge;
use crate::http::openapi::answers::{Conflict, Done, TooMany, Unauthorized};
use crate::http::state::{Shared, State};
use actix_web::{HttpRequest, HttpResponse};
use challengectl_common::AccountName;
use challengectl_coordinator::Players;
use challengectl_coordinator::players::{ACCESS_LIFE, Client, Registered, Tokens};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[schema(as = Registration)]
#[serde(deny_unknown_fields)]
pub struct RegisterRequest {
    username: AccountName,
    #[schema(min_length = 8, max_length = 256)]
    password: String,
    /// The code that the organisers give out, if the event needs one.
    registration_code: Option<String>,
}

/// Tokens of a login. Shown only once.
#[derive(Serialize, ToSchema)]
#[schema(as = PlayTokens)]
struct TokensView {
    token_type: &'static str,
    /// For requests, as `Authorization: Bearer`.
    access_token: String,
    /// Seconds for which the access token is valid, unless the login is refreshed before.
    expires_in: u64,
    /// For new tokens, once. Used again later, it ends the login.
    refresh_token: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PlayLogin)]
struct LoggedIn {
    status: &'static str,
    username: AccountName,
    team: Option<Team>,
    #[serde(flatten)]
    tokens: TokensView,
    /// Send it with the next login: wrong passwords of others then do not lock this client out.
    #[serde(skip_serializing_if = "Option::is_none")]
    device_token: Option<String>,
}

/// Register, and log in.
///
/// The settings of the event say who may: everybody, those who have the code, or nobody.
#[utoipa::path(
    post, path = "/api/play/register",
    responses((status = CREATED, body = LoggedIn), Unauthorized, Conflict)
)]
pub async fn register(
    _: Anybody,
    Json(body): Json<RegisterRequest, SMALL>,
    players: Shared<Players>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let client = client(&request, None);
    if let Some(address) = client.address {
        State::of(&request)?.rate_limits.count_registration(address)?;
    }
    let code = body.registration_code.as_deref();
    let registered = players.register(body.username, body.password, code, &client).await?;
    Ok(HttpResponse::Created().json(LoggedIn::from(registered)))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = PlayLoginRequest)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    username: String,
    password: String,
    /// The token of this client, from an earlier login.
    device_token: Option<String>,
}

/// Log in with a password.
#[utoipa::path(post, path = "/api/play/login", responses((status = OK, body = LoggedIn), Unauthorized, TooMany))]
pub async fn log_in(
    _: Anybody,
    Json(body): Json<LoginRequest, SMALL>,
    players: Shared<Players>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let client = client(&request, body.device_token);
    let entered = players.log_in(&body.username, body.password, &client).await?;
    Ok(HttpResponse::Ok().json(LoggedIn::from(entered)))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = PlayRefreshRequest)]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    refresh_token: String,
}

/// Replace the tokens of a login.
///
/// Both earlier tokens end. A refresh token that is used a second time ends its login, since somebody else has it; within
/// ten seconds it is refused with 409 instead, so that two windows of one browser do not end their login.
#[utoipa::path(post, path = "/api/play/refresh", responses((status = OK, body = TokensView), Unauthorized, Conflict))]
pub async fn refresh(
    _: Anybody,
    Json(body): Json<RefreshRequest, SMALL>,
    players: Shared<Players>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(TokensView::from(players.refresh(&body.refresh_token).await?)))
}

/// Log out: both tokens of the login end.
#[utoipa::path(post, path = "/api/play/logout", responses(Done))]
pub async fn log_out(Player(player): Player, players: Shared<Players>) -> Result<HttpResponse, Problem> {
    players.log_out(&player).await?;
    Ok(acknowledge(HttpResponse::Ok(), "Logged out successfully"))
}

fn client(request: &HttpRequest, device: Option<String>) -> Client {
    Client { address: origin::address(request), device }
}

impl From<Tokens> for TokensView {
    fn from(tokens: Tokens) -> Self {
        Self {
            token_type: "Bearer",
            access_token: tokens.access,
            expires_in: ACCESS_LIFE.as_secs(),
            refresh_token: tokens.refresh,
        }
    }
}

impl From<Registered> for LoggedIn {
    fn from(registered: Registered) -> Self {
        Self {
            status: "success",
            username: registered.name,
            team: registered.team.map(Team::from),
            tokens: registered.tokens.into(),
            device_token: registered.device,
        }
    }
}
