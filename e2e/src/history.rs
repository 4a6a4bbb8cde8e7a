//! The server's database, read by the tests.

use anyhow::Result;
use challengectl_common::Timestamp;
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnectOptions;
use std::collections::BTreeMap;
use std::path::Path;

/// A server's database, opened for reading.
pub struct History(SqlitePool);

/// One assignment of a challenge to a radio.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Assignment {
    pub id: i64,
    pub challenge: String,
    pub radio: String,
    pub state: String,
    pub due_at: i64,
    pub assigned_at: i64,
    pub ended_at: Option<i64>,
    pub band_low: i64,
    pub band_high: i64,
}

impl Assignment {
    /// Whether it occupied this band at that moment.
    fn occupies(&self, band_low: i64, band_high: i64, moment: i64) -> bool {
        let overlaps = self.band_low <= band_high && self.band_high >= band_low;
        overlaps && self.assigned_at <= moment && self.ended_at.is_none_or(|ended_at| moment < ended_at)
    }
}

/// A challenge that another one overtook twice on a radio that could have sent it.
#[derive(Debug)]
pub struct Starved {
    pub challenge: String,
    pub waited_ms: i64,
    pub overtaken_by: String,
}

impl History {
    /// Opens a database file, even while a server uses it.
    pub async fn open(file: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new().filename(file).read_only(true);
        Ok(Self(SqlitePool::connect_with(options).await?))
    }

    /// Returns the due times of challenges without a live assignment, by name and latest fence: while the fence is the
    /// same, the due time must be too.
    pub async fn due_times(&self) -> Result<BTreeMap<(String, i64), i64>> {
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(
            "SELECT name, fence, due_at FROM challenges JOIN transmission_challenges ON challenge_id = id
             WHERE id NOT IN (SELECT challenge_id FROM assignments WHERE state = 'live')",
        )
        .fetch_all(&self.0)
        .await?;
        Ok(rows.into_iter().map(|(name, fence, due_at)| ((name, fence), due_at)).collect())
    }

    /// Returns all assignments, oldest first.
    pub async fn assignments(&self) -> Result<Vec<Assignment>> {
        Ok(sqlx::query_as(
            "SELECT a.id, c.name AS challenge, a.runner_id || '/' || a.radio_id AS radio, a.state, a.due_at,
                    a.assigned_at, a.ended_at, a.band_low, a.band_high
             FROM assignments a JOIN challenges c ON c.id = a.challenge_id ORDER BY a.id",
        )
        .fetch_all(&self.0)
        .await?)
    }

    /// Returns assignments without exactly one transmission in a final state.
    pub async fn unfinished(&self) -> Result<Vec<(i64, String)>> {
        Ok(sqlx::query_as(
            "SELECT a.id, coalesce(group_concat(t.status), 'no transmission')
             FROM assignments a LEFT JOIN transmissions t ON t.assignment_id = a.id
             GROUP BY a.id
             HAVING count(t.log_id) <> 1 OR max(t.status) NOT IN ('success', 'failed', 'aborted') OR a.state = 'live'",
        )
        .fetch_all(&self.0)
        .await?)
    }

    /// Returns the latest assignment; ids always grow, independently of the server's clock.
    pub async fn latest_assignment(&self) -> Result<i64> {
        Ok(sqlx::query_scalar("SELECT coalesce(max(id), 0) FROM assignments").fetch_one(&self.0).await?)
    }

    /// Returns challenges without a complete transmission since this assignment.
    pub async fn silent_since(&self, assignment: i64) -> Result<Vec<String>> {
        Ok(sqlx::query_scalar(
            "SELECT name FROM challenges WHERE id NOT IN
                 (SELECT challenge_id FROM assignments WHERE state = 'done' AND id > $1) ORDER BY name",
        )
        .bind(assignment)
        .fetch_all(&self.0)
        .await?)
    }

    /// Returns the number of transmissions by outcome.
    pub async fn outcomes(&self) -> Result<Vec<(String, i64)>> {
        Ok(sqlx::query_as("SELECT status, count(*) FROM transmissions GROUP BY status ORDER BY status")
            .fetch_all(&self.0)
            .await?)
    }

