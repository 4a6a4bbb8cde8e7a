//! Tokens of people who run the event, for their programs, such as `ctfcli`. Players make theirs at `/api/play/tokens`.

use crate::http::Problem;
use crate::http::extract::body::With;
use crate::http::fronts::docker::body::Body;
use crate::http::fronts::docker::envelope::{Data, Done};
use crate::http::fronts::docker::principal::LoggedIn;
use crate::http::fronts::docker::{number, renamed};
use crate::http::openapi::answers::Conflict;
use crate::http::state::Shared;
use actix_web::web::{self, Json};
use challengectl_common::{Timestamp, TokenName};
use challengectl_coordinator::players::PersonalToken;
use challengectl_coordinator::{Accounts, Coordinator};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

/// A token.
#[derive(ToSchema)]
#[schema(as = DockerTokenForm, examples(json!({"description": "ctfcli"})))]
#[expect(dead_code, reason = "described here, read by `Fields`")]
pub struct TokenForm {
    /// The last day on which it is valid, such as `2030-12-31`; by default 30 days from now.
    expiration: Option<String>,
    description: Option<String>,
}

/// A token.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerToken)]
pub struct TokenView {
    pub id: i64,
    /// Always `user`.
    pub r#type: &'static str,
    pub description: String,
    pub created: String,
    pub expiration: String,
    /// Shown once, in the answer that makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// How long a token is valid if nothing else is asked for.
const DEFAULT_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// What a token is called if nothing else is given.
const DEFAULT_NAME: &str = "ctfcli";

/// List one's tokens, without their secrets.
#[utoipa::path(get, path = "/api/v1/tokens", responses((status = OK, body = Data<Vec<TokenView>>)))]
pub async fn list(
    LoggedIn(person): LoggedIn,
    accounts: Shared<Accounts>,
) -> Result<Json<Data<Vec<TokenView>>>, Problem> {
    let all = accounts.api_tokens(&person).await?;
    Ok(Json(Data::new(all.into_iter().map(TokenView::from).collect())))
}

/// Create a token for a program.
///
/// It may do on this API what its account may, and nothing anywhere else. It is shown only once.
#[utoipa::path(
    post, path = "/api/v1/tokens", request_body = TokenForm,
    responses((status = OK, body = Data<TokenView>), Conflict)
)]
pub async fn create(
    With(LoggedIn(person), Body(fields)): With<LoggedIn, Body>,
    accounts: Shared<Accounts>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Data<TokenView>>, Problem> {
    let name = fields.text("description")?.filter(|name| !name.trim().is_empty()).unwrap_or(DEFAULT_NAME);
    let name = TokenName::new(name).map_err(|error| Problem::invalid(format!("description: {error}")))?;
    let now = coordinator.context.now();
    let life = match fields.text("expiration")?.filter(|day| !day.is_empty()) {
        Some(day) => end_of(day)?.since(now),
        None => DEFAULT_LIFE,
    };
    let issued = accounts.issue_api_token(&person, &name, life).await?;
    Ok(Json(Data::new(TokenView {
        id: issued.id,
        r#type: "user",
        description: name.to_string(),
        created: issued.created_at.to_string(),
        expiration: issued.expires_at.to_string(),
        value: Some(issued.token),
    })))
}

/// Returns when a day ends, in UTC.
fn end_of(day: &str) -> Result<Timestamp, Problem> {
    let refuse = |_| Problem::invalid("expiration: must be a day such as 2030-12-31");
    let day: Date = day.parse().map_err(refuse)?;
    let end = day.tomorrow().map_err(refuse)?.to_zoned(TimeZone::UTC).map_err(refuse)?;
    Ok(Timestamp::from_millis(end.timestamp().as_millisecond()))
}

/// Revoke one of one's tokens.
#[utoipa::path(delete, path = "/api/v1/tokens/{api_token_id}", responses((status = OK, body = Done)))]
pub async fn revoke(
    LoggedIn(person): LoggedIn,
    id: web::Path<String>,
    accounts: Shared<Accounts>,
) -> Result<Json<Done>, Problem> {
    let id = number("Token", &id)?;
    accounts.revoke_api_token(&person, id).await.map_err(renamed("Token"))?;
    Ok(Json(Done::DONE))
}

impl From<PersonalToken> for TokenView {
    fn from(token: PersonalToken) -> Self {
        Self {
            id: token.id,
            r#type: "user",
            description: token.name.to_string(),
            created: token.created_at.to_string(),
            expiration: token.expires_at.to_string(),
            value: None,
        }
    }
}
