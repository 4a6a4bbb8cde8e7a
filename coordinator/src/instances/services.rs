//! Services: instances that an engine runs in its swarm, with secrets as files.

use super::Instances;
use super::secrets::purpose;
use crate::CoreError;
use crate::bus::alarms::AlarmKind;
use crate::session::SessionState;
use crate::store::Connection;
use crate::store::catalog;
use crate::store::instances::inventories::{self, StoredInventory};
use crate::store::instances::services::SecretUse;
use crate::store::instances::sessions::Session;
use crate::store::instances::{InstanceChallenge, secrets, services};
use challengectl_common::wire::services::{SecretValue, ServiceOrder, ServiceSecret};

impl Instances {
    /// Returns the secrets that new instances of a challenge get as services; `None` if they are none.
    ///
    /// # Errors
    /// [`CoreError::Unavailable`] when a secret is missing, or no engine manages a swarm; operators are told by an alarm.
    pub(super) async fn service(
        &self,
        connection: &mut Connection,
        challenge: &InstanceChallenge,
    ) -> Result<Option<Vec<SecretUse>>, CoreError> {
        let card = catalog::card(connection, challenge.id).await?;
        if !card.is_service {
            return Ok(None);
        }
        if let Some(why) = obstacle(connection, &card.secrets).await? {
            let message = format!("{} cannot be started: it is a service, and {why}", challenge.name);
            self.context.raise(AlarmKind::InstanceFailed, &challenge.slug, message.clone());
            return Err(CoreError::Unavailable(message));
        }
        Ok(Some(card.secrets))
    }

    /// Returns what a session is ordered as a service; `None` if it is none. Its secrets are the newest, and are left out once
    /// it has been seen running.
    pub(super) async fn service_order(
        &self,
        connection: &mut Connection,
        session: &Session,
    ) -> Result<Option<ServiceOrder>, CoreError> {
        let Some(uses) = services::secrets_of(connection, session.id).await? else { return Ok(None) };
        let mut secrets = Vec::new();
        for given in uses.into_iter().filter(|_| session.state == SessionState::Starting) {
            // It is not deleted as long as the session is there.
            let Some(found) = secrets::by_id(connection, &given.id).await? else { continue };
            let value = self.vault.open_sealed(&found.content, &purpose(&found.name))?;
            let value = SecretValue(String::from_utf8(value).map_err(|_| CoreError::Sealed)?);
            let SecretUse { id, protected } = given;
            secrets.push(ServiceSecret { id, version: found.version, name: found.name, protected, value });
        }
        Ok(Some(ServiceOrder { secrets }))
    }
}

/// Returns why no service with these secrets can be started; `None` if one can.
async fn obstacle(connection: &mut Connection, uses: &[SecretUse]) -> Result<Option<String>, CoreError> {
    for given in uses {
        if secrets::by_id(connection, &given.id).await?.is_none() {
            return Ok(Some("one of its secrets was deleted; edit the challenge".to_owned()));
        }
    }
    let all = inventories::usable(connection).await?;
    if !all.iter().any(|stored| stored.inventory.swarm) {
        return Ok(Some("no engine of a runner manages a swarm (docker swarm init)".to_owned()));
    }
    let why = "its secrets are not sent to a runner without TLS; let the runner reach the server by https".to_owned();
    Ok((!all.iter().any(|stored| takes(stored, uses))).then_some(why))
}

/// Returns whether an engine can start a service with these secrets: they are given to runners over TLS alone.
pub(super) fn takes(stored: &StoredInventory, secrets: &[SecretUse]) -> bool {
    stored.inventory.swarm && (stored.is_secure || secrets.is_empty())
}
