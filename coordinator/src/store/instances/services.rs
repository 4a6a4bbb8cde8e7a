//! Sessions that are services of a swarm.

use crate::store::cells::{from_json, to_json};
use crate::store::{Connection, StoreError};
use serde::{Deserialize, Serialize};

/// A secret that the services of a challenge get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretUse {
    /// The id of the secret.
    pub id: String,
    /// Whether only the first user of the service may read it.
    pub protected: bool,
}

/// Records that a new session is a service, which gets these secrets.
pub async fn insert(connection: &mut Connection, session: i64, secrets: &[SecretUse]) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO service_sessions (session_id, secrets) VALUES ($1, $2)")
        .bind(session)
        .bind(to_json(&secrets, "secrets")?)
        .execute(connection)
        .await?;
    Ok(())
}

/// Returns the secrets that a session gets; `None` if it is no service.
pub async fn secrets_of(connection: &mut Connection, session: i64) -> Result<Option<Vec<SecretUse>>, StoreError> {
    let secrets: Option<String> = sqlx::query_scalar("SELECT secrets FROM service_sessions WHERE session_id = $1")
        .bind(session)
        .fetch_optional(connection)
        .await?;
    secrets.map(|secrets| from_json(&secrets, "secrets")).transpose()
}

/// Returns whether a service has a secret, or is to get it: one that is not gone yet.
pub async fn has_any(connection: &mut Connection, secret: &str) -> Result<bool, StoreError> {
    let present: Vec<String> = sqlx::query_scalar(
        "SELECT secrets FROM service_sessions JOIN sessions ON sessions.id = session_id
         WHERE state IN ('queued', 'starting', 'running', 'lost', 'stopping')",
    )
    .fetch_all(connection)
    .await?;
    for secrets in present {
        let secrets: Vec<SecretUse> = from_json(&secrets, "secrets")?;
        if secrets.iter().any(|it| it.id == secret) {
            return Ok(true);
        }
    }
    Ok(false)
}
