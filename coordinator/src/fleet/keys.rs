//! Runner keys, in memory, so that authenticating a request needs no database.

use super::lives::{Lives, Standing};
use crate::clock::Moment;
use crate::store::fleet::keys::{Key, Registered};
use challengectl_common::{Digest, Life, RunnerId, Timestamp};
use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::collections::HashMap;
use subtle::ConstantTimeEq;

/// Other machines that are recorded for a key; a client that has the key can invent any number of them.
const MAX_STRANGERS: usize = 16;

/// A runner that has shown its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The runner.
    pub runner_id: RunnerId,
    /// The public part of its key.
    pub key_id: String,
    /// The life of its program, if the request names it.
    pub life: Option<Life>,
    /// The number of the registration within that life, if the request is a registration.
    pub registration: Option<i64>,
    /// The time by the runner's clock when it sent the request, if the request names it.
    pub clock: Option<Timestamp>,
}

/// Whether a runner key is bound to a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// It is valid on any machine.
    Unbound,
    /// It is bound to the machine that it was made for.
    Bound,
    /// It is bound, and has been used on another machine since the server started.
    Violated,
}

impl Binding {
    /// Returns the API's name of the binding.
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
    /// The other machines that it was used on.
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

/// The valid keys, by their public part.
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

    /// Returns the runner that `ck_<key id>_<secret>` belongs to, and whether the key is bound to this machine or to
    /// none.
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
            clock: None,
        };
        equal.then(|| (caller(), held.is_at_home(machine)))
    }

    /// Records that the caller's key was used on another machine. Returns whether that is news.
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

    /// Returns the binding of each runner with a key.
    pub fn bindings(&self) -> HashMap<RunnerId, Binding> {
        self.read().values().map(|held| (held.key.runner_id.clone(), held.binding())).collect()
    }

    /// Returns how the caller's life compares to the life that registered last with its key; `None` if the key is
    /// revoked.
    pub fn standing(&self, caller: &Caller) -> Option<Standing> {
        self.read().get(&caller.key_id).map(|held| held.lives.standing(caller.life))
    }

    /// Returns the latest registration with the caller's key.
    pub fn registered(&self, caller: &Caller) -> Registered {
        self.read().get(&caller.key_id).map(|held| held.lives.registered()).unwrap_or_default()
    }

    pub fn set_registered(&self, caller: &Caller, registered: Registered) {
        if let Some(held) = self.write().get_mut(&caller.key_id) {
            held.lives = Lives::new(registered);
        }
    }

    /// Records a request of a superseded life; see [`Lives::is_second_copy`].
    pub fn is_second_copy(&self, caller: &Caller, now: Moment) -> bool {
        self.write().get_mut(&caller.key_id).is_some_and(|held| held.lives.is_second_copy(caller.life, now))
    }

    /// Returns whether the caller's key is still valid.
    pub fn knows(&self, caller: &Caller) -> bool {
        self.read().contains_key(&caller.key_id)
    }

    /// Removes the keys of a runner.
    pub fn forget(&self, runner: &RunnerId) {
        self.write().retain(|_, held| held.key.runner_id != *runner);
    }

    /// Replaces all keys of the runner by this one.
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
