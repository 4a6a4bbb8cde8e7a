//! Registering, logging in, and new tokens.

use super::body::Lazy;
use super::envelope::{refused, unprocessable};
use super::wire::{Account, Login, Refresh, Registration, Tokens, email, zone};
use crate::http::extract::origin;
use crate::http::extract::this_machine::is_from_this_machine;
use crate::http::openapi::answers::{Failed, TooMany, Unauthorized, Unavailable};
use crate::http::state::{Shared, State};
use crate::http::{Anybody, Problem};
use actix_web::web::{self, Json};
use actix_web::{HttpRequest, HttpResponse};
use challengectl_common::AccountName;
use challengectl_coordinator::deployers::{DeployerTokens, Deployers, NewDeployer};
use challengectl_coordinator::players::Client;

/// Register an account.
///
/// It is a `User`. While there is no Master, one of the names in the server's settings (`master_admin`, `admin`) becomes one,
/// if it registers on the server's machine, or with the `setup_token` that the server has printed.
#[utoipa::path(
    post, path = "/api/v1/auth/register", request_body = Registration,
    responses((status = CREATED, body = Account), Failed, Unavailable)
)]
pub async fn register(
    _: Anybody,
    body: Lazy<Registration>,
    deployers: Shared<Deployers>,
    state: web::Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let form = body.read()?;
    let address = origin::address(&request);
    if let Some(address) = address {
        state.rate_limits.count_registration(address)?;
    }
    let is_long = (3..=50).contains(&form.username.chars().count());
    let name = AccountName::new(&form.username).ok().filter(|name| is_long && name.as_str() == form.username);
    let new = NewDeployer {
        name: name.ok_or_else(|| unprocessable("username: 3 to 50 letters, digits, '.', '_' and '-'"))?,
        email: form.email,
        password: form.password,
        zone: form.zone,
        is_local: is_from_this_machine(&request, &state.config.pacstar.names),
        setup_token: form.setup_token,
    };
    email(&new.email)?;
    zone(&new.zone)?;
    let made = deployers.register(new, &Client { address, device: None }).await.map_err(refused)?;
    Ok(HttpResponse::Created().json(Account::from(made)))
}

/// Log in.
///
/// An account of the event that has a second factor sends its code as well.
#[utoipa::path(
    post, path = "/api/v1/auth/login", request_body = Login,
    responses((status = OK, body = Tokens), Unauthorized, TooMany, Failed, Unavailable)
)]
pub async fn login(
    _: Anybody,
    body: Lazy<Login>,
    deployers: Shared<Deployers>,
    request: HttpRequest,
) -> Result<Json<Tokens>, Problem> {
    let form = body.read()?;
    let client = Client { address: origin::address(&request), device: None };
    let tokens = deployers.log_in(&form.username, form.password, form.totp_code, &client).await.map_err(refused)?;
    Ok(Json(tokens.into()))
}

/// Replace the tokens of a login.
///
/// A refresh token counts once; used again, it ends its login.
#[utoipa::path(
    post, path = "/api/v1/auth/refresh", request_body = Refresh,
    responses((status = OK, body = Tokens), Unauthorized, TooMany, Failed, Unavailable)
)]
pub async fn refresh(_: Anybody, body: Lazy<Refresh>, deployers: Shared<Deployers>) -> Result<Json<Tokens>, Problem> {
    let form = body.read()?;
    Ok(Json(deployers.refresh(&form.refresh_token).await?.into()))
}

impl From<DeployerTokens> for Tokens {
    fn from(tokens: DeployerTokens) -> Self {
        Self { access_token: tokens.access, refresh_token: tokens.refresh, token_type: "bearer" }
    }
}
