//! Types of settings.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;

/// An enrollment token. Its debug form hides the secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(String);

impl Token {
    /// Returns the secret.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.trim()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// Certificates (PEM).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum CaCert {
    /// The path of a file with certificates.
    File(PathBuf),
    /// The certificates themselves.
    Text(String),
}

impl From<String> for CaCert {
    fn from(text: String) -> Self {
        if text.trim_start().starts_with("-----BEGIN ") { Self::Text(text) } else { Self::File(text.into()) }
    }
}

impl From<CaCert> for String {
    fn from(certificates: CaCert) -> Self {
        match certificates {
            CaCert::File(file) => file.to_string_lossy().into_owned(),
            CaCert::Text(text) => text,
        }
    }
}
