//! Instances while the server, the runner and the engine are killed at random.

use super::churn::{self, Done};
use super::{Place, Survey, challenges, settle};
use crate::containers::{Kind, network};
use anyhow::{Context, Result, ensure};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

/// Challenges: more than a team may have at once.
const CHALLENGES: usize = 6;

/// The kills to make.
#[derive(Debug, Clone)]
pub struct Settings {
    pub kind: Kind,
    pub count: u32,
    pub teams: usize,
    pub seed: u64,
    /// What is killed.
    pub victims: Vec<Victim>,
}

/// What may be killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Victim {
    Server,
    Runner,
    Engine,
}

/// The result.
#[derive(Debug)]
pub struct Kills {
    pub kills: BTreeMap<Victim, u32>,
    /// How often Docker did not start again before its record of networks was removed.
    pub repairs: u32,
    pub starts: u64,
    pub stops: u64,
    /// Instances that had the same flag and address when they were looked at again.
    pub looks: u64,
    pub solved: usize,
    pub states: BTreeMap<String, i64>,
    pub failures: BTreeMap<String, i64>,
}

/// Kills; fails if anything is orphaned, stuck, doubled or lost.
pub async fn survive(settings: Settings) -> Result<Kills> {
    println!("seed {}", settings.seed);
    let mut place = Place::start(settings.kind)?;
    let (log, process) = (place.log("server.log"), place.engine().process());
    let survey = Survey::open(&place).await?;
    let ids = network::join(network::inside(process, move || async move {
        challenges::make(
            &challenges::operator(&log).await?,
            CHALLENGES,
            &json!({"lifetime_seconds": 86_400, "after_solve_seconds": null}),
        )
        .await
    })?)?;
    let ends = Arc::new(AtomicBool::new(false));
    let crowd = network::inside(process, {
        let ends = Arc::clone(&ends);
        move || async move { churn::play(settings.teams, &ids, settings.seed, &ends).await }
    })?;
    let mut kills = BTreeMap::new();
    let mut random = StdRng::seed_from_u64(settings.seed);
    for number in 0..settings.count {
        if crowd.is_finished() {
            break;
        }
        sleep(Duration::from_millis(random.random_range(500..4000)));
        let who = settings.victims.choose(&mut random).copied().unwrap_or(Victim::Server);
        let down = Duration::from_millis(random.random_range(0..2000));
        kill(&mut place, who, down).with_context(|| format!("kill {number}, of the {who:?}"))?;
        *kills.entry(who).or_default() += 1;
    }
    ends.store(true, Ordering::Relaxed);
    let done: Done = network::join(crowd).with_context(|| diagnosis(&place))?;
    settle(&place, &survey).await?;
    // A bridge that a killed engine has left behind goes when it was unknown twice, a minute apart.
    let deadline = std::time::Instant::now() + super::REST;
    while let Err(error) = survey.nothing_left(&place).await {
        ensure!(std::time::Instant::now() < deadline, error.context(diagnosis(&place)));
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    let solves = survey.solves().await?;
    ensure!(solves >= done.solved.len() as i64, "{solves} solves, but {} were confirmed", done.solved.len());
    Ok(Kills {
        kills,
        repairs: place.engine().repairs,
        starts: done.starts,
        stops: done.stops,
        looks: done.looks,
        solved: done.solved.len(),
        states: survey.states().await?,
        failures: survey.failures().await?,
    })
}

/// Lists the processes in networks of instances (10.203.0.0/16, which `/proc` writes as CB0A), with their control groups.
const PEOPLE: &str = r#"for p in /proc/[0-9]*; do
    grep -q 'CB0A\b' $p/net/route 2>/dev/null && [ "$(readlink $p/ns/net)" != "$(readlink /proc/self/ns/net)" ] \
        && echo "$p $(tr '\0' ' ' < $p/cmdline) $(grep pids: $p/cgroup)"
done; true"#;

/// Returns what explains a failure: the log of the runner, the containers, the network of the engine, and the processes in it.
fn diagnosis(place: &Place) -> String {
    let containers = place.docker(&["ps", "-a", "--format", "{{.ID}} {{.Names}} {{.Status}} {{.Ports}}"]);
    let network = place.engine().shell("iptables-save -t nat; ip -br addr; ip route; ss -tlnp");
    let people = place.engine().shell(PEOPLE);
    let texts = [containers, network, people].map(|text| text.unwrap_or_else(|error| error.to_string()));
    format!("{}\n{}", place.log("runner.log"), texts.join("\n"))
}

fn kill(place: &mut Place, who: Victim, down: Duration) -> Result<()> {
    match who {
        Victim::Server => place.kill_server()?,
        Victim::Runner => place.kill_runner()?,
        Victim::Engine => place.kill_engine()?,
    }
    sleep(down);
    match who {
        Victim::Server => place.start_server(),
        Victim::Runner => place.start_runner(),
        Victim::Engine => place.start_engine(),
    }
}
