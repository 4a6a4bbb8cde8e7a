//! What one request changes of an account.

use super::Role;
use crate::store::accounts::Account;

/// What is to be changed of an account.
#[derive(Debug, Default)]
pub struct Changes {
    /// Another password.
    pub password: Option<String>,
    /// Another role.
    pub role: Option<Role>,
    /// Whether it may be used.
    pub enabled: Option<bool>,
}

impl Changes {
    /// Whether nothing is to be changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.password.is_none() && self.role.is_none() && self.enabled.is_none()
    }

    /// Without what is so already.
    pub(super) fn beyond(self, account: &Account) -> Self {
        Self {
            role: self.role.filter(|role| role.as_str() != account.role),
            enabled: self.enabled.filter(|enabled| *enabled != account.enabled),
            ..self
        }
    }
}
