//! The keys of flags, for commands that run without the server.

use crate::CoreError;
use crate::flags::FlagKeys;
use crate::store::{Store, accounts};
use crate::vault::Vault;

/// Returns the keys by which flags are sealed.
pub(super) async fn keys(store: &Store) -> Result<FlagKeys, CoreError> {
    let has_secrets = accounts::are_there(&mut *store.read().await?).await?;
    Ok(FlagKeys::new(Vault::open(store.folder(), has_secrets)?.into()))
}
