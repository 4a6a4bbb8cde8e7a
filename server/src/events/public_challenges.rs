//! The challenges as the public page shows them: in `challenges_update`, and at `GET /api/public/challenges`.

use challengectl_common::{Band, Frequency, Timestamp};
use challengectl_coordinator::{PublicChallenge, PublicTuning};
use serde::Serialize;
use utoipa::ToSchema;

/// The enabled challenges as the public sees them.
#[derive(Serialize, ToSchema)]
pub struct PublicChallenges {
    challenges: Vec<Challenge>,
    timestamp: Timestamp,
}

impl PublicChallenges {
    /// Returns the challenges at this time.
    pub fn new(challenges: Vec<PublicChallenge>, timestamp: Timestamp) -> Self {
        Self { challenges: challenges.into_iter().map(Challenge::from).collect(), timestamp }
    }
}

/// A challenge, without the fields that the organiser hides.
#[derive(Serialize, ToSchema)]
#[schema(as = PublicChallenge)]
struct Challenge {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    modulation: Option<String>,
    /// Null if the frequency is drawn from ranges for each transmission.
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency: Option<Option<Frequency>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_ranges: Option<Vec<Range>>,
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    /// Null if it was never on air.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_run: Option<Option<Timestamp>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PublicRange)]
struct Range {
    display_name: String,
    min_hz: u64,
    max_hz: u64,
}

impl From<PublicChallenge> for Challenge {
    fn from(challenge: PublicChallenge) -> Self {
        let (frequency, ranges) = match challenge.tuning {
            None => (None, None),
            Some(PublicTuning::Fixed(frequency)) => (Some(Some(frequency)), None),
            Some(PublicTuning::Ranges(ranges)) => (Some(None), Some(ranges.into_iter().map(range).collect())),
        };
        Self {
            name: challenge.name,
            modulation: challenge.modulation,
            frequency,
            frequency_ranges: ranges,
            enabled: true,
            state: challenge.state,
            last_run: challenge.last_run,
        }
    }
}

fn range((display_name, band): (String, Band)) -> Range {
    Range { display_name, min_hz: band.low(), max_hz: band.high() }
}
