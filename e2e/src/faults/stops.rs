//! Emergency stops under bad conditions: the time from the request to the last sample of every carrier.

use super::carriers::BLOCK;
use super::classify::Call;
use super::findings::Stopped;
use super::network::keep;
use super::place::{Place, data_on_air};
use super::plan::Stop;
use crate::operator::Operator;
use crate::recordings::read_since;
use anyhow::{Context, Result, bail};
use challengectl_common::Timestamp;
use serde_json::Value;
use sqlx::Connection;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

/// Every carrier must be off within this time.
const LIMIT: Duration = Duration::from_secs(1);
/// The minimum and maximum time of watching for carriers.
const MIN_WATCH: Duration = Duration::from_millis(2500);
const MAX_WATCH: Duration = Duration::from_secs(40);
/// Longer than the minute within which uses of a login are not recorded.
const IDLE: Duration = Duration::from_secs(90);
/// A slow list, which skips nearly all of the history.
const LONG_LIST: &str = "/api/transmissions?limit=1000&status=failed";
const LISTS: usize = 100;

/// Makes an emergency stop, measures it, and releases it.
pub async fn stop(place: &mut Place, stop: Stop) -> Result<()> {
    place.calm();
    if let Some(runner) = stop.stale {
        keep(place, runner, Call::SignOut, false, false).await?;
        place.alone_on_air(runner).await?;
    } else if !place.two_on_air(Duration::from_secs(20)).await? {
        place.findings.remark("no two carriers are on");
    }
    place.set_login_used(if stop.idle { IDLE } else { Duration::ZERO }).await?;
    let lock = match stop.locked {
        Some(time) => Some(hold_lock(place, time).await?),
        None => None,
    };
    let lists = if stop.lists { ask_for_lists(&place.operator) } else { Vec::new() };
    sleep(Duration::from_millis(100)).await;
    if let Some(runner) = stop.stale {
        deliver_old_sign_out(place, runner)?;
        // The server has received it, the runner does not know yet.
        sleep(Duration::from_millis(10)).await;
    }
    measure(place, lock.is_some()).await?;
    if let Some(lock) = lock {
        lock.await??;
    }
    for list in lists {
        list.abort();
    }
    release(place).await
}

async fn measure(place: &mut Place, locked: bool) -> Result<()> {
    let asked = Timestamp::now();
    let operator = Arc::clone(&place.operator);
    let answer = tokio::spawn(async move { (operator.attempt("/api/control/emergency-stop").await, Timestamp::now()) });
    watch_carriers(place).await;
    // The last block of a carrier that was cut at once may have been written before the request.
    let recordings = read_since(&place.site.recordings(), asked.before(BLOCK))?;
    let carriers = recordings.iter().filter(|recording| recording.start <= asked).count();
    let last = recordings.iter().max_by_key(|recording| recording.end);
    let off = last.map(|recording| recording.end.after(BLOCK).since(asked)).unwrap_or_default();
    let (answer, answered_at) = answer.await?;
    let answered = answered_at.since(asked);
    place.findings.stopped(Stopped { carriers, locked, off, answered });
    place.findings.remark(format_args!("{carriers} carriers off after {off:?}, answered after {answered:?}"));
    match answer {
        Ok((200, _)) => {}
        Ok((status, text)) => place.findings.find(format_args!("the emergency stop was answered {status} {text}")),
        Err(error) => place.findings.find(format_args!("the emergency stop was not answered: {error:#}")),
    }
    if off > LIMIT {
        let late = last.map(|recording| recording.meta.display().to_string()).unwrap_or_default();
        place.findings.find(format_args!("carrier on {:.2} s after the emergency stop: {late}", off.as_secs_f64()));
    }
    Ok(())
}

/// Returns when nothing has been on air for a while.
async fn watch_carriers(place: &Place) {
    let (begin, mut silent_since) = (Instant::now(), Instant::now());
    while begin.elapsed() < MAX_WATCH && (begin.elapsed() < MIN_WATCH || silent_since.elapsed() < 10 * BLOCK) {
        if !data_on_air(&place.site.recordings()).is_empty() {
            silent_since = Instant::now();
        }
        sleep(BLOCK).await;
    }
}

/// Holds the write lock as another process, for this time.
async fn hold_lock(place: &Place, time: Duration) -> Result<JoinHandle<Result<()>>> {
    let mut database = place.database().await?;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut database).await?;
    Ok(tokio::spawn(async move {
        sleep(time).await;
        sqlx::query("ROLLBACK").execute(&mut database).await?;
        Ok(database.close().await?)
    }))
}

fn ask_for_lists(operator: &Arc<Operator>) -> Vec<JoinHandle<()>> {
    let ask = |operator: Arc<Operator>| async move {
        // Any answer will do: only the load matters.
        while operator.get(LONG_LIST).await.is_ok() {}
    };
    (0..LISTS).map(|_| tokio::spawn(ask(Arc::clone(operator)))).collect()
}

fn deliver_old_sign_out(place: &Place, runner: usize) -> Result<()> {
    let proxy = Arc::clone(place.proxies.get(runner).context("no such runner")?);
    for kept in proxy.take_kept() {
        let proxy = Arc::clone(&proxy);
        tokio::spawn(async move { proxy.deliver(&kept).await });
    }
    Ok(())
}

/// Releases the stop, and checks that it stays released.
async fn release(place: &mut Place) -> Result<()> {
    place.set_login_used(Duration::ZERO).await?;
    let mut last = String::new();
    for _ in 0..30 {
        match place.operator.attempt("/api/control/release").await {
            Ok((200, _)) => {
                sleep(Duration::from_secs(1)).await;
                if !is_in_force(place).await? {
                    return Ok(());
                }
                place.findings.find("an emergency stop that was released is in force again");
            }
            Ok((status, text)) => last = format!("{status} {text}"),
            Err(error) => last = format!("{error:#}"),
        }
        sleep(Duration::from_secs(1)).await;
    }
    bail!("the emergency stop cannot be released: {last}")
}

async fn is_in_force(place: &Place) -> Result<bool> {
    let status = place.operator.get("/api/control/status").await?;
    status.get("emergency_stop").and_then(Value::as_bool).context("no emergency_stop in the status")
}
