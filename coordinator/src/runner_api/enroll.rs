//! Enrollment: exchanges a token for a runner key.

use crate::CoreError;
use crate::audit::Actor;
use crate::bus::events::Event;
use crate::fleet::enrollment::{Enrollee, Enrollment, MAX_HOSTNAME, taken};
use crate::runner_api::RunnerApi;
use crate::secrets::random_hex;
use crate::store::air::assignments;
use crate::store::fleet::keys::{self, Key, Registered};
use crate::store::fleet::{runners, tokens};
use challengectl_common::Digest;
use challengectl_common::wire::LogLevel;
use std::sync::Arc;

impl RunnerApi {
    /// Exchanges a token for a runner key. The runner's earlier key is revoked, and its carriers have to go off: the
    /// holder of the earlier key may be another host.
    ///
    /// # Errors
    /// [`CoreError::Token`] when the token is unknown, used or expired; [`CoreError::Conflict`] when it was made by a
    /// provisioning key and the runner was enrolled meanwhile.
    pub async fn enroll(self: &Arc<Self>, token: &str, enrollee: Enrollee) -> Result<Enrollment, CoreError> {
        if enrollee.hostname.as_ref().is_some_and(|name| name.len() > MAX_HOSTNAME) {
            return Err(CoreError::Invalid(format!("hostname: more than {MAX_HOSTNAME} bytes")));
        }
        let token = Digest::of(token.as_bytes());
        // Checked outside of a write transaction: guesses must not occupy the only writer.
        if !tokens::is_valid(&mut *self.context.store.read_few().await?, token, self.context.clock.now()).await? {
            return Err(CoreError::Token);
        }
        let this = Arc::clone(self);
        self.context.run_to_completion(async move { this.use_token(token, enrollee).await }).await
    }

    async fn use_token(&self, token: Digest, enrollee: Enrollee) -> Result<Enrollment, CoreError> {
        // Held so that the lease of an assignment being handed out to the earlier key is in memory, and found.
        let _turn = self.air.turn.lock().await;
        let actor = Actor::new("(enrollment token)", enrollee.host.address);
        let mut command = self.context.begin(actor, "runner.enroll").await?;
        let now = command.now();
        let used = tokens::take(&mut command, token, now).await?.ok_or(CoreError::Token)?;
        let (runner_id, host) = (used.runner_id, enrollee.host);
        let is_new = runners::enroll(&mut command, &runner_id, now).await?;
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
        keys::revoke(&mut command, &key.runner_id, now).await?;
        keys::insert(&mut command, &key, now).await?;
        assignments::abort_of_runner(&mut command, &key.runner_id, now).await?;
        command.commit(key.runner_id.as_str(), None).await?;

        let enrollment =
            Enrollment { runner_id: key.runner_id.clone(), api_key: format!("ck_{}_{secret}", key.key_id) };
        self.fleet.keyring.replace(key);
        self.air.leases.abort_of_runner(&enrollment.runner_id);
        self.context.changed();
        tracing::info!(runner = %enrollment.runner_id, "enrolled");
        self.context.log(LogLevel::Info, format!("Runner {} enrolled", enrollment.runner_id));
        let (runner_id, hostname) = (enrollment.runner_id.clone(), enrollee.hostname);
        self.context.events.publish(Event::RunnerEnrolled { runner_id, hostname, timestamp: now });
        Ok(enrollment)
    }
}
