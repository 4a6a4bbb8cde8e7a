//! Runners: their keys, their tokens, and whether they are online.

pub(crate) mod enrollment;
pub(crate) mod host_binding;
pub(crate) mod keys;
pub(crate) mod lives;
pub(crate) mod presence;
pub(crate) mod provisioning;
mod standing;
pub(crate) mod tokens;

use crate::context::Context;
use crate::throttle::Throttle;
use keys::Keyring;
use presence::Presence;
use std::sync::{Arc, OnceLock};

/// The runners, their keys, and when they were last heard of.
#[derive(Debug)]
pub struct Fleet {
    pub(crate) context: Arc<Context>,
    pub(crate) presence: Presence,
    pub(crate) keyring: Keyring,
    pub(crate) throttle: Throttle,
    pub(crate) certificate: OnceLock<String>,
}

impl Fleet {
    pub(crate) fn new(context: Arc<Context>, presence: Presence, keyring: Keyring) -> Arc<Self> {
        let (throttle, certificate) = (Throttle::default(), OnceLock::new());
        Arc::new(Self { context, presence, keyring, throttle, certificate })
    }
}
