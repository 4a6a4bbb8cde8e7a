//! Teams.

use crate::session::Owner;
use crate::store::cells::{integer, parse};
use crate::store::log::history::Page;
use crate::store::{Connection, StoreError};
use challengectl_common::{AccountName, Digest, TeamName, Timestamp, ZoneName};
use sqlx::FromRow;

/// A team as stored.
#[derive(Debug, Clone)]
pub struct Team {
    /// The id, never reused.
    pub id: i64,
    /// The name.
    pub name: TeamName,
    /// The zone, as operators have set it.
    pub zone: Option<ZoneName>,
    /// Whether it takes part.
    pub active: bool,
    /// Whether it is excluded from the event.
    pub banned: bool,
    /// Its number in the challenges that are deployed for teams.
    pub slot: Option<u32>,
    /// When it was made.
    pub created_at: Timestamp,
    /// The number of its members.
    pub members: u32,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    name: String,
    zone: Option<String>,
    active: bool,
    banned: bool,
    slot: Option<u32>,
    created_at: i64,
    members: u32,
}

impl TryFrom<Row> for Team {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            name: parse(&row.name, "team name")?,
            zone: row.zone.map(|zone| parse(&zone, "zone")).transpose()?,
            active: row.active,
            banned: row.banned,
            slot: row.slot,
            created_at: Timestamp::from_millis(row.created_at),
            members: row.members,
        })
    }
}

const SELECT: &str = "SELECT id, name, zone, active, banned, slot, created_at,
         (SELECT count(*) FROM players WHERE team_id = teams.id) AS members
     FROM teams";

/// Returns the team with this id.
pub async fn get(connection: &mut Connection, id: i64) -> Result<Option<Team>, StoreError> {
    let row: Option<Row> = sqlx::query_as(sqlx::AssertSqlSafe(format!("{SELECT} WHERE id = $1")))
        .bind(id)
        .fetch_optional(connection)
        .await?;
    row.map(Team::try_from).transpose()
}

/// Returns the team with this join code.
pub async fn of_code(connection: &mut Connection, code: Digest) -> Result<Option<Team>, StoreError> {
    let row: Option<Row> = sqlx::query_as(sqlx::AssertSqlSafe(format!("{SELECT} WHERE join_code = $1")))
        .bind(code.to_string())
        .fetch_optional(connection)
        .await?;
    row.map(Team::try_from).transpose()
}

/// Returns a page of all teams, the oldest first.
pub async fn list(connection: &mut Connection, page: Page) -> Result<Vec<Team>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(format!("{SELECT} ORDER BY id LIMIT $1 OFFSET $2")))
        .bind(integer(page.limit))
        .bind(integer(page.offset))
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(Team::try_from).collect()
}

/// Returns the number of all teams.
pub async fn count(connection: &mut Connection) -> Result<u64, StoreError> {
    Ok(sqlx::query_scalar("SELECT count(*) FROM teams").fetch_one(connection).await?)
}

/// Returns the names of the members of a team, sorted.
pub async fn members(connection: &mut Connection, id: i64) -> Result<Vec<AccountName>, StoreError> {
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT accounts.name FROM players JOIN accounts ON accounts.id = players.account_id
         WHERE team_id = $1 ORDER BY lower(accounts.name)",
    )
    .bind(id)
    .fetch_all(connection)
    .await?;
    names.iter().map(|name| parse(name, "user name")).collect()
}

/// Adds a team without members. Returns its id; `None` if there is a team whose name looks like it.
pub async fn insert(
    connection: &mut Connection,
    name: &TeamName,
    look: &str,
    code: Digest,
    now: Timestamp,
) -> Result<Option<i64>, StoreError> {
    Ok(sqlx::query_scalar(
        "INSERT INTO teams (name, look, join_code, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (look) DO NOTHING RETURNING id",
    )
    .bind(name.as_str())
    .bind(look)
    .bind(code.to_string())
    .bind(now.as_millis())
    .fetch_optional(connection)
    .await?)
}

/// Replaces the join code of a team.
pub async fn set_code(connection: &mut Connection, id: i64, code: Digest) -> Result<(), StoreError> {
    sqlx::query("UPDATE teams SET join_code = $1 WHERE id = $2")
        .bind(code.to_string())
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Returns whether another team than this one has a slot.
pub async fn has_slot(connection: &mut Connection, slot: u32, id: i64) -> Result<bool, StoreError> {
    let taken = "SELECT EXISTS (SELECT 1 FROM teams WHERE slot = $1 AND id <> $2)";
    Ok(sqlx::query_scalar(taken).bind(slot).bind(id).fetch_one(connection).await?)
}

/// Writes what operators set of a team. Returns `false` if there is another team whose name looks like this one's.
pub async fn update(connection: &mut Connection, team: &Team, look: &str) -> Result<bool, StoreError> {
    let written = sqlx::query(
        "UPDATE OR IGNORE teams SET name = $1, look = $2, zone = $3, active = $4, banned = $5, slot = $6 WHERE id = $7",
    )
    .bind(team.name.as_str())
    .bind(look)
    .bind(team.zone.as_ref().map(ZoneName::as_str))
    .bind(team.active)
    .bind(team.banned)
    .bind(team.slot)
    .bind(team.id)
    .execute(connection)
    .await?;
    Ok(written.rows_affected() == 1)
}

/// Deletes a team that has no members and has never played; its name can be taken again.
pub async fn delete_unused(connection: &mut Connection, id: i64) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM teams WHERE id = $1
             AND NOT EXISTS (SELECT 1 FROM players WHERE team_id = $1)
             AND NOT EXISTS (SELECT 1 FROM sessions WHERE owner = $2)
             AND NOT EXISTS (SELECT 1 FROM solves WHERE owner = $2)",
    )
    .bind(id)
    .bind(Owner::team(id).as_str())
    .execute(connection)
    .await?;
    Ok(())
}

/// Returns the zones that teams and players are in.
pub async fn zones(connection: &mut Connection) -> Result<Vec<ZoneName>, StoreError> {
    let zones: Vec<String> = sqlx::query_scalar(
        "SELECT zone FROM teams WHERE zone IS NOT NULL UNION SELECT zone FROM players WHERE zone IS NOT NULL
         ORDER BY 1",
    )
    .fetch_all(connection)
    .await?;
    zones.iter().map(|zone| parse(zone, "zone")).collect()
}
