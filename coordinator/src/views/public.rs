//! The public view.

use crate::CoreError;
use crate::store::challenges::Challenge;
use crate::views::Views;
use challengectl_common::challenge::{Kind, NamedRange};
use challengectl_common::{Band, Frequency, Timestamp, Tuning};

/// A challenge as its public view shows it; `None`: hidden.
#[derive(Debug, Clone, PartialEq)]
pub struct PublicChallenge {
    /// The name.
    pub name: String,
    /// The modulation.
    pub modulation: Option<String>,
    /// The frequencies that it may go on air on.
    pub tuning: Option<PublicTuning>,
    /// `waiting`, `queued` or `assigned`.
    pub state: Option<&'static str>,
    /// When it was last on air; the inner `None`: never.
    pub last_run: Option<Option<Timestamp>>,
}

/// The frequencies that a challenge may go on air on.
#[derive(Debug, Clone, PartialEq)]
pub enum PublicTuning {
    /// One frequency.
    Fixed(Frequency),
    /// A frequency within one of these bands, each with its name for people.
    Ranges(Vec<(String, Band)>),
}

impl Views {
    /// Returns the public views of the enabled challenges, by name.
    pub async fn public_challenges(&self) -> Result<Vec<PublicChallenge>, CoreError> {
        let now = self.context.clock.now();
        let all = self.challenges.all().await?;
        let shown = all.iter().filter(|one| one.spec.enabled && one.spec.public_view.show_challenge);
        Ok(shown.map(|challenge| public(challenge, now)).collect())
    }
}

fn public(challenge: &Challenge, now: Timestamp) -> PublicChallenge {
    let spec = &challenge.spec;
    let Kind::Transmission(transmission) = &spec.kind;
    let view = &spec.public_view;
    PublicChallenge {
        name: spec.name.to_string(),
        modulation: view.show_modulation.then(|| transmission.modulation.clone()),
        tuning: view.show_frequency.then(|| public_tuning(&transmission.tuning)),
        state: view.show_active_status.then(|| challenge.state(now).as_str()),
        last_run: view.show_last_tx_time.then_some(challenge.air.last_success_at),
    }
}

fn public_tuning(tuning: &Tuning) -> PublicTuning {
    match tuning {
        Tuning::Frequency(frequency) => PublicTuning::Fixed(*frequency),
        Tuning::FrequencyRanges(ranges) => PublicTuning::Ranges(ranges.iter().map(named).collect()),
        Tuning::ManualFrequencyRange(band) => PublicTuning::Ranges(vec![(in_megahertz(*band), *band)]),
    }
}

fn named(range: &NamedRange) -> (String, Band) {
    (range.display_name.as_ref().unwrap_or(&range.name).clone(), range.band)
}

fn in_megahertz(band: Band) -> String {
    let megahertz = |hz: u64| hz as f64 / 1e6;
    format!("{:.3}-{:.3} MHz", megahertz(band.low()), megahertz(band.high()))
}
