//! Logins in memory: when each was last used, and all that are in force.

use crate::store::accounts::logins::Login;
use challengectl_common::{Digest, Timestamp};
use parking_lot::{Mutex, MutexGuard};
use std::collections::HashMap;

/// Last uses of logins, and the logins in force.
#[derive(Debug, Default)]
pub struct Uses(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Last uses that are not in the database yet.
    last: HashMap<Digest, Timestamp>,
    /// All logins in force, as last read from the database.
    known: HashMap<Digest, Login>,
}

impl Uses {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock()
    }

    pub fn add(&self, login: Digest, at: Timestamp) {
        self.state().last.insert(login, at);
    }

    /// Returns when a login was last used.
    pub fn last(&self, login: &Login) -> Timestamp {
        self.state().last.get(&login.digest).map_or(login.seen_at, |last| login.seen_at.max(*last))
    }

    pub fn unwritten(&self) -> Vec<(Digest, Timestamp)> {
        self.state().last.iter().map(|(login, at)| (*login, *at)).collect()
    }

    /// Removes uses that are in the database now.
    pub fn written(&self, uses: &[(Digest, Timestamp)]) {
        let mut state = self.state();
        for (login, at) in uses {
            if state.last.get(login) == Some(at) {
                state.last.remove(login);
            }
        }
    }

    pub fn know(&self, logins: Vec<Login>) {
        self.state().known = logins.into_iter().map(|login| (login.digest, login)).collect();
    }

    /// Takes over the state of one login, as just read from the database.
    pub fn learn(&self, digest: Digest, login: Option<&Login>) {
        let known = &mut self.state().known;
        match login {
            Some(login) => drop(known.insert(digest, login.clone())),
            None => drop(known.remove(&digest)),
        }
    }

    pub fn known(&self, login: Digest) -> Option<Login> {
        self.state().known.get(&login).cloned()
    }
}
