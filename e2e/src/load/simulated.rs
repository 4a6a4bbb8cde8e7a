//! Simulated runners: real requests without radios. Their keys are inserted directly into the database, since thousands
//! of enrollments take a minute of disk synchronisation.

use anyhow::{Result, ensure};
use challengectl_common::{Digest, Timestamp};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use sqlx::SqliteConnection;

/// An enrolled runner.
#[derive(Debug, Clone)]
pub struct Runner {
    pub id: String,
    pub key: String,
}

/// Inserts `count` runners into the database of a stopped server.
pub async fn enroll(database: &mut SqliteConnection, count: u32) -> Result<Vec<Runner>> {
    let now = Timestamp::now().as_millis();
    let mut runners = Vec::new();
    for number in 0..count {
        let (id, key_id) = (format!("load-{number}"), format!("{number:016x}"));
        let secret = format!("{:032x}", rand::random::<u128>());
        sqlx::query("INSERT INTO runners (id, enrolled_at) VALUES ($1, $2)")
            .bind(&id)
            .bind(now)
            .execute(&mut *database)
            .await?;
        sqlx::query("INSERT INTO runner_keys (key_id, digest, runner_id, created_at) VALUES ($1, $2, $3, $4)")
            .bind(&key_id)
            .bind(Digest::of(secret.as_bytes()).to_string())
            .bind(&id)
            .bind(now)
            .execute(&mut *database)
            .await?;
        runners.push(Runner { id, key: format!("ck_{key_id}_{secret}") });
    }
    Ok(runners)
}

/// Inserts `count` transmissions of deleted challenges into a database, one per second until now.
pub async fn add_history(database: &mut SqliteConnection, count: u64) -> Result<()> {
    let now = Timestamp::now().as_millis();
    sqlx::query(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
         INSERT INTO assignments (challenge_id, runner_id, radio_id, key_id, fence, frequency, band_low, band_high,
             state, assigned_at, expires_at, due_at, ended_at)
         SELECT 1000000 + i % 100, 'load-' || (i % 100), 'default', '0', i, 145000000, 144999000, 145001000, 'done',
             $2 - i * 1000, $2, $2 - i * 1000, $2 - i * 1000 FROM n WHERE i <= $1",
    )
    .bind(i64::try_from(count)?)
    .bind(now)
    .execute(&mut *database)
    .await?;
    sqlx::query(
        "INSERT INTO transmissions (assignment_id, challenge_id, challenge_name, runner_id, radio_id, frequency,
             modulation, status, planned_at, started_at, ended_at)
         SELECT id, challenge_id, 'C' || challenge_id, runner_id, radio_id, frequency, 'cw', 'success', assigned_at,
             assigned_at, ended_at FROM assignments",
    )
    .execute(&mut *database)
    .await?;
    Ok(())
}

/// Returns an HTTP client that keeps its connections.
pub fn client() -> Result<Client> {
    // Needed to create the client, although nothing is encrypted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(Client::builder().pool_idle_timeout(std::time::Duration::from_secs(60)).build()?)
}

impl Runner {
    /// Creates a request of this runner.
    pub fn request(&self, client: &Client, method: Method, url: &str, action: &str) -> RequestBuilder {
        client.request(method, format!("{url}/api/runners/{}/{action}", self.id)).header("X-API-Key", &self.key)
    }

    /// Registers with one radio.
    pub async fn register(&self, client: &Client, url: &str) -> Result<()> {
        let body: Value = json!({"runner_id": self.id, "frequency_limits": ["144000000-148000000"]});
        let request = client.post(format!("{url}/api/runners/register")).header("X-API-Key", &self.key).json(&body);
        let status = request.send().await?.status();
        ensure!(status.is_success(), "{} registers: {status}", self.id);
        Ok(())
    }
}
