//! Host binding: on which machine a runner key is valid. Checked with each request, in memory, also for runners that
//! are not present: a check that a silent runner could evade would be useless.

use crate::bus::alarms::AlarmKind;
use crate::fleet::Fleet;
use crate::rules::HostBinding;
use crate::{Caller, CoreError};
use challengectl_common::Digest;
use std::net::IpAddr;

/// The host that a runner's request comes from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Host {
    /// The digest of the machine's identity, if the client sends it.
    pub machine: Option<Digest>,
    /// The address, for people.
    pub address: Option<IpAddr>,
}

impl Fleet {
    /// Returns the runner that a key belongs to, if the key is valid on this host.
    ///
    /// # Errors
    /// [`CoreError::Key`] when the key is unknown or revoked, [`CoreError::Forbidden`] when it may not be used there.
    pub fn authenticate(&self, credential: &str, host: Host) -> Result<Caller, CoreError> {
        let known = self.keyring.authenticate(credential, host.machine);
        let (caller, at_home) = known.ok_or(CoreError::Key("the key is unknown or revoked"))?;
        if at_home || self.context.rules.host_binding == HostBinding::Off {
            return Ok(caller);
        }
        let refused = self.context.rules.host_binding == HostBinding::Require;
        if self.keyring.record_stranger(&caller, host.machine) {
            self.raise_stranger(&caller, host, refused);
        }
        if refused {
            let id = &caller.runner_id;
            let reason = format!("the key of runner {id} counts only on the machine that it was made for");
            return Err(CoreError::Forbidden(format!("{reason}; to move the runner, enroll it anew")));
        }
        Ok(caller)
    }

    fn raise_stranger(&self, caller: &Caller, host: Host, refused: bool) {
        let machine = if host.machine.is_some() { "another machine" } else { "a client that names no machine" };
        let from = host.address.map(|address| format!(" at {address}")).unwrap_or_default();
        let end = if refused { "and was refused" } else { "and was let in" };
        let message = format!("The key of runner {} was used by {machine}{from}, {end}", caller.runner_id);
        self.context.raise(AlarmKind::RunnerMoved, caller.runner_id.as_str(), message);
    }
}
