//! What is planned of the database.

use super::PlannedChallenge;
use crate::store::challenges::{self, conference};
use crate::store::fleet::{roster, runners::Radio};
use crate::store::{Connection, StoreError};
use challengectl_common::{Conference, FrequencyRules};

/// Reads the radios of all enabled runners, online or not.
pub async fn radios(connection: &mut Connection) -> Result<Vec<Radio>, StoreError> {
    let enabled = roster::all(connection).await?.into_iter().filter(|runner| runner.enabled);
    let radios = enabled.flat_map(|runner| {
        let radios: Vec<_> = runner.radios.iter().map(|known| Radio::of(&runner.id, &known.info)).collect();
        radios
    });
    Ok(radios.collect())
}

/// Reads the enabled challenges and the conference.
pub async fn event(
    connection: &mut Connection,
    guard_hz: u64,
    rules: &FrequencyRules,
) -> Result<(Vec<PlannedChallenge>, Conference), StoreError> {
    let conference = conference::read(connection).await?;
    let enabled = challenges::all(connection).await?.into_iter().filter(|challenge| challenge.spec.enabled);
    let planned = enabled.map(|challenge| PlannedChallenge::stored(&challenge, guard_hz, rules));
    Ok((planned.collect(), conference))
}
