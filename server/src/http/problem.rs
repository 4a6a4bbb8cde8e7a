//! Problems: why a request failed, independent of fronts; each front renders them in its own form (see
//! [`super::envelope`]). This is the only place where errors of the coordinator get an HTTP status.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ALLOW, CONTENT_RANGE, ContentType, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, Responder, ResponseError};
use challengectl_coordinator::CoreError;
use std::fmt;
use std::time::Duration;

/// Seconds after which to try again what nothing can run now.
const UNAVAILABLE_SECONDS: u64 = 10;

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident: $status:ident, $words:literal;)+) => {
        /// The closed set of error codes, for programs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code {
            $($(#[$doc])* $code,)+
        }

        impl Code {
            /// The code in words, as in the control API.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $words,)+
                }
            }

            /// The HTTP status of the code.
            #[must_use]
            pub fn status(self) -> StatusCode {
                match self {
                    $(Self::$code => StatusCode::$status,)+
                }
            }
        }
    };
}

codes! {
    /// The request is malformed, or a value is invalid.
    InvalidRequest: BAD_REQUEST, "invalid request";
    /// An uploaded file has an extension that no challenge uses.
    FileTypeNotAllowed: BAD_REQUEST, "file type not allowed";
    /// Credentials are missing, or the login has ended.
    AuthenticationRequired: UNAUTHORIZED, "authentication required";
    /// A password, code or token is invalid.
    InvalidCredentials: UNAUTHORIZED, "invalid credentials";
    /// The account, key or page has no permission.
    Forbidden: FORBIDDEN, "forbidden";
    /// There is nothing under this path or id.
    NotFound: NOT_FOUND, "not found";
    /// There is no such account.
    UserNotFound: NOT_FOUND, "user not found";
    /// The runner has to register first.
    RunnerNotRegistered: NOT_FOUND, "runner not registered";
    /// The server has no file with this digest.
    FileNotFound: NOT_FOUND, "file not found";
    /// The path does not support this method.
    MethodNotAllowed: METHOD_NOT_ALLOWED, "method not allowed";
    /// The body did not arrive in time.
    RequestTimeout: REQUEST_TIMEOUT, "request timeout";
    /// It already exists, or the current state does not allow it.
    Conflict: CONFLICT, "conflict";
    /// Another process of the same runner was started later.
    RunnerSuperseded: CONFLICT, "runner superseded";
    /// A report is too late to change anything.
    ReportHasNoEffect: CONFLICT, "report has no effect";
    /// The operating state does not allow it now.
    NotPossibleNow: CONFLICT, "not possible now";
    /// The body exceeds its limit.
    BodyTooLarge: PAYLOAD_TOO_LARGE, "body too large";
    /// An uploaded file exceeds its limit.
    FileTooLarge: PAYLOAD_TOO_LARGE, "file too large";
    /// The files of an event exceed their limit together.
    EventTooLarge: PAYLOAD_TOO_LARGE, "event too large";
    /// The body has a Content-Type that the operation does not accept.
    UnsupportedMediaType: UNSUPPORTED_MEDIA_TYPE, "unsupported media type";
    /// The range lies outside of the file.
    RangeNotSatisfiable: RANGE_NOT_SATISFIABLE, "range not satisfiable";
    /// A WebSocket is served here, and nothing else.
    UpgradeRequired: UPGRADE_REQUIRED, "upgrade required";
    /// The owner has as many sessions as allowed.
    QuotaExceeded: TOO_MANY_REQUESTS, "quota exceeded";
    /// Too many requests, or attempts, in too short a time.
    TooManyRequests: TOO_MANY_REQUESTS, "too many requests";
    /// The server failed; its log has the cause.
    InternalError: INTERNAL_SERVER_ERROR, "internal error";
    /// An instance could not be started; the log has the cause.
    StartFailed: INTERNAL_SERVER_ERROR, "start failed";
    /// Nothing can run the instance now, or not yet.
    Unavailable: SERVICE_UNAVAILABLE, "unavailable";
    /// The air that the receiver listens to cannot be reached.
    AirUnavailable: BAD_GATEWAY, "air unavailable";
    /// The server is stopping.
    ServerIsStopping: SERVICE_UNAVAILABLE, "server is stopping";
    /// The database is locked, full or damaged.
    DatabaseUnavailable: SERVICE_UNAVAILABLE, "database unavailable";
    /// All connections for live events, or for listeners, are in use.
    TooManyClients: SERVICE_UNAVAILABLE, "too many clients";
}

/// Why a request failed.
#[derive(Debug)]
pub struct Problem {
    code: Code,
    status: StatusCode,
    details: Option<String>,
    header: Option<Box<(HeaderName, HeaderValue)>>,
}

