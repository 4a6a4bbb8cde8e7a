//! Limits each radio to one transmission at a time, and to none while it rests, whatever the server hands out.

use crate::config::Config;
use crate::process::clock::Moment;
use crate::transmit::Rest;
use challengectl_common::RadioId;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The server reckons the end of a rest by its own clock: so little is waited for.
const MAX_REST_LEFT: Duration = Duration::from_secs(5);

/// One slot for each radio that takes work.
pub(super) struct Slots(BTreeMap<RadioId, Arc<Slot>>);

/// What is known of a radio beside its configuration.
pub(super) struct Slot {
    free: Arc<Semaphore>,
    pub(super) rest: Rest,
    /// When it last identified its station.
    pub(super) identified: Mutex<Option<Moment>>,
}

/// A radio that is taken until this is dropped.
pub(super) struct Taken {
    slot: Arc<Slot>,
    _permit: OwnedSemaphorePermit,
}

impl Deref for Taken {
    type Target = Slot;

    fn deref(&self) -> &Slot {
        &self.slot
    }
}

impl Slots {
    pub(super) fn of(config: &Config) -> Self {
        let slot = |radio| Slot {
            free: Arc::new(Semaphore::new(1)),
            rest: Rest::of(radio, config),
            identified: Mutex::default(),
        };
        Self(config.working_radios().map(|radio| (radio.id.clone(), Arc::new(slot(radio)))).collect())
    }

    /// Takes the radio until the returned guard is dropped. Returns the reason if it is not available.
    pub(super) fn take(&self, radio: &RadioId) -> Result<Taken, String> {
        let slot = self.0.get(radio).ok_or_else(|| format!("this runner has no radio {radio}"))?;
        let permit = Arc::clone(&slot.free).try_acquire_owned();
        let permit = permit.map_err(|_| format!("radio {radio} is busy with another assignment"))?;
        let rest = slot.rest.remaining();
        if rest > MAX_REST_LEFT {
            return Err(format!("radio {radio} rests for another {} s, by its duty_cycle", rest.as_secs()));
        }
        Ok(Taken { slot: Arc::clone(slot), _permit: permit })
    }

    /// Returns how long the radio still rests.
    pub(super) fn rest(&self, radio: &RadioId) -> Duration {
        self.0.get(radio).map(|slot| slot.rest.remaining()).unwrap_or_default()
    }
}
