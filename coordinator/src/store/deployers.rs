//! Accounts that deploy, with the role that they have there.

use super::cells::{corrupt, parse};
use super::{Connection, StoreError};
use challengectl_common::{AccountName, Digest, Timestamp};
use sqlx::FromRow;

/// An account that deploys.
#[derive(Debug, Clone)]
pub struct Deployer {
    /// The account.
    pub account_id: i64,
    /// What its front calls it.
    pub key: String,
    /// The name of the account.
    pub name: AccountName,
    /// Unique, whatever its capitals; `None`: an account of the event that has logged in here.
    pub email: Option<String>,
    /// A part of the deployers, which admins are bound to.
    pub zone: String,
    /// The role.
    pub role: DeployerRole,
    /// Whether the account is enabled.
    pub active: bool,
    /// The number of its team in all challenges, if it was given one of its own.
    pub team: Option<u32>,
    /// The number of the team that it plays for.
    pub slot: Option<u32>,
    /// Whether the account was made here, and is managed here.
    pub is_own: bool,
}

/// What an account may do where challenges are deployed, and nowhere else. Each includes the rights of those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeployerRole {
    /// Sees challenges, and reaches instances.
    User,
    /// Also manages the users of its zone.
    Admin,
    /// Also manages challenges, and everybody.
    Master,
}

impl DeployerRole {
    /// Its name in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
            Self::Master => "master",
        }
    }
}

#[derive(FromRow)]
struct Row {
    account_id: i64,
    key: String,
    name: String,
    email: Option<String>,
    zone: String,
    role: String,
    enabled: bool,
    team: Option<u32>,
    slot: Option<u32>,
}

impl TryFrom<Row> for Deployer {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let all = [DeployerRole::User, DeployerRole::Admin, DeployerRole::Master];
        let role = all.into_iter().find(|role| role.as_str() == row.role);
        Ok(Self {
            account_id: row.account_id,
            key: row.key,
            name: parse(&row.name, "user name")?,
            is_own: row.email.is_some(),
            email: row.email,
            zone: row.zone,
            role: role.ok_or_else(|| corrupt("role of a deployer", &row.role))?,
            active: row.enabled,
            team: row.team,
            slot: row.slot,
        })
    }
}

const SELECT: &str =
    "SELECT deployers.account_id, key, accounts.name, email, deployers.zone, deployers.role, enabled, team, slot
     FROM deployers JOIN accounts ON accounts.id = deployers.account_id
         LEFT JOIN players ON players.account_id = deployers.account_id LEFT JOIN teams ON teams.id = players.team_id";

impl Deployer {
    /// Returns the number of the team whose instances it sees alone; `None`: it sees those of all teams.
    #[must_use]
    pub fn sees(&self) -> Option<u32> {
        self.team.or(self.slot)
    }
}

/// Returns all of them, or those of a zone, the oldest first.
pub async fn all(connection: &mut Connection, zone: Option<&str>) -> Result<Vec<Deployer>, StoreError> {
    let query = format!("{SELECT} WHERE $1 IS NULL OR deployers.zone = $1 ORDER BY deployers.account_id");
    let rows: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(zone).fetch_all(connection).await?;
    rows.into_iter().map(Deployer::try_from).collect()
}

/// Returns the one with this key.
pub async fn find(connection: &mut Connection, key: &str) -> Result<Option<Deployer>, StoreError> {
    let query = format!("{SELECT} WHERE key = $1");
    let row: Option<Row> = sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(key).fetch_optional(connection).await?;
    row.map(Deployer::try_from).transpose()
}

/// Returns the one of this account.
pub async fn of_account(connection: &mut Connection, account: i64) -> Result<Option<Deployer>, StoreError> {
    let query = format!("{SELECT} WHERE deployers.account_id = $1");
    let row: Option<Row> = sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(account).fetch_optional(connection).await?;
    row.map(Deployer::try_from).transpose()
}

/// Returns whether there is a master, also an inactive one.
pub async fn has_master(connection: &mut Connection) -> Result<bool, StoreError> {
    let query = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM deployers WHERE role = 'master')");
    Ok(query.fetch_one(connection).await?)
}

/// Returns the number of active masters.
pub async fn active_masters(connection: &mut Connection) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(
        "SELECT count(*) FROM deployers JOIN accounts ON accounts.id = account_id
         WHERE deployers.role = 'master' AND enabled = 1",
    )
    .fetch_one(connection)
    .await?)
}

/// Returns whether another account than this one has this email, whatever its capitals.
pub async fn is_email_taken(connection: &mut Connection, email: &str, account: i64) -> Result<bool, StoreError> {
    let taken = "SELECT EXISTS (SELECT 1 FROM deployers WHERE lower(email) = lower($1) AND account_id <> $2)";
    Ok(sqlx::query_scalar(taken).bind(email).bind(account).fetch_one(connection).await?)
}

/// Adds what an account has here; fails if the email is taken.
pub async fn insert(connection: &mut Connection, new: &Deployer) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO deployers (account_id, key, email, zone, role) VALUES ($1, $2, $3, $4, $5)")
        .bind(new.account_id)
        .bind(&new.key)
        .bind(&new.email)
        .bind(&new.zone)
        .bind(new.role.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Writes what changes; fails if the email is taken.
pub async fn update(connection: &mut Connection, it: &Deployer) -> Result<(), StoreError> {
    sqlx::query("UPDATE deployers SET email = $2, zone = $3, role = $4, team = $5 WHERE account_id = $1")
        .bind(it.account_id)
        .bind(&it.email)
        .bind(&it.zone)
        .bind(it.role.as_str())
        .bind(it.team)
        .execute(connection)
        .await?;
    Ok(())
}

/// Returns the account of an access token that is valid now.
pub async fn of_access(
    connection: &mut Connection,
    digest: Digest,
    now: Timestamp,
) -> Result<Option<Deployer>, StoreError> {
    let query = format!(
        "{SELECT} JOIN player_logins ON player_logins.account_id = deployers.account_id
         WHERE player_logins.access = $1 AND access_until > $2 AND enabled = 1"
    );
    let row: Option<Row> = sqlx::query_as(sqlx::AssertSqlSafe(query))
        .bind(digest.to_string())
        .bind(now.as_millis())
        .fetch_optional(connection)
        .await?;
    row.map(Deployer::try_from).transpose()
}
