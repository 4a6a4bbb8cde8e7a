//! What orders say of services: instances that an engine runs in its swarm, with secrets as files.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A service to run, of which the order's one container and its published ports are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceOrder {
    /// The secrets that it gets. Empty once the server has seen it running: it is adopted then, and not started.
    pub secrets: Vec<ServiceSecret>,
}

/// A secret that a service gets, as the file `/run/secrets/NAME`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceSecret {
    /// Its id, with letters and digits alone, at most 24 of them.
    pub id: String,
    /// Names its content: each new one has a greater version.
    pub version: i64,
    /// Its name, which is that of the file.
    pub name: String,
    /// Whether its owner, root, alone may read the file (mode 0400), and not everybody (0444).
    pub protected: bool,
    /// Its content, at most 500 KiB.
    pub value: SecretValue,
}

/// The content of a secret. It is not shown by `Debug`, so that no log has it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct SecretValue(pub String);

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_of_a_service_has_no_secret() {
        let (id, name) = ("a1".to_owned(), "db_password".to_owned());
        let value = SecretValue("horse".to_owned());
        let order = ServiceOrder { secrets: vec![ServiceSecret { id, version: 1, name, protected: true, value }] };
        let printed = format!("{order:?}");
        assert!(printed.contains("db_password") && !printed.contains("horse"), "{printed}");
    }
}
