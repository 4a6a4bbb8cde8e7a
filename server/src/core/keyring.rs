//! Keys of runners, in memory, so that a request needs no database to be authenticated.

use crate::store::keys::Key;
use challengectl_common::{Digest, RunnerId};
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use subtle::ConstantTimeEq;

/// A runner that has shown its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Which runner.
    pub runner_id: RunnerId,
    /// By which of the keys it has had.
    pub key_id: String,
}

/// The keys in force, by their public part.
#[derive(Debug)]
pub struct Keyring(RwLock<HashMap<String, Key>>);

impl Keyring {
    pub fn new(keys: Vec<Key>) -> Self {
        Self(RwLock::new(keys.into_iter().map(|key| (key.key_id.clone(), key)).collect()))
    }

    /// Whose `ck_<key id>_<secret>` this is.
    pub fn authenticate(&self, credential: &str) -> Option<Caller> {
        let (key_id, secret) = credential.strip_prefix("ck_")?.split_once('_')?;
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let key = keys.get(key_id)?;
        let equal: bool = Digest::of(secret.as_bytes()).as_bytes().ct_eq(key.digest.as_bytes()).into();
        equal.then(|| Caller { runner_id: key.runner_id.clone(), key_id: key.key_id.clone() })
    }

    /// Whether the key that the caller has shown is still in force.
    pub fn knows(&self, caller: &Caller) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains_key(&caller.key_id)
    }

    /// Forgets all keys of a runner.
    pub fn forget(&self, runner: &RunnerId) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).retain(|_, key| key.runner_id != *runner);
    }

    /// Puts this key in the place of all that its runner has had.
    pub fn replace(&self, key: Key) {
        let mut keys = self.0.write().unwrap_or_else(PoisonError::into_inner);
        keys.retain(|_, other| other.runner_id != key.runner_id);
        keys.insert(key.key_id.clone(), key);
    }
}
