//! Named frequency ranges.

use crate::store::cells::{band, integer};
use crate::store::{Connection, StoreError};
use challengectl_common::challenge::NamedRange;

/// Returns all ranges, sorted by name.
pub async fn all(connection: &mut Connection) -> Result<Vec<NamedRange>, StoreError> {
    let rows: Vec<(String, Option<String>, i64, i64)> =
        sqlx::query_as("SELECT name, display_name, low, high FROM ranges ORDER BY name").fetch_all(connection).await?;
    let range = |(name, display_name, low, high)| Ok(NamedRange { name, display_name, band: band(low, high)? });
    rows.into_iter().map(range).collect()
}

/// Adds a range, or replaces the one of that name. Returns `false` if it is stored already.
pub async fn put(connection: &mut Connection, range: &NamedRange) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO ranges (name, display_name, low, high) VALUES ($1, $2, $3, $4)
         ON CONFLICT (name) DO UPDATE
             SET display_name = excluded.display_name, low = excluded.low, high = excluded.high
             WHERE display_name IS NOT excluded.display_name OR low <> excluded.low OR high <> excluded.high",
    )
    .bind(&range.name)
    .bind(&range.display_name)
    .bind(integer(range.band.low()))
    .bind(integer(range.band.high()))
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
