//! Logins of players: an access token for requests, and a refresh token that is replaced by each use.

use super::{Player, Players, Team};
use crate::CoreError;
use crate::accounts::check::Checked;
use crate::accounts::client::remember;
use crate::accounts::{Client, Step};
use crate::secrets::random_hex;
use crate::store::players;
use crate::store::players::logins::{self, Login};
use crate::store::{self, Connection, accounts};
use challengectl_common::{AccountName, Digest, Timestamp};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// How long an access token is valid.
pub const ACCESS_LIFE: Duration = Duration::from_secs(15 * 60);
/// How long a refresh token is valid; a login that is not refreshed in this time ends.
pub const REFRESH_LIFE: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How long a login lasts at most, whoever refreshes it.
const MAX_LOGIN_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How long after its use a refresh token is refused without ending its login: two windows of one browser may send it at
/// once, and only over TLS do browsers let them take turns (`navigator.locks`). The one that comes second finds the new
/// tokens where the first has kept them.
///
/// The refusal has no tokens. If it had the new ones, a thief could follow a login for all of its life: use the stolen
/// access token until it is refused, which tells that the owner has just refreshed, and ask for the successors within
/// these seconds, each time; no token would ever be used twice later, which is how a theft is noticed (RFC 9700, section
/// 4.14.2). As it is, whoever has stolen a token that was replaced gets nothing for it, and ends the login by trying
/// after these seconds. Whoever uses it before its owner does has the login until the owner's next attempt after them,
/// which is up to these seconds later than without.
const REFRESH_GRACE: Duration = Duration::from_secs(10);
/// Logins of one player at a time; the oldest ends when there are more.
const MAX_LOGINS: u32 = 20;

/// The beginning of every access token.
pub(super) const ACCESS: &str = "cctl_access_";
/// The beginning of every refresh token.
const REFRESH: &str = "cctl_refresh_";

const REFUSED: CoreError =
    CoreError::Credentials("the refresh_token is unknown, expired or was used before; log in again");
const REPLACED: &str = "the refresh_token was replaced a moment ago; use the tokens of that answer";
const BANNED: &str = "this account is excluded from the event; ask the organisers";

/// The tokens of a login, shown once.
#[derive(Debug)]
pub struct Tokens {
    /// For requests.
    pub access: String,
    /// For new tokens, once.
    pub refresh: String,
}

/// An account that has just registered or logged in, with its tokens.
#[derive(Debug)]
pub struct Registered {
    /// The name of the account.
    pub name: AccountName,
    /// The team.
    pub team: Option<Team>,
    /// The tokens of the new login.
    pub tokens: Tokens,
    /// The token by which this client will be known; `None` if it was known before.
    pub device: Option<String>,
}

/// New tokens, with what is stored of them.
struct Drawn {
    shown: Tokens,
    stored: logins::Tokens,
}

/// Draws the tokens of a login that began at `since`. A refresh token is `cctl_refresh_FAMILY_SECRET`: by the family,
/// which is as secret as the rest, one that was used before is recognised without keeping any of them.
fn draw(family: &str, since: Timestamp, now: Timestamp) -> Drawn {
    let access = format!("{ACCESS}{}", random_hex::<32>());
    let refresh = format!("{REFRESH}{family}_{}", random_hex::<32>());
    let stored = logins::Tokens {
        access: Digest::of(access.as_bytes()),
        access_until: now.after(ACCESS_LIFE),
        refresh: Digest::of(refresh.as_bytes()),
        expires_at: now.after(REFRESH_LIFE).min(since.after(MAX_LOGIN_AGE)),
    };
    Drawn { shown: Tokens { access, refresh }, stored }
}

/// What a refresh token is to its login.
enum Standing {
    /// The valid one.
    Valid,
    /// Its predecessor, which was replaced within the grace.
    JustReplaced,
    /// An older one, or the login has expired.
    Over,
}

fn standing(login: &Login, shown: Digest, now: Timestamp) -> Standing {
    let was_just = |(digest, at): (Digest, Timestamp)| digest == shown && now.since(at) < REFRESH_GRACE;
    match login.replaced {
        _ if login.expires_at <= now => Standing::Over,
        _ if login.refresh == shown => Standing::Valid,
        Some(replaced) if was_just(replaced) => Standing::JustReplaced,
        _ => Standing::Over,
    }
}

/// Returns the family of a refresh token.
fn family(token: &str) -> Option<&str> {
    token.strip_prefix(REFRESH)?.split_once('_').map(|(family, _)| family)
}

