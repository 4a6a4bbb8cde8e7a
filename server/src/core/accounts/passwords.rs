//! Passwords: argon2id, off the threads that answer requests, and never so many at once that memory runs short.

use crate::core::CoreError;
use crate::core::enrolment::random_hex;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Characters that a password has at least; the length is what keeps guesses off.
const SHORTEST: usize = 12;
/// Characters that a password has at most; all of them count.
const LONGEST: usize = 256;
/// Hashes at once: each takes 19 MiB.
const AT_ONCE: usize = 2;
/// Who may wait for one, beside those.
const WAITING: usize = 30;
/// The hash of nothing that anybody knows, so that an unknown name costs what a known one does.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$YSBzYWx0IG9mIG5vYm9keQ$dFCXpX7YLCmJKsIzhFOpVPUuxK62/8cE6VPTpPX3nvI";

#[derive(Debug)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    places: Semaphore,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)), places: Semaphore::new(AT_ONCE + WAITING) }
    }
}

impl Passwords {
    /// The PHC string of a new password.
    ///
    /// # Errors
    /// [`CoreError::Invalid`] when it is too short or too long.
    pub async fn hash(&self, password: String) -> Result<String, CoreError> {
        check(&password)?;
        let hash = move || Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string());
        self.run(hash).await?.map_err(|error| CoreError::Invalid(format!("password: {error}")))
    }

    /// Whether this is the password of the PHC string. None: of nobody, found out in the same time.
    ///
    /// # Errors
    /// When too many wait already.
    pub async fn verify(&self, password: String, stored: Option<String>) -> Result<bool, CoreError> {
        self.run(move || {
            let hash = stored.as_deref().unwrap_or(NOBODYS);
            let fits = Argon2::default().verify_password(password.as_bytes(), hash).is_ok();
            fits && stored.is_some()
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, CoreError> {
        let busy = || CoreError::TooMany(Duration::from_secs(1));
        let _place = self.places.try_acquire().map_err(|_| busy())?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| CoreError::Interrupted)?;
        tokio::task::spawn_blocking(move || {
            // Here and not outside: who asked may go away, the work goes on.
            let _turn = turn;
            work()
        })
        .await
        .map_err(|_| CoreError::Interrupted)
    }
}

/// A password that nobody has thought of.
pub fn random() -> String {
    random_hex::<12>()
}

fn check(password: &str) -> Result<(), CoreError> {
    let length = password.chars().count();
    if !(SHORTEST..=LONGEST).contains(&length) {
        return Err(CoreError::Invalid(format!("password: {SHORTEST} to {LONGEST} characters, this has {length}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobodys_hash_takes_the_same_work_as_a_real_one() {
        let real = Argon2::default().hash_password(b"x").unwrap().to_string();
        let settings = |hash: &str| hash.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(settings(NOBODYS), settings(&real));
        assert_eq!(NOBODYS.len(), real.len());
        // Not refused for its form, which would take no time.
        let error = Argon2::default().verify_password(b"x", NOBODYS).unwrap_err();
        assert_eq!(error, argon2::password_hash::Error::PasswordInvalid);
    }

    #[tokio::test]
    async fn every_character_of_a_long_password_counts() {
        let passwords = Passwords::default();
        let long = "é".repeat(200);
        let hash = passwords.hash(long.clone()).await.unwrap();
        assert!(passwords.verify(long.clone(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify(format!("{}e", "é".repeat(199)), Some(hash)).await.unwrap());
        assert!(!passwords.verify(long, None).await.unwrap());
    }

    #[tokio::test]
    async fn a_crowd_is_sent_away_before_it_fills_memory() {
        let passwords = Passwords::default();
        let _all = passwords.places.try_acquire_many(u32::try_from(AT_ONCE + WAITING).unwrap()).unwrap();
        assert!(matches!(passwords.verify(String::new(), None).await, Err(CoreError::TooMany(_))));
    }
}
