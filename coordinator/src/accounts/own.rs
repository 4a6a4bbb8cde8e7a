//! What people change of their own account.

use super::factor::Code;
use super::login::renew_recovery_codes;
use super::passwords::Queue;
use super::{Accounts, Person};
use crate::CoreError;
use crate::audit;
use crate::store;
use crate::store::accounts::{self, logins};
use crate::throttle::Key;

impl Accounts {
    /// Changes the password of this person, and ends their other logins.
    ///
    /// # Errors
    /// [`CoreError::Credentials`] when the current password is wrong, [`CoreError::Conflict`] when it was changed
    /// meanwhile.
    pub async fn change_password(&self, person: &Person, current: String, new: String) -> Result<(), CoreError> {
        let id = person.account_id;
        let missing = || CoreError::NoSuchAccount(person.name.to_string());
        let account = accounts::get(&mut *self.store.read_few().await?, id).await?.ok_or_else(missing)?;
        let guesses = Key::Current(id);
        let counted = self.throttle.admit(vec![guesses], self.clock.instant()).map_err(CoreError::TooMany)?;
        let fits = self.passwords.verify(current, Some(account.password.clone()), Queue::Known).await;
        let wrong = CoreError::Credentials("the current password is wrong");
        self.throttle.settle(counted, fits.and_then(|fits| fits.then_some(()).ok_or(wrong)))?;
        let new = self.passwords.hash(new).await?;
        let mut transaction = self.store.write().await?;
        let now_stored = accounts::get(&mut transaction, id).await?.ok_or_else(missing)?;
        if now_stored.password != account.password {
            return Err(CoreError::Conflict("the password was changed meanwhile; log in again".to_owned()));
        }
        accounts::set_password(&mut transaction, id, &new).await?;
        logins::end_of_account(&mut transaction, id, Some(person.login)).await?;
        let name = person.name.as_str();
        audit::record(&mut transaction, &person.actor(), "user.password", name, None, self.clock.now()).await?;
        Ok(store::commit(transaction).await?)
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
