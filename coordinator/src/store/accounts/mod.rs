//! Accounts.

pub mod devices;
pub mod logins;
pub mod recovery;
pub mod setup;

use crate::store::cells::{parse, timestamp};
use crate::store::{Connection, StoreError};
use challengectl_common::{AccountName, Timestamp};
use sqlx::FromRow;

/// An account as it is stored. The role is text here; `Role` gives it its meaning.
#[derive(Debug, Clone)]
pub struct Account {
    /// Never reused.
    pub id: i64,
    /// The name, unique whatever its capitals.
    pub name: AccountName,
    /// The name of its role.
    pub role: String,
    /// Whether it is enabled.
    pub enabled: bool,
    /// The PHC string of its password.
    pub password: String,
    /// The sealed TOTP secret; empty for a player.
    pub totp_secret: Vec<u8>,
    /// Whether a first code was given.
    pub totp_confirmed: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// The time of its last login.
    pub last_login: Option<Timestamp>,
    /// The account that made it, while that exists.
    pub made_by: Option<i64>,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    name: String,
    role: String,
    enabled: bool,
    password: String,
    totp_secret: Vec<u8>,
    totp_confirmed: bool,
    created_at: i64,
    last_login: Option<i64>,
    made_by: Option<i64>,
}

impl TryFrom<Row> for Account {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            name: parse(&row.name, "user name")?,
            role: row.role,
            enabled: row.enabled,
            password: row.password,
            totp_secret: row.totp_secret,
            totp_confirmed: row.totp_confirmed,
            created_at: Timestamp::from_millis(row.created_at),
            last_login: timestamp(row.last_login),
            made_by: row.made_by,
        })
    }
}

const COLUMNS: &str =
    "id, name, role, enabled, password, totp_secret, totp_confirmed, created_at, last_login, made_by FROM accounts";

/// Returns all accounts except those of players, sorted by name.
pub async fn all(connection: &mut Connection) -> Result<Vec<Account>, StoreError> {
    let query = format!("SELECT {COLUMNS} WHERE role <> 'player' ORDER BY lower(name)");
    let rows: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(query)).fetch_all(connection).await?;
    rows.into_iter().map(Account::try_from).collect()
}

/// Returns the account with this name, whatever its capitals.
pub async fn find(connection: &mut Connection, name: &AccountName) -> Result<Option<Account>, StoreError> {
    let row: Option<Row> =
        sqlx::query_as(sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} WHERE lower(name) = lower($1)")))
            .bind(name.as_str())
            .fetch_optional(connection)
            .await?;
    row.map(Account::try_from).transpose()
}

/// Returns the account with this id.
pub async fn get(connection: &mut Connection, id: i64) -> Result<Option<Account>, StoreError> {
    let row: Option<Row> = sqlx::query_as(sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} WHERE id = $1")))
        .bind(id)
        .fetch_optional(connection)
        .await?;
    row.map(Account::try_from).transpose()
}

/// A new account.
#[derive(Debug, Clone, Copy)]
pub struct NewAccount<'a> {
    /// Its name.
    pub name: &'a AccountName,
    /// The name of its role.
    pub role: &'a str,
    /// The PHC string of its password.
    pub password: &'a str,
    /// The sealed TOTP secret.
    pub totp_secret: &'a [u8],
    /// The account that makes it; `None` at the command line.
    pub made_by: Option<i64>,
}

/// Adds an account. Returns its id; `None` if the name is taken.
pub async fn insert(
    connection: &mut Connection,
    account: NewAccount<'_>,
    now: Timestamp,
) -> Result<Option<i64>, StoreError> {
    Ok(sqlx::query_scalar(
        "INSERT INTO accounts (name, role, password, totp_secret, created_at, made_by) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT DO NOTHING RETURNING id",
    )
    .bind(account.name.as_str())
    .bind(account.role)
    .bind(account.password)
    .bind(account.totp_secret)
    .bind(now.as_millis())
    .bind(account.made_by)
    .fetch_optional(connection)
    .await?)
}

/// Deletes an account with its logins, codes and known browsers.
pub async fn delete(connection: &mut Connection, id: i64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM accounts WHERE id = $1").bind(id).execute(connection).await?;
    Ok(())
}

/// Enables or disables an account.
pub async fn set_enabled(connection: &mut Connection, id: i64, enabled: bool) -> Result<(), StoreError> {
    sqlx::query("UPDATE accounts SET enabled = $1 WHERE id = $2").bind(enabled).bind(id).execute(connection).await?;
    Ok(())
}

/// Sets the role of an account.
pub async fn set_role(connection: &mut Connection, id: i64, role: &str) -> Result<(), StoreError> {
    sqlx::query("UPDATE accounts SET role = $1 WHERE id = $2").bind(role).bind(id).execute(connection).await?;
    Ok(())
}

/// Sets the password of an account.
pub async fn set_password(connection: &mut Connection, id: i64, password: &str) -> Result<(), StoreError> {
    sqlx::query("UPDATE accounts SET password = $1 WHERE id = $2").bind(password).bind(id).execute(connection).await?;
    Ok(())
}

/// Replaces the TOTP secret of an account, which has to be confirmed by a first code. The recovery codes are deleted.
pub async fn set_totp(connection: &mut Connection, id: i64, secret: &[u8]) -> Result<(), StoreError> {
    sqlx::query("UPDATE accounts SET totp_secret = $1, totp_confirmed = 0, totp_last_step = 0 WHERE id = $2")
        .bind(secret)
        .bind(id)
        .execute(&mut *connection)
        .await?;
    recovery::clear(connection, id).await
}

/// Uses up the codes of all time steps up to this one. Returns `false` if they were used up before.
pub async fn use_step(connection: &mut Connection, id: i64, step: i64) -> Result<bool, StoreError> {
    let used = sqlx::query("UPDATE accounts SET totp_last_step = $1 WHERE id = $2 AND totp_last_step < $1")
        .bind(step)
        .bind(id)
        .execute(connection)
        .await?;
    Ok(used.rows_affected() == 1)
}

/// Records that a first code was given.
pub async fn confirm(connection: &mut Connection, id: i64) -> Result<(), StoreError> {
    sqlx::query("UPDATE accounts SET totp_confirmed = 1 WHERE id = $1").bind(id).execute(connection).await?;
    Ok(())
}

/// Records a login.
pub async fn logged_in(connection: &mut Connection, id: i64, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE accounts SET last_login = $1 WHERE id = $2")
        .bind(now.as_millis())
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Returns whether there is any account. Each but those of players has a sealed secret.
pub async fn are_there(connection: &mut Connection) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM accounts)").fetch_one(connection).await?)
}
