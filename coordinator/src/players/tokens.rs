//! Personal tokens, which players make for their programs; and changing one's own password.

use super::{Player, Players};
use crate::CoreError;
use crate::secrets::random_hex;
use crate::store::players::logins;
use crate::store::players::personal_tokens::{self, PersonalToken};
use challengectl_common::{Digest, Timestamp, TokenName};
use std::sync::Arc;
use std::time::Duration;

/// The beginning of every personal token, by which scanners of source code find lost ones.
pub(super) const PERSONAL: &str = "cctl_token_";
/// Days for which a personal token is valid, at most.
pub const MAX_TOKEN_DAYS: u32 = 366;
/// Valid tokens of a player at a time.
const MAX_TOKENS: usize = 20;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A new personal token, shown once.
#[derive(Debug)]
pub struct IssuedPersonalToken {
    /// The token.
    pub token: String,
    /// Its id.
    pub id: i64,
    /// When it expires.
    pub expires_at: Timestamp,
}

impl Players {
    /// Returns the valid tokens of a player, the newest first.
    pub async fn personal_tokens(&self, player: &Player) -> Result<Vec<PersonalToken>, CoreError> {
        let now = self.context.clock.now();
        let mut all =
            personal_tokens::of_account(&mut *self.context.store.read_for_players().await?, player.account_id).await?;
        all.retain(|token| token.expires_at > now);
        Ok(all)
    }

    /// Makes a personal token. A personal token cannot make others: a stolen one ends when it is revoked.
    ///
    /// # Errors
    /// [`CoreError::Invalid`] when it shall be valid for too long, [`CoreError::Conflict`] when there are too many.
    pub async fn issue_personal_token(
        self: &Arc<Self>,
        player: &Player,
        name: TokenName,
        days: u32,
    ) -> Result<IssuedPersonalToken, CoreError> {
        player.login()?;
        if !(1..=MAX_TOKEN_DAYS).contains(&days) {
            return Err(CoreError::Invalid(format!("expires_days: 1 to {MAX_TOKEN_DAYS}")));
        }
        let account = player.account_id;
        self.context
            .quiet_command(player.actor(), "player.token.create", move |mut command| async move {
                let now = command.now();
                let (token, expires_at) = (format!("{PERSONAL}{}", random_hex::<32>()), now.after(DAY * days));
                personal_tokens::trim(&mut command, account, now).await?;
                if personal_tokens::of_account(&mut command, account).await?.len() >= MAX_TOKENS {
                    return Err(CoreError::Conflict(format!(
                        "at most {MAX_TOKENS} tokens at a time; revoke one first"
                    )));
                }
                let digest = Digest::of(token.as_bytes());
                let id = personal_tokens::insert(&mut command, account, &name, digest, now, expires_at).await?;
                Ok(command.commit(name.as_str(), None).await?.with(IssuedPersonalToken { token, id, expires_at }))
            })
            .await
    }

    /// Revokes a token of a player, at once.
    pub async fn revoke_personal_token(self: &Arc<Self>, player: &Player, id: i64) -> Result<(), CoreError> {
        let account = player.account_id;
        self.context
            .quiet_command(player.actor(), "player.token.revoke", move |mut command| async move {
                let name = personal_tokens::delete(&mut command, account, id).await?;
                let name = name.ok_or_else(|| CoreError::NotFound(format!("token {id} of yours")))?;
                command.commit(name.as_str(), None).await
            })
            .await
    }

    /// Changes the password of a player, and ends their other logins. Personal tokens stay: they are listed, and
    /// revoked one by one.
    ///
    /// # Errors
    /// [`CoreError::Credentials`] when the current password is wrong, [`CoreError::Conflict`] when it was changed
    /// meanwhile.
    pub async fn change_password(
        self: &Arc<Self>,
        player: &Player,
        current: String,
        new: String,
    ) -> Result<(), CoreError> {
        let (login, account, name) = (player.login()?, player.account_id, player.name.clone());
        let change = self.accounts.new_password(account, current, new).await?;
        self.context
            .quiet_command(player.actor(), "player.password", move |mut command| async move {
                change.apply(&mut command).await?;
                logins::end_of_account(&mut command, account, Some(login)).await?;
                command.commit(name.as_str(), None).await
            })
            .await
    }
}
