//! What a start costs beyond what the engine itself needs for the same containers.

use super::team::{Team, Told};
use super::{Place, challenges};
use crate::containers::{Kind, network};
use crate::quantiles::Quantiles;
use anyhow::{Result, bail};
use serde_json::{Value, json};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Time in which a pool is full again.
const REFILL: Duration = Duration::from_secs(10);

/// The result, in milliseconds.
#[derive(Debug)]
pub struct Overhead {
    pub pairs: usize,
    /// From the request to the answer that the instance runs.
    pub ours: Quantiles,
    /// The engine's own client: a network, and a container in it with the same limits and a published port.
    pub engine: Quantiles,
    /// Ours less the engine's, pair by pair.
    pub difference: Quantiles,
}

/// Starts pairs in turn, one by us and one by the engine's client.
pub fn measure(kind: Kind, pairs: usize) -> Result<Overhead> {
    let place = Place::start(kind)?;
    let (ask, asked) = mpsc::channel::<bool>();
    let (tell, told) = mpsc::channel::<f64>();
    let log = place.log("server.log");
    let starter = network::inside(place.engine().process(), move || async move {
        let ids = challenges::make(&challenges::operator(&log).await?, 1, &json!({})).await?;
        let team = Team::new("team".to_owned())?;
        while asked.recv().unwrap_or(false) {
            tell.send(start_once(&team, &ids).await?)?;
        }
        Ok(())
    })?;
    let (mut ours, mut engine, mut difference) = (Vec::new(), Vec::new(), Vec::new());
    // The first of each reads the image for the first time.
    for number in 0..=pairs {
        let own = plain(&place, number)?;
        ask.send(true)?;
        let Ok(our) = told.recv() else { break };
        if number > 0 {
            ours.push(our);
            engine.push(own);
            difference.push(our - own);
        }
    }
    drop(ask);
    network::join(starter)?;
    let (ours, engine) = (Quantiles::of(ours), Quantiles::of(engine));
    Ok(Overhead { pairs, ours, engine, difference: Quantiles::of(difference) })
}

/// Measures starts of which an instance waits in the pool, in milliseconds.
pub fn measure_warm(kind: Kind, count: usize) -> Result<Quantiles> {
    let place = Place::start(kind)?;
    let log = place.log("server.log");
    let starter = network::inside(place.engine().process(), move || async move {
        let ids = challenges::make(&challenges::operator(&log).await?, 1, &json!({"warm": 1})).await?;
        let team = Team::new("team".to_owned())?;
        let mut times = Vec::new();
        for _ in 0..count {
            tokio::time::sleep(REFILL).await;
            times.push(start_once(&team, &ids).await?);
        }
        Ok(Quantiles::of(times))
    })?;
    network::join(starter)
}

/// Starts an instance, and stops it. Returns how long the start took.
async fn start_once(team: &Team, ids: &[String]) -> Result<f64> {
    let Some(id) = ids.first() else { bail!("there is no challenge") };
    let begin = Instant::now();
    let Told::Runs(answer) = team.start(id).await? else { bail!("the team has too many") };
    let time = begin.elapsed().as_secs_f64() * 1e3;
    let Some(session) = answer.get("session_id").and_then(Value::as_str) else { bail!("{answer}") };
    team.stop_session(session).await?;
    Ok(time)
}

/// Starts the same by the engine's client, and removes it. Returns how long the start took.
fn plain(place: &Place, number: usize) -> Result<f64> {
    let (network, port) = (format!("plain-{number}"), format!("{}:8080", 25_000 + number));
    let begin = Instant::now();
    place.docker(&["network", "create", "--subnet", "10.210.0.0/28", &network])?;
    let arguments = "run -d --init --read-only --cap-drop ALL --security-opt no-new-privileges --memory 256m --cpus 0.5 \
                     --pids-limit 128 --tmpfs /tmp:size=16m";
    let mut words: Vec<&str> = arguments.split_whitespace().collect();
    words.extend(["--network", &network, "-p", &port, "localhost/challengectl/web-basic-xss:1"]);
    let id = place.docker(&words)?;
    let time = begin.elapsed().as_secs_f64() * 1e3;
    place.docker(&["rm", "-f", id.trim()])?;
    place.docker(&["network", "rm", &network])?;
    Ok(time)
}
