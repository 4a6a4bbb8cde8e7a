//! Secrets in the swarm: there as long as a service uses them.

use super::super::docker::Docker;
use super::super::{EngineError, labels};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bollard::models::{
    Secret, SecretSpec, Service, TaskSpecContainerSpecFile, TaskSpecContainerSpecSecrets as SecretReference,
};
use bollard::query_parameters::ListSecretsOptionsBuilder;
use challengectl_common::wire::services::ServiceSecret;
use std::collections::HashSet;
use std::sync::atomic::Ordering;

/// Who owns the files: root of the container.
const ROOT: &str = "0";
/// Modes of the file of a protected secret, and of another.
const PROTECTED: u32 = 0o400;
const READABLE: u32 = 0o444;

impl Docker {
    /// Makes those secrets that the swarm has not, while their lock is held. Returns the files that a service gets.
    pub(super) async fn make_secrets(&self, secrets: &[ServiceSecret]) -> Result<Vec<SecretReference>, EngineError> {
        let mut files = Vec::new();
        let present = if secrets.is_empty() { Vec::new() } else { self.secrets().await? };
        for secret in secrets {
            let name = self.name_in_swarm(secret);
            let is_it = |it: &&Secret| it.spec.as_ref().and_then(|spec| spec.name.as_ref()) == Some(&name);
            let id = match present.iter().find(is_it).and_then(|it| it.id.clone()) {
                Some(id) => id,
                None => self.make_secret(&name, secret).await?,
            };
            files.push(file(secret, id, name));
        }
        Ok(files)
    }

    async fn make_secret(&self, name: &str, secret: &ServiceSecret) -> Result<String, EngineError> {
        let spec = SecretSpec {
            name: Some(name.to_owned()),
            labels: Some(labels::of_secret(&self.owner, &secret.name, secret.version)),
            data: Some(BASE64_STANDARD.encode(&secret.value.0)),
            ..SecretSpec::default()
        };
        let made = self.api.create_secret(spec).await.map_err(|error| self.error(error))?;
        Ok(made.id)
    }

    /// Removes the secrets that no service uses.
    pub(crate) async fn remove_unused_secrets(&self) -> Result<(), EngineError> {
        if !self.swarm.is_managed.load(Ordering::Relaxed) {
            return Ok(());
        }
        let _no_other = self.swarm.secrets.lock().await;
        let secrets = self.secrets().await?;
        if secrets.is_empty() {
            return Ok(());
        }
        let services = self.services(&self.owner.filter()).await?;
        let used: HashSet<&str> = services.iter().flat_map(used).collect();
        for id in secrets.iter().filter_map(|it| it.id.as_deref()).filter(|id| !used.contains(id)) {
            self.gone(self.api.delete_secret(id).await)?;
        }
        Ok(())
    }

    async fn secrets(&self) -> Result<Vec<Secret>, EngineError> {
        let options = ListSecretsOptionsBuilder::new().filters(&self.owner.filter()).build();
        self.api.list_secrets(Some(options)).await.map_err(|error| self.error(error))
    }

    /// Returns the name of a secret in the swarm, of at most 64 characters, which is the swarm's limit: two runners have
    /// each their own, and so has each version.
    fn name_in_swarm(&self, secret: &ServiceSecret) -> String {
        format!("ctf-{}-{}-{}", self.owner.short(), secret.id, secret.version)
    }
}

/// Returns the ids of the secrets that a service uses.
fn used(service: &Service) -> impl Iterator<Item = &str> {
    let task = service.spec.as_ref().and_then(|spec| spec.task_template.as_ref());
    let secrets = task.and_then(|task| task.container_spec.as_ref()?.secrets.as_ref());
    secrets.into_iter().flatten().filter_map(|reference| reference.secret_id.as_deref())
}

fn file(secret: &ServiceSecret, id: String, name: String) -> SecretReference {
    let file = TaskSpecContainerSpecFile {
        name: Some(secret.name.clone()),
        uid: Some(ROOT.to_owned()),
        gid: Some(ROOT.to_owned()),
        mode: Some(if secret.protected { PROTECTED } else { READABLE }),
    };
    SecretReference { file: Some(file), secret_id: Some(id), secret_name: Some(name) }
}
