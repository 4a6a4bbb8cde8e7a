//! The input of a plan that is in the database.

use super::{PlannedChallenge, PlannedEvent};
use crate::store::challenges::{self, conference, ranges};
use crate::store::fleet::{roster, runners::Radio};
use crate::store::{Connection, StoreError};
use challengectl_common::FrequencyRules;

/// Reads the radios of all enabled runners, online or not.
pub async fn radios(connection: &mut Connection) -> Result<Vec<Radio>, StoreError> {
    let enabled = roster::all(connection).await?.into_iter().filter(|runner| runner.enabled);
    let radios = enabled.flat_map(|runner| {
        let radios: Vec<_> = runner.radios.iter().map(|known| Radio::of(&runner.id, &known.info)).collect();
        radios
    });
    Ok(radios.collect())
}

/// Reads the enabled challenges, the conference, and the named ranges.
pub async fn event(
    connection: &mut Connection,
    guard_hz: u64,
    rules: &FrequencyRules,
) -> Result<PlannedEvent, StoreError> {
    let conference = conference::read(connection).await?;
    let enabled = challenges::all(connection).await?.into_iter().filter(|challenge| challenge.spec.enabled);
    let planned = enabled.map(|challenge| PlannedChallenge::stored(&challenge, guard_hz, rules));
    Ok(PlannedEvent { challenges: planned.collect(), conference, ranges: ranges::bands(connection).await? })
}
