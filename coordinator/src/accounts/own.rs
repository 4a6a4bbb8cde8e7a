//! What people change of their own account.

use super::factor::Code;
use super::login::renew_recovery_codes;
use super::passwords::Queue;
use super::{Accounts, Person};
use crate::CoreError;
use crate::audit;
use crate::store::accounts::{self, logins};
use crate::store::{self, Connection};
use crate::throttle::Key;

/// A new password of an account, hashed, to be stored unless the account changes before.
#[derive(Debug)]
pub(crate) struct NewPassword {
    id: i64,
    before: String,
    hash: String,
}

impl NewPassword {
    /// Stores it.
    ///
    /// # Errors
    /// [`CoreError::Conflict`] when the password was changed meanwhile.
    pub(crate) async fn apply(&self, transaction: &mut Connection) -> Result<(), CoreError> {
        let now_stored = accounts::get(transaction, self.id).await?.ok_or_else(changed_meanwhile)?;
        if now_stored.password != self.before {
            return Err(changed_meanwhile());
        }
        Ok(accounts::set_password(transaction, self.id, &self.hash).await?)
    }
}

fn changed_meanwhile() -> CoreError {
    CoreError::Conflict("the password was changed meanwhile; log in again".to_owned())
}

impl Accounts {
    /// Changes the password of this person, and ends their other logins.
    ///
    /// # Errors
    /// [`CoreError::Credentials`] when the current password is wrong, [`CoreError::Conflict`] when it was changed
    /// meanwhile.
    pub async fn change_password(&self, person: &Person, current: String, new: String) -> Result<(), CoreError> {
        let id = person.account_id;
        let change = self.new_password(id, current, new).await?;
        let mut transaction = self.store.write().await?;
        change.apply(&mut transaction).await?;
        logins::end_of_account(&mut transaction, id, Some(person.login)).await?;
        let name = person.name.as_str();
        audit::record(&mut transaction, &person.actor(), "user.password", name, None, self.clock.now()).await?;
        Ok(store::commit(transaction).await?)
    }

    /// Verifies the current password of an account whose owner is logged in, and hashes the new one.
    ///
    /// # Errors
    /// [`CoreError::Credentials`] when the current password is wrong.
    pub(crate) async fn new_password(&self, id: i64, current: String, new: String) -> Result<NewPassword, CoreError> {
        let account = accounts::get(&mut *self.store.read_few().await?, id).await?.ok_or_else(changed_meanwhile)?;
        let guesses = Key::Current(id);
        let counted = self.throttle.admit(vec![guesses], self.clock.instant()).map_err(CoreError::TooMany)?;
        let fits = self.passwords.verify(current, Some(account.password.clone()), Queue::Known).await;
        let wrong = CoreError::Credentials("the current password is wrong");
        self.throttle.settle(counted, fits.and_then(|fits| fits.then_some(()).ok_or(wrong)))?;
        Ok(NewPassword { id, before: account.password, hash: self.passwords.hash(new, Queue::Known).await? })
    }

    /// Returns the hash of a password that an operator gives to an account.
    pub(crate) async fn hash_for_operator(&self, password: String) -> Result<String, CoreError> {
        self.passwords.hash(password, Queue::Known).await
    }

    /// Replaces the recovery codes of a person who gives a valid code.
    pub async fn renew_recovery_codes(&self, person: &Person, code: &str) -> Result<Vec<String>, CoreError> {
        let guesses = Key::Current(person.account_id);
        let counted = self.throttle.admit(vec![guesses], self.clock.instant()).map_err(CoreError::TooMany)?;
        self.throttle.settle(counted, self.replace_recovery_codes(person, code).await)
    }

    async fn replace_recovery_codes(&self, person: &Person, code: &str) -> Result<Vec<String>, CoreError> {
        let (id, now) = (person.account_id, self.clock.now());
        let mut transaction = self.store.write().await?;
        let account = accounts::get(&mut transaction, id).await?;
        let account = account.ok_or_else(|| CoreError::NoSuchAccount(person.name.to_string()))?;
        self.use_code(&mut transaction, &account, Code::read(code), now).await?;
        let codes = renew_recovery_codes(&mut transaction, id).await?;
        audit::record(&mut transaction, &person.actor(), "user.recovery_codes", account.name.as_str(), None, now)
            .await?;
        store::commit(transaction).await?;
        Ok(codes)
    }
}
