//! Secrets of challenges: what instances are given and nobody may read again.

use super::Instances;
use crate::CoreError;
use crate::audit::Actor;
use crate::secrets::random_hex;
use crate::store::Connection;
use crate::store::instances::secrets::{self, StoredSecret};
use crate::store::instances::services;
use crate::vault::Vault;
use challengectl_common::Timestamp;
use challengectl_common::instance::InstanceSpec;
use std::sync::Arc;

/// What secrets are sealed for.
const PURPOSE: &str = "secret of a challenge: ";
/// The longest name, which is also that of Docker.
const MAX_NAME: usize = 64;
/// Characters of the longest secret: it becomes a variable of an environment, which the kernel limits to 128 KiB.
const MAX_SECRET: usize = 30_000;
/// Bytes of as many characters, of up to four bytes each.
const MAX_VARIABLE: usize = 4 * MAX_SECRET;
/// Bytes of the longest secret of a service, which is that of Docker.
const MAX_SERVICE_SECRET: usize = 500 * 1024;

/// A secret, without its content.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub struct Secret {
    pub id: String,
    pub name: String,
    pub updated_at: Timestamp,
    /// The slugs of the challenges whose instances get it.
    pub used_by: Vec<String>,
}

impl Instances {
    /// Returns all secrets, by name.
    pub async fn secrets(&self) -> Result<Vec<Secret>, CoreError> {
        let mut connection = self.context.store.read().await?;
        let uses = secrets::uses(&mut connection).await?;
        let all = secrets::all(&mut connection).await?.into_iter();
        let secret = |it: StoredSecret| Secret {
            used_by: users(&uses, &it.name),
            id: it.id,
            name: it.name,
            updated_at: it.updated_at,
        };
        Ok(all.map(secret).collect())
    }

    /// Sets a secret. Instances that are asked for from then on get it.
    ///
    /// # Errors
    /// [`CoreError::Invalid`] when the name or the secret cannot be one.
    pub async fn put_secret(&self, name: String, secret: &str, actor: Actor) -> Result<(), CoreError> {
        check(&name, secret, MAX_SECRET)?;
        let sealed = self.vault.seal(secret.as_bytes(), &purpose(&name))?;
        let now = self.context.clock.now();
        self.context
            .command(actor, "secret.set", move |mut command| async move {
                let is_new = secrets::put(&mut command, &new_id(), &name, &sealed, now).await?;
                command.commit(&name, Some(if is_new { "new" } else { "replaced" })).await
            })
            .await
    }

    /// Adds a secret of up to 500 KiB, for services of a swarm. Returns its id.
    ///
    /// # Errors
    /// [`CoreError::Invalid`] when the name or the secret cannot be one; [`CoreError::Conflict`] when there is one of this name.
    pub async fn add_secret(&self, name: String, secret: &str, actor: Actor) -> Result<String, CoreError> {
        check(&name, secret, MAX_SERVICE_SECRET)?;
        if secret.len() > MAX_SERVICE_SECRET {
            return Err(CoreError::Invalid(format!("data: at most {MAX_SERVICE_SECRET} bytes")));
        }
        let sealed = self.vault.seal(secret.as_bytes(), &purpose(&name))?;
        let length = secret.len();
        self.context
            .command(actor, "secret.set", move |mut command| async move {
                let users = users(&secrets::uses(&mut command).await?, &name);
                if length > MAX_VARIABLE && !users.is_empty() {
                    return Err(CoreError::Invalid(format!(
                        "data: {length} bytes, and challenges give it to their containers as a variable, of at most \
                         {MAX_VARIABLE} bytes: {}; give it another name",
                        users.join(", ")
                    )));
                }
                if secrets::content(&mut command, &name).await?.is_some() {
                    return Err(CoreError::Conflict(format!("Secret name '{name}' already in use")));
                }
                let (id, now) = (new_id(), command.now());
                secrets::put(&mut command, &id, &name, &sealed, now).await?;
                Ok(command.commit(&name, Some("new")).await?.with(id))
            })
            .await
    }

    /// Removes the secret with this id.
    ///
    /// # Errors
    /// As of [`Self::delete_secret`].
    pub async fn delete_secret_by_id(self: &Arc<Self>, id: &str, actor: Actor) -> Result<(), CoreError> {
        let found = secrets::by_id(&mut *self.context.store.read().await?, id).await?;
        let found = found.ok_or_else(|| CoreError::NotFound("secret with this id".to_owned()))?;
        self.delete_secret(found.name, actor).await
    }

