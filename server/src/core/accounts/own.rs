//! What somebody does with the own account.

use super::throttle::Key;
use super::{Accounts, Person};
use crate::core::CoreError;
use crate::core::audit;
use crate::store::{self, accounts, logins};

impl Accounts {
    /// Changes the password of whoever asks, and ends the other logins.
    ///
    /// # Errors
    /// [`CoreError::Credentials`] when the current password is wrong, [`CoreError::TooMany`], [`CoreError::Invalid`].
    pub async fn change_password(&self, person: &Person, current: String, new: String) -> Result<(), CoreError> {
        let id = person.account_id;
        let missing = || CoreError::NoSuchAccount(person.name.to_string());
        let account = accounts::get(&mut *self.store.read().await?, id).await?.ok_or_else(missing)?;
        let guesses = Key::Current(id);
        self.throttle.admit(&guesses, self.clock.instant()).map_err(CoreError::TooMany)?;
        if !self.passwords.verify(current, Some(account.password.clone())).await? {
            return Err(CoreError::Credentials("the current password is wrong"));
        }
        self.throttle.forgive(&guesses);
        let new = self.passwords.hash(new).await?;
        let mut transaction = self.store.write().await?;
        let now_stored = accounts::get(&mut transaction, id).await?.ok_or_else(missing)?;
        if now_stored.password != account.password {
            return Err(CoreError::Conflict("the password was changed in between".to_owned()));
        }
        accounts::set_password(&mut transaction, id, &new).await?;
        logins::end_of_account(&mut transaction, id, Some(person.login)).await?;
        let name = person.name.as_str();
        audit::note(&mut transaction, person.by(), "user.password", name, None, self.clock.now()).await?;
        Ok(store::commit(transaction).await?)
    }
}
