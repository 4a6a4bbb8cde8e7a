//! Hints that owners have unlocked.

use crate::session::Owner;
use crate::store::{Connection, StoreError};
use challengectl_common::Timestamp;

/// A hint that an owner has unlocked.
#[derive(Debug, Clone)]
pub struct Unlock {
    /// Never reused.
    pub id: i64,
    /// The hint.
    pub hint_id: i64,
    /// The team or account.
    pub owner: Owner,
    /// What it cost then.
    pub cost: u32,
    /// When it was.
    pub at: Timestamp,
}

type Row = (i64, i64, String, u32, i64);

fn unlock((id, hint_id, owner, cost, at): Row) -> Unlock {
    Unlock { id, hint_id, owner: Owner::stored(owner), cost, at: Timestamp::from_millis(at) }
}

/// Records that an owner unlocks a hint by an account. Returns its id; `None` if the owner had done so before.
pub async fn record(
    connection: &mut Connection,
    hint: i64,
    owner: &Owner,
    who: &str,
    cost: u32,
    at: Timestamp,
) -> Result<Option<i64>, StoreError> {
    let query = sqlx::query_scalar(
        "INSERT INTO unlocks (hint_id, owner, who, cost, at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (hint_id, owner) DO NOTHING RETURNING id",
    );
    let query = query.bind(hint).bind(owner.as_str()).bind(who).bind(cost).bind(at.as_millis());
    Ok(query.fetch_optional(connection).await?)
}

/// Returns what an owner has unlocked.
pub async fn of_owner(connection: &mut Connection, owner: &Owner) -> Result<Vec<Unlock>, StoreError> {
    let rows: Vec<Row> =
        sqlx::query_as("SELECT id, hint_id, owner, cost, at FROM unlocks WHERE owner = $1 ORDER BY id")
            .bind(owner.as_str())
            .fetch_all(connection)
            .await?;
    Ok(rows.into_iter().map(unlock).collect())
}

/// Returns everything that was unlocked.
pub async fn all(connection: &mut Connection) -> Result<Vec<Unlock>, StoreError> {
    let rows: Vec<Row> =
        sqlx::query_as("SELECT id, hint_id, owner, cost, at FROM unlocks ORDER BY id").fetch_all(connection).await?;
    Ok(rows.into_iter().map(unlock).collect())
}
