//! The server's responses: read up to a maximum length, without following redirects.

use super::proxies;
use challengectl_common::wire::ErrorBody;
use reqwest::{RequestBuilder, Response, StatusCode, Url, header};
use serde::de::DeserializeOwned;

/// The maximum length of a response in bytes: far more than any has. A task includes its text, and the server accepts
/// bodies of up to 256 KiB.
const MAX_RESPONSE: usize = 4 << 20;

/// The maximum number of characters of a server's text in a message.
const MAX_REASON: usize = 300;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// The network or the server does not answer, or another program answers in its place.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// The server redirects to another address. Following it would send the runner's key to any host.
    #[error(
        "the server redirects to {0}; redirects are not followed, since this runner's key would be sent there: if that \
         is the server, name it as `server` in the runner's configuration, or with --server"
    )]
    Redirected(String),
    /// The server refused the request, for this reason.
    #[error("{message} ({status})")]
    Refused { status: StatusCode, message: String },
}

impl ApiError {
    /// The server stopped answering.
    pub(crate) fn silent() -> Self {
        Self::Unreachable("it went silent".to_owned())
    }

    /// Returns whether the server refused the request with this status.
    pub(crate) fn is(&self, expected: StatusCode) -> bool {
        matches!(self, Self::Refused { status, .. } if *status == expected)
    }

    /// Returns whether the server does not know this runner, or refuses its key.
    pub(crate) fn is_stranger(&self) -> bool {
        [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND].iter().any(|status| self.is(*status))
    }

    /// Returns whether a copy of this runner that was started later is running; for a report, that it is too late.
    pub(crate) fn is_conflict(&self) -> bool {
        self.is(StatusCode::CONFLICT)
    }

    /// Returns whether the server would refuse the same request again every time.
    pub(crate) fn is_about_the_request(&self) -> bool {
        let final_ones = [
            StatusCode::BAD_REQUEST,
            StatusCode::NOT_FOUND,
            StatusCode::PAYLOAD_TOO_LARGE,
            StatusCode::UNPROCESSABLE_ENTITY,
        ];
        final_ones.iter().any(|status| self.is(*status))
    }

    /// Returns whether the same call may succeed later.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Redirected(_) => false,
            Self::Refused { status, .. } => status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS,
        }
    }
}

impl From<reqwest::Error> for ApiError {
    fn from(error: reqwest::Error) -> Self {
        let proxy = error.url().map(proxies::described).unwrap_or_default();
        Self::Unreachable(format!("{}{proxy}", root_cause(&error)))
    }
}

/// Returns the innermost message, which is the most specific ("Connection refused"), with a way out if there is one.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let message = innermost.to_string();
    let way_out = match message.as_str() {
        text if text.contains("UnknownIssuer") => "; name its certificate as ca_cert in the configuration",
        text if text.contains("not valid for name") => {
            "; use a name of the server that is in its certificate, or give it a certificate for this name"
        }
        text if text.contains("invalid HTTP version") => "; does it speak https?",
        text if text.contains("InvalidContentType") => "; does it speak http, without TLS?",
        _ => "",
    };
    format!("{message}{way_out}")
}

/// Sends a request and reads the response.
pub(super) async fn read<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, ApiError> {
    let response = accepted(request.send().await?).await?;
    let url = response.url().clone();
    let body = body(response).await?;
    serde_json::from_slice(&body)
        .map_err(|error| foreign(&format!("it gave no answer of a ChallengeCtl server: {error}"), &url))
}

/// Returns a successful response; turns any other into an error.
pub(super) async fn accepted(response: Response) -> Result<Response, ApiError> {
    let (status, url) = (response.status(), response.url().clone());
    if status.is_success() {
        return Ok(response);
    }
    if let Some(target) = redirection(&response) {
        return Err(ApiError::Redirected(target));
    }
    match serde_json::from_slice(&body(response).await?) {
        Ok(ErrorBody { error, details: Some(details) }) => {
            Err(ApiError::Refused { status, message: plain(&format!("{error}: {details}")) })
        }
        Ok(ErrorBody { error, details: None }) => Err(ApiError::Refused { status, message: plain(&error) }),
        // Not from the server but from a proxy on the way: the server may be back soon.
        Err(_) => Err(foreign(&format!("it answered {status}, and not as a ChallengeCtl server does"), &url)),
    }
}

pub(super) fn foreign(what: &str, url: &Url) -> ApiError {
    ApiError::Unreachable(format!("{}{}", plain(what), proxies::described(url)))
}

/// Returns the server to which a response redirects, without the path, which may contain parts of the request.
fn redirection(response: &Response) -> Option<String> {
    let location = response.headers().get(header::LOCATION).filter(|_| response.status().is_redirection())?;
    let target = response.url().join(location.to_str().ok()?).ok()?;
    Some(plain(&target.origin().ascii_serialization()))
}

async fn body(mut response: Response) -> Result<Vec<u8>, ApiError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_RESPONSE {
            return Err(foreign(&format!("its answer is longer than {MAX_RESPONSE} bytes"), response.url()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Shortens a server's text and removes control characters, which could manipulate a terminal.
fn plain(text: &str) -> String {
    text.chars().take(MAX_REASON).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
