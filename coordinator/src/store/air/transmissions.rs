//! Transmissions: the record of every time on air.

use crate::store::cells::{band, frequency, integer, parse};
use crate::store::{Connection, StoreError};
use challengectl_common::{Band, ChallengeName, Frequency, RadioId, RunnerId, Timestamp};
use sqlx::FromRow;

/// The status of a transmission. All but `Planned` are final.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum TransmissionStatus {
    Planned,
    Success,
    Failed,
    Aborted,
}

impl TransmissionStatus {
    /// Returns the status's name in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Aborted => "aborted",
        }
    }
}

/// A transmission that is about to happen.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the columns have the same names")]
pub struct Plan<'a> {
    pub assignment_id: i64,
    pub challenge_id: i64,
    pub challenge_name: &'a ChallengeName,
    pub runner_id: &'a RunnerId,
    pub radio_id: &'a RadioId,
    pub frequency: Frequency,
    pub modulation: &'a str,
    pub simulated: bool,
    pub planned_at: Timestamp,
}

/// How a transmission ended.
#[derive(Debug, Clone, Copy)]
pub struct Ending<'a> {
    /// The final status.
    pub status: TransmissionStatus,
    /// When the carrier went on; `None` if it did not.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Timestamp,
    /// The error message.
    pub error: Option<&'a str>,
}

/// Adds a planned transmission.
pub async fn plan(connection: &mut Connection, plan: Plan<'_>) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO transmissions (assignment_id, challenge_id, challenge_name, runner_id, radio_id, frequency,
             modulation, status, planned_at, simulated)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(plan.assignment_id)
    .bind(plan.challenge_id)
    .bind(plan.challenge_name.as_str())
    .bind(plan.runner_id.as_str())
    .bind(plan.radio_id.as_str())
    .bind(integer(plan.frequency.hz()))
    .bind(plan.modulation)
    .bind(TransmissionStatus::Planned.as_str())
    .bind(plan.planned_at.as_millis())
    .bind(plan.simulated)
    .execute(connection)
    .await?;
    Ok(())
}

/// A transmission that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns have the same names")]
pub struct Ended {
    pub challenge_id: i64,
    pub challenge_name: ChallengeName,
    pub modulation: String,
    pub runner_id: RunnerId,
    pub radio_id: RadioId,
    pub frequency: Frequency,
    pub simulated: bool,
}

/// Records how the transmission of an assignment ended. Returns the transmission.
pub async fn end(connection: &mut Connection, assignment_id: i64, ending: Ending<'_>) -> Result<Ended, StoreError> {
    #[derive(FromRow)]
    struct Row {
        challenge_id: i64,
        challenge_name: String,
        modulation: String,
        runner_id: String,
        radio_id: String,
        frequency: i64,
        simulated: bool,
    }
    let row: Row = sqlx::query_as(
        "UPDATE transmissions SET status = $1, started_at = $2, ended_at = $3, error = $4 WHERE assignment_id = $5
         RETURNING challenge_id, challenge_name, modulation, runner_id, radio_id, frequency, simulated",
    )
    .bind(ending.status.as_str())
    .bind(ending.started_at.map(Timestamp::as_millis))
    .bind(ending.ended_at.as_millis())
    .bind(ending.error)
    .bind(assignment_id)
    .fetch_one(connection)
    .await?;
    Ok(Ended {
        challenge_id: row.challenge_id,
        challenge_name: ChallengeName::stored(row.challenge_name),
        modulation: row.modulation,
        runner_id: parse(&row.runner_id, "runner id")?,
        radio_id: parse(&row.radio_id, "radio id")?,
        frequency: frequency(row.frequency)?,
        simulated: row.simulated,
    })
}

/// A transmission that is on air or about to begin.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the columns have the same names")]
pub struct OnAir {
    pub assignment_id: i64,
    pub challenge_id: i64,
    pub challenge_name: String,
    pub modulation: String,
    pub runner_id: RunnerId,
    pub radio_id: RadioId,
    pub frequency: Frequency,
    /// The occupied band.
    pub band: Band,
    pub planned_at: Timestamp,
    /// The present duration of the challenge's signal.
    pub duration_ms: i64,
    /// Whether its carrier has to go off.
    pub ending: bool,
}

#[derive(FromRow)]
struct OnAirRow {
    assignment_id: i64,
    challenge_id: i64,
    challenge_name: String,
    modulation: String,
    runner_id: String,
    radio_id: String,
    frequency: i64,
    band_low: i64,
    band_high: i64,
    planned_at: i64,
    duration_ms: i64,
    ending: bool,
}

/// Returns all transmissions that are on air or about to begin, oldest first.
pub async fn on_air(connection: &mut Connection) -> Result<Vec<OnAir>, StoreError> {
    let rows: Vec<OnAirRow> = sqlx::query_as(
        "SELECT assignment_id, assignments.challenge_id, challenge_name, transmissions.modulation,
             assignments.runner_id, assignments.radio_id, assignments.frequency, band_low, band_high, planned_at,
             coalesce(duration_ms, 0) AS duration_ms, abort_at IS NOT NULL AS ending
         FROM assignments JOIN transmissions ON assignment_id = assignments.id
             LEFT JOIN transmission_challenges ON transmission_challenges.challenge_id = assignments.challenge_id
         WHERE state = 'live' ORDER BY log_id",
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(OnAir {
                assignment_id: row.assignment_id,
                challenge_id: row.challenge_id,
                challenge_name: row.challenge_name,
                modulation: row.modulation,
                runner_id: parse(&row.runner_id, "runner id")?,
                radio_id: parse(&row.radio_id, "radio id")?,
                frequency: frequency(row.frequency)?,
                band: band(row.band_low, row.band_high)?,
                planned_at: Timestamp::from_millis(row.planned_at),
                duration_ms: row.duration_ms,
                ending: row.ending,
            })
        })
        .collect()
}
