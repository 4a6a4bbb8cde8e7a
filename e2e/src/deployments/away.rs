//! The cluster, or its runner, is away for a while: what ran goes on, answers stay true, and what was asked meanwhile is
//! done afterwards.

use crate::kubernetes::{Event, Faulty, IMAGE, Place, SOON};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const TEAMS: usize = 2;
const PORT: u16 = 8080;
/// Pause between two looks while somebody is away.
const PERIOD: Duration = Duration::from_secs(1);
/// Until a runner is known to be silent: the server waits for its lease, its grace, and a heartbeat.
const SILENT: Duration = Duration::from_secs(120);

/// Times until everything that was asked meanwhile was done.
#[derive(Debug)]
pub struct Absence {
    pub after_the_cluster: Duration,
    pub after_the_runner: Duration,
}

/// The challenges of the event.
struct Challenges {
    stays: String,
    is_stopped: String,
    is_deleted: String,
    is_new: String,
}

/// Has the cluster away for so long, and then the runner.
pub fn be_away(time: Duration) -> Result<Absence> {
    let mut place = Place::prepare()?;
    place.deploys();
    let api = Faulty::start(place.cluster(), place.api_port(), place.folder())?;
    place.begin(api.access())?;
    let mut event = Event::of(place)?;

    let challenges = prepare(&event)?;
    api.set_away(true);
    ask(&event, &challenges)?;
    while_away(&mut event, &challenges, time)?;
    api.set_away(false);
    let after_the_cluster = is_done(&mut event, &challenges)?;

    let challenges = prepare(&event)?;
    event.place.kill_runner()?;
    ask(&event, &challenges)?;
    becomes_pending(&event, &challenges)?;
    while_away(&mut event, &challenges, time)?;
    event.place.start_runner()?;
    let after_the_runner = is_done(&mut event, &challenges)?;
    Ok(Absence { after_the_cluster, after_the_runner })
}

fn prepare(event: &Event) -> Result<Challenges> {
    let create = |what: &str| event.create(&format!("{what}-{}", event.place.installation()), IMAGE, PORT, TEAMS);
    let it = Challenges {
        stays: create("stays")?,
        is_stopped: create("stopped")?,
        is_deleted: create("deleted")?,
        is_new: create("new")?,
    };
    for path in [&it.stays, &it.is_stopped, &it.is_deleted] {
        event.deploy(path)?;
    }
    for path in [&it.stays, &it.is_stopped, &it.is_deleted] {
        event.becomes(path, "running")?;
    }
    Ok(it)
}

/// Asks for a deploy, a stop and a deletion.
fn ask(event: &Event, it: &Challenges) -> Result<()> {
    let deployed = event.deploy(&it.is_new)?;
    ensure!(each(&deployed)?.iter().all(|instance| instance["public_ip"].is_string()), "no addresses: {deployed}");
    event.send("POST", &format!("{}/stop", it.is_stopped), Some(&json!({"remove_instances": false})))?;
    event.send("DELETE", &it.is_deleted, None).map(drop)
}

fn becomes_pending(event: &Event, it: &Challenges) -> Result<()> {
    let is_pending = || {
        let seen = event.send("GET", &it.is_new, None)?;
        let says_why = |one: &Value| one["status"] == "pending" && one["message"] == "no Kubernetes runner is online";
        Ok(each(&seen)?.iter().all(says_why))
    };
    crate::site::wait_until("the runner is silent", SILENT, is_pending)
}

fn while_away(event: &mut Event, it: &Challenges, time: Duration) -> Result<()> {
    let began = Instant::now();
    event.log_in()?;
    while began.elapsed() < time {
        let stays = event.send("GET", &it.stays, None)?;
        ensure!(stays["status"] == "running", "what ran goes on: {stays}");
        ensure!(event.page(&it.stays, 1)?.contains("Guest book"));
        let stopped = event.send("GET", &it.is_stopped, None)?;
        ensure!(stopped["status"] == "stopping", "nobody has stopped it: {stopped}");
        let new = event.send("GET", &it.is_new, None)?;
        ensure!(new["status"] == "deploying", "nobody has built it: {new}");
        ensure!(new["instances"][0]["status"] != "running", "{new}");
        std::thread::sleep(PERIOD);
    }
    Ok(())
}

/// Waits until everything is done, removes all, and returns how long the first took.
fn is_done(event: &mut Event, it: &Challenges) -> Result<Duration> {
    let began = Instant::now();
    event.log_in()?;
    event.becomes(&it.is_new, "running")?;
    event.becomes(&it.is_stopped, "stopped")?;
    let namespace = format!("namespace/challenge-deleted-{}", event.place.installation());
    let is_gone = || {
        let left = event.place.cluster().kubectl(&["get", "namespaces", "-o", "name"])?;
        Ok(!left.lines().any(|it| it == namespace))
    };
    crate::site::wait_until("what was deleted is gone", SOON, is_gone)
        .with_context(|| event.place.log("runner.log"))?;
    let time = began.elapsed();
    ensure!(event.page(&it.stays, 1)?.contains("Guest book"));
    for path in [&it.stays, &it.is_stopped, &it.is_new] {
        event.send("DELETE", path, None)?;
    }
    event.ends(SOON)?;
    Ok(time)
}

fn each(challenge: &Value) -> Result<&Vec<Value>> {
    challenge["instances"].as_array().with_context(|| challenge.to_string())
}
