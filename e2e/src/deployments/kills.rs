//! Deployments while the server and the runner are killed at random: everything converges, no address is given twice, none is
//! leaked, and in the end nothing is left.

use super::organiser::{self, Done};
use crate::containers::network;
use crate::kubernetes::{Event, IMAGE, SOON};
use anyhow::{Context, Result, ensure};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Challenges that are deployed and deleted at once.
const CHALLENGES: usize = 3;
const PORT: u16 = 8080;
/// The longest time between two kills, and for which what was killed is away.
const PAUSE: Duration = Duration::from_millis(3000);
const DOWN: Duration = Duration::from_millis(1500);

/// What was done.
#[derive(Debug)]
pub struct Kills {
    /// Of the server, the runner, and both at once.
    pub kills: BTreeMap<&'static str, u32>,
    pub requests: BTreeMap<&'static str, u32>,
    /// How often all addresses in the cluster were compared.
    pub looks: u64,
    /// From the last deploys until all instances ran.
    pub converged: Duration,
    /// From the deletion until nothing was left.
    pub removed: Duration,
}

/// Kills so often; fails if an address is given twice or leaked, or anything is stuck or left.
pub fn survive(count: u32, seed: u64) -> Result<Kills> {
    println!("seed {seed}");
    let mut event = Event::start()?;
    let names: Vec<String> =
        (0..CHALLENGES).map(|number| format!("kills{number}-{}", event.place.installation())).collect();
    let ends = Arc::new(AtomicBool::new(false));
    let (organiser, watcher) = (begin(&event, &names, seed, &ends)?, watch(&event, &ends)?);
    let mut kills = BTreeMap::new();
    let mut random = StdRng::seed_from_u64(seed);
    for number in 0..count {
        if organiser.is_finished() || watcher.is_finished() {
            break;
        }
        std::thread::sleep(random.random_range(Duration::ZERO..PAUSE));
        let who = kill(&mut event, &mut random).with_context(|| format!("kill {number}"))?;
        *kills.entry(who).or_default() += 1;
    }
    ends.store(true, Ordering::Relaxed);
    let (requests, looks) = (network::join(organiser)?, network::join(watcher)?);
    event.log_in()?;
    let began = Instant::now();
    let paths = converge(&event)?;
    let converged = began.elapsed();
    let began = Instant::now();
    for path in paths {
        event.send("DELETE", &path, None)?;
    }
    event.ends(SOON)?;
    Ok(Kills { kills, requests, looks, converged, removed: began.elapsed() })
}

type Thread<T> = std::thread::JoinHandle<Result<T>>;

fn begin(event: &Event, names: &[String], seed: u64, ends: &Arc<AtomicBool>) -> Result<Thread<Done>> {
    let (ends, url) = (Arc::clone(ends), event.place.deployments_url());
    let place = organiser::Place { url, names: names.to_vec(), image: IMAGE, port: PORT, seed };
    event.place.cluster().thread(move || async move { organiser::work(place, &ends).await })
}

/// Compares the addresses of all Services until `ends`. Returns how often.
fn watch(event: &Event, ends: &Arc<AtomicBool>) -> Result<Thread<u64>> {
    let (cluster, selector, ends) = (event.place.cluster().clone(), event.place.selector(), Arc::clone(ends));
    event.place.cluster().thread(move || async move {
        let mut looks = 0;
        while !ends.load(Ordering::Relaxed) {
            let listed = cluster.kubectl(&["get", "services", "-A", "-l", &selector, "-o", "json"])?;
            no_address_is_double(&serde_json::from_str(&listed)?)?;
            looks += 1;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        Ok(looks)
    })
}

fn no_address_is_double(services: &Value) -> Result<()> {
    let mut owners: BTreeMap<&str, &Value> = BTreeMap::new();
    for service in services["items"].as_array().into_iter().flatten() {
        let annotations = &service["metadata"]["annotations"];
        let Some(address) = annotations["metallb.universe.tf/loadBalancerIPs"].as_str() else { continue };
        if let Some(other) = owners.insert(address, &service["metadata"]) {
            anyhow::bail!("{address} is of {other} and of {}", service["metadata"]);
        }
    }
    Ok(())
}

fn kill(event: &mut Event, random: &mut StdRng) -> Result<&'static str> {
    let victims = [("runner", true, false), ("server", false, true), ("both", true, true)];
    let (who, kills_runner, kills_server) = victims.choose(random).copied().unwrap_or_default();
    if kills_runner {
        event.place.kill_runner()?;
    }
    if kills_server {
        event.place.kill_server()?;
    }
    std::thread::sleep(random.random_range(Duration::ZERO..DOWN));
    if kills_server {
        event.place.start_server()?;
    }
    if kills_runner {
        event.place.start_runner()?;
    }
    Ok(who)
}

/// Deploys what there is, and waits until all of it runs, each team at an address of its own. Returns the paths.
fn converge(event: &Event) -> Result<Vec<String>> {
    let listed = event.send("GET", "/challenges/?limit=1000", None)?;
    let all = listed["challenges"].as_array().context("no challenges")?;
    let paths: Vec<String> = all.iter().filter_map(|it| Some(format!("/challenges/{}", it["id"].as_str()?))).collect();
    for path in &paths {
        event.deploy(path)?;
    }
    let (mut addresses, mut count) = (BTreeSet::new(), 0);
    for path in &paths {
        let challenge = event.becomes(path, "running")?;
        for instance in challenge["instances"].as_array().context("no instances")? {
            let address = instance["public_ip"].as_str().context("no address")?.to_owned();
            ensure!(event.place.page(&format!("http://{address}/"))?.contains("Guest book"), "{instance}");
            addresses.insert(address);
            count += 1;
        }
    }
    ensure!(addresses.len() == count, "{count} instances have {} addresses", addresses.len());
    ensure!(event.place.leased()? == count as u64, "{} addresses are leased for {count}", event.place.leased()?);
    Ok(paths)
}
