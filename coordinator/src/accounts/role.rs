use std::fmt;
use std::str::FromStr;

/// The role of an account. Each role includes the rights of those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Plays, with tokens instead of logins. Has no right to anything that people see who run the event.
    Player,
    /// Watches.
    Viewer,
    /// Runs the event.
    Operator,
    /// Also sets up the event, and manages viewers and operators.
    Admin,
    /// Also manages admins.
    Master,
}

/// The text is not the name of a role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a role is viewer, operator, admin or master")]
pub struct ParseRoleError;

impl Role {
    /// Returns the highest role that a manager of this role may give: people manage only roles below their own.
    #[must_use]
    pub fn gives(self) -> Self {
        match self {
            Self::Master => Self::Admin,
            Self::Admin => Self::Operator,
            Self::Operator | Self::Viewer | Self::Player => Self::Viewer,
        }
    }

    /// Returns whether the role may see payloads.
    #[must_use]
    pub fn sees_payload(self) -> bool {
        self >= Self::Admin
    }

    /// Returns the role's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Player => "player",
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
            Self::Master => "master",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = ParseRoleError;

    fn from_str(text: &str) -> Result<Self, ParseRoleError> {
        [Self::Player, Self::Viewer, Self::Operator, Self::Admin, Self::Master]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(ParseRoleError)
    }
}
