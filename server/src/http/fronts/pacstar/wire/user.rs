//! Accounts, and their tokens.

use crate::http::Problem;
use crate::http::extract::echo::ReadOnly;
use crate::http::fronts::pacstar::envelope::unprocessable;
use challengectl_coordinator::deployers::{Deployer, DeployerRole, is_email, is_zone};
use challengectl_coordinator::deployments::MAX_TEAMS;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Somebody who registers. Other fields are ignored: the role is `User`.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(examples(json!({
    "username": "john_doe", "email": "john@example.com", "password": "SecurePass123", "zone": "zone1"
})))]
pub struct Registration {
    /// Unique, whatever its capitals.
    #[schema(pattern = "^(?![.]+$)[A-Za-z0-9._-]{3,50}$")]
    pub username: String,
    /// Unique, whatever its capitals.
    #[schema(max_length = 254, pattern = "^[^@\\s]+@[^@\\s]+$")]
    pub email: String,
    /// At least 8 characters.
    #[schema(min_length = 8, max_length = 1024)]
    pub password: String,
    /// What admins are bound to.
    #[schema(min_length = 2, max_length = 50)]
    pub zone: String,
    /// What the server has printed when it was started, for the first Master from another machine.
    #[serde(default)]
    pub setup_token: Option<String>,
}

/// Who logs in. Other fields are ignored.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = DeployerLogin, examples(json!({"username": "master_admin", "password": "AdminPass123"})))]
pub struct Login {
    /// The name.
    pub username: String,
    /// The password.
    pub password: String,
    /// The code, for an account with a second factor.
    #[serde(default)]
    pub totp_code: Option<String>,
}

/// A refresh token.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = DeployerRefresh)]
pub struct Refresh {
    /// It is replaced by this.
    pub refresh_token: String,
}

/// The tokens of a login.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeployerTokens)]
pub struct Tokens {
    /// For requests; valid for 15 minutes, unless the server's settings differ.
    pub access_token: String,
    /// For new tokens, once.
    pub refresh_token: String,
    /// `bearer`.
    pub token_type: &'static str,
}

/// A role.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[schema(as = DeployerRole)]
pub enum Role {
    User,
    Admin,
    Master,
}

impl From<DeployerRole> for Role {
    fn from(role: DeployerRole) -> Self {
        match role {
            DeployerRole::User => Self::User,
            DeployerRole::Admin => Self::Admin,
            DeployerRole::Master => Self::Master,
        }
    }
}

impl From<Role> for DeployerRole {
    fn from(role: Role) -> Self {
        match role {
            Role::User => Self::User,
            Role::Admin => Self::Admin,
            Role::Master => Self::Master,
        }
    }
}

/// An account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeployerAccount)]
pub struct Account {
    /// 24 hexadecimal digits.
    pub id: String,
    /// The name.
    pub username: String,
    /// Empty for an account of the event that was not made here.
    pub email: String,
    /// What it may do here.
    pub role: Role,
    /// Whether it may log in.
    pub is_active: bool,
    /// What admins are bound to.
    pub zone: String,
    /// Its team, if it belongs to one: it sees the instances of that team only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team_id: Option<String>,
}

impl From<Deployer> for Account {
    fn from(it: Deployer) -> Self {
        let team_id = it.sees().map(|team| format!("team-{team:03}"));
        Self {
            id: it.key,
            username: it.name.to_string(),
            email: it.email.unwrap_or_default(),
            role: it.role.into(),
            is_active: it.active,
            zone: it.zone,
            team_id,
        }
    }
}

/// What changes of an account.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = DeployerChange, examples(json!({"is_active": true, "zone": "zone1"})))]
pub struct AccountChange {
    /// Unique, whatever its capitals.
    #[schema(max_length = 254, pattern = "^[^@\\s]+@[^@\\s]+$")]
    pub email: Option<String>,
    /// What it may do here.
    pub role: Option<Role>,
    /// Whether it may log in.
    pub is_active: Option<bool>,
    /// What admins are bound to.
    #[schema(min_length = 2, max_length = 50)]
    pub zone: Option<String>,
    /// The team that it belongs to; null: none.
    #[serde(deserialize_with = "crate::http::extract::body::given")]
    #[schema(value_type = Option<String>, pattern = "^team-[0-9]{3}$")]
    pub team_id: Option<Option<String>>,
}

impl ReadOnly for AccountChange {
    const FIELDS: &[&str] = &["id", "username"];
}

/// Checks an email.
pub fn email(text: &str) -> Result<(), Problem> {
    if is_email(text) { Ok(()) } else { Err(unprocessable("email: is no address such as user@example.com")) }
}

/// Checks a zone.
pub fn zone(text: &str) -> Result<(), Problem> {
    if is_zone(text) { Ok(()) } else { Err(unprocessable("zone: 2 to 50 characters")) }
}

/// Reads the number of a team.
pub fn team(text: &str) -> Result<u32, Problem> {
    let digits =
        text.strip_prefix("team-").filter(|digits| digits.len() == 3 && digits.bytes().all(|it| it.is_ascii_digit()));
    let number = digits.and_then(|digits| digits.parse().ok()).filter(|team| (1..=MAX_TEAMS).contains(team));
    number.ok_or_else(|| unprocessable("team_id: is no team from team-001 to team-999"))
}
