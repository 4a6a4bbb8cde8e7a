//! Deployments: challenges of which each team has an instance in a cluster, at an address of its own.
//!
//! A deploy writes what is wanted, in one transaction, and returns; runners make it so. The place of a team is a slot: its
//! names and its address are leased by it until the runner has said that nothing of it is left. What a slot runs is a
//! session like all others, so that orders, fences, reports and silent runners are what they are for all instances.
//! Nothing is locked while a cluster works.

mod canary;
mod change;
mod deploy;
mod roll;
mod sheet;
mod status;
mod stop;
mod team;
mod tend;
mod view;

pub use crate::store::deployments::slots::MAX_TEAMS;
pub use crate::store::deployments::{DeployedChallenge, Manner};
pub use sheet::Sheet;
pub use status::{Desired, Status};
pub use view::{Deployment, Instance};

use crate::CoreError;
use crate::context::Context;
use crate::instances::Instances;
use crate::store::{Connection, deployments};
use std::sync::Arc;

/// The name of their front in sessions.
const FRONT: &str = "pacstar";

/// The challenges that are deployed for teams.
#[derive(Debug)]
pub struct Deployments {
    context: Arc<Context>,
    pub(crate) instances: Arc<Instances>,
}

impl Deployments {
    pub(crate) fn new(context: Arc<Context>, instances: Arc<Instances>) -> Arc<Self> {
        Arc::new(Self { context, instances })
    }
}

async fn find(connection: &mut Connection, key: &str) -> Result<DeployedChallenge, CoreError> {
    let found = deployments::all(connection, Some(key)).await?.into_iter().next();
    found.ok_or_else(missing)
}

fn missing() -> CoreError {
    CoreError::NotFound("challenge with this id".to_owned())
}
