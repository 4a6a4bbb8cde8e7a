//! Names of containers.

use crate::name::NameError;
use serde::{Deserialize, Serialize};

/// The name of a container: a label of a host name (RFC 1123, section 2.1), in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"))]
#[serde(try_from = "String", into = "String")]
pub struct ContainerName(String);

impl ContainerName {
    /// The name of the only container of an instance.
    #[must_use]
    pub fn sole() -> Self {
        Self("main".to_owned())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ContainerName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        let what = "container name";
        if text.is_empty() {
            return Err(NameError::Empty { what });
        }
        if text.len() > 63 {
            return Err(NameError::TooLong { what, limit: 63, len: text.chars().count() });
        }
        let allowed = "lower-case letters, digits, and '-' between them";
        let misplaced = |c: &char| *c == '-' && (text.starts_with('-') || text.ends_with('-'));
        let is_allowed = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-';
        match text.chars().find(|c| !is_allowed(c) || misplaced(c)) {
            Some(found) => Err(NameError::Character { what, found, allowed }),
            None => Ok(Self(text)),
        }
    }
}

impl From<ContainerName> for String {
    fn from(name: ContainerName) -> String {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_is_named_like_a_host() {
        let name = |text: &str| ContainerName::try_from(text.to_owned());
        assert!(name("db-1").is_ok());
        for text in ["", "-a", "a-", "A", "a_b", "a.b", &"a".repeat(64)] {
            assert!(name(text).is_err(), "{text}");
        }
    }
}
