//! Checks that nothing is stuck after faults.

use super::place::Place;
use anyhow::{Context, Result, bail};
use challengectl_common::Timestamp;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Time limit for every challenge to be on air: runners reconnect within half a minute, then each challenge has its
/// turn.
pub const LIMIT: Duration = Duration::from_secs(75);

/// Sets the clock of a runner or, if none is given, of the server, optionally during a restart.
pub async fn set_clock(place: &mut Place, runner: Option<usize>, hours: f64, over_restart: bool) -> Result<()> {
    if over_restart {
        match runner {
            Some(index) => place.site.stop_runner(index)?,
            None => place.site.stop_server()?,
        }
    }
    let clock = match runner {
        Some(index) => place.runner_clocks.get_mut(index).context("no such runner")?,
        None => &mut place.clock,
    };
    let before = clock.offset_seconds();
    clock.set((hours * 3600.0) as i64)?;
    let step = (clock.offset_seconds() - before) as f64 / 3600.0;
    match runner {
        _ if !over_restart => {}
        Some(index) => place.site.start_runner(index)?,
        None => place.site.start_server()?,
    }
    place.findings.remark(format_args!("a step of {step:+.1} h"));
    on_air_again(place).await
}

/// Waits until every challenge has been on air again. If one is not, records a violation and sets the clock right, so
/// that the next faults find a working site.
pub async fn on_air_again(place: &mut Place) -> Result<()> {
    place.calm();
    let begin = Instant::now();
    let silent = silent(place).await?;
    if silent.is_empty() {
        place.findings.longest_calm = place.findings.longest_calm.max(begin.elapsed());
        place.findings.remark(format_args!("all on air again after {:.1} s", begin.elapsed().as_secs_f64()));
        return Ok(());
    }
    let latest_due = latest_due(place).await?;
    place.findings.find(format_args!(
        "silent for more than {LIMIT:?}: {}; the last is due in {:.0} s",
        silent.join(", "),
        latest_due.since(place.clock.now()).as_secs_f64()
    ));
    place.clock.set(latest_due.as_millis() / 1000 - Timestamp::now().as_millis() / 1000)?;
    let silent = self::silent(place).await?;
    if !silent.is_empty() {
        bail!("not on air again, even with the clock set right: {}", silent.join(", "));
    }
    Ok(())
}

async fn silent(place: &Place) -> Result<Vec<String>> {
    let latest = place.history.latest_assignment().await?;
    let deadline = Instant::now() + LIMIT;
    loop {
        let silent = place.history.silent_since(latest).await?;
        if silent.is_empty() || Instant::now() > deadline {
            return Ok(silent);
        }
        sleep(Duration::from_millis(100)).await;
    }
}

async fn latest_due(place: &Place) -> Result<Timestamp> {
    let due = place.history.due_times().await?.into_values().max();
    Ok(Timestamp::from_millis(due.unwrap_or_default()))
}
