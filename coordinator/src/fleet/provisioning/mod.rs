//! Provisioning: a program with a provisioning key requests a new runner, and gets the configuration to start it with.
//!
//! A provisioning key can make new runners and nothing else. It never reaches a runner that is enrolled, also not
//! through a token that it made before.

mod file;
mod keys;

pub use file::NewRadio;
pub use keys::{KeyChange, Provisioner, ProvisioningKey};

use super::Fleet;
use crate::CoreError;
use crate::audit::Actor;
use crate::fleet::enrollment::taken;
use crate::fleet::tokens::{TokenLife, TokenRequest, draw, issue};
use crate::store::fleet::{provisioning, runners};
use crate::throttle::Key;
use challengectl_common::RunnerId;
use challengectl_common::Timestamp;
use challengectl_common::wire::LogLevel;
use file::RunnerFile;
use std::sync::Arc;

/// The requested runner.
#[derive(Debug)]
pub struct NewRunner {
    /// Its id.
    pub id: RunnerId,
    /// How long its token is valid.
    pub life: TokenLife,
    /// The URL at which it reaches the server.
    pub server: String,
    /// Its radios.
    pub radios: Vec<NewRadio>,
}

/// The prepared runner.
#[derive(Debug)]
pub struct Provisioned {
    /// Its id.
    pub id: RunnerId,
    /// Its enrollment token.
    pub token: String,
    /// When the token expires.
    pub expires_at: Timestamp,
    /// Its `runner.yml`, which contains the token.
    pub config: String,
}

impl Fleet {
    /// Sets the server's own certificate (PEM), which the configurations of runners name as trusted.
    pub fn show_certificate(&self, pem: String) {
        let _ = self.certificate.set(pem);
    }

    /// Returns the `runner.yml` with which a host enrolls by itself.
    ///
    /// # Errors
    /// [`CoreError::Invalid`] when the radios are invalid.
    pub fn runner_file(&self, server: &str, token: &str, radios: &[NewRadio]) -> Result<String, CoreError> {
        file::check(radios)?;
        // A certificate that the server has not made itself needs no `ca_cert`: its issuer vouches for it.
        let ca_cert = self.certificate.get().filter(|_| server.starts_with("https:")).map(String::as_str);
        RunnerFile { server, enrollment_token: token, ca_cert, radios }.to_yaml()
    }

    /// Prepares a new runner: makes its token and its configuration.
    ///
    /// # Errors
    /// [`CoreError::Conflict`] when the runner is enrolled already; [`CoreError::Key`] when the key was revoked after
    /// it was authenticated; [`CoreError::Invalid`] when the radios are invalid.
    pub async fn provision(
        self: &Arc<Self>,
        provisioner: &Provisioner,
        new: NewRunner,
    ) -> Result<Provisioned, CoreError> {
        let count = Key::Provisioning(provisioner.key_id.clone());
        self.throttle.admit(vec![count], self.context.clock.instant()).map_err(CoreError::TooMany)?.keep();
        file::check(&new.radios)?;
        let (this, provisioner) = (Arc::clone(self), provisioner.clone());
        self.context.run_to_completion(async move { this.prepare(&provisioner, new).await }).await
    }

    async fn prepare(&self, provisioner: &Provisioner, new: NewRunner) -> Result<Provisioned, CoreError> {
        let NewRunner { id, life, server, radios } = new;
        let Provisioner { key_id, digest, address } = provisioner;
        let actor = Actor::new(keys::maker(key_id), *address);
        let mut command = self.context.begin(actor, "runner.provision").await?;
        let (who, now) = (command.who(), command.now());
        if !provisioning::note_use(&mut command, key_id, *digest, now).await? {
            return Err(keys::REFUSED);
        }
        if runners::is_known(&mut command, &id).await? {
            return Err(taken(&id));
        }
        let token = draw();
        // Before the commit, so that a failure leaves no token behind.
        let config = self.runner_file(&server, &token, &radios)?;
        let request = TokenRequest { runner: &id, life, replaces: false };
        let issued = issue(command, token, request).await?.outcome();
        self.context.log(LogLevel::Info, format!("Configuration for runner {id} made with {who}"));
        Ok(Provisioned { id, token: issued.token, expires_at: issued.expires_at, config })
    }
}
