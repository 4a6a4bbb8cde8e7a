//! Tokens of people who run the event, for their programs. One names an account without its login, on the fronts that take it.

use super::{Accounts, Person, Role, role_of};
use crate::CoreError;
use crate::audit;
use crate::secrets::random_hex;
use crate::store::players::personal_tokens::{self, PersonalToken};
use crate::store::{self, accounts};
use challengectl_common::{Digest, Timestamp, TokenName};
use std::net::IpAddr;
use std::time::Duration;

/// The beginning of every such token, by which scanners of source code find lost ones.
const PREFIX: &str = "cctl_staff_";
/// Valid tokens of a person at a time.
const MAX_TOKENS: usize = 20;
/// How long a token is valid, at most.
const MAX_LIFE: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// A new token, shown once.
#[derive(Debug)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub struct IssuedApiToken {
    pub token: String,
    pub id: i64,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Accounts {
    /// Returns the person of a token; `None` if it is invalid, or its account is disabled.
    pub async fn by_token(&self, token: &str, address: Option<IpAddr>) -> Result<Option<Person>, CoreError> {
        if !token.starts_with(PREFIX) {
            return Ok(None);
        }
        let (digest, now) = (Digest::of(token.as_bytes()), self.clock.now());
        let mut connection = self.store.read_few().await?;
        let Some((account, since)) = personal_tokens::account_of(&mut connection, digest, now).await? else {
            return Ok(None);
        };
        let Some(account) = accounts::get(&mut connection, account).await? else { return Ok(None) };
        let role = role_of(&account)?;
        if !account.enabled || !account.totp_confirmed || role == Role::Player {
            return Ok(None);
        }
        Ok(Some(Person { name: account.name, role, address, account_id: account.id, login: digest, since }))
    }

    /// Returns the valid tokens of a person, the newest first.
    pub async fn api_tokens(&self, person: &Person) -> Result<Vec<PersonalToken>, CoreError> {
        let now = self.clock.now();
        let mut all = personal_tokens::of_account(&mut *self.store.read_few().await?, person.account_id).await?;
        all.retain(|token| token.expires_at > now);
        Ok(all)
    }

    /// Makes a token, valid for this long. The caller sees to it that the person has shown a login: a stolen token must not
    /// make others.
    ///
    /// # Errors
    /// [`CoreError::Invalid`] when it shall be valid for too long, [`CoreError::Conflict`] when there are too many.
    pub async fn issue_api_token(
        &self,
        person: &Person,
        name: &TokenName,
        life: Duration,
    ) -> Result<IssuedApiToken, CoreError> {
        if life.is_zero() || life > MAX_LIFE {
            return Err(CoreError::Invalid("expiration: a day from tomorrow to a year from now".to_owned()));
        }
        let mut transaction = self.store.write().await?;
        let (account, now) = (person.account_id, self.clock.now());
        personal_tokens::trim(&mut transaction, account, now).await?;
        if personal_tokens::of_account(&mut transaction, account).await?.len() >= MAX_TOKENS {
            return Err(CoreError::Conflict(format!("at most {MAX_TOKENS} tokens at a time; revoke one first")));
        }
        let (token, expires_at) = (format!("{PREFIX}{}", random_hex::<32>()), now.after(life));
        let digest = Digest::of(token.as_bytes());
        let id = personal_tokens::insert(&mut transaction, account, name, digest, now, expires_at).await?;
        audit::record(&mut transaction, &person.actor(), "token.create", name.as_str(), None, now).await?;
        store::commit(transaction).await?;
        Ok(IssuedApiToken { token, id, created_at: now, expires_at })
    }

    /// Revokes a token of a person, at once.
    ///
    /// # Errors
    /// [`CoreError::NotFound`].
    pub async fn revoke_api_token(&self, person: &Person, id: i64) -> Result<(), CoreError> {
        let mut transaction = self.store.write().await?;
        let name = personal_tokens::delete(&mut transaction, person.account_id, id).await?;
        let name = name.ok_or_else(|| CoreError::NotFound(format!("token {id} of yours")))?;
        audit::record(&mut transaction, &person.actor(), "token.revoke", name.as_str(), None, self.clock.now()).await?;
        Ok(store::commit(transaction).await?)
    }
}
