//! Logins. Only the digests of their tokens are stored.

use super::Account;
use crate::store::cells::parse;
use crate::store::{Connection, StoreError, accounts};
use challengectl_common::{Digest, Timestamp};
use sqlx::FromRow;

/// A login with its account.
#[derive(Debug, Clone)]
pub struct Login {
    /// The digest of its token.
    pub digest: Digest,
    /// Its account, as it is now.
    pub account: Account,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to within a minute.
    pub seen_at: Timestamp,
}

/// Adds a login. A login that is not verified has given the password only.
pub async fn insert(
    connection: &mut Connection,
    digest: Digest,
    account_id: i64,
    verified: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO logins (digest, account_id, verified, created_at, seen_at) VALUES ($1, $2, $3, $4, $4)")
        .bind(digest.to_string())
        .bind(account_id)
        .bind(verified)
        .bind(now.as_millis())
        .execute(connection)
        .await?;
    Ok(())
}

/// Returns the login with this token.
pub async fn find(connection: &mut Connection, digest: Digest, verified: bool) -> Result<Option<Login>, StoreError> {
    #[derive(FromRow)]
    struct Row {
        account_id: i64,
        created_at: i64,
        seen_at: i64,
    }
    let row: Option<Row> =
        sqlx::query_as("SELECT account_id, created_at, seen_at FROM logins WHERE digest = $1 AND verified = $2")
            .bind(digest.to_string())
            .bind(verified)
            .fetch_optional(&mut *connection)
            .await?;
    let Some(row) = row else { return Ok(None) };
    // The account may have been deleted in between.
    let Some(account) = accounts::get(connection, row.account_id).await? else { return Ok(None) };
    let (created_at, seen_at) = (Timestamp::from_millis(row.created_at), Timestamp::from_millis(row.seen_at));
    Ok(Some(Login { digest, account, created_at, seen_at }))
}

/// Returns all verified logins, that is after password and code.
pub async fn verified(connection: &mut Connection) -> Result<Vec<Login>, StoreError> {
    let rows: Vec<(String, i64, i64, i64)> =
        sqlx::query_as("SELECT digest, account_id, created_at, seen_at FROM logins WHERE verified = 1")
            .fetch_all(&mut *connection)
            .await?;
    let accounts = accounts::all(connection).await?;
    let account = |id| accounts.iter().find(|account| account.id == id).cloned();
    rows.into_iter()
        .filter_map(|(digest, id, created_at, seen_at)| Some((digest, account(id)?, created_at, seen_at)))
        .map(|(digest, account, created_at, seen_at)| {
            let (created_at, seen_at) = (Timestamp::from_millis(created_at), Timestamp::from_millis(seen_at));
            Ok(Login { digest: parse(&digest, "digest")?, account, created_at, seen_at })
        })
        .collect()
}

/// Records that a login was used.
pub async fn touch(connection: &mut Connection, digest: Digest, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE logins SET seen_at = $1 WHERE digest = $2")
        .bind(now.as_millis())
        .bind(digest.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends a login.
pub async fn delete(connection: &mut Connection, digest: Digest) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM logins WHERE digest = $1").bind(digest.to_string()).execute(connection).await?;
    Ok(())
}

/// Ends all logins of an account, except `but`, its tokens, and its logins where challenges are deployed.
pub async fn end_of_account(
    connection: &mut Connection,
    account_id: i64,
    but: Option<Digest>,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM logins WHERE account_id = $1 AND digest <> $2")
        .bind(account_id)
        .bind(but.map(|digest| digest.to_string()).unwrap_or_default())
        .execute(&mut *connection)
        .await?;
    sqlx::query("DELETE FROM personal_tokens WHERE account_id = $1").bind(account_id).execute(&mut *connection).await?;
    sqlx::query("DELETE FROM player_logins WHERE account_id = $1").bind(account_id).execute(connection).await?;
    Ok(())
}

/// Expired logins that one new login deletes: more than one, so that they become fewer.
const BATCH: u32 = 100;

/// Deletes some expired logins: verified ones unused since `idle` or begun before `begun`, others begun before `owing`.
pub async fn trim(
    connection: &mut Connection,
    idle: Timestamp,
    begun: Timestamp,
    owing: Timestamp,
) -> Result<(), StoreError> {
    for (query, limit) in [
        (
            "DELETE FROM logins WHERE digest IN
                 (SELECT digest FROM logins WHERE verified = 1 AND seen_at <= $1 LIMIT $2)",
            idle,
        ),
        (
            "DELETE FROM logins WHERE digest IN
                 (SELECT digest FROM logins WHERE verified = 1 AND created_at <= $1 LIMIT $2)",
            begun,
        ),
        (
            "DELETE FROM logins WHERE digest IN
                 (SELECT digest FROM logins WHERE verified = 0 AND created_at <= $1 LIMIT $2)",
            owing,
        ),
    ] {
        sqlx::query(query).bind(limit.as_millis()).bind(BATCH).execute(&mut *connection).await?;
    }
    Ok(())
}
