//! The bodies of this front.

mod challenge;
mod config;
mod forms;
mod instance;
mod port;
mod resources;
mod user;

pub use challenge::{Challenge, ChallengeList, ChallengeStats};
pub use config::Config;
pub use forms::{DeployForm, NewChallenge, Page, StopForm, UpdateForm, Wait, description, name};
pub use instance::{Access, Endpoint};
pub use resources::Ceiling;
pub use user::{Account, AccountChange, Login, Refresh, Registration, Tokens, email, team, zone};

use serde::Serialize;
use utoipa::ToSchema;

/// Why a request failed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PacstarError)]
pub struct PacstarError {
    /// The field, the cause and the way out.
    pub detail: String,
}

/// Whether the front works.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PacstarHealth)]
pub struct Health {
    /// `healthy`.
    pub status: &'static str,
    /// The time of the server.
    #[schema(format = DateTime)]
    pub timestamp: String,
}
