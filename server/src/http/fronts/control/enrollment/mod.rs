pub mod provisioning;
pub mod token_life;

use super::done;
use super::fleet::{EnrollmentTokenCreated, named};
use crate::http::extract::anybody::Anybody;
use crate::http::extract::body::{Json, OptionalJson, SMALL, With};
use crate::http::extract::principal::host;
use crate::http::extract::query::{Paging, Query};
use crate::http::openapi::answers::{Conflict, Done, Unauthorized};
use crate::http::state::Shared;
use crate::http::{Admin, Problem};
use actix_web::{HttpRequest, HttpResponse, web};
use challengectl_common::wire::{EnrollRequest, EnrollResponse};
use challengectl_common::{RunnerId, Timestamp};
use challengectl_coordinator::{Coordinator, Enrollee, Token as Stored};
use serde::{Deserialize, Serialize};
use token_life::TokenLife;
use utoipa::ToSchema;

/// Enroll a runner: exchange a one-time token for its key.
#[utoipa::path(
    post, path = "/api/enrollment/enroll",
    responses((status = CREATED, body = EnrollResponse), Unauthorized, Conflict)
)]
pub async fn enroll(
    With(_, Json(body)): With<Anybody, Json<EnrollRequest, SMALL>>,
    coordinator: Shared<Coordinator>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let enrollee = Enrollee { host: host(&request), hostname: body.hostname };
    let enrollment = coordinator.runner_api.enroll(&body.enrollment_token, enrollee).await?;
    Ok(HttpResponse::Created().json(EnrollResponse {
        status: "success".to_owned(),
        runner_id: enrollment.runner_id,
        api_key: enrollment.api_key,
    }))
}

#[derive(Deserialize, Default, ToSchema)]
#[schema(as = ReEnrollment)]
#[serde(deny_unknown_fields)]
pub struct Again {
    #[serde(default)]
    expires_hours: TokenLife,
}

/// Create a token that re-enrolls a runner on another host.
///
/// The token is shown only once.
#[utoipa::path(
    post, path = "/api/enrollment/re-enroll/{runner_id}",
    responses((status = CREATED, body = EnrollmentTokenCreated))
)]
pub async fn re_enroll(
    With(Admin(person), OptionalJson(again)): With<Admin, OptionalJson<Again>>,
    coordinator: Shared<Coordinator>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (id, Again { expires_hours }) = (named(&id)?, again.unwrap_or_default());
    let issued = coordinator.fleet.issue_re_enrollment_token(&id, expires_hours.into(), person.actor()).await?;
    Ok(HttpResponse::Created().json(EnrollmentTokenCreated::new(id, issued)))
}

#[derive(Serialize, ToSchema)]
#[schema(as = EnrollmentTokens)]
struct Tokens {
    tokens: Vec<Token>,
    total: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = EnrollmentToken)]
struct Token {
    token_id: String,
    runner_id: RunnerId,
    created_by: Option<String>,
    created_at: Timestamp,
    expires_at: Timestamp,
    used_at: Option<Timestamp>,
}

/// List enrollment tokens, newest first, without their secrets.
#[utoipa::path(get, path = "/api/enrollment/tokens", responses((status = OK, body = Tokens)))]
pub async fn list(
    With(_, Query(paging)): With<Admin, Query<Paging>>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let (list, total) = coordinator.fleet.tokens(paging.page()?).await?;
    Ok(HttpResponse::Ok().json(Tokens { tokens: list.into_iter().map(Token::from).collect(), total }))
}

/// Revoke an unused enrollment token.
#[utoipa::path(delete, path = "/api/enrollment/token/{token_id}", responses(Done))]
pub async fn revoke(
    Admin(person): Admin,
    coordinator: Shared<Coordinator>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    coordinator.fleet.revoke_token(&id, person.actor()).await?;
    Ok(done("Enrollment token revoked"))
}

impl From<Stored> for Token {
    fn from(token: Stored) -> Self {
        let Stored { id: token_id, runner_id, created_by, created_at, expires_at, used_at } = token;
        Self { token_id, runner_id, created_by, created_at, expires_at, used_at }
    }
}
