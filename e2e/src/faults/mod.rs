//! Random faults of every kind, and the properties that must always hold: nothing is on air twice, nothing is lost or
//! stuck, and every emergency stop works.

mod blows;
mod carriers;
mod classify;
mod clock;
mod doubled;
mod findings;
mod network;
mod orders;
mod place;
mod plan;
mod proxy;
mod request;
mod rest;
mod stops;

use crate::history::starved;
use crate::recordings::read_all;
use anyhow::{Result, ensure};
use doubled::doubled;
use place::Place;
pub use plan::Kind;
use plan::{Fault, Step};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// The number of faults after which the site is checked for stuck challenges.
const REST_EVERY: usize = 25;
/// The number of transmissions in the history, so that long lists are slow.
const HISTORY: u64 = 200_000;

/// Longer than a lease, and the server's look at those that have run out.
const TAKEN_BACK: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(100);

/// The faults to make.
#[derive(Debug, Clone)]
pub struct Settings {
    pub count: u32,
    pub seed: u64,
    /// The kinds; empty: all.
    pub kinds: Vec<Kind>,
}

/// The result.
#[derive(Debug)]
pub struct Report {
    pub recordings: usize,
    pub outcomes: Vec<(String, i64)>,
}

/// Makes the faults; fails if any property is violated.
pub async fn survive(settings: &Settings) -> Result<Report> {
    println!("seed {}", settings.seed);
    let steps = plan::draw(settings.seed, settings.count, &settings.kinds);
    let any = |condition: fn(&Fault) -> bool| steps.iter().any(|step| condition(&step.fault));
    let history = if any(|fault| matches!(fault, Fault::Stop(stop) if stop.lists)) { HISTORY } else { 0 };
    let mut place = Place::start(any(|fault| fault.kind() == Kind::Clock), history).await?;
    let result = go_through(&mut place, &steps).await;
    println!("{}", place.findings);
    if result.is_err() {
        eprintln!("kept in {}", place.site.keep().display());
    }
    result
}

async fn go_through(place: &mut Place, steps: &[Step]) -> Result<Report> {
    for (index, step) in steps.iter().enumerate() {
        sleep(step.pause).await;
        place.findings.make(step.fault);
        make(place, step.fault).await?;
        if (index + 1) % REST_EVERY == 0 {
            rest::on_air_again(place).await?;
        }
    }
    rest::on_air_again(place).await?;
    end(place).await?;
    in_order(place, steps).await
}

/// Ends the runners, and the server when all assignments are over: one that was handed out to a runner that was just ending is
/// taken back when its lease has run out.
async fn end(place: &mut Place) -> Result<()> {
    place.site.stop_runners()?;
    let deadline = Instant::now() + TAKEN_BACK;
    while !place.history.unfinished().await?.is_empty() && Instant::now() < deadline {
        sleep(PAUSE).await;
    }
    place.site.stop_server()
}

async fn make(place: &mut Place, fault: Fault) -> Result<()> {
    match fault {
        Fault::Kill { server, runner, down } => blows::kill(place, server, runner, down).await,
        Fault::Restart { server, runner, down } => blows::restart(place, server, runner, down).await,
        Fault::Freeze { who, time } => blows::freeze(place, who, time).await,
        Fault::Request { runner, call, treatment } => network::request(place, runner, call, treatment).await,
        Fault::Stale { runner, call, delivered, restart } => {
            network::stale(place, runner, call, delivered, restart).await
        }
        Fault::Storm { runner, seed, share, time } => network::storm(place, runner, seed, share, time).await,
        Fault::Copy { runner, time, end } => blows::copy(place, runner, time, end).await,
        Fault::Elsewhere { runner, time, end } => {
            blows::elsewhere(place, runner, time, end).await?;
            rest::on_air_again(place).await
        }
        Fault::Clock { runner, hours, over_restart } => rest::set_clock(place, runner, hours, over_restart).await,
        Fault::Stop(stop) => stops::stop(place, stop).await,
    }
}

async fn in_order(place: &mut Place, steps: &[Step]) -> Result<Report> {
    let recordings = read_all(&place.site.recordings())?;
    for doubled in doubled(&recordings, &place.pauses) {
        place.findings.doubled(&doubled);
    }
    for (assignment, status) in place.history.unfinished().await? {
        place.findings.find(format_args!("assignment {assignment} has no single final state: {status}"));
    }
    // Starvation is only checked for kills: clocks that are set, and stops, change the order of turns.
    if steps.iter().all(|step| step.fault.kind() == Kind::Kill) {
        for starved in starved(&place.history.assignments().await?) {
            place.findings.find(format_args!("starved: {starved:?}"));
        }
    }
    for unproved in place.findings.unproved() {
        place.findings.find(format_args!("nothing proved: {unproved}"));
    }
    let wrong = place.findings.count();
    ensure!(wrong == 0, "{wrong} violations");
    Ok(Report { recordings: recordings.len(), outcomes: place.history.outcomes().await? })
}
