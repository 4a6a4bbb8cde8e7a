//! Passwords: argon2id, outside of the threads that answer requests, one at a time in memory that is kept. Each hash
//! takes 19 MiB, which an allocator tends to keep for each thread that ever hashed.

use crate::CoreError;
use crate::secrets::random_hex;
use argon2::password_hash::phc::{Output, ParamsString, Salt};
use argon2::password_hash::{self, Error};
use argon2::{Algorithm, Argon2, Block, Params, PasswordHash, Version};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, Semaphore};

/// Characters of a password, at least: NIST SP 800-63B-4, section 3.1.1.2, for use with a second factor. It asks for 15
/// where there is none, as for players; clients that are written for other servers let them choose 8.
const MIN_LENGTH: usize = 8;
/// Characters of a password, at most; all of them are hashed.
const MAX_LENGTH: usize = 256;
/// Requests that wait in each queue, at most; the last of them waits for about a second.
const MAX_WAITING: usize = 32;
/// The hash of a password that nobody knows: verifying the password of an unknown name takes as long as that of a known
/// one.
const DUMMY_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$YSBzYWx0IG9mIG5vYm9keQ$dFCXpX7YLCmJKsIzhFOpVPUuxK62/8cE6VPTpPX3nvI";

/// Hashes and verifies passwords.
#[derive(Debug)]
pub struct Passwords {
    /// The memory of a hash. Its lock serialises hashing, so that one hash at a time takes 19 MiB.
    memory: Arc<Mutex<Vec<Block>>>,
    /// Places in [`Queue::Strangers`].
    strangers: Semaphore,
    /// Places in [`Queue::Known`].
    known: Semaphore,
    /// Places in [`Queue::Players`].
    players: Semaphore,
    /// Places in [`Queue::KnownPlayers`].
    known_players: Semaphore,
}

/// The queue that a request waits in. Unknown browsers can fill theirs from any number of addresses; known ones are
/// few, and counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    /// Unknown browsers.
    Strangers,
    /// Known browsers, and clients that are logged in.
    Known,
    /// Players who register, or log in from where they were never logged in: a crowd of them must not send operators
    /// away.
    Players,
    /// Players who log in from where they were logged in before: strangers can fill the other.
    KnownPlayers,
}

impl Default for Passwords {
    fn default() -> Self {
        let places = || Semaphore::new(MAX_WAITING);
        let memory = Arc::default();
        Self { memory, strangers: places(), known: places(), players: places(), known_players: places() }
    }
}

impl Passwords {
    /// Returns the PHC string of a new password. Of unknown browsers only those of new players set passwords.
    ///
    /// # Errors
    /// [`CoreError::Invalid`] when the password is too short or too long, [`CoreError::TooMany`] when the queue is full.
    pub async fn hash(&self, password: String, queue: Queue) -> Result<String, CoreError> {
        self.hash_within(MAX_LENGTH, password, queue).await
    }

    /// Does so for a password of up to `max` characters.
    pub async fn hash_within(&self, max: usize, password: String, queue: Queue) -> Result<String, CoreError> {
        check(&password, max)?;
        self.run(queue, move |memory| hash(password.as_bytes(), memory))
            .await?
            .map_err(|error| CoreError::Invalid(format!("password: {error}")))
    }

