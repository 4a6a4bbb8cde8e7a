//! Inventories: the images of all engines, for those who write challenges.

use super::Instances;
use crate::store::commit;
use crate::store::instances::inventories::{self, StoredInventory};
use crate::{Caller, CoreError};
use challengectl_common::instance::Port;
use challengectl_common::wire::inventories::Inventory;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What all engines have together.
#[derive(Debug, Clone, Default)]
pub struct Stock {
    /// The images by their names, with the ports that they expose.
    pub images: BTreeMap<String, BTreeSet<Port>>,
    /// Whether an engine manages a swarm.
    pub has_swarm: bool,
    /// Whether all engines that manage one are reached over TLS: the server speaks to the runner, and the runner to a local
    /// socket.
    pub is_secure: bool,
}

impl Instances {
    /// Takes what an engine of a runner has. `is_secure`: the runner said so over TLS.
    pub async fn take_inventory(
        self: &Arc<Self>,
        caller: &Caller,
        inventory: Inventory,
        is_secure: bool,
    ) -> Result<(), CoreError> {
        self.fleet.hear(caller)?;
        inventory.check().map_err(CoreError::Invalid)?;
        let (this, caller) = (Arc::clone(self), caller.clone());
        let take = async move {
            let mut transaction = this.fleet.write_of_instances(&caller).await?;
            let stored = StoredInventory { runner_id: caller.runner_id, inventory, is_secure };
            inventories::put(&mut transaction, &stored, this.context.clock.now()).await?;
            Ok(commit(transaction).await?)
        };
        self.context.run_to_completion(take).await
    }

    /// Returns what the engines have that are online; `None` if none is, or none has said what it has.
    pub async fn stock(&self) -> Result<Option<Stock>, CoreError> {
        let mut all = inventories::usable(&mut *self.context.store.read().await?).await?;
        all.retain(|stored| self.is_heard(&stored.runner_id));
        if all.is_empty() {
            return Ok(None);
        }
        let swarms = all.iter().filter(|stored| stored.inventory.swarm);
        let mut stock = Stock {
            has_swarm: swarms.clone().next().is_some(),
            is_secure: swarms.clone().all(|stored| stored.is_secure),
            images: BTreeMap::new(),
        };
        for image in all.into_iter().flat_map(|stored| stored.inventory.images) {
            stock.images.entry(image.name).or_default().extend(image.ports);
        }
        Ok(Some(stock))
    }
}
