use super::role::Role;
use super::users::Totp;
use crate::events::LOGIN_COOKIE;
use crate::http::extract::anybody::Anybody;
use crate::http::extract::body::{Json, SMALL, With};
use crate::http::extract::principal::{KNOWN_BROWSER_COOKIE, Viewer};
use crate::http::fronts::control::acknowledge;
use crate::http::openapi::answers::{Conflict, Done, Missing, TooMany, Unauthorized};
use crate::http::state::Shared;
use crate::http::{Problem, extract::origin};
use actix_web::cookie::{Cookie, SameSite};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use challengectl_common::{AccountName, Timestamp};
use challengectl_coordinator::accounts::{Client, KNOWN_BROWSER_RETENTION, LoggedIn, MAX_LOGIN_AGE, Step};
use challengectl_coordinator::{Accounts, Person};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    username: String,
    password: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PasswordVerified)]
struct Owing {
    status: &'static str,
    message: &'static str,
    temp_token: String,
}

/// Check a password.
#[utoipa::path(post, path = "/api/auth/login", responses((status = OK, body = Owing), Unauthorized, TooMany))]
pub async fn login(
    accounts: Shared<Accounts>,
    request: HttpRequest,
    body: Result<Json<LoginRequest, SMALL>, Problem>,
) -> Result<HttpResponse, Problem> {
    let client = client(&request);
    let Json(body) = counted(&accounts, Step::Login, &client, body)?;
    let temp_token = accounts.log_in(&body.username, body.password, &client).await?;
    let message = "Password verified, TOTP required";
    Ok(HttpResponse::Ok().json(Owing { status: "success", message, temp_token }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyRequest {
    temp_token: String,
    totp_code: String,
}

#[derive(Serialize, ToSchema)]
struct Verified {
    status: &'static str,
    message: &'static str,
    user: User,
    /// Shown only once, after the first code of an account.
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_codes: Option<Vec<String>>,
}

/// Check a TOTP code and log in.
#[utoipa::path(post, path = "/api/auth/verify-totp", responses((status = OK, body = Verified), Unauthorized, TooMany))]
pub async fn verify_totp(
    accounts: Shared<Accounts>,
    request: HttpRequest,
    body: Result<Json<VerifyRequest, SMALL>, Problem>,
) -> Result<HttpResponse, Problem> {
    let client = client(&request);
    let Json(body) = counted(&accounts, Step::VerifyTotp, &client, body)?;
    let LoggedIn { name, role, session, device, recovery_codes } =
        accounts.verify_totp(&body.temp_token, &body.totp_code, &client).await?;
    let mut response = HttpResponse::Ok();
    set_cookie(&mut response, &request, (LOGIN_COOKIE, session), MAX_LOGIN_AGE);
    if let Some(device) = device {
        set_cookie(&mut response, &request, (KNOWN_BROWSER_COOKIE, device), KNOWN_BROWSER_RETENTION);
    }
    let user = User { username: name, role: role.into() };
    Ok(response.json(Verified { status: "success", message: "Authentication successful", user, recovery_codes }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetupRequest {
    setup_token: String,
    username: AccountName,
    #[schema(min_length = 8, max_length = 256)]
    password: String,
}

#[derive(Serialize, ToSchema)]
struct SetUp {
    status: &'static str,
    message: &'static str,
    username: AccountName,
    #[serde(flatten)]
    totp: Totp,
    temp_token: String,
}

#[derive(Serialize, ToSchema)]
struct SetupState {
    /// Whether there is no account yet: the token that the server has printed makes the first one.
    needed: bool,
}

/// Show whether the first account is still to be created.
#[utoipa::path(get, path = "/api/auth/setup", responses((status = OK, body = SetupState)))]
pub async fn setup_state(_: Anybody, accounts: Shared<Accounts>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(SetupState { needed: accounts.needs_setup().await? }))
}

/// Create the first account.
#[utoipa::path(
    post, path = "/api/auth/setup",
    responses((status = CREATED, body = SetUp), Unauthorized, Conflict, TooMany)
)]
pub async fn setup(
    accounts: Shared<Accounts>,
    request: HttpRequest,
    body: Result<Json<SetupRequest, SMALL>, Problem>,
) -> Result<HttpResponse, Problem> {
    let client = client(&request);
    let Json(body) = counted(&accounts, Step::Setup, &client, body)?;
    let first = accounts.set_up(&body.setup_token, &body.username, body.password, &client).await?;
    Ok(HttpResponse::Created().json(SetUp {
        status: "success",
        message: "Send a first TOTP code with temp_token to /api/auth/verify-totp",
        username: body.username,
        totp: first.totp.into(),
        temp_token: first.temp_token,
    }))
}

#[derive(Serialize, ToSchema)]
struct Session {
    authenticated: bool,
    user: User,
    expires_at: Timestamp,
}

#[derive(Serialize, ToSchema)]
struct User {
    username: AccountName,
    role: Role,
}

/// Show the current login.
#[utoipa::path(get, path = "/api/auth/session", responses((status = OK, body = Session)))]
pub async fn session(Viewer(person): Viewer) -> HttpResponse {
    let expires_at = person.until();
    HttpResponse::Ok().json(Session { authenticated: true, user: person.into(), expires_at })
}

/// Log out.
#[utoipa::path(post, path = "/api/auth/logout", responses(Done))]
pub async fn logout(
    Viewer(person): Viewer,
    accounts: Shared<Accounts>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    accounts.log_out(&person).await?;
    let mut response = HttpResponse::Ok();
    set_cookie(&mut response, &request, (LOGIN_COOKIE, String::new()), Duration::ZERO);
    Ok(acknowledge(response, "Logged out successfully"))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordRequest {
    current_password: String,
    #[schema(min_length = 8, max_length = 256)]
    new_password: String,
}

/// Change one's own password.
#[utoipa::path(post, path = "/api/auth/change-password", responses(Done, Missing, Conflict, TooMany))]
pub async fn change_password(
    With(Viewer(person), Json(body)): With<Viewer, Json<PasswordRequest>>,
    accounts: Shared<Accounts>,
) -> Result<HttpResponse, Problem> {
    accounts.change_password(&person, body.current_password, body.new_password).await?;
    Ok(acknowledge(HttpResponse::Ok(), "Password changed successfully"))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecoveryRequest {
    totp_code: String,
}

#[derive(Serialize, ToSchema)]
struct RecoveryCodes {
    status: &'static str,
    message: &'static str,
    recovery_codes: Vec<String>,
}

/// Replace one's own recovery codes.
#[utoipa::path(
    post, path = "/api/auth/recovery-codes",
    responses((status = OK, body = RecoveryCodes), Missing, TooMany)
)]
pub async fn recovery_codes(
    With(Viewer(person), Json(body)): With<Viewer, Json<RecoveryRequest>>,
    accounts: Shared<Accounts>,
) -> Result<HttpResponse, Problem> {
    let recovery_codes = accounts.renew_recovery_codes(&person, &body.totp_code).await?;
    let message = "Recovery codes replaced; the old ones are invalid";
    Ok(HttpResponse::Ok().json(RecoveryCodes { status: "success", message, recovery_codes }))
}

fn client(request: &HttpRequest) -> Client {
    let device = request.cookie(KNOWN_BROWSER_COOKIE).map(|cookie| cookie.value().to_owned());
    Client { address: origin::address(request), device }
}

/// Counts a request with an invalid body as an attempt.
fn counted<T>(
    accounts: &Accounts,
    step: Step,
    client: &Client,
    body: Result<Json<T, SMALL>, Problem>,
) -> Result<Json<T, SMALL>, Problem> {
    if body.is_err() {
        accounts.count_request(step, client)?;
    }
    body
}

/// Sets a cookie with `HttpOnly` and `SameSite`: scripts cannot read it, and browsers do not send it with forms of
/// other sites.
fn set_cookie(
    response: &mut HttpResponseBuilder,
    request: &HttpRequest,
    (name, value): (&'static str, String),
    life: Duration,
) {
    let life = cookie::time::Duration::try_from(life).unwrap_or_default();
    let secure = origin::is_secure(request);
    let cookie = Cookie::build(name, value).path("/").max_age(life).same_site(SameSite::Lax);
    response.cookie(cookie.http_only(true).secure(secure).finish());
}

impl From<Person> for User {
    fn from(person: Person) -> Self {
        Self { username: person.name, role: person.role.into() }
    }
}
