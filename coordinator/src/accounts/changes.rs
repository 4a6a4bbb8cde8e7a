//! The changes that one request makes to an account.

use super::Role;
use crate::store::accounts::Account;

/// Changes to an account; `None` keeps the present value.
#[derive(Debug, Default)]
pub struct Changes {
    /// The new password.
    pub password: Option<String>,
    /// The new role.
    pub role: Option<Role>,
    /// Whether the account is enabled.
    pub enabled: Option<bool>,
}

impl Changes {
    /// Returns whether nothing is changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.password.is_none() && self.role.is_none() && self.enabled.is_none()
    }

    /// Returns the changes without those that the account has already.
    pub(super) fn beyond(self, account: &Account) -> Self {
        Self {
            role: self.role.filter(|role| role.as_str() != account.role),
            enabled: self.enabled.filter(|enabled| *enabled != account.enabled),
            ..self
        }
    }
}
