//! The names of the security schemes.

pub const SESSION: &str = "session";
pub const KEY: &str = "runner_key";
pub const BEARER: &str = "runner_bearer";
pub const PROVISIONING_KEY: &str = "provisioning_key";
pub const PROVISIONING_BEARER: &str = "provisioning_bearer";
