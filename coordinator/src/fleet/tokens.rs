//! One-time tokens: made, looked at, revoked and forgotten. [`super::enrolment`] uses them up.

use super::enrollment::{random_hex, taken};
use crate::audit::{self, Actor, By};
use crate::batches::BATCH;
use crate::store::fleet::runners;
pub use crate::store::fleet::tokens::Token;
use crate::store::fleet::tokens::{self, NewToken};
use crate::store::log::history::Page;
use crate::store::{self, Connection, Store};
use crate::{Coordinator, CoreError};
use challengectl_common::wire::LogLevel;
use challengectl_common::{Digest, RunnerId, Timestamp};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// How long a token is remembered that was used or has run out.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long a token is good for, in whole hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenLife(u32);

impl TokenLife {
    /// Thirty days: enough to prepare an event.
    const LONGEST: u32 = 30 * 24;

    /// The number of hours.
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
pub struct Invitation {
    /// What turns its holder into the runner, once.
    pub token: String,
    /// Until when it counts.
    pub expires_at: Timestamp,
}

/// Whom a token is for, and what it may do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guest<'a> {
    pub runner: &'a RunnerId,
    pub life: TokenLife,
    /// Whether it may take the place of a runner that is enrolled already.
    pub replaces: bool,
}

/// What an admin wants a token for.
#[derive(Debug, Clone, Copy)]
enum Purpose {
    /// A runner that is not enrolled.
    Enrol,
    /// A new key for a runner that is enrolled.
    Replace,
}

/// Makes a token that turns whoever has it into this runner, once. For the command line.
///
/// # Errors
/// When the database cannot be written to.
pub async fn issue_token(
    store: &Store,
    runner: &RunnerId,
    life: TokenLife,
    now: Timestamp,
) -> Result<Invitation, CoreError> {
    let mut transaction = store.write().await?;
    let guest = Guest { runner, life, replaces: true };
    let invitation = invite(&mut transaction, guest, By::COMMAND_LINE, "runner.invite", now).await?;
    store::commit(transaction).await?;
    Ok(invitation)
}

/// Keeps a new token, and writes down by whom and what for.
pub(crate) async fn invite(
    transaction: &mut Connection,
    guest: Guest<'_>,
    by: By<'_>,
    what: &str,
    now: Timestamp,
) -> Result<Invitation, CoreError> {
    let token = format!("et_{}", random_hex::<32>());
    let expires_at = guest.life.after(now);
    let new = NewToken {
        digest: Digest::of(token.as_bytes()),
        runner: guest.runner,
        replaces: guest.replaces,
        created_by: by.who,
        created_at: now,
        expires_at,
    };
    tokens::insert(transaction, new).await?;
    let details = format!("good until {expires_at}");
    audit::note(transaction, by, what, guest.runner.as_str(), Some(&details), now).await?;
    Ok(Invitation { token, expires_at })
}

impl Coordinator {
    /// Makes a one-time token by which a host becomes this runner.
    ///
    /// # Errors
    /// [`CoreError::Conflict`] when it is enrolled: whoever mistypes a name must not put a host in another's place.
    pub async fn invite_runner(
        self: &Arc<Self>,
        id: &RunnerId,
        life: TokenLife,
        by: By<'_>,
    ) -> Result<Invitation, CoreError> {
        self.invite_for(Purpose::Enrol, id, life, by).await
    }

    /// Makes a one-time token for a runner that is enrolled. Its key counts until the token is used.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] when there is no such runner.
    pub async fn invite_again(
        self: &Arc<Self>,
        id: &RunnerId,
        life: TokenLife,
        by: By<'_>,
    ) -> Result<Invitation, CoreError> {
        self.invite_for(Purpose::Replace, id, life, by).await
    }

    async fn invite_for(
        self: &Arc<Self>,
        purpose: Purpose,
        id: &RunnerId,
        life: TokenLife,
        by: By<'_>,
    ) -> Result<Invitation, CoreError> {
        let (this, id, actor) = (Arc::clone(self), id.clone(), Actor::from(by));
        self.undisturbed(async move {
            let mut transaction = this.store.write().await?;
            let (what, replaces) = match (purpose, runners::is_known(&mut transaction, &id).await?) {
                (Purpose::Enrol, false) => ("runner.invite", false),
                (Purpose::Enrol, true) => return Err(taken(&id)),
                (Purpose::Replace, true) => ("runner.re-enroll", true),
                (Purpose::Replace, false) => return Err(CoreError::NotFound(format!("runner {id}"))),
            };
            let guest = Guest { runner: &id, life, replaces };
            let invitation = invite(&mut transaction, guest, actor.by(), what, this.clock.now()).await?;
            store::commit(transaction).await?;
            this.note(LogLevel::Info, format!("Enrollment token for runner {id} made by {}", actor.by().who));
            Ok(invitation)
        })
        .await
    }

    /// A page of the tokens, newest first, and how many there are.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn tokens(&self, page: Page) -> Result<(Vec<Token>, u64), CoreError> {
        let mut connection = self.store.read().await?;
        let list = tokens::list(&mut connection, page).await?;
        Ok((list, tokens::count(&mut connection).await?))
    }

    /// Makes a token useless that nobody has used.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] when there is no unused one with this id.
    pub async fn revoke_token(self: &Arc<Self>, id: &str, by: By<'_>) -> Result<(), CoreError> {
        let (this, id, actor) = (Arc::clone(self), id.to_owned(), Actor::from(by));
        self.undisturbed(async move {
            let mut transaction = this.store.write().await?;
            let revoked = tokens::revoke_one(&mut transaction, &id).await?;
            let runner = revoked.ok_or_else(|| CoreError::NotFound(format!("unused enrollment token {id:?}")))?;
            let details = format!("token {id}");
            let (by, now) = (actor.by(), this.clock.now());
            audit::note(&mut transaction, by, "token.revoke", runner.as_str(), Some(&details), now).await?;
            store::commit(transaction).await?;
            this.note(LogLevel::Info, format!("Enrollment token for runner {runner} revoked by {}", by.who));
            Ok(())
        })
        .await
    }

    /// Forgets tokens that have long been of no use.
    ///
    /// # Errors
    /// When the database cannot be written to.
    pub async fn forget_tokens(&self) -> Result<(), CoreError> {
        let limit = self.clock.now().before(KEPT);
        self.in_batches(|connection| Box::pin(tokens::trim(connection, limit, BATCH))).await
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
