//! Provisioning keys: authenticating with one, and managing them.

use crate::CoreError;
use crate::audit::Actor;
use crate::fleet::Fleet;
use crate::secrets::random_hex;
pub use crate::store::fleet::provisioning::ProvisioningKey;
use crate::store::fleet::provisioning::{self, NewKey};
use crate::store::fleet::tokens;
use challengectl_common::wire::LogLevel;
use challengectl_common::{Digest, ProvisioningKeyId};
use std::net::IpAddr;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// Characters of a key's description.
const MAX_DESCRIPTION: usize = 255;
pub(super) const REFUSED: CoreError = CoreError::Key("the provisioning key is unknown, removed or disabled");

/// A program authenticated by a provisioning key.
#[derive(Debug, Clone)]
pub struct Provisioner {
    pub(super) key_id: ProvisioningKeyId,
    pub(super) digest: Digest,
    pub(super) address: Option<IpAddr>,
}

/// Returns the actor's name of a provisioning key. It contains spaces, which no account name does.
pub(super) fn maker(id: &ProvisioningKeyId) -> String {
    format!("provisioning key {id}")
}

/// A change of a provisioning key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyChange {
    /// Makes it valid again.
    Enable,
    /// Makes it invalid until it is enabled.
    Disable,
    /// Deletes it.
    Remove,
}

impl KeyChange {
    /// Returns the audit action, and the word for the log line.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Enable => ("provisioning_key.enable", "enabled"),
            Self::Disable => ("provisioning_key.disable", "disabled"),
            Self::Remove => ("provisioning_key.remove", "removed"),
        }
    }
}

impl Fleet {
    /// Returns the provisioner that `pk_<key id>_<secret>` belongs to.
    ///
    /// # Errors
    /// [`CoreError::Key`] when the key is unknown, wrong or disabled.
    pub async fn provisioner(&self, credential: &str, address: Option<IpAddr>) -> Result<Provisioner, CoreError> {
        let parts = credential.strip_prefix("pk_").and_then(|rest| rest.rsplit_once('_'));
        let (key_id, secret) = parts.ok_or(REFUSED)?;
        let (key_id, shown) = (ProvisioningKeyId::new(key_id).map_err(|_| REFUSED)?, Digest::of(secret.as_bytes()));
        let digest = provisioning::digest_of(&mut *self.context.store.read().await?, &key_id).await?.ok_or(REFUSED)?;
        let equal: bool = digest.as_bytes().ct_eq(shown.as_bytes()).into();
        if equal { Ok(Provisioner { key_id, digest, address }) } else { Err(REFUSED) }
    }

    /// Returns all provisioning keys by their ids.
    pub async fn provisioning_keys(&self) -> Result<Vec<ProvisioningKey>, CoreError> {
        Ok(provisioning::all(&mut *self.context.store.read().await?).await?)
    }

    /// Makes a provisioning key, and returns it. Only its digest is stored.
    ///
    /// # Errors
    /// [`CoreError::Conflict`] when a key with this id exists.
    pub async fn add_provisioning_key(
        self: &Arc<Self>,
        id: &ProvisioningKeyId,
        description: Option<String>,
        actor: Actor,
    ) -> Result<String, CoreError> {
        if description.as_ref().is_some_and(|text| text.chars().count() > MAX_DESCRIPTION) {
            return Err(CoreError::Invalid(format!("description: more than {MAX_DESCRIPTION} characters")));
        }
        let (this, id) = (Arc::clone(self), id.clone());
        self.context
            .command(actor, "provisioning_key.create", move |mut command| async move {
                let (secret, who) = (random_hex::<32>(), command.who());
                let new = NewKey {
                    id: &id,
                    digest: Digest::of(secret.as_bytes()),
                    description: description.as_deref(),
                    created_by: &who,
                    created_at: command.now(),
                };
                if !provisioning::insert(&mut command, new).await? {
                    return Err(CoreError::Conflict(format!("there is a provisioning key {id} already")));
                }
                let done = command.commit(id.as_str(), None).await?;
                this.context.log(LogLevel::Info, format!("Provisioning key {id} made by {who}"));
                Ok(done.with(format!("pk_{id}_{secret}")))
            })
            .await
    }

    /// Enables, disables or deletes a provisioning key. Deleting also revokes the unused tokens that it has made.
    pub async fn change_provisioning_key(
        self: &Arc<Self>,
        id: &ProvisioningKeyId,
        change: KeyChange,
        actor: Actor,
    ) -> Result<(), CoreError> {
        let (this, id, (action, word)) = (Arc::clone(self), id.clone(), change.words());
        self.context
            .command(actor, action, move |mut command| async move {
                let known = match change {
                    KeyChange::Enable => provisioning::set_enabled(&mut command, &id, true).await?,
                    KeyChange::Disable => provisioning::set_enabled(&mut command, &id, false).await?,
                    KeyChange::Remove => provisioning::delete(&mut command, &id).await?,
                };
                if !known {
                    return Err(CoreError::NotFound(format!("provisioning key {id}")));
                }
                if change == KeyChange::Remove {
                    tokens::revoke_made_by(&mut command, &maker(&id)).await?;
                }
                let who = command.who();
                let done = command.commit(id.as_str(), None).await?;
                this.context.log(LogLevel::Info, format!("Provisioning key {id} {word} by {who}"));
                Ok(done)
            })
            .await
    }
}
