//! The security schemes.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};

pub const SESSION: &str = "session";
pub const KEY: &str = "runner_key";
pub const BEARER: &str = "runner_bearer";
pub const PLAYER: &str = "player_token";
pub const PROVISIONING_KEY: &str = "provisioning_key";
pub const PROVISIONING_BEARER: &str = "provisioning_bearer";

/// Describes the cookie of a login.
pub fn login() -> SecurityScheme {
    let about = "Set by POST /api/auth/verify-totp at login.";
    SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description("session", about)))
}

/// Describes the tokens of players.
pub fn player() -> SecurityScheme {
    bearer(
        "An access token, which POST /api/play/login answers, or a personal token of POST /api/play/tokens. \
         Authorization: Token is accepted as well.",
    )
}

/// Describes a bearer token.
pub fn bearer(about: &str) -> SecurityScheme {
    SecurityScheme::Http(Http::builder().scheme(HttpAuthScheme::Bearer).description(Some(about)).build())
}
