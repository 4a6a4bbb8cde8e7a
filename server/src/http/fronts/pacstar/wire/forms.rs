//! What clients send about challenges.

use super::Config;
use crate::http::Problem;
use crate::http::extract::echo::ReadOnly;
use crate::http::fronts::pacstar::envelope::unprocessable;
use serde::Deserialize;
use std::ops::RangeInclusive;
use utoipa::{IntoParams, ToSchema};

/// Characters of a description.
const DESCRIPTION: RangeInclusive<usize> = 10..=500;
/// Characters of a name.
const NAME: RangeInclusive<usize> = 3..=50;

/// A new challenge.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewDeployedChallenge, examples(json!({
    "name": "nginx-hello-world", "description": "Simple Nginx Hello World challenge for teams",
    "config": {"challenge_type": "web", "image": "nginx:alpine", "ports": [80]}, "total_teams": 4, "is_active": true
})))]
pub struct NewChallenge {
    /// Unique. Its namespace, and the names of its objects, are made of it.
    #[schema(pattern = "^[a-z]([-a-z0-9]{1,48}[a-z0-9])$")]
    pub name: String,
    /// What people read.
    #[schema(min_length = 10, max_length = 500)]
    pub description: String,
    /// What an instance consists of.
    pub config: Config,
    /// The teams that get one.
    #[schema(minimum = 1, maximum = 999)]
    pub total_teams: u32,
    /// Whether users see it, and it may be deployed.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub is_active: bool,
}

fn yes() -> bool {
    true
}

/// What changes of a challenge. What runs stays as it is until the next deploy.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = DeployedChallengeChange, examples(json!({"total_teams": 6})))]
pub struct UpdateForm {
    /// It may change until the first deploy.
    #[schema(pattern = "^[a-z]([-a-z0-9]{1,48}[a-z0-9])$")]
    pub name: Option<String>,
    /// What people read.
    #[schema(min_length = 10, max_length = 500)]
    pub description: Option<String>,
    /// What an instance consists of, as a whole.
    pub config: Option<Config>,
    /// The teams that get one.
    #[schema(minimum = 1, maximum = 999)]
    pub total_teams: Option<u32>,
    /// Whether users see it, and it may be deployed.
    pub is_active: Option<bool>,
}

impl ReadOnly for UpdateForm {
    const FIELDS: &[&str] = &["id", "status", "created_at", "updated_at", "created_by", "pending_changes"];
}

/// Checks the name of a challenge.
pub fn name(text: &str) -> Result<(), Problem> {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let begins = text.starts_with(|c: char| c.is_ascii_lowercase());
    if NAME.contains(&text.len()) && begins && !text.ends_with('-') && text.bytes().all(is_allowed) {
        return Ok(());
    }
    let rule = "name: 3 to 50 lower-case letters, digits and '-'; it begins with a letter, and does not end with '-'";
    Err(unprocessable(rule))
}

/// Checks a description.
pub fn description(text: &str) -> Result<(), Problem> {
    let fits = DESCRIPTION.contains(&text.chars().count()) && !text.contains('\0');
    if fits { Ok(()) } else { Err(unprocessable("description: 10 to 500 characters")) }
}

/// How to deploy.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DeployForm {
    /// Whether all pods are replaced, also those that run as they should.
    pub force_redeploy: bool,
    /// May be repeated, and is ignored.
    pub challenge_id: Option<String>,
}

/// How to stop.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StopForm {
    /// Whether nothing stays of the instances; without it, their names and addresses do.
    pub remove_instances: bool,
    /// May be repeated, and is ignored.
    pub challenge_id: Option<String>,
}

/// How long to wait until nothing is on its way.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wait {
    /// Seconds; the answer comes as soon as nothing is on its way, and then at the latest.
    #[param(maximum = 60)]
    pub wait: Option<u8>,
}

/// A part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// Challenges to leave out.
    #[param(default = 0)]
    pub skip: Option<u32>,
    /// Challenges in the answer, at most.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<usize>,
}
