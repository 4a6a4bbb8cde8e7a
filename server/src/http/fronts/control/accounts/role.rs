use challengectl_coordinator::Role as Held;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The role of an account. Each role includes the rights of those before it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Players have no login of this API: it neither takes nor shows this role.
    #[serde(skip)]
    Player,
    Viewer,
    Operator,
    Admin,
    Master,
}

impl From<Held> for Role {
    fn from(role: Held) -> Self {
        match role {
            Held::Player => Self::Player,
            Held::Viewer => Self::Viewer,
            Held::Operator => Self::Operator,
            Held::Admin => Self::Admin,
            Held::Master => Self::Master,
        }
    }
}

impl From<Role> for Held {
    fn from(role: Role) -> Self {
        match role {
            Role::Player => Self::Player,
            Role::Viewer => Self::Viewer,
            Role::Operator => Self::Operator,
            Role::Admin => Self::Admin,
            Role::Master => Self::Master,
        }
    }
}
