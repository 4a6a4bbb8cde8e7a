//! Keys of runners, in memory, so that a request needs no database to be authenticated.

use super::lives::{Lives, Standing};
use crate::clock::Moment;
use crate::store::fleet::keys::{Key, Registered};
use challengectl_common::{Digest, Life, RunnerId};
use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::collections::HashMap;
use subtle::ConstantTimeEq;

/// Other machines that are remembered of a key; whoever has it can make up any number of them.
const MAX_STRANGERS: usize = 16;

/// A runner that has shown its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Which runner.
    pub runner_id: RunnerId,
    /// By which of the keys it has had.
    pub key_id: String,
    /// In which life of its program, if it says so.
    pub life: Option<Life>,
    /// How often that life has registered, where the request is a registration.
    pub registration: Option<i64>,
}

/// Whether a runner's key is bound to a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// It counts from everywhere.
    Unbound,
    /// To the machine that it was made for.
    Bound,
    /// It is bound, and since the server started it has been shown from elsewhere.
    Violated,
}

impl Binding {
    /// The word of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unbound => "unbound",
            Self::Bound => "bound",
            Self::Violated => "violated",
        }
    }
}

#[derive(Debug)]
struct Held {
    key: Key,
    /// From where it was shown that is not the machine it is bound to.
    strangers: Vec<Option<Digest>>,
    lives: Lives,
}

impl Held {
    fn new(key: Key) -> Self {
        Self { lives: Lives::new(key.registered), key, strangers: Vec::new() }
    }

    fn is_at_home(&self, machine: Option<Digest>) -> bool {
        let Some(home) = self.key.machine else { return true };
        machine.is_some_and(|machine| machine.as_bytes().ct_eq(home.as_bytes()).into())
    }

    fn binding(&self) -> Binding {
        match () {
            () if self.key.machine.is_none() => Binding::Unbound,
            () if self.strangers.is_empty() => Binding::Bound,
            () => Binding::Violated,
        }
    }
}

/// The keys in force, by their public part.
#[derive(Debug)]
pub struct Keyring(RwLock<HashMap<String, Held>>);

impl Keyring {
    pub fn new(keys: Vec<Key>) -> Self {
        Self(RwLock::new(keys.into_iter().map(|key| (key.key_id.clone(), Held::new(key))).collect()))
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<String, Held>> {
        self.0.read()
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<String, Held>> {
        self.0.write()
    }

    /// Whose `ck_<key id>_<secret>` this is, and whether it is shown from where it may be.
    pub fn authenticate(&self, credential: &str, machine: Option<Digest>) -> Option<(Caller, bool)> {
        let (key_id, secret) = credential.strip_prefix("ck_")?.split_once('_')?;
        let keys = self.read();
        let held = keys.get(key_id)?;
        let equal: bool = Digest::of(secret.as_bytes()).as_bytes().ct_eq(held.key.digest.as_bytes()).into();
        let caller = || Caller {
            runner_id: held.key.runner_id.clone(),
            key_id: held.key.key_id.clone(),
            life: None,
            registration: None,
        };
        equal.then(|| (caller(), held.is_at_home(machine)))
    }

    /// Remembers that the caller's key was shown from elsewhere; false when that is no news.
    pub fn record_stranger(&self, caller: &Caller, machine: Option<Digest>) -> bool {
        let is_news = |held: &Held| held.strangers.len() < MAX_STRANGERS && !held.strangers.contains(&machine);
        if !self.read().get(&caller.key_id).is_some_and(is_news) {
            return false;
        }
        let mut keys = self.write();
        let Some(held) = keys.get_mut(&caller.key_id).filter(|held| is_news(held)) else { return false };
        held.strangers.push(machine);
        true
    }

    /// Of each runner with a key, whether that is bound.
    pub fn bindings(&self) -> HashMap<RunnerId, Binding> {
        self.read().values().map(|held| (held.key.runner_id.clone(), held.binding())).collect()
    }

    /// How the caller's life stands to the one that registered last with its key; `None` when the key is revoked.
    pub fn standing(&self, caller: &Caller) -> Option<Standing> {
        self.read().get(&caller.key_id).map(|held| held.lives.standing(caller.life))
    }

    /// The latest registration by the caller's key.
    pub fn registered(&self, caller: &Caller) -> Registered {
        self.read().get(&caller.key_id).map(|held| held.lives.registered()).unwrap_or_default()
    }

    pub fn set_registered(&self, caller: &Caller, registered: Registered) {
        if let Some(held) = self.write().get_mut(&caller.key_id) {
            held.lives = Lives::new(registered);
        }
    }

    /// See [`Lives::is_second_copy`].
    pub fn is_second_copy(&self, caller: &Caller, now: Moment) -> bool {
        self.write().get_mut(&caller.key_id).is_some_and(|held| held.lives.is_second_copy(caller.life, now))
    }

    /// Whether the key that the caller has shown is still in force.
    pub fn knows(&self, caller: &Caller) -> bool {
        self.read().contains_key(&caller.key_id)
    }

    /// Forgets all keys of a runner.
    pub fn forget(&self, runner: &RunnerId) {
        self.write().retain(|_, held| held.key.runner_id != *runner);
    }

    /// Puts this key in the place of all that its runner has had.
    pub fn replace(&self, key: Key) {
        let mut keys = self.write();
        keys.retain(|_, other| other.key.runner_id != key.runner_id);
        keys.insert(key.key_id.clone(), Held::new(key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_makes_up_machines_neither_fills_memory_nor_floods_the_operator() {
        let runner_id = RunnerId::new("roof").unwrap();
        let machine = Some(Digest::of(b"home"));
        let key = Key {
            key_id: "1".to_owned(),
            digest: Digest::of(b"x"),
            runner_id: runner_id.clone(),
            machine,
            registered: Registered::default(),
        };
        let keyring = Keyring::new(vec![key]);
        let (caller, at_home) = keyring.authenticate("ck_1_x", machine).unwrap();
        assert!(at_home && keyring.bindings()[&runner_id] == Binding::Bound);
        let news =
            (0..1000_u32).filter(|n| keyring.record_stranger(&caller, Some(Digest::of(&n.to_be_bytes())))).count();
        assert_eq!(news, MAX_STRANGERS);
        assert_eq!(keyring.bindings()[&runner_id], Binding::Violated);
    }
}
