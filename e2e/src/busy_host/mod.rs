//! A host that does everything: eight radios that are always on air, simulated below SoapySDR, and an idle one that an
//! operator triggers, while instances start and stop beside them. What starts slowly must not delay a carrier.

mod stolen;
mod trigger;

use crate::containers::{Kind, Place, network};
use crate::operator::Operator;
use crate::pair::NICE;
use crate::quantiles::Quantiles;
use crate::sessions::{self, AtOnce};
use crate::site::wait_until;
use crate::soapy::DRIVERS;
use crate::soapy::radios::Radios;
use crate::stops::ON_AIR;
use anyhow::{Context, Result};
use rustix::process::setpriority_process;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use stolen::stolen;
use tempfile::TempDir;

/// The frequency of the idle radio, in another band than those that are busy.
const IDLE: u64 = 145_550_000;

/// What the host has to do.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub engine: Kind,
    /// Each starts and stops five instances.
    pub teams: usize,
    /// Of each busy radio, per second.
    pub sample_rate: u32,
    /// Time with nothing but radios.
    pub quiet: Duration,
}

/// What was measured.
#[derive(Debug)]
pub struct Report {
    pub quiet: OnAir,
    pub beside: OnAir,
    pub instances: AtOnce,
}

/// What the radios did in a time.
#[derive(Debug)]
pub struct OnAir {
    /// Blocks that the busy radios have taken.
    pub blocks: usize,
    /// Times at which one had nothing left to send, by model.
    pub ran_dry: BTreeMap<&'static str, usize>,
    pub triggers: usize,
    /// From the operator's request to the first sample.
    pub trigger: Quantiles,
    /// Seconds of processor time that other guests of the machine have had meanwhile.
    pub stolen: f64,
}

/// Measures the radios without instances, and beside them.
pub async fn measure(load: Load) -> Result<Report> {
    let (host, ids) = Host::start(load)?;
    let watch = host.watch()?;
    tokio::time::sleep(load.quiet).await;
    let quiet = host.finish(watch)?;
    let watch = host.watch()?;
    let instances = sessions::start_and_stop_at(&host.place, ids, load.teams).await?;
    Ok(Report { quiet, beside: host.finish(watch)?, instances })
}

struct Host {
    place: Place,
    radios: Radios,
    /// Has the radios' record.
    _memory: TempDir,
    recordings: PathBuf,
    operator: Arc<Operator>,
    /// The id of the challenge of the idle radio.
    idle: String,
}

/// Triggers of a time that is measured.
struct Watch {
    ends: Arc<AtomicBool>,
    triggers: JoinHandle<Result<Vec<f64>>>,
    /// At its begin.
    stolen: f64,
}

impl Host {
    /// Starts everything, and waits until all busy radios are on air. Returns the ids of instance challenges as well.
    fn start(load: Load) -> Result<(Self, Vec<String>)> {
        let mut place = Place::start(load.engine)?;
        // In memory: what the simulated radios record must not wait for the disk, which engines keep busy.
        let memory = tempfile::tempdir_in("/dev/shm")?;
        let radios = Radios::plug_in(&memory.path().join("radios"), &DRIVERS)?;
        let recordings = place.folder().join("recordings");
        let log = place.log("server.log");
        place.add_runner("mast", &settings(&radios, &recordings, load.sample_rate)?, radios.environment())?;
        let made = network::inside(place.engine().process(), move || async move { make_challenges(&log).await })?;
        let (operator, ids, idle) = network::join(made)?;
        let on_air = wait_until("all radios are on air", ON_AIR, || Ok(radios.all_sending()));
        on_air.with_context(|| place.log("mast.log"))?;
        Ok((Self { place, radios, _memory: memory, recordings, operator: Arc::new(operator), idle }, ids))
    }

    /// Begins to trigger the idle radio, and to count what the others do.
    fn watch(&self) -> Result<Watch> {
        self.radios.forget()?;
        let ends = Arc::new(AtomicBool::new(false));
        let (operator, idle, recordings) = (Arc::clone(&self.operator), self.idle.clone(), self.recordings.clone());
        let triggers = network::inside(self.place.engine().process(), {
            let ends = Arc::clone(&ends);
            move || async move {
                // An operator has another computer, so that this thread does not wait for this one's.
                setpriority_process(None, NICE)?;
                trigger::again_and_again(&operator, &idle, &recordings, &ends).await
            }
        })?;
        Ok(Watch { ends, triggers, stolen: stolen()? })
    }

    fn finish(&self, watch: Watch) -> Result<OnAir> {
        watch.ends.store(true, Ordering::Relaxed);
        let delays = network::join(watch.triggers)?;
        let (ran_dry, blocks) = (self.radios.count("ran-dry"), self.radios.count("writeStream").values().sum());
        let stolen = stolen()? - watch.stolen;
        Ok(OnAir { blocks, ran_dry, triggers: delays.len(), trigger: Quantiles::of(delays), stolen })
    }
}

/// Makes all challenges; returns the operator, the ids of the instance challenges, and that of the idle radio's.
async fn make_challenges(log: &str) -> Result<(Operator, Vec<String>, String)> {
    let operator = sessions::operator(log).await?;
    let ids = sessions::make_challenges(&operator).await?;
    for number in 0..DRIVERS.len() {
        operator.send("/api/challenges", &busy(number)).await?;
    }
    let idle = json!({
        "name": "NOW", "modulation": "cw", "frequency": IDLE, "text": "E", "parameters": {"wpm": 60},
        "min_delay": 3600, "max_delay": 3600,
    });
    let made = operator.send("/api/challenges", &idle).await?;
    Ok((operator, ids, made.get("challenge_id").context("no challenge_id")?.to_string()))
}

/// The challenge of one busy radio: a minute of Morse code, again and again.
fn busy(number: usize) -> Value {
    json!({
        "name": format!("BUSY_{number}"), "modulation": "cw", "frequency": 433_100_000 + 100_000 * number,
        "text": "PARIS ".repeat(20), "min_delay": 0.1, "max_delay": 0.2,
    })
}

fn settings(radios: &Radios, recordings: &Path, sample_rate: u32) -> Result<String> {
    let mut yaml = "radios:\n".to_owned();
    let limits = "frequency_limits: [\"430000000-440000000\"]";
    for (number, device) in radios.devices().enumerate() {
        writeln!(
            yaml,
            "  - {{id: r{number}, driver: soapy, device: \"{device}\", sample_rate: {sample_rate}, {limits}}}"
        )?;
    }
    let folder = recordings.display();
    let limits = "frequency_limits: [\"144000000-146000000\"]";
    writeln!(yaml, "  - {{id: idle, driver: file, paced: true, directory: {folder}, sample_rate: 250000, {limits}}}")?;
    Ok(yaml)
}