impl Players {
    /// Verifies a password, and begins a login.
    ///
    /// # Errors
    /// [`CoreError::Credentials`], the same and after the same time for an unknown name, a wrong password and a
    /// disabled account; [`CoreError::Forbidden`] for a banned player with the right password.
    pub async fn log_in(
        self: &Arc<Self>,
        name: &str,
        password: String,
        client: &Client,
    ) -> Result<Registered, CoreError> {
        let checked = self.accounts.check_password(Step::Play, name, password, client).await?;
        let (this, client) = (Arc::clone(self), client.clone());
        self.context.run_to_completion(async move { this.enter(checked, &client).await }).await
    }

    async fn enter(&self, checked: Checked, client: &Client) -> Result<Registered, CoreError> {
        let (id, now) = (checked.account.id, self.context.clock.now());
        let mut transaction = self.context.store.write_for_players().await?;
        checked.is_still(&mut transaction).await?;
        let player = players::get(&mut transaction, id).await?.filter(|player| !player.banned);
        let player = player.ok_or_else(|| CoreError::Forbidden(BANNED.to_owned()))?;
        let tokens = self.begin_login(&mut transaction, id, client.address, now).await?;
        let device = remember(&mut transaction, id, checked.known, now).await?;
        store::commit(transaction).await?;
        Ok(Registered { name: player.name, team: player.team, tokens, device })
    }

    /// Begins a login, within a transaction.
    pub(super) async fn begin_login(
        &self,
        transaction: &mut Connection,
        account_id: i64,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Tokens, CoreError> {
        let family = random_hex::<16>();
        let Drawn { shown, stored } = draw(&family, now, now);
        let from_address = address.map(|address| address.to_string());
        let digest = Digest::of(family.as_bytes());
        logins::insert(transaction, account_id, digest, stored, now, from_address.as_deref()).await?;
        logins::trim(transaction, account_id, MAX_LOGINS, now).await?;
        accounts::logged_in(transaction, account_id, now).await?;
        Ok(shown)
    }

    /// Replaces the tokens of a login. A token that was used before ends the login: either its owner or a thief has the
    /// newer one, and nobody can tell which.
    ///
    /// # Errors
    /// [`CoreError::Credentials`] when the token is not the valid one of a login, [`CoreError::Conflict`] when it was
    /// replaced less than [`REFRESH_GRACE`] ago.
    pub async fn refresh(self: &Arc<Self>, token: &str) -> Result<Tokens, CoreError> {
        let family = family(token).ok_or(REFUSED)?.to_owned();
        // Looked up before, so that nonsense does not keep others from writing.
        let digest = Digest::of(family.as_bytes());
        logins::of_family(&mut *self.context.store.read_for_players().await?, digest).await?.ok_or(REFUSED)?;
        let (this, shown) = (Arc::clone(self), Digest::of(token.as_bytes()));
        self.context.run_to_completion(async move { this.rotate(&family, shown).await }).await
    }

    async fn rotate(&self, family: &str, shown: Digest) -> Result<Tokens, CoreError> {
        let mut transaction = self.context.store.write_for_players().await?;
        let now = self.context.clock.now();
        let login = logins::of_family(&mut transaction, Digest::of(family.as_bytes())).await?.ok_or(REFUSED)?;
        match standing(&login, shown, now) {
            Standing::Valid => {}
            Standing::JustReplaced => return Err(CoreError::Conflict(REPLACED.to_owned())),
            Standing::Over => {
                logins::delete(&mut transaction, login.id).await?;
                store::commit(transaction).await?;
                tracing::warn!(account = login.account_id, "a refresh token was refused; its login has ended");
                return Err(REFUSED);
            }
        }
        let player = players::get(&mut transaction, login.account_id).await?;
        player.filter(|player| player.active && !player.banned).ok_or(REFUSED)?;
        let Drawn { shown, stored } = draw(family, login.created_at, now);
        logins::rotate(&mut transaction, login.id, stored, now).await?;
        store::commit(transaction).await?;
        Ok(shown)
    }

    /// Ends the login of a player.
    ///
    /// # Errors
    /// [`CoreError::Forbidden`] when the request was made with another credential than a login's.
    pub async fn log_out(&self, player: &Player) -> Result<(), CoreError> {
        let login = player.login()?;
        let mut transaction = self.context.store.write_for_players().await?;
        logins::delete(&mut transaction, login).await?;
        Ok(store::commit(transaction).await?)
    }
}
