//! Players: what their accounts have beside the password.

pub mod logins;
pub mod personal_tokens;
pub mod teams;

use crate::store::cells::{parse, timestamp};
use crate::store::log::history::Page;
use crate::store::{Connection, StoreError};
use challengectl_common::{AccountName, Digest, Timestamp, ZoneName};
use sqlx::FromRow;
use teams::Team;

/// A player as stored.
#[derive(Debug, Clone)]
pub struct Player {
    /// The id of the account, never reused.
    pub account_id: i64,
    /// The name of the account.
    pub name: AccountName,
    /// Whether the account is enabled.
    pub active: bool,
    /// Whether the player is excluded from the event.
    pub banned: bool,
    /// The zone, as operators have set it.
    pub zone: Option<ZoneName>,
    /// The team.
    pub team: Option<Team>,
    /// When the account was made.
    pub created_at: Timestamp,
    /// The time of the last login.
    pub last_login: Option<Timestamp>,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    name: String,
    enabled: bool,
    banned: bool,
    zone: Option<String>,
    created_at: i64,
    last_login: Option<i64>,
    team_id: Option<i64>,
}

const SELECT: &str = "SELECT accounts.id, accounts.name, enabled, players.banned, players.zone, accounts.created_at,
         last_login, team_id
     FROM accounts JOIN players ON players.account_id = accounts.id";

async fn completed(connection: &mut Connection, row: Row) -> Result<Player, StoreError> {
    let team = match row.team_id {
        Some(id) => teams::get(connection, id).await?,
        None => None,
    };
    Ok(Player {
        account_id: row.id,
        name: parse(&row.name, "user name")?,
        active: row.enabled,
        banned: row.banned,
        zone: row.zone.map(|zone| parse(&zone, "zone")).transpose()?,
        team,
        created_at: Timestamp::from_millis(row.created_at),
        last_login: timestamp(row.last_login),
    })
}

/// Returns the player with this account; `None` if it is no player.
pub async fn get(connection: &mut Connection, account_id: i64) -> Result<Option<Player>, StoreError> {
    let row: Option<Row> = sqlx::query_as(sqlx::AssertSqlSafe(format!("{SELECT} WHERE accounts.id = $1")))
        .bind(account_id)
        .fetch_optional(&mut *connection)
        .await?;
    match row {
        Some(row) => completed(connection, row).await.map(Some),
        None => Ok(None),
    }
}

/// Returns the player of this name, whatever its capitals.
pub async fn find(connection: &mut Connection, name: &AccountName) -> Result<Option<Player>, StoreError> {
    let id: Option<i64> = sqlx::query_scalar("SELECT id FROM accounts WHERE lower(name) = lower($1)")
        .bind(name.as_str())
        .fetch_optional(&mut *connection)
        .await?;
    match id {
        Some(id) => get(connection, id).await,
        None => Ok(None),
    }
}

/// Returns a page of all players, sorted by name.
pub async fn list(connection: &mut Connection, page: Page) -> Result<Vec<Player>, StoreError> {
    let rows: Vec<Row> =
        sqlx::query_as(sqlx::AssertSqlSafe(format!("{SELECT} ORDER BY lower(accounts.name) LIMIT $1 OFFSET $2")))
            .bind(super::cells::integer(page.limit))
            .bind(super::cells::integer(page.offset))
            .fetch_all(&mut *connection)
            .await?;
    let mut players = Vec::new();
    for row in rows {
        players.push(completed(connection, row).await?);
    }
    Ok(players)
}

/// Returns the number of all players.
pub async fn count(connection: &mut Connection) -> Result<u64, StoreError> {
    Ok(sqlx::query_scalar("SELECT count(*) FROM players").fetch_one(connection).await?)
}

/// Makes an account a player, who is in no team.
pub async fn insert(connection: &mut Connection, account_id: i64) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO players (account_id) VALUES ($1)").bind(account_id).execute(connection).await?;
    Ok(())
}

/// Sets the team of a player.
pub async fn set_team(connection: &mut Connection, account_id: i64, team: Option<i64>) -> Result<(), StoreError> {
    sqlx::query("UPDATE players SET team_id = $1 WHERE account_id = $2")
        .bind(team)
        .bind(account_id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Writes what operators set of a player.
pub async fn update(connection: &mut Connection, player: &Player) -> Result<(), StoreError> {
    sqlx::query("UPDATE players SET zone = $1, banned = $2 WHERE account_id = $3")
        .bind(player.zone.as_ref().map(ZoneName::as_str))
        .bind(player.banned)
        .bind(player.account_id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Returns the account and the login of this access token, if it is still valid.
pub async fn of_access(
    connection: &mut Connection,
    access: Digest,
    now: Timestamp,
) -> Result<Option<(Player, i64)>, StoreError> {
    let found: Option<(i64, i64)> =
        sqlx::query_as("SELECT account_id, id FROM player_logins WHERE access = $1 AND access_until > $2")
            .bind(access.to_string())
            .bind(now.as_millis())
            .fetch_optional(&mut *connection)
            .await?;
    let Some((account, login)) = found else { return Ok(None) };
    Ok(get(connection, account).await?.map(|player| (player, login)))
}

/// Returns the account of this personal token, if it is still valid.
pub async fn of_personal(
    connection: &mut Connection,
    digest: Digest,
    now: Timestamp,
) -> Result<Option<Player>, StoreError> {
    let account: Option<i64> =
        sqlx::query_scalar("SELECT account_id FROM personal_tokens WHERE digest = $1 AND expires_at > $2")
            .bind(digest.to_string())
            .bind(now.as_millis())
            .fetch_optional(&mut *connection)
            .await?;
    match account {
        Some(account) => get(connection, account).await,
        None => Ok(None),
    }
}
