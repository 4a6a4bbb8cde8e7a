//! Faults of the network between runners and server.

use super::classify::Call;
use super::orders::Treatment;
use super::place::Place;
use super::plan::{GRACE, LEASE};
use anyhow::Result;
use std::time::Duration;
use tokio::time::sleep;

/// Time limit for a request to come: longer than the interval of any call that need not be provoked.
const CALL_TIMEOUT: Duration = Duration::from_secs(12);
/// The time in which effects of an old request show.
const EFFECT_TIME: Duration = Duration::from_secs(3);

/// Applies a treatment to one request of this kind.
pub async fn request(place: &mut Place, runner: usize, call: Call, treatment: Treatment) -> Result<()> {
    place.proxy(runner)?.arm(call, treatment);
    provoke(place, runner, call)?;
    let met = place.proxy(runner)?.met(CALL_TIMEOUT).await;
    place.findings.ordered(call, met);
    if !met {
        place.calm();
    }
    Ok(())
}

/// Makes a runner send such a request, unless it comes by itself.
fn provoke(place: &mut Place, runner: usize, call: Call) -> Result<()> {
    match call {
        Call::Register => {
            place.kill_runner(runner)?;
            place.site.start_runner(runner)
        }
        Call::SignOut => {
            place.site.stop_runner(runner)?;
            place.site.start_runner(runner)
        }
        Call::File => {
            place.kill_runner(runner)?;
            std::fs::remove_dir_all(place.state(runner)?.join("cache"))?;
            place.site.start_runner(runner)
        }
        Call::Logs => {
            // A failed heartbeat causes a log line.
            place.proxy(runner)?.arm(Call::Heartbeat, Treatment::ResetBefore);
            Ok(())
        }
        Call::Heartbeat | Call::Task | Call::Complete | Call::Other => Ok(()),
    }
}

/// Keeps a request, optionally restarts its runner, and delivers the request when the runner is on air.
pub async fn stale(place: &mut Place, runner: usize, call: Call, delivered: bool, restart: bool) -> Result<()> {
    keep(place, runner, call, delivered, restart).await?;
    place.alone_on_air(runner).await?;
    for kept in place.proxy(runner)?.take_kept() {
        let status = place.proxy(runner)?.deliver(&kept).await;
        place.findings.remark(format_args!("the old {:?} was answered {status:?}", kept.call));
    }
    sleep(EFFECT_TIME).await;
    Ok(())
}

/// Keeps a request in the proxy.
pub async fn keep(place: &mut Place, runner: usize, call: Call, delivered: bool, restart: bool) -> Result<()> {
    drop(place.proxy(runner)?.take_kept());
    place.proxy(runner)?.arm(call, Treatment::Keep { deliver: delivered });
    provoke(place, runner, call)?;
    let met = place.proxy(runner)?.met(CALL_TIMEOUT).await;
    place.findings.ordered(call, met);
    if restart && !matches!(call, Call::SignOut) {
        place.kill_runner(runner)?;
        place.site.start_runner(runner)?;
    }
    place.calm();
    Ok(())
}

/// Applies treatments to many requests of one runner.
pub async fn storm(place: &mut Place, runner: usize, seed: u64, share: f64, time: Duration) -> Result<()> {
    place.proxy(runner)?.storm(seed, share, Duration::from_secs_f64(1.5 * (LEASE + GRACE)));
    sleep(time).await;
    place.calm();
    Ok(())
}
