//! Clients that log in, and the browsers that an account knows.

use super::Accounts;
use crate::CoreError;
use crate::secrets::random_hex;
use crate::store::Connection;
use crate::store::accounts::{Account, devices};
use challengectl_common::{Digest, Timestamp};
use std::net::IpAddr;
use std::time::Duration;

/// How long a browser stays known.
pub const KNOWN_BROWSER_RETENTION: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// The client that sends a request.
#[derive(Debug, Clone, Default)]
pub struct Client {
    /// The address that the request comes from.
    pub address: Option<IpAddr>,
    /// The known browser's token, which it got at an earlier login.
    pub device: Option<String>,
}

impl Client {
    pub(super) fn device(&self) -> Option<Digest> {
        self.device.as_ref().map(|token| Digest::of(token.as_bytes()))
    }
}

impl Accounts {
    /// Returns the digest of the browser's token if the account knows the browser.
    pub(super) async fn known(&self, account: Option<&Account>, client: &Client) -> Result<Option<Digest>, CoreError> {
        let (Some(account), Some(device)) = (account, client.device()) else { return Ok(None) };
        let oldest = self.clock.now().before(KNOWN_BROWSER_RETENTION);
        let known = devices::is_known(&mut *self.store.read_few().await?, device, account.id, oldest).await?;
        Ok(known.then_some(device))
    }
}

/// Makes a browser known to an account, unless it is. Returns its token.
pub async fn remember(
    transaction: &mut Connection,
    account_id: i64,
    known: Option<Digest>,
    now: Timestamp,
) -> Result<Option<String>, CoreError> {
    if known.is_some() {
        return Ok(None);
    }
    let device = random_hex::<32>();
    let digest = Digest::of(device.as_bytes());
    devices::insert(transaction, digest, account_id, now, now.before(KNOWN_BROWSER_RETENTION)).await?;
    Ok(Some(device))
}
