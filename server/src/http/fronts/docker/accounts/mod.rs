//! One's own account, and what of CTFd there is none of here.

pub mod tokens;

use crate::http::fronts::docker::envelope::Data;
use crate::http::fronts::docker::principal::{Organiser, User};
use actix_web::web::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// One's own account.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerAccount)]
pub struct AccountView {
    pub id: i64,
    pub name: String,
    /// `admin` or `user`.
    pub r#type: &'static str,
    pub team_id: Option<i64>,
}

/// A setting of CTFd.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerSetting)]
pub struct SettingView {
    pub key: String,
    pub value: String,
}

/// A module of CTFd.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerModule)]
pub struct ModuleView {
    pub id: i64,
    pub name: String,
}

/// Get one's own account.
#[utoipa::path(get, path = "/api/v1/users/me", responses((status = OK, body = Data<AccountView>)))]
pub async fn me(User(caller): User) -> Json<Data<AccountView>> {
    let r#type = if caller.is_admin() { "admin" } else { "user" };
    let (id, name) = (caller.player.account_id(), caller.player.name.to_string());
    Json(Data::new(AccountView { id, name, r#type, team_id: caller.player.team.map(|team| team.id) }))
}

/// List the settings of CTFd, of which there are none.
#[utoipa::path(get, path = "/api/v1/configs", responses((status = OK, body = Data<Vec<SettingView>>)))]
pub async fn configs(_: Organiser) -> Json<Data<Vec<SettingView>>> {
    Json(Data::new(Vec::new()))
}

/// List the modules of CTFd, of which there are none.
#[utoipa::path(get, path = "/api/v1/modules", responses((status = OK, body = Data<Vec<ModuleView>>)))]
pub async fn modules(_: Organiser) -> Json<Data<Vec<ModuleView>>> {
    Json(Data::new(Vec::new()))
}
