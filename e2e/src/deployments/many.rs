//! A challenge for a hundred teams: deployed and deleted, also through an API that fails at random.

use crate::kubernetes::{Event, Faulty, NGINX, Place};
use crate::load::memory;
use anyhow::{Context, Result, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Time for everything to run, and for nothing to be left.
const LIMIT: Duration = Duration::from_secs(1200);
/// Pause between two looks, each of which costs the server little.
const PERIOD: Duration = Duration::from_millis(500);

/// The load.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub teams: usize,
    /// How many of a thousand requests of the runner fail, in the second round.
    pub failing: u32,
}

/// What was measured: first with an API that is well, and then with one that fails.
#[derive(Debug)]
pub struct Report {
    pub teams: usize,
    pub idle: Memory,
    pub well: Round,
    pub failing: Round,
}

/// What one deploy took.
#[derive(Debug)]
pub struct Round {
    /// Until the deploy was answered.
    pub answered: Duration,
    /// Until all instances ran, by the server's word.
    pub running: Duration,
    /// Requests of the runner to the API until then, by what they do. Watches and lists of nodes go on all the time.
    pub requests: BTreeMap<String, u64>,
    /// Requests that failed, in all.
    pub failed: u64,
    pub memory: Memory,
    /// From the deletion until nothing was left and all addresses were free.
    pub removed: Duration,
    pub requests_of_removal: BTreeMap<String, u64>,
}

/// Resident memory, in KiB.
#[derive(Debug)]
pub struct Memory {
    pub server: u64,
    pub runner: u64,
    pub api: u64,
}

/// Deploys and deletes a challenge twice.
pub fn measure(load: Load) -> Result<Report> {
    let mut place = Place::prepare()?;
    place.deploys();
    let api = Faulty::start(place.cluster(), place.api_port(), place.folder())?;
    place.begin(api.access())?;
    let mut event = Event::of(place)?;
    let idle = of_all(&event.place)?;
    let well = round(&event, &api, load.teams)?;
    api.fail(load.failing);
    event.log_in()?;
    let failing = round(&event, &api, load.teams)?;
    Ok(Report { teams: load.teams, idle, well, failing })
}

fn round(event: &Event, api: &Faulty, teams: usize) -> Result<Round> {
    let path = event.create(&event.name(), NGINX, 80, teams)?;
    let before = api.failed();
    drop(api.take_requests());
    let began = Instant::now();
    event.deploy(&path)?;
    let answered = began.elapsed();
    until_all_run(event, &path, teams, began)?;
    let (running, requests) = (began.elapsed(), api.take_requests());
    let memory = of_all(&event.place)?;
    look(event, &path, teams)?;
    drop(api.take_requests());
    let began = Instant::now();
    event.send("DELETE", &path, None)?;
    event.ends(LIMIT)?;
    let (removed, requests_of_removal) = (began.elapsed(), api.take_requests());
    let failed = api.failed() - before;
    Ok(Round { answered, running, requests, failed, memory, removed, requests_of_removal })
}

fn until_all_run(event: &Event, path: &str, teams: usize, began: Instant) -> Result<()> {
    loop {
        let stats = event.send("GET", &format!("{path}/stats"), None)?;
        if stats["running_instances"] == teams {
            return Ok(());
        }
        let why = || format!("{stats}\n{}", event.place.log("runner.log"));
        ensure!(began.elapsed() < LIMIT, "not all run: {}", why());
        std::thread::sleep(PERIOD);
    }
}

/// Has a look at all teams: each has an address of its own, and its page answers there.
fn look(event: &Event, path: &str, teams: usize) -> Result<()> {
    let stats = event.send("GET", &format!("{path}/stats"), None)?;
    let leased = stats["ip_allocation"].as_object().context("no addresses")?;
    let addresses: BTreeSet<&str> = leased.values().filter_map(|it| it.as_str()).collect();
    ensure!(addresses.len() == teams, "{teams} teams have {} addresses", addresses.len());
    for team in 1..=teams {
        let page = event.page(path, team)?;
        ensure!(page.contains("nginx"), "team {team}: {page}");
    }
    Ok(())
}

fn of_all(place: &Place) -> Result<Memory> {
    let resident = |process| memory(process, "VmRSS:");
    let (server, runner) = place.ids()?;
    Ok(Memory { server: resident(server)?, runner: resident(runner)?, api: resident(place.cluster().api()?)? })
}
