//! Provisioning keys as admins handle them.

use crate::audit::{self, Actor, By};
use crate::fleet::enrollment::random_hex;
use crate::store;
pub use crate::store::fleet::provisioning::ProvisioningKey;
use crate::store::fleet::provisioning::{self, NewKey};
use crate::store::fleet::tokens;
use crate::{Coordinator, CoreError};
use challengectl_common::wire::LogLevel;
use challengectl_common::{Digest, ProvisioningKeyId};
use std::net::IpAddr;
use std::sync::Arc;
use subtle::ConstantTimeEq;

const LONGEST_DESCRIPTION: usize = 255;
pub(super) const REFUSED: CoreError = CoreError::Key("the provisioning key is unknown, removed or disabled");

/// A program that has shown a provisioning key.
#[derive(Debug, Clone)]
pub struct Provisioner {
    pub(super) key_id: ProvisioningKeyId,
    pub(super) digest: Digest,
    pub(super) address: Option<IpAddr>,
}

/// Who makes tokens with such a key. No account has a name with spaces.
pub(super) fn maker(id: &ProvisioningKeyId) -> String {
    format!("provisioning key {id}")
}

/// What an admin does with a provisioning key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyChange {
    /// It counts.
    Enable,
    /// It does not count.
    Disable,
    /// It is gone for good.
    Remove,
}

impl KeyChange {
    /// For the audit log, and for people.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Enable => ("provisioning_key.enable", "enabled"),
            Self::Disable => ("provisioning_key.disable", "disabled"),
            Self::Remove => ("provisioning_key.remove", "removed"),
        }
    }
}

impl Coordinator {
    /// Whose `pk_<key id>_<secret>` this is.
    ///
    /// # Errors
    /// [`CoreError::Key`] when it does not count.
    pub async fn provisioner(&self, credential: &str, address: Option<IpAddr>) -> Result<Provisioner, CoreError> {
        let parts = credential.strip_prefix("pk_").and_then(|rest| rest.rsplit_once('_'));
        let (key_id, secret) = parts.ok_or(REFUSED)?;
        let (key_id, shown) = (ProvisioningKeyId::new(key_id).map_err(|_| REFUSED)?, Digest::of(secret.as_bytes()));
        let digest = provisioning::digest_of(&mut *self.store.read().await?, &key_id).await?.ok_or(REFUSED)?;
        let equal: bool = digest.as_bytes().ct_eq(shown.as_bytes()).into();
        if equal { Ok(Provisioner { key_id, digest, address }) } else { Err(REFUSED) }
    }

    /// All provisioning keys by their ids.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn provisioning_keys(&self) -> Result<Vec<ProvisioningKey>, CoreError> {
        Ok(provisioning::all(&mut *self.store.read().await?).await?)
    }

    /// Makes a provisioning key. It is not kept in clear.
    ///
    /// # Errors
    /// [`CoreError::Conflict`] when there is one with this id.
    pub async fn add_provisioning_key(
        self: &Arc<Self>,
        id: &ProvisioningKeyId,
        description: Option<String>,
        by: By<'_>,
    ) -> Result<String, CoreError> {
        if description.as_ref().is_some_and(|text| text.chars().count() > LONGEST_DESCRIPTION) {
            return Err(CoreError::Invalid(format!("description: more than {LONGEST_DESCRIPTION} characters")));
        }
        let (this, id, actor) = (Arc::clone(self), id.clone(), Actor::from(by));
        self.undisturbed(async move {
            let (secret, created_at) = (random_hex::<32>(), this.clock.now());
            let new = NewKey {
                id: &id,
                digest: Digest::of(secret.as_bytes()),
                description: description.as_deref(),
                created_by: actor.by().who,
                created_at,
            };
            let mut transaction = this.store.write().await?;
            if !provisioning::insert(&mut transaction, new).await? {
                return Err(CoreError::Conflict(format!("there is a provisioning key {id} already")));
            }
            audit::note(&mut transaction, actor.by(), "provisioning_key.create", id.as_str(), None, created_at).await?;
            store::commit(transaction).await?;
            this.note(LogLevel::Info, format!("Provisioning key {id} made by {}", actor.by().who));
            Ok(format!("pk_{id}_{secret}"))
        })
        .await
    }

    /// Changes whether a provisioning key counts. With one that is removed go the unused tokens that it has made.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] when there is none with this id.
    pub async fn change_provisioning_key(
        self: &Arc<Self>,
        id: &ProvisioningKeyId,
        change: KeyChange,
        by: By<'_>,
    ) -> Result<(), CoreError> {
        let (this, id, actor) = (Arc::clone(self), id.clone(), Actor::from(by));
        self.undisturbed(async move {
            let mut transaction = this.store.write().await?;
            let known = match change {
                KeyChange::Enable => provisioning::set_enabled(&mut transaction, &id, true).await?,
                KeyChange::Disable => provisioning::set_enabled(&mut transaction, &id, false).await?,
                KeyChange::Remove => provisioning::delete(&mut transaction, &id).await?,
            };
            if !known {
                return Err(CoreError::NotFound(format!("provisioning key {id}")));
            }
            if change == KeyChange::Remove {
                tokens::revoke_made_by(&mut transaction, &maker(&id)).await?;
            }
            let (what, done) = change.words();
            audit::note(&mut transaction, actor.by(), what, id.as_str(), None, this.clock.now()).await?;
            store::commit(transaction).await?;
            this.note(LogLevel::Info, format!("Provisioning key {id} {done} by {}", actor.by().who));
            Ok(())
        })
        .await
    }
}
