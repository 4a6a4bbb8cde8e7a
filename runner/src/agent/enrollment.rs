//! Enrollment: exchanges an enrollment token for this runner's identity.

use crate::api::backoff::Backoff;
use crate::api::identity::{Identity, base_url};
use crate::api::{self, ApiError};
use crate::config::{CaCert, Config};
use anyhow::{Context, anyhow};
use challengectl_common::wire::EnrollResponse;
use challengectl_host::durable::private_folder;
use challengectl_host::service;
use reqwest::{Client, StatusCode};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// An enrollment token, the server that made it, and a writable state folder.
pub(crate) struct Enrollment {
    client: Client,
    server: String,
    token: String,
    state_dir: PathBuf,
}

impl Enrollment {
    /// Prepares an enrollment. A token can be used once, so everything that would prevent storing the key is checked
    /// first.
    pub(crate) fn new(server: &str, token: &str, state_dir: &Path, ca_cert: Option<&CaCert>) -> anyhow::Result<Self> {
        let server = base_url(server)?;
        private_folder(state_dir).and_then(|()| tempfile::tempfile_in(state_dir)).context("state_dir")?;
        let (client, token) = (api::client(ca_cert)?, token.trim().to_owned());
        Ok(Self { client, server, token, state_dir: state_dir.to_owned() })
    }

    /// Prepares the enrollment from the configuration; `None` unless it gives both server and token.
    pub(crate) fn configured(config: &Config) -> anyhow::Result<Option<Self>> {
        let (Some(server), Some(token)) = (&config.server, &config.enrollment_token) else { return Ok(None) };
        Self::new(server, token.reveal(), &config.state_dir, config.ca_cert.as_ref()).map(Some)
    }

    /// Uses the token, and stores the identity.
    pub(crate) async fn enroll(&self) -> anyhow::Result<Identity> {
        let answer = api::enroll(&self.client, &self.server, &self.token).await;
        self.store(answer.map_err(|error| self.explain(&error))?)
    }

    /// Uses the token as soon as the server answers; `None` if `stop` is ready before. While it waits, the service
    /// manager is notified that the runner is ready and alive.
    pub(crate) async fn enroll_patiently(
        &self,
        mut stop: Pin<&mut impl Future<Output = ()>>,
    ) -> anyhow::Result<Option<Identity>> {
        service::notify_ready();
        let mut watchdog = JoinSet::new();
        watchdog.spawn(service::keep_watchdog(|| std::future::ready(())));
        let mut backoff = Backoff::new();
        loop {
            // Not interrupted by `stop`: the server sends the key only once.
            match api::enroll(&self.client, &self.server, &self.token).await {
                Ok(answer) => return self.store(answer).map(Some),
                Err(error) if !error.may_pass() => return Err(self.explain(&error)),
                Err(error) if backoff.is_fresh() => tracing::warn!("cannot enroll, trying again: {error}"),
                Err(_) => {}
            }
            tokio::select! {
                () = sleep(backoff.next()) => {}
                () = &mut stop => return Ok(None),
            }
        }
    }

    fn store(&self, answer: EnrollResponse) -> anyhow::Result<Identity> {
        let identity = Identity { server: self.server.clone(), runner_id: answer.runner_id, api_key: answer.api_key };
        identity.store(&self.state_dir)?;
        Ok(identity)
    }

    fn explain(&self, error: &ApiError) -> anyhow::Error {
        let server = &self.server;
        if error.is(StatusCode::UNAUTHORIZED) {
            return anyhow!(
                "{server} refuses this token: it is wrong, used or expired ({error}). Get a new one with \
                 `challengectl-server runner enroll NAME`"
            );
        }
        anyhow!("{server}: {error}")
    }
}
