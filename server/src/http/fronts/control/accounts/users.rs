use super::role::Role;
use crate::http::Problem;
use crate::http::extract::body::{Json, With};
use crate::http::extract::echo::{Echo, ReadOnly};
use crate::http::extract::principal::Admin;
use crate::http::fronts::control::acknowledge;
use crate::http::openapi::answers::{Conflict, Done, TooMany};
use crate::http::state::Shared;
use actix_web::{HttpResponse, web};
use challengectl_common::{AccountName, Timestamp};
use challengectl_coordinator::Accounts;
use challengectl_coordinator::accounts::{Changes, Manager, TotpSetup, User};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = Accounts)]
struct Users {
    users: Vec<UserView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Account)]
struct UserView {
    username: AccountName,
    role: Role,
    enabled: bool,
    totp_confirmed: bool,
    created_at: Timestamp,
    last_login: Option<Timestamp>,
}

/// The secret for an authenticator app. Shown only once.
#[derive(Serialize, ToSchema)]
pub struct Totp {
    totp_secret: String,
    totp_uri: String,
}

#[derive(Serialize, ToSchema)]
struct WithTotp {
    status: &'static str,
    message: &'static str,
    #[serde(flatten)]
    totp: Totp,
}

/// List accounts.
#[utoipa::path(get, path = "/api/users", responses((status = OK, body = Users)))]
pub async fn list(_: Admin, accounts: Shared<Accounts>) -> Result<HttpResponse, Problem> {
    let users = accounts.users().await?.into_iter().map(UserView::from).collect();
    Ok(HttpResponse::Ok().json(Users { users }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountRequest)]
pub struct CreateRequest {
    username: AccountName,
    #[schema(min_length = 8, max_length = 256)]
    password: String,
    /// By default the highest role below the caller's own.
    role: Option<Role>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AccountCreated)]
struct Created {
    status: &'static str,
    message: &'static str,
    role: Role,
    #[serde(flatten)]
    totp: Totp,
}

/// Create an account. Its role must be below one's own.
#[utoipa::path(post, path = "/api/users", responses((status = CREATED, body = Created), Conflict, TooMany))]
pub async fn create(
    With(Admin(person), Json(body)): With<Admin, Json<CreateRequest>>,
    accounts: Shared<Accounts>,
) -> Result<HttpResponse, Problem> {
    let role = body.role.map_or_else(|| person.role.gives(), Into::into);
    let totp = accounts.add_user(Manager::Person(&person), &body.username, body.password, role).await?;
    let message = "User created successfully";
    Ok(HttpResponse::Created().json(Created { status: "success", message, role: role.into(), totp: totp.into() }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountChanges)]
pub struct UpdateRequest {
    #[schema(min_length = 8, max_length = 256)]
    password: Option<String>,
    role: Option<Role>,
    enabled: Option<bool>,
}

impl ReadOnly for UpdateRequest {
    const FIELDS: &[&str] = &["username", "totp_confirmed", "created_at", "last_login"];
}

/// Change the given fields of an account.
#[utoipa::path(put, path = "/api/users/{username}", responses(Done, Conflict, TooMany))]
pub async fn update(
    With(Admin(person), echo): With<Admin, Echo<UpdateRequest>>,
    accounts: Shared<Accounts>,
    name: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let body = echo.over(&UserView::from(accounts.user(&name).await?))?;
    let changes = Changes { password: body.password, role: body.role.map(Into::into), enabled: body.enabled };
    if changes.is_empty() {
        return Err(Problem::invalid("give password, role or enabled"));
    }
    accounts.change_user(Manager::Person(&person), &name, changes).await?;
    Ok(acknowledge(HttpResponse::Ok(), "User updated successfully"))
}

/// Delete an account.
#[utoipa::path(delete, path = "/api/users/{username}", responses(Done, Conflict))]
pub async fn delete(
    Admin(person): Admin,
    accounts: Shared<Accounts>,
    name: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    accounts.delete_user(Manager::Person(&person), &name).await?;
    Ok(acknowledge(HttpResponse::Ok(), "User deleted successfully"))
}

/// Reset an account's TOTP secret.
#[utoipa::path(post, path = "/api/users/{username}/reset-totp", responses((status = OK, body = WithTotp)))]
pub async fn reset_totp(
    Admin(person): Admin,
    accounts: Shared<Accounts>,
    name: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let totp = accounts.reset_totp(Manager::Person(&person), &name).await?;
    let message = "TOTP secret reset successfully";
    Ok(HttpResponse::Ok().json(WithTotp { status: "success", message, totp: totp.into() }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetPasswordRequest {
    #[schema(min_length = 8, max_length = 256)]
    new_password: String,
}

/// Reset an account's password.
#[utoipa::path(post, path = "/api/users/{username}/reset-password", responses(Done, TooMany))]
pub async fn reset_password(
    With(Admin(person), Json(body)): With<Admin, Json<ResetPasswordRequest>>,
    accounts: Shared<Accounts>,
    name: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let changes = Changes { password: Some(body.new_password), ..Changes::default() };
    accounts.change_user(Manager::Person(&person), &name, changes).await?;
    Ok(acknowledge(HttpResponse::Ok(), "Password reset successfully"))
}

impl From<TotpSetup> for Totp {
    fn from(totp: TotpSetup) -> Self {
        Self { totp_secret: totp.secret, totp_uri: totp.uri }
    }
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            username: user.name,
            role: user.role.into(),
            enabled: user.enabled,
            totp_confirmed: user.confirmed,
            created_at: user.created_at,
            last_login: user.last_login,
        }
    }
}