impl Problem {
    /// Returns a problem without details.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self { code, status: code.status(), details: None, header: None }
    }

    /// Returns a problem of an invalid request; `details` give the place, the cause and the way out.
    #[must_use]
    pub fn invalid(details: impl Into<String>) -> Self {
        Self::new(Code::InvalidRequest).because(details)
    }

    /// Returns a problem of a request without valid credentials.
    #[must_use]
    pub fn unauthorized(details: &str) -> Self {
        Self::new(Code::AuthenticationRequired).because(details).asking_for_credentials()
    }

    /// Returns a problem of a request that comes too soon after others.
    #[must_use]
    pub fn too_many(wait: Duration) -> Self {
        // Rounded up to whole seconds, so that a client that waits as long is not too soon again.
        let seconds = wait.as_millis().div_ceil(1000).max(1);
        Self::new(Code::TooManyRequests)
            .because(format!("try again in {seconds} seconds"))
            .with_header(RETRY_AFTER, &seconds.to_string())
    }

    /// Returns a problem of a body that did not arrive in time.
    #[must_use]
    pub fn too_slow(waited: Duration) -> Self {
        Self::new(Code::RequestTimeout).because(format!("the body did not arrive within {} seconds", waited.as_secs()))
    }

    /// Returns a problem of a range outside of a file of `size` bytes.
    #[must_use]
    pub fn range(size: u64) -> Self {
        Self::new(Code::RangeNotSatisfiable)
            .because(format!("the file has {size} bytes"))
            .with_header(CONTENT_RANGE, &format!("bytes */{size}"))
    }

    /// Returns a problem of an unknown path.
    #[must_use]
    pub fn nothing_at(request: &HttpRequest) -> Self {
        Self::new(Code::NotFound).because(format!("there is nothing at {}", request.path()))
    }

    /// Returns a problem of a method that the path does not support.
    #[must_use]
    pub fn method_not_allowed(request: &HttpRequest, allowed: &str) -> Self {
        Self::new(Code::MethodNotAllowed)
            .because(format!("{} supports {allowed}, not {}", request.path(), request.method()))
            .with_header(ALLOW, allowed)
    }

    /// Adds details: the place, the cause and the way out.
    #[must_use]
    pub fn because(mut self, details: impl Into<String>) -> Self {
        self.details = Some(details.into());
        self
    }

    /// Replaces the status of the code, for a protocol that defines its own, such as Socket.IO.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    fn asking_for_credentials(self) -> Self {
        self.with_header(WWW_AUTHENTICATE, "Bearer")
    }

    fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        self.header = HeaderValue::from_str(value).ok().map(|value| Box::new((name, value)));
        self
    }

    /// Adds after how many seconds to try again.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.with_header(RETRY_AFTER, &seconds.to_string())
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// The place, the cause and the way out.
    #[must_use]
    pub fn details(&self) -> Option<&str> {
        self.details.as_deref()
    }

    /// Returns the part of the answer common to all fronts: status and headers. The front's envelope adds the body.
    #[must_use]
    pub fn response(&self) -> HttpResponseBuilder {
        let mut response = HttpResponse::build(self.status);
        if let Some(header) = &self.header {
            response.insert_header((**header).clone());
        }
        response
    }
}

impl From<CoreError> for Problem {
    fn from(error: CoreError) -> Self {
        let details = error.to_string();
        let code = match error {
            CoreError::TooMany(wait) => return Self::too_many(wait),
            CoreError::Cooldown(wait) => return Self::too_many(wait).because(details),
            CoreError::Unavailable(_) => {
                return Self::new(Code::Unavailable).because(details).retry_after(UNAVAILABLE_SECONDS);
            }
            CoreError::Token | CoreError::Key(_) => return Self::unauthorized(&details),
            CoreError::Credentials(_) => {
                return Self::new(Code::InvalidCredentials).because(details).asking_for_credentials();
            }
            CoreError::NotRegistered(_) => {
                return Self::new(Code::RunnerNotRegistered).because(format!("{details}; register first"));
            }
            CoreError::Interrupted => return Self::new(Code::ServerIsStopping),
            CoreError::Store(ref store) => {
                tracing::error!(%error, "request failed");
                return match store.obstacle() {
                    Some(obstacle) => Self::new(Code::DatabaseUnavailable).because(obstacle),
                    None => Self::internal(),
                };
            }
            CoreError::File { .. } | CoreError::Io(_) | CoreError::Sealed => {
                tracing::error!(%error, "request failed");
                return Self::internal();
            }
            CoreError::Invalid(_) | CoreError::Event(_) => Code::InvalidRequest,
            CoreError::Forbidden(_) => Code::Forbidden,
            CoreError::Conflict(_) => Code::Conflict,
            CoreError::NoSuchAccount(_) => Code::UserNotFound,
            CoreError::Superseded(_) => Code::RunnerSuperseded,
            CoreError::Late(_) => Code::ReportHasNoEffect,
            CoreError::NotFound(_) => Code::NotFound,
            CoreError::Refused(_) => Code::NotPossibleNow,
            CoreError::NoSuchFile(_) => Code::FileNotFound,
            CoreError::Quota(_) => Code::QuotaExceeded,
            CoreError::StartFailed => Code::StartFailed,
        };
        Self::new(code).because(details)
    }
}

impl Problem {
    fn internal() -> Self {
        Self::new(Code::InternalError).because("see the server's log")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_str())
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    /// Renders plain text, outside of all envelopes.
    fn error_response(&self) -> HttpResponse {
        self.response().content_type(ContentType::plaintext()).body(self.to_string())
    }
}

impl Responder for Problem {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::from_error(self)
    }
}