    /// Returns the number of complete transmissions of each challenge since a moment, by name.
    pub async fn successes_since(&self, moment: Timestamp) -> Result<BTreeMap<String, i64>> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT c.name, count(a.id) FROM challenges c
             LEFT JOIN assignments a ON a.challenge_id = c.id AND a.state = 'done' AND a.assigned_at >= $1
             GROUP BY c.id",
        )
        .bind(moment.as_millis())
        .fetch_all(&self.0)
        .await?;
        Ok(rows.into_iter().collect())
    }
}

/// Returns challenges that one other overtook twice while they were due and their frequency was free, on the radio that
/// sent them in the end.
pub fn starved(assignments: &[Assignment]) -> Vec<Starved> {
    let mut found = Vec::new();
    for waiting in assignments {
        let own_last_end = assignments
            .iter()
            .filter(|other| other.challenge == waiting.challenge && other.id < waiting.id)
            .filter_map(|other| other.ended_at)
            .max();
        let wait = waiting.due_at.max(own_last_end.unwrap_or_default())..waiting.assigned_at;
        let mut overtakers: BTreeMap<&str, u32> = BTreeMap::new();
        for other in assignments.iter().filter(|other| other.radio == waiting.radio) {
            // The frequency that the other took was free for the one that waited.
            let others = || assignments.iter().filter(|on| on.id != other.id);
            let taken = |moment| others().any(|on| on.occupies(waiting.band_low, waiting.band_high, moment));
            if other.challenge != waiting.challenge && wait.contains(&other.assigned_at) && !taken(other.assigned_at) {
                *overtakers.entry(&other.challenge).or_default() += 1;
            }
        }
        found.extend(overtakers.into_iter().filter(|(_, times)| *times > 1).map(|(challenge, _)| Starved {
            challenge: waiting.challenge.clone(),
            waited_ms: wait.end - wait.start,
            overtaken_by: challenge.to_owned(),
        }));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assignment(id: i64, challenge: &str, due_at: i64, assigned_at: i64) -> Assignment {
        Assignment {
            id,
            challenge: challenge.to_owned(),
            radio: "east/vhf".to_owned(),
            state: "done".to_owned(),
            due_at,
            assigned_at,
            ended_at: Some(assigned_at + 1),
            band_low: challenge.len() as i64,
            band_high: challenge.len() as i64,
        }
    }

    #[test]
    fn being_overtaken_once_is_no_starvation_but_twice_is() {
        let once = [assignment(1, "BB", 0, 10), assignment(2, "A", 5, 20), assignment(3, "BB", 15, 30)];
        assert!(starved(&once).is_empty());
        let twice = [assignment(1, "BB", 0, 10), assignment(2, "BB", 15, 20), assignment(3, "A", 5, 30)];
        assert_eq!(starved(&twice).first().map(|found| found.challenge.as_str()), Some("A"));
    }

    #[test]
    fn being_overtaken_twice_on_the_same_frequency_is_starvation() {
        let on = |band, assignment| Assignment { band_low: band, band_high: band + 10, ..assignment };
        let twice =
            [on(0, assignment(1, "BB", 0, 10)), on(5, assignment(2, "BB", 15, 20)), on(3, assignment(3, "A", 5, 30))];
        assert_eq!(starved(&twice).first().map(|found| found.challenge.as_str()), Some("A"));
    }

    #[test]
    fn waiting_for_an_occupied_frequency_is_no_starvation() {
        let on_air = Assignment { ended_at: Some(29), radio: "west/vhf".to_owned(), ..assignment(1, "C", 0, 1) };
        let others = [assignment(2, "BB", 0, 10), assignment(3, "BB", 15, 20), assignment(4, "A", 5, 30)];
        assert!(starved(&[&[on_air], others.as_slice()].concat()).is_empty());
        assert_eq!(starved(&others).len(), 1);
    }
}
