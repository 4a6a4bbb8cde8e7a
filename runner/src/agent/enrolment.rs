//! Turns a one-time token into this runner's identity.

use super::api::{self, ApiError};
use super::backoff::Backoff;
use super::identity::{Identity, base_url};
use super::supervision;
use crate::config::{CaCert, Config};
use crate::durable::private_folder;
use anyhow::{Context, anyhow};
use challengectl_common::wire::EnrollResponse;
use reqwest::{Client, StatusCode};
use sd_notify::NotifyState;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// A token that can be used: the server is named, and what comes of it can be kept.
pub struct Enrolment {
    client: Client,
    server: String,
    token: String,
    state_dir: PathBuf,
}

impl Enrolment {
    /// A token is good for one use, so what would prevent keeping the key is found before.
    ///
    /// # Errors
    /// When it would.
    pub fn new(server: &str, token: &str, state_dir: &Path, ca_cert: Option<&CaCert>) -> anyhow::Result<Self> {
        let server = base_url(server)?;
        private_folder(state_dir)
            .and_then(|()| tempfile::tempfile_in(state_dir))
            .with_context(|| format!("state_dir {}", state_dir.display()))?;
        let (client, token) = (api::client(ca_cert)?, token.trim().to_owned());
        Ok(Self { client, server, token, state_dir: state_dir.to_owned() })
    }

    /// What the configuration says of it, if it does.
    ///
    /// # Errors
    /// As with [`Enrolment::new`].
    pub fn configured(config: &Config) -> anyhow::Result<Option<Self>> {
        let (Some(server), Some(token)) = (&config.server, &config.enrollment_token) else { return Ok(None) };
        Self::new(server, token.reveal(), &config.state_dir, config.ca_cert.as_ref()).map(Some)
    }

    /// Uses the token up.
    ///
    /// # Errors
    /// When the server is away, or refuses it.
    pub async fn enrol(&self) -> anyhow::Result<Identity> {
        let answer = api::enroll(&self.client, &self.server, &self.token).await;
        self.keep(answer.map_err(|error| self.explain(&error))?)
    }

    /// Uses the token up as soon as the server is there; none when `stop` is ready before. To the service manager,
    /// waiting is work.
    ///
    /// # Errors
    /// When the server refuses it.
    pub async fn enrol_patiently(
        &self,
        mut stop: Pin<&mut impl Future<Output = ()>>,
    ) -> anyhow::Result<Option<Identity>> {
        supervision::tell(NotifyState::Ready);
        let mut watchdog = JoinSet::new();
        watchdog.spawn(supervision::keep_watchdog(|| ()));
        let mut backoff = Backoff::new();
        loop {
            // Not broken off: the key in the answer is there only once.
            match api::enroll(&self.client, &self.server, &self.token).await {
                Ok(answer) => return self.keep(answer).map(Some),
                Err(error) if !error.may_pass() => return Err(self.explain(&error)),
                Err(error) if backoff.is_fresh() => tracing::warn!("cannot enrol, trying on: {error}"),
                Err(_) => {}
            }
            tokio::select! {
                () = sleep(backoff.next()) => {}
                () = &mut stop => return Ok(None),
            }
        }
    }

    fn keep(&self, answer: EnrollResponse) -> anyhow::Result<Identity> {
        let identity = Identity { server: self.server.clone(), runner_id: answer.runner_id, api_key: answer.api_key };
        identity.store(&self.state_dir)?;
        Ok(identity)
    }

    fn explain(&self, error: &ApiError) -> anyhow::Error {
        let server = &self.server;
        if error.is(StatusCode::UNAUTHORIZED) {
            return anyhow!(
                "{server} does not take this token: it is wrong, used or expired ({error}). Get a new one with \
                 `challengectl-server runner enroll NAME`"
            );
        }
        anyhow!("{server}: {error}")
    }
}
