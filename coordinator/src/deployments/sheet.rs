//! The sheet: what an author sets of a challenge.

use super::DeployedChallenge;
use crate::CoreError;
use crate::instances::flag_of;
use crate::store::deployments::Manner;
use crate::store::deployments::slots::MAX_TEAMS;
use challengectl_common::ChallengeName;
use challengectl_common::instance::InstanceSpec;
use challengectl_event::instance::{Form, Part};
use serde_json::Value;

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
        let parts = flag_of(&self.spec).map(|flag| Part { share: 1, flags: vec![flag] }).into_iter().collect();
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
