//! Users: who may do what.

use super::body::{Lazy, interpret};
use super::envelope::{refused, unprocessable};
use super::principal::{Manager, User};
use super::wire::{Account, AccountChange, email, team, zone};
use crate::http::Problem;
use crate::http::extract::body::With;
use crate::http::extract::echo::{ReadOnly, is_same};
use crate::http::openapi::answers::{Failed, Forbidden, Unavailable};
use crate::http::state::Shared;
use actix_web::web::{self, Json};
use challengectl_coordinator::deployers::{DeployerChange, Deployers};
use serde_json::Value;

/// List the users.
///
/// Admins see those of their zone.
#[utoipa::path(get, path = "/api/v1/users", responses((status = OK, body = Vec<Account>), Failed, Unavailable))]
pub async fn list_users(Manager(user): Manager, deployers: Shared<Deployers>) -> Result<Json<Vec<Account>>, Problem> {
    let all = deployers.all(&user.deployer).await?;
    Ok(Json(all.into_iter().map(Account::from).collect()))
}

/// Show a user.
///
/// Users see themselves, and admins the users of their zone.
#[utoipa::path(
    get, path = "/api/v1/users/{user_id}",
    responses((status = OK, body = Account), Forbidden, Failed, Unavailable)
)]
pub async fn show_user(
    user: User,
    key: web::Path<String>,
    deployers: Shared<Deployers>,
) -> Result<Json<Account>, Problem> {
    Ok(Json(deployers.one(&user.deployer, &key).await?.into()))
}

/// Change a user.
///
/// Masters change everybody, but not their own role; admins the users of their zone, and no roles or zones.
#[utoipa::path(
    put, path = "/api/v1/users/{user_id}", request_body = AccountChange,
    responses((status = OK, body = Account), Failed, Unavailable)
)]
pub async fn update_user(
    With(Manager(user), body): With<Manager, Lazy<AccountChange>>,
    key: web::Path<String>,
    deployers: Shared<Deployers>,
) -> Result<Json<Account>, Problem> {
    let current: Account = deployers.one(&user.deployer, &key).await?.into();
    let mut fields = body.fields()?;
    let shown = serde_json::to_value(&current).unwrap_or_default();
    for field in AccountChange::FIELDS {
        let Some(repeated) = fields.remove(*field) else { continue };
        let is = shown.get(field).unwrap_or(&Value::Null);
        if !is_same(&repeated, is) {
            return Err(unprocessable(format!("{field}: is {is} and read-only; leave it out")));
        }
    }
    let change: AccountChange = interpret(Value::Object(fields))?;
    change.email.as_deref().map_or(Ok(()), email)?;
    change.zone.as_deref().map_or(Ok(()), zone)?;
    let number = |text: String| team(&text);
    let change = DeployerChange {
        // What stays is no change: an account of the event has no email here.
        email: change.email.filter(|text| *text != current.email),
        role: change.role.map(Into::into),
        active: change.is_active,
        zone: change.zone,
        // That of the team that the account plays for is no number of its own.
        team: change
            .team_id
            .filter(|text| *text != current.team_id)
            .map(|text| text.map(number).transpose())
            .transpose()?,
    };
    let changed = deployers.change(&user.deployer, key.into_inner(), change, user.actor()).await.map_err(refused)?;
    Ok(Json(changed.into()))
}
