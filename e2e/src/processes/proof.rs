//! Sessions by the hundred, while server and runner are killed: each lives on with its own process, none is doubled, and when
//! all are ended nothing is left.

use super::churn::{self, Churn};
use super::{Place, Wishes};
use crate::quantiles::Quantiles;
use crate::site::Site;
use anyhow::{Result, ensure};
use futures_util::{StreamExt, TryStreamExt, stream};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use reqwest::Method;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Sessions of one owner.
const PER_OWNER: usize = 5;
/// Requests at once.
const AT_ONCE: usize = 8;
/// Users who come and go while server and runner are killed.
const GUESTS: usize = 4;
/// Kills after which everything is looked at.
const ROUND: usize = 10;
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
    /// What guests did beside that.
    pub churn: Churn,
    /// From the last kill of each round of ten until all sessions answered again.
    pub back: Vec<Duration>,
}

/// Starts sessions, kills server and runner so often while guests come and go, and ends the sessions.
pub async fn survive(count: usize, kills: usize, seed: u64) -> Result<Report> {
    println!("seed {seed}");
    let capacity = u32::try_from(count + 3 * GUESTS)?;
    let mut place = Place::start(&Wishes { capacity, ..Wishes::default() }).await?;
    let owner = |number: usize| format!("user{}", number / PER_OWNER);
    let (all, starts) = timed(0..count, async |number| Ok((owner(number), place.open(&owner(number)).await?))).await?;
    let pids = pids(&place)?;
    ensure!(pids.len() == count, "{} processes of {count} sessions", pids.len());
    let memory_mib = pids.iter().map(|pid| resident_kib(*pid)).sum::<u64>() / 1024;
    let (_, commands) = timed(&all, async |(user, id)| answers(&place, user, id).await).await?;
    let mut random = StdRng::seed_from_u64(seed);
    let (mut churn, mut back) = (Churn::default(), Vec::new());
    while back.len() * ROUND < kills {
        churn += round(&mut place, &mut random)?;
        let began = Instant::now();
        while let Err(error) = timed(&all, async |(user, id)| answers(&place, user, id).await).await {
            ensure!(began.elapsed() < REST, "{error:#}");
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        back.push(began.elapsed());
        churn::clear_all(&place.users, GUESTS).await?;
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
    Ok(Report { sessions: count, starts, commands, ends, memory_mib, churn, back })
}

/// Kills the runner, the server, or both, [`ROUND`] times at random moments, while guests come and go.
fn round(place: &mut Place, random: &mut StdRng) -> Result<Churn> {
    let ends = AtomicBool::new(false);
    let Place { site, users } = place;
    std::thread::scope(|scope| {
        let guests = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(churn::come_and_go(users, GUESTS, &ends))
        });
        let killed = (0..ROUND).try_for_each(|_| kill_one(site, random));
        ends.store(true, Ordering::Relaxed);
        let churn = guests.join().map_err(|_| anyhow::anyhow!("the guests have panicked"))?;
        killed.and(churn)
    })
}

fn kill_one(site: &mut Site, random: &mut StdRng) -> Result<()> {
    std::thread::sleep(Duration::from_millis(random.random_range(100..2500)));
    let victims = [(true, false), (false, true), (true, true)];
    let (kills_runner, kills_server) = victims.choose(random).copied().unwrap_or_default();
    if kills_runner {
        site.kill_runner(0)?;
    }
    if kills_server {
        site.kill_server()?;
        site.start_server()?;
    }
    if kills_runner {
        site.start_runner(0)?;
    }
    Ok(())
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
