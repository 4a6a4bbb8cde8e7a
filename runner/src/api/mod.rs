//! The calls of the server's API that a runner makes, as `docs/protocol.md` describes them.

pub(crate) mod backoff;
mod client;
pub(crate) mod identity;
mod proxies;
mod response;
mod trust;

use crate::machine;
use challengectl_common::wire::inspections::InspectionAnswer;
use challengectl_common::wire::instances::{InstanceReports, Orders};
use challengectl_common::wire::inventories::Inventory;
use challengectl_common::wire::{
    Acknowledgement, CLOCK_HEADER, CompleteRequest, EnrollRequest, EnrollResponse, HeartbeatRequest, HeartbeatResponse,
    LIFE_HEADER, LogsRequest, REGISTRATION_HEADER, RegisterRequest, RegisterResponse, TaskResponse,
};
use challengectl_common::{Digest, Life, Timestamp};
use challengectl_host::websocket;
use identity::Identity;
use parking_lot::Mutex;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Upgraded, header};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

pub(crate) use client::client;
pub(crate) use response::ApiError;
use response::{accepted, read};

/// Time limit of requests that the server answers at once.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Time limit of a long poll, in addition to its wait.
const POLL_MARGIN: Duration = Duration::from_secs(10);

/// The longest pause in a download before the server counts as away.
pub(crate) const SILENCE_TIMEOUT: Duration = Duration::from_secs(20);

/// Exchanges an enrollment token for a runner key. The server answers 401 if the token is wrong, used or expired.
pub(crate) async fn enroll(client: &Client, server: &str, token: &str) -> Result<EnrollResponse, ApiError> {
    let request = EnrollRequest { enrollment_token: token.to_owned(), hostname: machine::name() };
    read(client.post(format!("{server}/api/enrollment/enroll")).json(&request).timeout(REQUEST_TIMEOUT)).await
}

/// The API for an enrolled runner.
pub(crate) struct Api {
    client: Client,
    /// Replaced when the runner is enrolled again while it runs.
    identity: Mutex<Arc<Identity>>,
    life: Life,
}

impl Api {
    pub(crate) fn new(client: Client, identity: Identity, life: Life) -> Self {
        Self { client, identity: Mutex::new(Arc::new(identity)), life }
    }

    pub(crate) fn identity(&self) -> Arc<Identity> {
        Arc::clone(&self.identity.lock())
    }

    pub(crate) fn set_identity(&self, identity: Identity) {
        *self.identity.lock() = Arc::new(identity);
    }

    /// Registers the runner; `number` counts the registrations of this life, from 1.
    pub(crate) async fn register(&self, request: &RegisterRequest, number: i64) -> Result<RegisterResponse, ApiError> {
        let call = self.request(Method::POST, "/api/runners/register").header(REGISTRATION_HEADER, number);
        read(call.json(request).timeout(REQUEST_TIMEOUT)).await
    }

    /// Sends a heartbeat and waits for the answer for at most `limit`.
    pub(crate) async fn heartbeat(
        &self,
        request: &HeartbeatRequest,
        limit: Duration,
    ) -> Result<HeartbeatResponse, ApiError> {
        read(self.post("heartbeat").json(request).timeout(limit.min(REQUEST_TIMEOUT))).await
    }

    /// Asks for work in addition to the assignments `held`, and waits for it up to `wait`.
    pub(crate) async fn task(&self, wait: Duration, held: &[i64]) -> Result<TaskResponse, ApiError> {
        let held: Vec<String> = held.iter().map(ToString::to_string).collect();
        let (runner, wait_seconds, held) = (&self.identity().runner_id, wait.as_secs(), held.join(","));
        let path = format!("/api/runners/{runner}/task?wait={wait_seconds}&holding={held}");
        read(self.request(Method::GET, &path).timeout(wait + POLL_MARGIN)).await
    }

    /// Asks which instances to run, since a revision, and waits up to `wait` for a change.
    pub(crate) async fn orders(&self, since: i64, wait: Duration) -> Result<Orders, ApiError> {
        let (runner, wait_seconds) = (&self.identity().runner_id, wait.as_secs());
        let path = format!("/api/runners/{runner}/instances?since={since}&wait={wait_seconds}");
        read(self.request(Method::GET, &path).timeout(wait + POLL_MARGIN)).await
    }

    /// Reports what came of orders.
    pub(crate) async fn instances(&self, reports: &InstanceReports) -> Result<Acknowledgement, ApiError> {
        read(self.post("instances").json(reports)).await
    }

    /// Answers an inspection.
    pub(crate) async fn inspected(&self, answer: &InspectionAnswer) -> Result<Acknowledgement, ApiError> {
        read(self.post("inspections").json(answer)).await
    }

    /// Says what an engine has.
    pub(crate) async fn inventory(&self, inventory: &Inventory) -> Result<Acknowledgement, ApiError> {
        read(self.post("inventory").json(inventory)).await
    }

    /// Reports how an assignment ended.
    pub(crate) async fn complete(&self, request: &CompleteRequest) -> Result<Acknowledgement, ApiError> {
        read(self.post("complete").json(request)).await
    }

    /// Sends log lines, for the operator.
    pub(crate) async fn log(&self, lines: &LogsRequest) -> Result<Acknowledgement, ApiError> {
        read(self.post("logs").json(lines)).await
    }

    /// Signs out, at an orderly end.
    pub(crate) async fn sign_out(&self) -> Result<Acknowledgement, ApiError> {
        read(self.post("signout").json(&serde_json::json!({}))).await
    }

    /// Requests a file from byte `from` on; the server may send all of it.
    pub(crate) async fn file(&self, digest: &Digest, from: u64) -> Result<Response, ApiError> {
        let mut request = self.request(Method::GET, &format!("/api/files/{digest}"));
        if from > 0 {
            request = request.header(header::RANGE, format!("bytes={from}-"));
        }
        let answered = timeout(SILENCE_TIMEOUT, async { accepted(request.send().await?).await }).await;
        answered.unwrap_or_else(|_| Err(ApiError::silent()))
    }

    /// Brings a connection that the server has ordered, by a WebSocket.
    pub(crate) async fn connection(&self, id: i64) -> Result<Upgraded, ApiError> {
        let path = format!("/api/runners/{}/connections/{id}", self.identity().runner_id);
        let request = self
            .request(Method::GET, &path)
            .header(header::CONNECTION, "upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_VERSION, "13")
            .header(header::SEC_WEBSOCKET_KEY, websocket::new_key());
        let response = request.send().await?;
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Ok(response.upgrade().await?);
        }
        let url = response.url().clone();
        accepted(response).await?;
        Err(response::foreign("it answers without the WebSocket that was asked for", &url))
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let identity = self.identity();
        let request = self.client.request(method, format!("{}{path}", identity.server));
        let request = request.header("X-API-Key", &identity.api_key).header(LIFE_HEADER, self.life.number());
        request.header(CLOCK_HEADER, Timestamp::now().as_millis())
    }

    fn post(&self, action: &str) -> RequestBuilder {
        let path = format!("/api/runners/{}/{action}", self.identity().runner_id);
        self.request(Method::POST, &path).timeout(REQUEST_TIMEOUT)
    }
}
