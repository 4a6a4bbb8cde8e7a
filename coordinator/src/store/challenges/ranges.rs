//! Named frequency ranges.

use crate::store::cells::{band, integer};
use crate::store::{Connection, StoreError};
use challengectl_common::Band;
use challengectl_common::challenge::NamedRange;
use challengectl_event::well_known_ranges;
use sqlx::FromRow;
use std::collections::BTreeMap;
use std::num::NonZeroU32;

/// Returns all ranges, sorted by name.
pub async fn all(connection: &mut Connection) -> Result<Vec<NamedRange>, StoreError> {
    #[derive(FromRow)]
    struct Row {
        name: String,
        display_name: Option<String>,
        low: i64,
        high: i64,
        raster: Option<u32>,
    }
    let rows: Vec<Row> = sqlx::query_as("SELECT name, display_name, low, high, raster FROM ranges ORDER BY name")
        .fetch_all(connection)
        .await?;
    let range = |Row { name, display_name, low, high, raster }| {
        Ok(NamedRange { name, display_name, band: band(low, high)?, raster_hz: raster.and_then(NonZeroU32::new) })
    };
    rows.into_iter().map(range).collect()
}

/// The bands of ranges, by name.
pub type RangeBands = BTreeMap<String, Band>;

/// Returns the bands of all ranges, including those that every event knows.
pub async fn bands(connection: &mut Connection) -> Result<RangeBands, StoreError> {
    // The event's own definition of a well-known name comes last, and counts.
    Ok(bands_of(well_known_ranges().chain(all(connection).await?)))
}

/// Returns the bands of these ranges; of two with one name, that of the last.
pub fn bands_of(ranges: impl IntoIterator<Item = NamedRange>) -> RangeBands {
    ranges.into_iter().map(|range| (range.name, range.band)).collect()
}

/// Adds a range, or replaces the one of that name. Returns `false` if it is stored already.
pub async fn put(connection: &mut Connection, range: &NamedRange) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO ranges (name, display_name, low, high, raster) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (name) DO UPDATE
             SET display_name = excluded.display_name, low = excluded.low, high = excluded.high, raster = excluded.raster
             WHERE display_name IS NOT excluded.display_name OR low <> excluded.low OR high <> excluded.high
                 OR raster IS NOT excluded.raster",
    )
    .bind(&range.name)
    .bind(&range.display_name)
    .bind(integer(range.band.low()))
    .bind(integer(range.band.high()))
    .bind(range.raster_hz.map(NonZeroU32::get))
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
