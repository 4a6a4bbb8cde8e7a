//! Instances by the hundred in a real engine, while server, runner and engine are killed: no port twice, no session
//! doubled, quotas exact, nothing orphaned or stuck, no flag lost.

mod at_once;
mod challenges;
mod churn;
mod kills;
pub mod load;
pub mod overhead;
mod survey;
mod team;

use crate::containers::Place;
use anyhow::Result;
pub use at_once::{AtOnce, make_challenges, start_and_stop, start_and_stop_at};
pub(crate) use challenges::operator;
pub use kills::{Kills, Settings, Victim, survive};
use std::time::Duration;
use survey::Survey;

/// Time in which everything has to settle when nothing is killed any more.
const REST: Duration = Duration::from_secs(300);

/// Waits until no session is on its way, and the engine has what the database says.
async fn settle(place: &Place, survey: &Survey) -> Result<()> {
    let deadline = std::time::Instant::now() + REST;
    loop {
        let why = match survey.unsettled().await? {
            0 => match survey.agrees(place).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            },
            count => anyhow::anyhow!("{count} sessions are stuck: {:?}", survey.states().await?),
        };
        if std::time::Instant::now() > deadline {
            return Err(why.context(place.log("runner.log")));
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
