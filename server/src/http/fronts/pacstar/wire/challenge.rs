//! Challenges as this front shows them.

use super::Config;
use super::instance::{Endpoint, ShownInstance};
use crate::http::fronts::pacstar::principal::User;
use crate::http::fronts::pacstar::seconds;
use crate::words::DeploymentStatus;
use challengectl_coordinator::deployments::{Deployment, Status};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::IpAddr;
use utoipa::ToSchema;

/// A challenge.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeployedChallenge)]
pub struct Challenge {
    /// 24 hexadecimal digits.
    id: String,
    name: String,
    description: String,
    /// For a Master as written, and for others its public part.
    #[schema(value_type = Object)]
    config: Value,
    total_teams: u32,
    is_active: bool,
    status: DeploymentStatus,
    /// Those that the caller may see.
    instances: Vec<ShownInstance>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    /// The id of the account that made it.
    created_by: String,
    /// Whether the next deploy changes what runs.
    pending_changes: bool,
    /// What is odd about the config, for a Master.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

impl Challenge {
    /// Returns a challenge as this account sees it.
    pub fn new(it: Deployment, user: &User) -> Self {
        let pending_changes = it.has_pending_changes();
        let Deployment { challenge, status, instances } = it;
        let config = Config::of(&challenge);
        let shown = config.as_ref().filter(|_| !user.is_master()).map(Config::in_public);
        let warnings = config.filter(|_| user.is_master()).map(|config| config.warnings()).unwrap_or_default();
        let instances = instances.into_iter().filter(|it| user.may_see(it.slot.team)).map(|it| user.shown(it));
        Self {
            id: challenge.key,
            name: challenge.name,
            description: challenge.description,
            config: shown.unwrap_or(if user.is_master() { challenge.config } else { Value::Null }),
            total_teams: challenge.teams,
            is_active: challenge.active,
            status: status.into(),
            instances: instances.map(ShownInstance::from).collect(),
            created_at: seconds(challenge.created_at),
            updated_at: seconds(challenge.updated_at),
            created_by: challenge.made_by,
            pending_changes,
            warnings,
        }
    }
}

/// A part of the challenges.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeployedChallengeList)]
pub struct ChallengeList {
    /// The oldest first.
    pub challenges: Vec<Challenge>,
    /// All that the caller sees.
    pub total: usize,
}

/// What runs of a challenge.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChallengeStats {
    total_instances: usize,
    running_instances: usize,
    failed_instances: usize,
    total_teams: u32,
    /// The addresses by team.
    #[schema(value_type = BTreeMap<String, String>)]
    ip_allocation: BTreeMap<String, IpAddr>,
}

impl ChallengeStats {
    /// Returns what runs, with the addresses that this account sees.
    pub fn new(it: &Deployment, user: &User) -> Self {
        let count = |status: Status| it.instances.iter().filter(|instance| instance.status == status).count();
        let seen = it.instances.iter().filter(|instance| user.may_see(instance.slot.team));
        let leased = seen.filter_map(|instance| Some((instance.team.clone(), Endpoint::of(instance).ip?)));
        Self {
            total_instances: it.instances.len(),
            running_instances: count(Status::Running),
            failed_instances: count(Status::Failed),
            total_teams: it.challenge.teams,
            ip_allocation: leased.collect(),
        }
    }
}
