//! The server, as a runner calls it. `docs/protocol.md` tells when.

use super::host;
use super::identity::Identity;
use crate::config::CaCert;
use anyhow::Context;
use challengectl_common::wire::{
    Acknowledgement, CompleteRequest, EnrollRequest, EnrollResponse, ErrorBody, HeartbeatRequest, HeartbeatResponse,
    LIFE_HEADER, LogsRequest, MACHINE_HEADER, RegisterRequest, RegisterResponse, TaskResponse,
};
use challengectl_common::{Digest, Life};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Certificate, Client, RequestBuilder, Response, StatusCode, header};
use serde::de::DeserializeOwned;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// For requests that the server answers at once.
const PATIENCE: Duration = Duration::from_secs(10);

/// Beyond the time that a long poll asks for.
const POLL_MARGIN: Duration = Duration::from_secs(10);

/// Why a call brought no answer.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The network or the server is away.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// The server said no.
    #[error("{message} ({status})")]
    Refused {
        /// The status.
        status: StatusCode,
        /// Its reason.
        message: String,
    },
}

impl ApiError {
    /// Whether the server said no with this status.
    #[must_use]
    pub fn is(&self, expected: StatusCode) -> bool {
        matches!(self, Self::Refused { status, .. } if *status == expected)
    }

    /// Whether the server does not know this runner, or not with this key.
    #[must_use]
    pub fn is_stranger(&self) -> bool {
        [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND].iter().any(|status| self.is(*status))
    }

    /// Whether a copy of this runner that was started later is at work; of a report, that it has no effect.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.is(StatusCode::CONFLICT)
    }

    /// Whether the same call may well succeed later.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Refused { status, .. } => status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS,
        }
    }
}

impl From<reqwest::Error> for ApiError {
    fn from(error: reqwest::Error) -> Self {
        Self::Unreachable(root_cause(&error))
    }
}

/// The innermost message: "Connection refused" says more than what was attempted around it.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let message = innermost.to_string();
    let way_out = match message.as_str() {
        text if text.contains("UnknownIssuer") => "; name its certificate as ca_cert in the configuration",
        text if text.contains("invalid HTTP version") => "; does it speak https?",
        text if text.contains("InvalidContentType") => "; does it speak http, without TLS?",
        _ => "",
    };
    format!("{message}{way_out}")
}

/// A client that trusts the system's certificates, and those in `ca_cert`. With every request it says which machine
/// this is.
///
/// # Errors
/// When `ca_cert` cannot be read.
pub fn client(ca_cert: Option<&CaCert>) -> anyhow::Result<Client> {
    // Fails when a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let certificates = ca_cert.map(certificates).transpose()?.unwrap_or_default();
    let headers = machine_header()?;
    let builder = || {
        Client::builder()
            .default_headers(headers.clone())
            .user_agent(concat!("challengectl-runner/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(5))
            .tcp_keepalive(Duration::from_secs(15))
    };
    // A host without any certificates, such as a small container, still reaches a server over plain HTTP or with
    // `ca_cert`.
    let client = builder().tls_certs_merge(certificates.clone()).build();
    client.or_else(|_| builder().tls_certs_only(certificates).build()).map_err(Into::into)
}

fn machine_header() -> anyhow::Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    if let Some(machine) = host::machine() {
        let name = HeaderName::from_bytes(MACHINE_HEADER.as_bytes())?;
        headers.insert(name, HeaderValue::try_from(machine.to_string())?);
    }
    Ok(headers)
}

fn certificates(ca_cert: &CaCert) -> anyhow::Result<Vec<Certificate>> {
    let (place, pem) = match ca_cert {
        CaCert::Text(text) => ("ca_cert".to_owned(), text.clone().into_bytes()),
        CaCert::File(file) => {
            let place = format!("ca_cert {}", file.display());
            let pem = std::fs::read(file).with_context(|| place.clone())?;
            (place, pem)
        }
    };
    let certificates = Certificate::from_pem_bundle(&pem).with_context(|| place.clone())?;
    anyhow::ensure!(!certificates.is_empty(), "{place}: holds no certificate");
    Ok(certificates)
}

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

    pub(super) async fn register(&self, request: &RegisterRequest) -> Result<RegisterResponse, ApiError> {
        let path = "/api/runners/register";
        read(self.request(reqwest::Method::POST, path).json(request).timeout(PATIENCE)).await
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
        accepted(request.send().await?).await
    }
}

async fn read<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, ApiError> {
    let response = accepted(request.send().await?).await?;
    response.json().await.map_err(|error| {
        if error.is_decode() {
            ApiError::Unreachable(format!("it gave no answer of a ChallengeCtl server: {}", root_cause(&error)))
        } else {
            error.into()
        }
    })
}

async fn accepted(response: Response) -> Result<Response, ApiError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let message = match response.json::<ErrorBody>().await {
        Ok(ErrorBody { error, details: Some(details) }) => format!("{error}: {details}"),
        Ok(ErrorBody { error, details: None }) => error,
        Err(_) => "refused without a reason".to_owned(),
    };
    Err(ApiError::Refused { status, message })
}
