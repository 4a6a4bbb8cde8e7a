//! Personal tokens of players. Only their digests are stored.

use crate::store::cells::parse;
use crate::store::{Connection, StoreError};
use challengectl_common::{Digest, Timestamp, TokenName};

/// A personal token, without its secret.
#[derive(Debug, Clone)]
pub struct PersonalToken {
    /// The id, never reused.
    pub id: i64,
    /// What its owner calls it.
    pub name: TokenName,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// Adds a token. Returns its id.
pub async fn insert(
    connection: &mut Connection,
    account_id: i64,
    name: &TokenName,
    digest: Digest,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(
        "INSERT INTO personal_tokens (account_id, name, digest, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5) RETURNING id",
    )
    .bind(account_id)
    .bind(name.as_str())
    .bind(digest.to_string())
    .bind(now.as_millis())
    .bind(expires_at.as_millis())
    .fetch_one(connection)
    .await?)
}

/// Returns the tokens of an account, the newest first, also expired ones.
pub async fn of_account(connection: &mut Connection, account_id: i64) -> Result<Vec<PersonalToken>, StoreError> {
    let rows: Vec<(i64, String, i64, i64)> = sqlx::query_as(
        "SELECT id, name, created_at, expires_at FROM personal_tokens WHERE account_id = $1 ORDER BY id DESC",
    )
    .bind(account_id)
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|(id, name, created_at, expires_at)| {
            Ok(PersonalToken {
                id,
                name: parse(&name, "token name")?,
                created_at: Timestamp::from_millis(created_at),
                expires_at: Timestamp::from_millis(expires_at),
            })
        })
        .collect()
}

/// Returns the account of a valid token, and when it was made; `None` if there is none.
pub async fn account_of(
    connection: &mut Connection,
    digest: Digest,
    now: Timestamp,
) -> Result<Option<(i64, Timestamp)>, StoreError> {
    let row: Option<(i64, i64)> =
        sqlx::query_as("SELECT account_id, created_at FROM personal_tokens WHERE digest = $1 AND expires_at > $2")
            .bind(digest.to_string())
            .bind(now.as_millis())
            .fetch_optional(connection)
            .await?;
    Ok(row.map(|(account, at)| (account, Timestamp::from_millis(at))))
}

/// Deletes the expired tokens of an account.
pub async fn trim(connection: &mut Connection, account_id: i64, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM personal_tokens WHERE account_id = $1 AND expires_at <= $2")
        .bind(account_id)
        .bind(now.as_millis())
        .execute(connection)
        .await?;
    Ok(())
}

/// Deletes a token of an account. Returns its name; `None` if the account has none with this id.
pub async fn delete(connection: &mut Connection, account_id: i64, id: i64) -> Result<Option<TokenName>, StoreError> {
    let name: Option<String> =
        sqlx::query_scalar("DELETE FROM personal_tokens WHERE account_id = $1 AND id = $2 RETURNING name")
            .bind(account_id)
            .bind(id)
            .fetch_optional(connection)
            .await?;
    name.map(|name| parse(&name, "token name")).transpose()
}

/// Deletes all tokens of an account.
pub async fn delete_all(connection: &mut Connection, account_id: i64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM personal_tokens WHERE account_id = $1").bind(account_id).execute(connection).await?;
    Ok(())
}
