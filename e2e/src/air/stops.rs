//! The time from each cause to the last sample that a receiver hears of eight busy radios of the virtual air.

use super::place::{Place, Served};
use crate::quantiles::Quantiles;
use crate::site::wait_until;
use crate::stops::{LEASE, OFF, Reason, TIMES};
use anyhow::{Context, Result, ensure};
use std::time::{Duration, Instant};

/// Seconds of each signal: longer than a measurement.
const SIGNAL_SECONDS: u32 = 60;

/// Seconds of each signal for a pause, which lets signals end.
const SHORT_SECONDS: u32 = 5;

/// Blocks of 20 ms for which nothing may come on air after a pause.
const QUIET_BLOCKS: u64 = 100;

/// The result for one cause.
#[derive(Debug)]
pub struct Report {
    pub reason: Reason,
    pub tries: usize,
    /// Carriers that were cut in all tries.
    pub carriers: usize,
    /// By the air's sample clock. Where the lease has to run out, the lease is a part of it.
    pub last_sample: Quantiles,
}

/// Measures each of these causes so many times. The air is served by a process of its own, so that the receivers hear also
/// the end of an agent.
pub async fn measure(reasons: &[Reason], tries: usize) -> Result<Vec<Report>> {
    let settings = "rtl_tcp: {listen: []}";
    let mut place = Place::start(Served::Apart, TIMES, SIGNAL_SECONDS, settings).await?;
    let mut reports = Vec::new();
    for reason in reasons {
        let mut all = Vec::new();
        for _ in 0..tries {
            place.all_on_air()?;
            all.extend(cut(&mut place, *reason).await.with_context(|| format!("{reason:?}"))?);
        }
        reports.push(Report { reason: *reason, tries, carriers: all.len(), last_sample: Quantiles::of(all) });
    }
    place.all_on_air()?;
    place.site.stop()?;
    Ok(reports)
}

/// Ends all transmissions for this reason, and lets them go on. Returns the milliseconds to the last sample of each.
async fn cut(place: &mut Place, reason: Reason) -> Result<Vec<f64>> {
    let cause = Instant::now();
    reason.happen(&mut place.site, &place.operator).await?;
    let off = wait_until("all radios are off", OFF, || Ok(place.ears.all_off()));
    off.with_context(|| place.site.log("roof.log"))?;
    let off = place.ears.went_off(cause);
    reason.undo(&mut place.site, &place.operator).await?;
    if reason.ends_lease() {
        let late = off.iter().filter(|last| **last > LEASE.as_secs_f64() * 1e3).count();
        ensure!(late == 0, "{late} carriers were on longer than their lease");
    }
    Ok(off)
}

/// The result of a pause.
#[derive(Debug)]
pub struct Pause {
    /// Signals end as usual: milliseconds from the pause to the last sample.
    pub last_sample: Quantiles,
    /// Blocks of 20 ms of all receivers in which nothing was heard afterwards.
    pub quiet_blocks: u64,
}

/// Pauses while eight radios are busy: their signals end as usual, and none begins.
pub async fn pause() -> Result<Pause> {
    let settings = "rtl_tcp: {listen: []}";
    let mut place = Place::start(Served::Apart, TIMES, SHORT_SECONDS, settings).await?;
    let cause = Instant::now();
    place.operator.post("/api/control/pause").await?;
    let limit = Duration::from_secs(2 * u64::from(SHORT_SECONDS)) + OFF;
    wait_until("all signals have ended", limit, || Ok(place.ears.all_off()))?;
    let last_sample = Quantiles::of(place.ears.went_off(cause));
    place.ears.forget();
    let (begin, _) = place.ears.blocks();
    let mut quiet_blocks = 0;
    wait_until("receivers hear on", OFF, || {
        quiet_blocks = place.ears.blocks().0 - begin;
        Ok(quiet_blocks >= QUIET_BLOCKS * super::place::RADIOS)
    })?;
    let began = place.ears.went_off(cause).len();
    ensure!(began == 0, "{began} signals began after the pause");
    place.site.stop()?;
    Ok(Pause { last_sample, quiet_blocks })
}
