//! How everything that goes wrong is told to clients: `{"error", "details"}` and a status. This is the only place
//! where errors of the core get one.

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_RANGE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError};
use challengectl_common::wire::ErrorBody;
use challengectl_coordinator::CoreError;
use std::fmt;
use std::time::Duration;

/// An answer that is not a success.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    body: ErrorBody,
    header: Option<Box<(HeaderName, HeaderValue)>>,
}

impl ApiError {
    /// An error with a status, in a few words.
    pub fn new(status: StatusCode, error: &str) -> Self {
        Self { status, body: ErrorBody { error: error.to_owned(), details: None }, header: None }
    }

    /// A request that makes no sense.
    pub fn invalid(details: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid request").because(details)
    }

    /// A request without valid credentials.
    pub fn unauthorized(details: &str) -> Self {
        Self::challenge("authentication required", details)
    }

    fn challenge(error: &str, details: &str) -> Self {
        let mut error = Self::new(StatusCode::UNAUTHORIZED, error).because(details);
        error.header = Some(Box::new((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))));
        error
    }

    /// A request that comes too soon after others.
    pub fn too_many(wait: Duration) -> Self {
        // Whole seconds, rounded up: who comes back then is not too soon again.
        let seconds = wait.as_millis().div_ceil(1000).max(1);
        let mut error = Self::new(StatusCode::TOO_MANY_REQUESTS, "too many requests")
            .because(format!("try again in {seconds} seconds"));
        error.header = HeaderValue::try_from(seconds.to_string()).ok().map(|value| Box::new((RETRY_AFTER, value)));
        error
    }

    /// A request of which for so long nothing more came.
    pub fn too_slow(waited: Duration) -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "request timeout")
            .because(format!("the body did not come within {} seconds", waited.as_secs()))
    }

    /// Adds where it went wrong, and the way out.
    #[must_use]
    pub fn because(mut self, details: impl Into<String>) -> Self {
        self.body.details = Some(details.into());
        self
    }

    /// Adds the methods that are allowed.
    #[must_use]
    pub fn allowing(mut self, methods: &str) -> Self {
        self.header = HeaderValue::from_str(methods).ok().map(|methods| Box::new((ALLOW, methods)));
        self
    }

    /// A range outside of a file.
    pub fn range(size: u64) -> Self {
        let mut error = Self::new(StatusCode::RANGE_NOT_SATISFIABLE, "range not satisfiable")
            .because(format!("the file has {size} bytes"));
        error.header =
            HeaderValue::try_from(format!("bytes */{size}")).ok().map(|value| Box::new((CONTENT_RANGE, value)));
        error
    }
}

impl From<CoreError> for ApiError {
    fn from(error: CoreError) -> Self {
        let details = error.to_string();
        match error {
            CoreError::Invalid(_) | CoreError::Event(_) => Self::invalid(details),
            CoreError::Forbidden(_) => Self::new(StatusCode::FORBIDDEN, "forbidden").because(details),
            CoreError::Conflict(_) => Self::new(StatusCode::CONFLICT, "conflict").because(details),
            CoreError::Credentials(_) => Self::challenge("invalid credentials", &details),
            CoreError::NoSuchAccount(_) => Self::new(StatusCode::NOT_FOUND, "user not found").because(details),
            CoreError::TooMany(wait) => Self::too_many(wait),
            CoreError::Token | CoreError::Key(_) => Self::unauthorized(&details),
            CoreError::NotRegistered(_) => {
                Self::new(StatusCode::NOT_FOUND, "runner not registered").because(format!("{details}; register first"))
            }
            CoreError::Superseded(_) => Self::new(StatusCode::CONFLICT, "runner superseded").because(details),
            CoreError::Late(_) => Self::new(StatusCode::CONFLICT, "report has no effect").because(details),
            CoreError::NotFound(_) => Self::new(StatusCode::NOT_FOUND, "not found").because(details),
            CoreError::Refused(_) => Self::new(StatusCode::CONFLICT, "not possible now").because(details),
            CoreError::NoSuchFile(_) => Self::new(StatusCode::NOT_FOUND, "file not found").because(details),
            CoreError::Interrupted => Self::new(StatusCode::SERVICE_UNAVAILABLE, "server is stopping"),
            CoreError::Store(ref store) if store.obstacle().is_some() => {
                tracing::error!(%error, "request failed");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "database unavailable")
                    .because(store.obstacle().unwrap_or_default())
            }
            CoreError::File { .. } | CoreError::Store(_) | CoreError::Sealed => {
                tracing::error!(%error, "request failed");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error").because("the server's log tells more")
            }
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.body.error)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        if let Some(header) = &self.header {
            response.insert_header((**header).clone());
        }
        response.json(&self.body)
    }
}

impl Responder for ApiError {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.error_response()
    }
}