    /// Returns whether the password fits the PHC string; false after the same time if there is none.
    ///
    /// # Errors
    /// [`CoreError::TooMany`] when the queue is full.
    pub async fn verify(&self, password: String, stored: Option<String>, queue: Queue) -> Result<bool, CoreError> {
        self.run(queue, move |memory| {
            let hash = stored.as_deref().unwrap_or(DUMMY_HASH);
            let fits = verify(password.as_bytes(), hash, memory).is_ok();
            fits && stored.is_some()
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        queue: Queue,
        work: impl FnOnce(&mut Vec<Block>) -> T + Send + 'static,
    ) -> Result<T, CoreError> {
        let places = match queue {
            Queue::Strangers => &self.strangers,
            Queue::Known => &self.known,
            Queue::Players => &self.players,
            Queue::KnownPlayers => &self.known_players,
        };
        let _place = places.try_acquire().map_err(|_| CoreError::TooMany(Duration::from_secs(1)))?;
        let mut memory = Arc::clone(&self.memory).lock_owned().await;
        tokio::task::spawn_blocking(move || work(&mut memory)).await.map_err(|_| CoreError::Interrupted)
    }
}

/// Makes a random password.
pub fn random() -> String {
    random_hex::<12>()
}

fn hash(password: &[u8], memory: &mut Vec<Block>) -> password_hash::Result<String> {
    let (argon2, salt) = (Argon2::default(), Salt::new(&rand::random::<[u8; 16]>())?);
    let hash = PasswordHash {
        algorithm: Algorithm::default().ident(),
        version: Some(Version::default().into()),
        params: ParamsString::try_from(argon2.params())?,
        hash: Some(output(&argon2, password, &salt, memory)?),
        salt: Some(salt),
    };
    Ok(hash.to_string())
}

fn verify(password: &[u8], hash: &str, memory: &mut Vec<Block>) -> password_hash::Result<()> {
    let hash = PasswordHash::new(hash)?;
    let version = hash.version.map(Version::try_from).transpose()?.unwrap_or_default();
    let argon2 = Argon2::new(Algorithm::try_from(hash.algorithm.as_str())?, version, Params::try_from(&hash)?);
    let (Some(salt), Some(expected)) = (&hash.salt, hash.hash) else { return Err(Error::PasswordInvalid) };
    // Outputs are compared in constant time.
    if output(&argon2, password, salt, memory)? == expected { Ok(()) } else { Err(Error::PasswordInvalid) }
}

fn output(argon2: &Argon2<'_>, password: &[u8], salt: &[u8], memory: &mut Vec<Block>) -> password_hash::Result<Output> {
    let params = argon2.params();
    memory.resize(params.block_count(), Block::new());
    let mut bytes = vec![0; params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN)];
    argon2.hash_password_into_with_memory(password, salt, &mut bytes, memory.as_mut_slice())?;
    Ok(Output::new(&bytes)?)
}

fn check(password: &str, max: usize) -> Result<(), CoreError> {
    let length = password.chars().count();
    if !(MIN_LENGTH..=max).contains(&length) {
        return Err(CoreError::Invalid(format!("password: {MIN_LENGTH} to {max} characters, this has {length}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::{PasswordHasher, PasswordVerifier};

    #[test]
    fn nobodys_hash_takes_the_same_work_as_a_real_one() {
        let memory = &mut Vec::new();
        let real = hash(b"x", memory).unwrap();
        let settings = |hash: &str| hash.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(settings(DUMMY_HASH), settings(&real));
        assert_eq!(DUMMY_HASH.len(), real.len());
        // Not refused for its form, which would take no time.
        assert_eq!(verify(b"x", DUMMY_HASH, memory), Err(Error::PasswordInvalid));
    }

    #[test]
    fn hashes_are_what_the_library_makes_of_them_itself() {
        let own = hash(b"password", &mut Vec::new()).unwrap();
        assert!(own.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{own}");
        Argon2::default().verify_password(b"password", own.as_str()).unwrap();
        let others = Argon2::default().hash_password_with_salt(b"password", b"a salt of nobody").unwrap().to_string();
        verify(b"password", &others, &mut Vec::new()).unwrap();
        assert!(verify(b"Password", &others, &mut Vec::new()).is_err());
        assert!(verify(b"password", "no hash", &mut Vec::new()).is_err());
    }

    #[tokio::test]
    async fn every_character_of_a_long_password_counts() {
        let passwords = Passwords::default();
        let long = "é".repeat(200);
        let hash = passwords.hash(long.clone(), Queue::Known).await.unwrap();
        assert!(passwords.verify(long.clone(), Some(hash.clone()), Queue::Known).await.unwrap());
        assert!(!passwords.verify(format!("{}e", "é".repeat(199)), Some(hash), Queue::Known).await.unwrap());
        assert!(!passwords.verify(long, None, Queue::Known).await.unwrap());
    }

    #[tokio::test]
    async fn a_crowd_of_strangers_is_sent_away_before_it_fills_memory_and_who_is_known_is_not() {
        let passwords = Passwords::default();
        let _all = passwords.strangers.try_acquire_many(u32::try_from(MAX_WAITING).unwrap()).unwrap();
        let verify = |queue| passwords.verify(String::new(), None, queue);
        assert!(matches!(verify(Queue::Strangers).await, Err(CoreError::TooMany(_))));
        for other in [Queue::Known, Queue::Players, Queue::KnownPlayers] {
            assert!(matches!(verify(other).await, Ok(false)), "{other:?}");
        }
    }
}
