//! The conference.

use crate::store::cells::{corrupt, parse, timestamp};
use crate::store::{Connection, StoreError};
use challengectl_common::conference::TimeOfDay;
use challengectl_common::{Conference, ConferenceChange, ConferenceName, Timestamp};
use sqlx::FromRow;

/// The kind of value, in errors.
const CONFERENCE: &str = "conference";

/// Reads the conference.
pub async fn read(connection: &mut Connection) -> Result<Conference, StoreError> {
    #[derive(FromRow)]
    struct Row {
        name: Option<String>,
        start_at: Option<i64>,
        stop_at: Option<i64>,
        timezone: String,
        day_start: Option<String>,
        day_end: Option<String>,
        auto_pause: bool,
    }
    let row: Row = sqlx::query_as(
        "SELECT name, start_at, stop_at, timezone, day_start, day_end, auto_pause FROM conference WHERE id = 1",
    )
    .fetch_one(connection)
    .await?;
    let time = |text: Option<String>| text.map(|text| parse::<TimeOfDay>(&text, CONFERENCE)).transpose();
    let all = ConferenceChange {
        name: Some(row.name.map(|name| parse(&name, CONFERENCE)).transpose()?),
        start: Some(timestamp(row.start_at)),
        stop: Some(timestamp(row.stop_at)),
        timezone: Some(parse(&row.timezone, CONFERENCE)?),
        day_start: Some(time(row.day_start)?),
        day_end: Some(time(row.day_end)?),
        auto_pause: Some(row.auto_pause),
    };
    Conference::default().with(all).map_err(|error| corrupt(CONFERENCE, &error))
}

/// Replaces the conference.
pub async fn write(connection: &mut Connection, conference: &Conference) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE conference SET name = $1, start_at = $2, stop_at = $3, timezone = $4, day_start = $5, day_end = $6,
             auto_pause = $7
         WHERE id = 1",
    )
    .bind(conference.name().map(ConferenceName::as_str))
    .bind(conference.start().map(Timestamp::as_millis))
    .bind(conference.stop().map(Timestamp::as_millis))
    .bind(conference.timezone().name())
    .bind(conference.day_start().map(|time| time.to_string()))
    .bind(conference.day_end().map(|time| time.to_string()))
    .bind(conference.auto_pause())
    .execute(connection)
    .await?;
    Ok(())
}
