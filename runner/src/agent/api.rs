//! The server, as a runner calls it. `docs/protocol.md` tells when.

pub use super::answer::ApiError;
use super::answer::{accepted, read};
pub use super::client::client;
use super::host;
use super::identity::Identity;
use challengectl_common::wire::{
    Acknowledgement, CompleteRequest, EnrollRequest, EnrollResponse, HeartbeatRequest, HeartbeatResponse, LIFE_HEADER,
    LogsRequest, REGISTRATION_HEADER, RegisterRequest, RegisterResponse, TaskResponse,
};
use challengectl_common::{Digest, Life};
use reqwest::{Client, RequestBuilder, Response, header};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::timeout;

/// For requests that the server answers at once.
const PATIENCE: Duration = Duration::from_secs(10);

/// Beyond the time that a long poll asks for.
const POLL_MARGIN: Duration = Duration::from_secs(10);

/// A server that sends nothing of a file for so long is taken to be away.
pub(crate) const SILENCE: Duration = Duration::from_secs(20);

/// Turns a one-time token into a key.
///
/// # Errors
/// [`ApiError`]; 401 for a token that is wrong, used or expired.
pub async fn enroll(client: &Client, server: &str, token: &str) -> Result<EnrollResponse, ApiError> {
    let request = EnrollRequest { enrollment_token: token.to_owned(), hostname: host::name() };
    read(client.post(format!("{server}/api/enrollment/enroll")).json(&request).timeout(PATIENCE)).await
}

/// The calls of an enrolled runner.
pub struct Api {
    client: Client,
    identity: Mutex<Arc<Identity>>,
    life: Life,
}

impl Api {
    /// Calls as this runner, in this life.
    #[must_use]
    pub fn new(client: Client, identity: Identity, life: Life) -> Self {
        Self { client, identity: Mutex::new(Arc::new(identity)), life }
    }

    /// Who calls.
    #[must_use]
    pub fn identity(&self) -> Arc<Identity> {
        Arc::clone(&self.identity.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on calls as this runner.
    pub fn become_runner(&self, identity: Identity) {
        *self.identity.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(identity);
    }

    fn request(&self, method: reqwest::Method, path: &str) -> RequestBuilder {
        let identity = self.identity();
        let request = self.client.request(method, format!("{}{path}", identity.server));
        request.header("X-API-Key", &identity.api_key).header(LIFE_HEADER, self.life.number())
    }

    fn post(&self, action: &str) -> RequestBuilder {
        let path = format!("/api/runners/{}/{action}", self.identity().runner_id);
        self.request(reqwest::Method::POST, &path).timeout(PATIENCE)
    }

    /// Registers, for so many times in this life.
    pub(super) async fn register(&self, request: &RegisterRequest, number: i64) -> Result<RegisterResponse, ApiError> {
        let call = self.request(reqwest::Method::POST, "/api/runners/register").header(REGISTRATION_HEADER, number);
        read(call.json(request).timeout(PATIENCE)).await
    }

    pub(super) async fn heartbeat(
        &self,
        request: &HeartbeatRequest,
        patience: Duration,
    ) -> Result<HeartbeatResponse, ApiError> {
        read(self.post("heartbeat").json(request).timeout(patience.min(PATIENCE))).await
    }

    /// Work, beyond the assignments that this runner holds.
    pub(super) async fn task(&self, wait: Duration, held: &[i64]) -> Result<TaskResponse, ApiError> {
        let held: Vec<String> = held.iter().map(ToString::to_string).collect();
        let (runner, wait_seconds, held) = (&self.identity().runner_id, wait.as_secs(), held.join(","));
        let path = format!("/api/runners/{runner}/task?wait={wait_seconds}&holding={held}");
        read(self.request(reqwest::Method::GET, &path).timeout(wait + POLL_MARGIN)).await
    }

    pub(super) async fn complete(&self, request: &CompleteRequest) -> Result<Acknowledgement, ApiError> {
        read(self.post("complete").json(request)).await
    }

    pub(super) async fn log(&self, lines: &LogsRequest) -> Result<Acknowledgement, ApiError> {
        read(self.post("logs").json(lines)).await
    }

    pub(super) async fn sign_out(&self) -> Result<Acknowledgement, ApiError> {
        read(self.post("signout").json(&serde_json::json!({}))).await
    }

    /// A file, from this byte on if the server can.
    pub(crate) async fn file(&self, digest: &Digest, from: u64) -> Result<Response, ApiError> {
        let mut request = self.request(reqwest::Method::GET, &format!("/api/files/{digest}"));
        if from > 0 {
            request = request.header(header::RANGE, format!("bytes={from}-"));
        }
        let answered = timeout(SILENCE, async { accepted(request.send().await?).await }).await;
        answered.unwrap_or_else(|_| Err(ApiError::silent()))
    }
}
