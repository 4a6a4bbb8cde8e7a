//! Enrolment: a one-time token becomes a runner's key.

use super::host_binding::Host;
use crate::audit::{self, By};
use crate::bus::events::Event;
use crate::store;
use crate::store::air::assignments;
use crate::store::fleet::keys::{Key, Registered};
use crate::store::fleet::{keys, runners, tokens};
use crate::{Coordinator, CoreError};
use challengectl_common::wire::LogLevel;
use challengectl_common::{Digest, RunnerId};
use std::fmt::Write as _;
use std::sync::Arc;

const LONGEST_HOSTNAME: usize = 255;

/// What a host says of itself when it enrols.
#[derive(Debug, Clone, Default)]
pub struct Newcomer {
    /// Where it is; its key is bound to that.
    pub host: Host,
    /// Its name, for people.
    pub hostname: Option<String>,
}

/// What a runner gets for its token. The key is not kept in clear.
#[derive(Debug)]
pub struct Enrolment {
    /// The id that the token was made for.
    pub runner_id: RunnerId,
    /// The runner's key.
    pub api_key: String,
}

impl Coordinator {
    /// Uses up a token for a key. The runner's key from before counts no longer, and what was handed out to it has to
    /// go off the air: whoever has that key may be somebody else.
    ///
    /// # Errors
    /// [`CoreError::Token`] when the token is unknown, used or expired; [`CoreError::Conflict`] when it was made by a
    /// provisioning key and the runner has been enrolled meanwhile.
    pub async fn enrol(self: &Arc<Self>, token: &str, newcomer: Newcomer) -> Result<Enrolment, CoreError> {
        if newcomer.hostname.as_ref().is_some_and(|name| name.len() > LONGEST_HOSTNAME) {
            return Err(CoreError::Invalid(format!("hostname: more than {LONGEST_HOSTNAME} bytes")));
        }
        let token = Digest::of(token.as_bytes());
        // Whoever guesses must not keep the one writer busy.
        if !tokens::counts(&mut *self.store.read_few().await?, token, self.clock.now()).await? {
            return Err(CoreError::Token);
        }
        let this = Arc::clone(self);
        self.undisturbed(async move { this.use_token(token, newcomer).await }).await
    }

    async fn use_token(&self, token: Digest, newcomer: Newcomer) -> Result<Enrolment, CoreError> {
        let now = self.clock.now();
        // What is being handed out right now to the runner's key from before must have its lease in memory.
        let _turn = self.turn.lock().await;
        let mut transaction = self.store.write().await?;
        let used = tokens::take(&mut transaction, token, now).await?.ok_or(CoreError::Token)?;
        let (runner_id, host) = (used.runner_id, newcomer.host);
        let is_new = runners::enrol(&mut transaction, &runner_id, now).await?;
        if !is_new && !used.replaces {
            return Err(taken(&runner_id));
        }
        let (key_id, secret) = (random_hex::<8>(), random_hex::<32>());
        let key = Key {
            key_id,
            digest: Digest::of(secret.as_bytes()),
            runner_id,
            machine: host.machine,
            registered: Registered::default(),
        };
        keys::revoke(&mut transaction, &key.runner_id, now).await?;
        keys::insert(&mut transaction, &key, now).await?;
        assignments::abort_of_runner(&mut transaction, &key.runner_id, now).await?;
        let by = By { who: "(enrollment token)", from: host.address };
        audit::note(&mut transaction, by, "runner.enroll", key.runner_id.as_str(), None, now).await?;
        store::commit(transaction).await?;

        let enrolment = Enrolment { runner_id: key.runner_id.clone(), api_key: format!("ck_{}_{secret}", key.key_id) };
        self.keyring.replace(key);
        self.leases.abort_of_runner(&enrolment.runner_id);
        self.changed();
        tracing::info!(runner = %enrolment.runner_id, "enrolled");
        self.note(LogLevel::Info, format!("Runner {} enrolled", enrolment.runner_id));
        let (runner_id, hostname) = (enrolment.runner_id.clone(), newcomer.hostname);
        self.events.publish(Event::RunnerEnrolled { runner_id, hostname, timestamp: now });
        Ok(enrolment)
    }
}

/// What is answered to who would make a runner that is there already: nobody takes it over without meaning to, and a
/// provisioning key not at all.
pub(crate) fn taken(id: &RunnerId) -> CoreError {
    CoreError::Conflict(format!(
        "runner {id} is enrolled already; an admin gives it a new key by POST /api/enrollment/re-enroll/{id}"
    ))
}

pub fn random_hex<const BYTES: usize>() -> String {
    rand::random::<[u8; BYTES]>().iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
