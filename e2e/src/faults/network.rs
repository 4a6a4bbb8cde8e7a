//! Faults of the network between runners and server.

use super::classify::Call;
use super::orders::Treatment;
use super::place::Place;
use super::plan::{GRACE, LEASE};
use anyhow::Result;
use std::time::Duration;
use tokio::time::sleep;

/// Longer than any call but those that have to be provoked is waited for.
const PATIENCE: Duration = Duration::from_secs(12);
/// How long what an old request does takes to show.
const AFTERMATH: Duration = Duration::from_secs(3);

/// One request of this kind is treated so.
pub async fn request(place: &mut Place, runner: usize, call: Call, treatment: Treatment) -> Result<()> {
    place.proxy(runner)?.arm(call, treatment);
    provoke(place, runner, call)?;
    let met = place.proxy(runner)?.met(PATIENCE).await;
    place.findings.ordered(call, met);
    if !met {
        place.calm();
    }
    Ok(())
}

/// Does what makes a runner send such a request; those that come by themselves are waited for.
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
            // A heartbeat that fails is worth a line.
            place.proxy(runner)?.arm(Call::Heartbeat, Treatment::ResetBefore);
            Ok(())
        }
        Call::Heartbeat | Call::Task | Call::Complete | Call::Other => Ok(()),
    }
}

/// A request is kept, its runner is started again if so wished, and when it is on air the request arrives.
pub async fn stale(place: &mut Place, runner: usize, call: Call, delivered: bool, restart: bool) -> Result<()> {
    keep(place, runner, call, delivered, restart).await?;
    place.alone_on_air(runner).await?;
    for kept in place.proxy(runner)?.take_kept() {
        let status = place.proxy(runner)?.deliver(&kept).await;
        place.findings.remark(format_args!("the old {:?} was answered {status:?}", kept.call));
    }
    sleep(AFTERMATH).await;
    Ok(())
}

/// Leaves an old request in the proxy.
pub async fn keep(place: &mut Place, runner: usize, call: Call, delivered: bool, restart: bool) -> Result<()> {
    drop(place.proxy(runner)?.take_kept());
    place.proxy(runner)?.arm(call, Treatment::Keep { deliver: delivered });
    provoke(place, runner, call)?;
    let met = place.proxy(runner)?.met(PATIENCE).await;
    place.findings.ordered(call, met);
    if restart && !matches!(call, Call::SignOut) {
        place.kill_runner(runner)?;
        place.site.start_runner(runner)?;
    }
    place.calm();
    Ok(())
}

/// Many requests of one runner are hit.
pub async fn storm(place: &mut Place, runner: usize, seed: u64, share: f64, time: Duration) -> Result<()> {
    place.proxy(runner)?.storm(seed, share, Duration::from_secs_f64(1.5 * (LEASE + GRACE)));
    sleep(time).await;
    place.calm();
    Ok(())
}
