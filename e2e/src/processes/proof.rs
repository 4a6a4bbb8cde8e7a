//! Sessions by the hundred, while server and runner are killed: each lives on with its own process, none is doubled, and when
//! all are ended nothing is left.

use super::{Place, Wishes};
use crate::quantiles::Quantiles;
use anyhow::{Result, ensure};
use futures_util::{StreamExt, TryStreamExt, stream};
use reqwest::Method;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Sessions of one owner.
const PER_OWNER: usize = 5;
/// Requests at once.
const AT_ONCE: usize = 8;
/// Time in which everything has to be as before after a kill.
const REST: Duration = Duration::from_secs(120);

/// What was measured.
#[derive(Debug)]
pub struct Report {
    pub sessions: usize,
    pub starts: Quantiles,
    /// Commands through the proxy.
    pub commands: Quantiles,
    pub ends: Quantiles,
    /// Memory of the first processes of all sandboxes together, in MiB.
    pub memory_mib: u64,
    /// From the kill of the runner, of the server, and of both, until all sessions answered again.
    pub back: Vec<Duration>,
}

/// Starts sessions, kills, and ends them.
pub async fn survive(count: usize) -> Result<Report> {
    let capacity = u32::try_from(count)? + 10;
    let mut place = Place::start(&Wishes { capacity, ..Wishes::default() }).await?;
    let owner = |number: usize| format!("user{}", number / PER_OWNER);
    let (all, starts) = timed(0..count, async |number| Ok((owner(number), place.open(&owner(number)).await?))).await?;
    let pids = pids(&place)?;
    ensure!(pids.len() == count, "{} processes of {count} sessions", pids.len());
    let memory_mib = pids.iter().map(|pid| resident_kib(*pid)).sum::<u64>() / 1024;
    let (_, commands) = timed(&all, async |(user, id)| answers(&place, user, id).await).await?;
    let mut back = Vec::new();
    for (kills_runner, kills_server) in [(true, false), (false, true), (true, true)] {
        if kills_runner {
            place.site.kill_runner(0)?;
        }
        if kills_server {
            place.site.kill_server()?;
            place.site.start_server()?;
        }
        if kills_runner {
            place.site.start_runner(0)?;
        }
        let began = Instant::now();
        while let Err(error) = timed(&all, async |(user, id)| answers(&place, user, id).await).await {
            ensure!(began.elapsed() < REST, "{error:#}");
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        back.push(began.elapsed());
        ensure!(self::pids(&place)? == pids, "processes were lost or doubled");
    }
    let (_, ends) = timed(&all, async |(user, id)| {
        let ended = place.ask(user, Method::DELETE, &format!("/api/sessions/{id}")).await?;
        ensure!(ended.status == 200, "{ended:?}");
        Ok(())
    })
    .await?;
    ensure!(place.starts().is_empty(), "left: {:?}", place.starts());
    ensure!(pids.iter().all(|pid| !is_alive(*pid)), "a process has outlived its session");
    Ok(Report { sessions: count, starts, commands, ends, memory_mib, back })
}

async fn answers(place: &Place, user: &str, id: &str) -> Result<()> {
    let answer = place.run(user, id, "echo well").await?;
    ensure!(answer == "well\n", "{answer}");
    Ok(())
}

/// Does something with each, some at once. Returns what came of each, and the times that they took.
async fn timed<T, R>(
    all: impl IntoIterator<Item = T>,
    work: impl AsyncFn(T) -> Result<R>,
) -> Result<(Vec<R>, Quantiles)> {
    let work = &work;
    let each = stream::iter(all).map(|one| async move {
        let began = Instant::now();
        Ok::<_, anyhow::Error>((work(one).await?, began.elapsed()))
    });
    let done: Vec<(R, Duration)> = each.buffered(AT_ONCE).try_collect().await?;
    let (results, times): (Vec<R>, Vec<Duration>) = done.into_iter().unzip();
    Ok((results, Quantiles::of(times.iter().map(|time| time.as_secs_f64() * 1e3).collect())))
}

fn pids(place: &Place) -> Result<BTreeSet<i64>> {
    let pids: BTreeSet<i64> = place.pids().into_iter().collect();
    let dead = pids.iter().find(|pid| !is_alive(**pid));
    ensure!(dead.is_none(), "process {dead:?} has ended: {}", place.site.log("runner.log"));
    Ok(pids)
}

fn is_alive(pid: i64) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

fn resident_kib(pid: i64) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}