    /// Removes a secret. A challenge whose services get it cannot be started any more.
    ///
    /// # Errors
    /// [`CoreError::NotFound`]; [`CoreError::Conflict`] when a challenge gives it to its containers as a variable, or a service
    /// has it.
    pub async fn delete_secret(self: &Arc<Self>, name: String, actor: Actor) -> Result<(), CoreError> {
        self.context
            .command(actor, "secret.delete", move |mut command| async move {
                let users = users(&secrets::uses(&mut command).await?, &name);
                if !users.is_empty() {
                    return Err(CoreError::Conflict(format!("challenges use it: {}", users.join(", "))));
                }
                let missing = || CoreError::NotFound(format!("secret {name}"));
                let id = secrets::id_of(&mut command, &name).await?.ok_or_else(missing)?;
                if services::has_any(&mut command, &id).await? {
                    return Err(CoreError::Conflict(format!("a running service uses the secret {name}")));
                }
                secrets::delete(&mut command, &name).await?;
                command.commit(&name, None).await
            })
            .await
    }

    /// Adds the secrets of a spec to the environments of its parts.
    ///
    /// One that is missing is left out: only sessions with an older version of the spec can need it, since a secret that
    /// a challenge uses is not deleted.
    pub(super) async fn reveal(&self, connection: &mut Connection, spec: &mut InstanceSpec) -> Result<(), CoreError> {
        for (environment, named) in spec.environments_mut() {
            for (variable, name) in std::mem::take(named) {
                let Some(sealed) = secrets::content(connection, &name).await? else {
                    tracing::warn!(secret = name, "an instance starts without a secret that was deleted");
                    continue;
                };
                let secret = self.vault.open_sealed(&sealed, &purpose(&name))?;
                environment.insert(variable, String::from_utf8(secret).map_err(|_| CoreError::Sealed)?);
            }
        }
        Ok(())
    }

    /// Returns an error unless all secrets of a spec are set.
    pub(super) async fn check_secrets(connection: &mut Connection, spec: &InstanceSpec) -> Result<(), CoreError> {
        for name in spec.secrets() {
            if secrets::content(connection, name).await?.is_none() {
                return Err(CoreError::Unavailable(format!("the secret {name} of the challenge is not set")));
            }
        }
        Ok(())
    }
}

/// Checks that the secrets of a spec, as far as they are set, are short enough for variables. Those of services may be longer:
/// they are files.
pub(super) async fn check_variables(connection: &mut Connection, spec: &InstanceSpec) -> Result<(), CoreError> {
    for name in spec.secrets() {
        let length = secrets::content(connection, name).await?.map_or(0, |sealed| Vault::length_of(&sealed));
        if length > MAX_VARIABLE {
            return Err(CoreError::Invalid(format!(
                "secrets: {name} has {length} bytes, and a variable has at most {MAX_VARIABLE}; use a shorter one, or a \
                 challenge of type docker_service, which gets it as a file"
            )));
        }
    }
    Ok(())
}

fn users(uses: &[(String, Vec<String>)], name: &str) -> Vec<String> {
    let using = uses.iter().filter(|(_, names)| names.iter().any(|it| it == name));
    using.map(|(slug, _)| slug.clone()).collect()
}

/// Binds a sealed secret to its name, so that none can take the place of another.
pub(super) fn purpose(name: &str) -> String {
    format!("{PURPOSE}{name}")
}

/// Returns the id of a new secret: neither its name nor anything else can be read from it.
fn new_id() -> String {
    random_hex::<12>()
}

fn check(name: &str, secret: &str, max: usize) -> Result<(), CoreError> {
    let refuse = |why: String| Err(CoreError::Invalid(why));
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let begins_well = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    if !begins_well || name.len() > MAX_NAME || !name.bytes().all(is_allowed) {
        return refuse(format!(
            "name: 1 to {MAX_NAME} letters, digits, '-', '_' and '.', the first a letter or a digit"
        ));
    }
    if secret.is_empty() || secret.chars().count() > max || secret.contains('\0') {
        return refuse(format!("value: 1 to {max} characters without a zero byte"));
    }
    Ok(())
}
