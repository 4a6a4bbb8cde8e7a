//! What is kept in memory of logins: when each was last used, and all that are in force.

use crate::store::accounts::logins::Login;
use challengectl_common::{Digest, Timestamp};
use parking_lot::{Mutex, MutexGuard};
use std::collections::HashMap;

#[derive(Debug, Default)]
pub struct Uses(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Not yet in the database.
    last: HashMap<Digest, Timestamp>,
    /// All logins, as the database last told.
    known: HashMap<Digest, Login>,
}

impl Uses {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock()
    }

    pub fn add(&self, login: Digest, at: Timestamp) {
        self.state().last.insert(login, at);
    }

    /// When a login was last used.
    pub fn last(&self, login: &Login) -> Timestamp {
        self.state().last.get(&login.digest).map_or(login.seen_at, |last| login.seen_at.max(*last))
    }

    pub fn unwritten(&self) -> Vec<(Digest, Timestamp)> {
        self.state().last.iter().map(|(login, at)| (*login, *at)).collect()
    }

    /// These are in the database now.
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

    /// What the database says of one login now.
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
