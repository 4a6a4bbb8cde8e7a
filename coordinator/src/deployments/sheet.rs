//! The sheet: what an author sets of a challenge.

use super::DeployedChallenge;
use crate::CoreError;
use crate::store::deployments::Manner;
use crate::store::deployments::slots::MAX_TEAMS;
use challengectl_common::ChallengeName;
use challengectl_common::instance::InstanceSpec;
use challengectl_event::instance::{Flag, FlagMode, Form, Part};
use serde_json::Value;

/// The variable whose value is also the flag of the challenge.
const FLAG: &str = "FLAG";

/// What an author sets of a challenge.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// Its name: a label of a host name, which begins with a letter.
    pub name: String,
    /// What people read.
    pub description: String,
    /// As the author has written it.
    pub config: Value,
    /// What an instance consists of, by the config.
    pub spec: InstanceSpec,
    /// What a cluster needs to know besides, by the config.
    pub manner: Manner,
    /// From 1 to [`MAX_TEAMS`].
    pub teams: u32,
    /// Whether users see it, and it may be deployed.
    pub active: bool,
}

impl Sheet {
    /// Returns the form of the challenge for all other fronts. It is disabled: its instances are those of teams, and are
    /// not started by players.
    pub(super) fn form(&self) -> Result<Form, CoreError> {
        let name = ChallengeName::new(&self.name).map_err(|error| CoreError::Invalid(format!("name: {error}")))?;
        let flag = self.spec.containers.iter().find_map(|container| container.environment.get(FLAG));
        let part = |flag: &String| Part { share: 1, flags: vec![Flag { mode: FlagMode::Text, content: flag.clone() }] };
        let parts = flag.filter(|flag| !flag.trim().is_empty()).map(part).into_iter().collect();
        Ok(Form { enabled: false, description: self.description.clone(), parts, ..Form::new(name, self.spec.clone()) })
    }

    pub(super) fn check(&self) -> Result<(), CoreError> {
        if !(1..=MAX_TEAMS).contains(&self.teams) {
            return Err(CoreError::Invalid(format!("total_teams: {}, not from 1 to {MAX_TEAMS}", self.teams)));
        }
        self.form()?.check().map_err(|why| CoreError::Invalid(format!("config: {why}")))
    }

    /// Writes it on a challenge.
    pub(super) fn on(&self, it: DeployedChallenge) -> DeployedChallenge {
        DeployedChallenge {
            name: self.name.clone(),
            description: self.description.clone(),
            config: self.config.clone(),
            teams: self.teams,
            active: self.active,
            ..it
        }
    }
}
