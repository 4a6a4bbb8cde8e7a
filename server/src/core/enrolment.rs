//! Enrolment: a one-time token becomes a runner's key.

use super::{Coordinator, CoreError};
use crate::store::keys::Key;
use crate::store::{self, Connection, Store, assignments, keys, runners, tokens};
use challengectl_common::wire::LogLevel;
use challengectl_common::{Digest, RunnerId, Timestamp};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

/// How long a token is good for.
pub const TOKEN_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// What a runner gets for its token. The key is not kept in clear.
#[derive(Debug)]
pub struct Enrolment {
    /// The id that the token was made for.
    pub runner_id: RunnerId,
    /// The runner's key.
    pub api_key: String,
}

/// Makes a token that turns whoever has it into this runner, once.
///
/// # Errors
/// When the database cannot be written to.
pub async fn issue_token(store: &Store, runner: &RunnerId, now: Timestamp) -> Result<String, CoreError> {
    let mut transaction = store.write().await?;
    let token = new_token(&mut transaction, runner, now).await?;
    store::commit(transaction).await?;
    Ok(token)
}

pub(super) async fn new_token(
    connection: &mut Connection,
    runner: &RunnerId,
    now: Timestamp,
) -> Result<String, CoreError> {
    let token = format!("et_{}", random_hex::<32>());
    tokens::insert(connection, Digest::of(token.as_bytes()), runner, now, now.after(TOKEN_LIFE)).await?;
    Ok(token)
}

impl Coordinator {
    /// Uses up a token for a key. The runner's key from before counts no longer, and what was handed out to it has to
    /// go off the air: whoever has that key may be somebody else.
    ///
    /// # Errors
    /// [`CoreError::Token`] when the token is unknown, used or expired.
    pub async fn enrol(self: &Arc<Self>, token: &str) -> Result<Enrolment, CoreError> {
        let this = Arc::clone(self);
        let token = Digest::of(token.as_bytes());
        self.undisturbed(async move { this.use_token(token).await }).await
    }

    async fn use_token(&self, token: Digest) -> Result<Enrolment, CoreError> {
        let now = self.clock.now();
        let mut transaction = self.store.write().await?;
        let runner_id = tokens::take(&mut transaction, token, now).await?.ok_or(CoreError::Token)?;
        let (key_id, secret) = (random_hex::<8>(), random_hex::<32>());
        let key = Key { key_id, digest: Digest::of(secret.as_bytes()), runner_id };
        runners::enrol(&mut transaction, &key.runner_id, now).await?;
        keys::revoke(&mut transaction, &key.runner_id, now).await?;
        keys::insert(&mut transaction, &key, now).await?;
        assignments::abort_of_runner(&mut transaction, &key.runner_id, now).await?;
        store::commit(transaction).await?;

        let enrolment = Enrolment { runner_id: key.runner_id.clone(), api_key: format!("ck_{}_{secret}", key.key_id) };
        self.keyring.replace(key);
        self.leases.abort_of_runner(&enrolment.runner_id);
        self.changed();
        tracing::info!(runner = %enrolment.runner_id, "enrolled");
        self.note(LogLevel::Info, format!("Runner {} enrolled", enrolment.runner_id));
        Ok(enrolment)
    }
}

pub fn random_hex<const BYTES: usize>() -> String {
    rand::random::<[u8; BYTES]>().iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
