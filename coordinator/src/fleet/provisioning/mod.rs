//! Provisioning: a program with a key of its own asks for a new runner, and gets the configuration to start it with.
//!
//! Such a key can make new runners and nothing else. It never reaches a runner that is enrolled: neither now, nor with
//! a token that it has made before.

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

/// The runner that is asked for.
#[derive(Debug)]
pub struct NewRunner {
    /// Its id.
    pub id: RunnerId,
    /// How long it may take until it enrolls.
    pub life: TokenLife,
    /// By what URL it reaches the server.
    pub server: String,
    /// Its radios.
    pub radios: Vec<NewRadio>,
}

/// What it is started with.
#[derive(Debug)]
pub struct Provisioned {
    /// Its id.
    pub id: RunnerId,
    /// The token by which it enrolls.
    pub token: String,
    /// Until when it can.
    pub expires_at: Timestamp,
    /// Its `runner.yml`, which holds the token.
    pub config: String,
}

impl Fleet {
    /// The certificate that runners have to be told to trust (PEM), as the server has made it itself.
    pub fn show_certificate(&self, pem: String) {
        let _ = self.certificate.set(pem);
    }

    /// Prepares a new runner.
    ///
    /// # Errors
    /// [`CoreError::Conflict`] when the runner is enrolled already; [`CoreError::TooMany`]; [`CoreError::Key`] when the
    /// key has been taken back just now; [`CoreError::Invalid`] when the radios make no sense.
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
        let actor = Actor::new(&keys::maker(key_id), *address);
        let mut command = self.context.begin(actor, "runner.provision").await?;
        let (who, now) = (command.who(), command.now());
        if !provisioning::note_use(&mut command, key_id, *digest, now).await? {
            return Err(keys::REFUSED);
        }
        if runners::is_known(&mut command, &id).await? {
            return Err(taken(&id));
        }
        let token = draw();
        // Another certificate than the server's own says who it is by itself.
        let ca_cert = self.certificate.get().filter(|_| server.starts_with("https:")).map(String::as_str);
        let file = RunnerFile { server: &server, enrollment_token: &token, ca_cert, radios: &radios };
        // Before the commit, so that a file that cannot be written leaves no token behind.
        let config = file.to_yaml()?;
        let request = TokenRequest { runner: &id, life, replaces: false };
        let issued = issue(command, token, request).await?.outcome();
        self.context.log(LogLevel::Info, format!("Configuration for runner {id} made with {who}"));
        Ok(Provisioned { id, token: issued.token, expires_at: issued.expires_at, config })
    }
}
