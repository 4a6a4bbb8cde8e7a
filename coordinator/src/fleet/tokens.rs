//! Enrollment tokens: making, listing, revoking and deleting them. [`crate::runner_api::enroll`] uses them.

use super::enrollment::taken;
use crate::CoreError;
use crate::audit::Actor;
use crate::bus::log::SERVER;
use crate::context::batches::BATCH;
use crate::context::command::{Command, Done};
use crate::fleet::Fleet;
use crate::secrets::random_hex;
use crate::store::Store;
use crate::store::fleet::runners;
pub use crate::store::fleet::tokens::Token;
use crate::store::fleet::tokens::{self, NewToken};
use crate::store::log::history::Page;
use challengectl_common::wire::LogLevel;
use challengectl_common::{Digest, RunnerId, Timestamp};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// How long a token is listed after it was used or has expired.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long a token is valid, in whole hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenLife(u32);

impl TokenLife {
    /// The longest life: thirty days, enough to prepare an event.
    const LONGEST: u32 = 30 * 24;

    /// Returns the number of hours.
    #[must_use]
    pub const fn hours(self) -> u32 {
        self.0
    }

    fn after(self, now: Timestamp) -> Timestamp {
        now.after(Duration::from_secs(60 * 60) * self.0)
    }
}

impl Default for TokenLife {
    fn default() -> Self {
        Self(24)
    }
}

impl TryFrom<u32> for TokenLife {
    type Error = String;

    fn try_from(hours: u32) -> Result<Self, String> {
        let fits = (1..=Self::LONGEST).contains(&hours);
        fits.then_some(Self(hours)).ok_or_else(|| format!("a token is good for 1 to {} hours", Self::LONGEST))
    }
}

impl FromStr for TokenLife {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse::<u32>().map_err(|error| error.to_string())?.try_into()
    }
}

/// A token, shown once.
#[derive(Debug)]
pub struct IssuedToken {
    /// The token; a host can enroll with it once.
    pub token: String,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// The runner that a token is for, and its rights.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TokenRequest<'a> {
    pub runner: &'a RunnerId,
    pub life: TokenLife,
    /// Whether it may take the place of a runner that is enrolled already.
    pub replaces: bool,
}

/// The purpose of a token.
#[derive(Debug, Clone, Copy)]
enum Purpose {
    /// A runner that is not enrolled.
    Enroll,
    /// A new key for a runner that is enrolled.
    Replace,
}

/// Makes a token with which a host becomes this runner, once; also if the runner is enrolled already. For the command
/// line.
pub async fn issue_token(
    store: &Store,
    runner: &RunnerId,
    life: TokenLife,
    now: Timestamp,
) -> Result<IssuedToken, CoreError> {
    let command = Command::new(store.write().await?, Actor::command_line(), "runner.invite", now);
    let issued = issue(command, draw(), TokenRequest { runner, life, replaces: true }).await?.outcome();
    Ok(issued)
}

/// Returns a new random token.
pub(crate) fn draw() -> String {
    format!("et_{}", random_hex::<32>())
}

/// Stores a new token, with the command's audit row.
pub(crate) async fn issue(
    mut command: Command,
    token: String,
    request: TokenRequest<'_>,
) -> Result<Done<IssuedToken>, CoreError> {
    if request.runner.as_str() == SERVER {
        let way_out = "`server` names the server's own log lines; give the runner another name";
        return Err(CoreError::Invalid(way_out.to_owned()));
    }
    let (who, now) = (command.who(), command.now());
    let expires_at = request.life.after(now);
    let new = NewToken {
        digest: Digest::of(token.as_bytes()),
        runner: request.runner,
        replaces: request.replaces,
        created_by: &who,
        created_at: now,
        expires_at,
    };
    tokens::insert(&mut command, new).await?;
    let details = format!("good until {expires_at}");
    let done = command.commit(request.runner.as_str(), Some(&details)).await?;
    Ok(done.with(IssuedToken { token, expires_at }))
}

impl Fleet {
    /// Makes a token with which a host becomes this runner, once.
    ///
    /// # Errors
    /// [`CoreError::Conflict`] when the runner is enrolled: a mistyped name must not replace another runner.
    pub async fn issue_enrollment_token(
        self: &Arc<Self>,
        id: &RunnerId,
        life: TokenLife,
        actor: Actor,
    ) -> Result<IssuedToken, CoreError> {
        self.issue_for(Purpose::Enroll, id, life, actor).await
    }

    /// Makes a token for a runner that is enrolled. Its present key stays valid until the token is used.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] when the runner is not enrolled.
    pub async fn issue_re_enrollment_token(
        self: &Arc<Self>,
        id: &RunnerId,
        life: TokenLife,
        actor: Actor,
    ) -> Result<IssuedToken, CoreError> {
        self.issue_for(Purpose::Replace, id, life, actor).await
    }

    async fn issue_for(
        self: &Arc<Self>,
        purpose: Purpose,
        id: &RunnerId,
        life: TokenLife,
        actor: Actor,
    ) -> Result<IssuedToken, CoreError> {
        let (this, id) = (Arc::clone(self), id.clone());
        let (action, replaces) = match purpose {
            Purpose::Enroll => ("runner.invite", false),
            Purpose::Replace => ("runner.re-enroll", true),
        };
        self.context
            .command(actor, action, move |mut command| async move {
                match (purpose, runners::is_known(&mut command, &id).await?) {
                    (Purpose::Enroll, true) => return Err(taken(&id)),
                    (Purpose::Replace, false) => return Err(CoreError::NotFound(format!("runner {id}"))),
                    (Purpose::Enroll, false) | (Purpose::Replace, true) => {}
                }
                let who = command.who();
                let done = issue(command, draw(), TokenRequest { runner: &id, life, replaces }).await?;
                this.context.log(LogLevel::Info, format!("Enrollment token for runner {id} made by {who}"));
                Ok(done)
            })
            .await
    }

    /// Returns a page of the tokens, newest first, and the number of all tokens.
    pub async fn tokens(&self, page: Page) -> Result<(Vec<Token>, u64), CoreError> {
        let mut connection = self.context.store.read().await?;
        let list = tokens::list(&mut connection, page).await?;
        Ok((list, tokens::count(&mut connection).await?))
    }

    /// Revokes an unused token.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] when no unused token has this id.
    pub async fn revoke_token(self: &Arc<Self>, id: &str, actor: Actor) -> Result<(), CoreError> {
        let (this, id) = (Arc::clone(self), id.to_owned());
        self.context
            .command(actor, "token.revoke", move |mut command| async move {
                let revoked = tokens::revoke_one(&mut command, &id).await?;
                let runner = revoked.ok_or_else(|| CoreError::NotFound(format!("unused enrollment token {id:?}")))?;
                let who = command.who();
                let done = command.commit(runner.as_str(), Some(&format!("token {id}"))).await?;
                this.context.log(LogLevel::Info, format!("Enrollment token for runner {runner} revoked by {who}"));
                Ok(done)
            })
            .await
    }

    /// Deletes tokens that were used or have expired long ago.
    pub async fn forget_tokens(&self) -> Result<(), CoreError> {
        let limit = self.context.clock.now().before(KEPT);
        self.context.in_batches(|connection| Box::pin(tokens::trim(connection, limit, BATCH))).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_lives_for_an_hour_to_thirty_days() {
        assert_eq!("720".parse::<TokenLife>().unwrap().hours(), 720);
        for text in ["0", "721", "-1", "1.5", "", "4294967296"] {
            assert!(text.parse::<TokenLife>().is_err(), "{text}");
        }
    }
}
