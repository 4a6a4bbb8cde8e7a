//! Attacks on the receivers' side of an air that a runner serves: its other receivers lose nothing, emergency stops cut its
//! carriers, and its leases are renewed.

use super::attackers::{Attackers, Targets};
use super::place::{Place, Served};
use super::victims::Victims;
use super::{processor_seconds, resident_bytes};
use crate::quantiles::Quantiles;
use crate::site::{Times, wait_until};
use crate::stops::{OFF, Reason};
use anyhow::{Context, Result, ensure};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde_json::Value;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

pub use super::attackers::Sizes;
pub use super::victims::Received;

/// Short, so that an attack lasts longer than several leases.
const TIMES: Times = Times { lease: 4.0, grace: 0.5, heartbeat: 1.0 };

/// Seconds of each signal: longer than an attack.
const SIGNAL_SECONDS: u32 = 120;

/// Time for the victims to receive what they receive in so much time, on a machine that does much else.
const SLACK: Duration = Duration::from_secs(60);

/// The reason that a runner reports for a transmission that an operator's stop has ended.
const ORDERED: &str = "the server ordered it";

/// The keys of `air:`.
const AIR: &str = "rtl_tcp: {listen: [\"127.0.0.1:0\"]}, \
                   streams: [{listen: \"127.0.0.1:0\", centre: 433500000, sample_rate: 48000}], \
                   browser: {listen: \"127.0.0.1:0\", bands: [{name: 70 cm, centre_hz: 433500000}]}";

/// The result.
#[derive(Debug)]
pub struct Report {
    /// From an emergency stop to the last sample, without an attack and under it, in milliseconds.
    pub stop_quiet: Quantiles,
    pub stop_attacked: Quantiles,
    /// Blocks and frames of the victims.
    pub rtl_tcp: Received,
    pub browser: Received,
    /// Blocks of the receivers of each carrier, and those of them that were lost.
    pub blocks: u64,
    pub lost: u64,
    /// Transmissions that a lease has ended.
    pub leases_lost: u64,
    /// What attackers have sent, whether or not it was read: a server reads 4,000 commands and 50 messages a second of each
    /// connection.
    pub connections: u64,
    pub commands: u64,
    pub messages: u64,
    /// Of one core, by the runner with its air; of the attackers nothing is counted.
    pub processor_percent: f64,
    pub resident_mib: f64,
}

/// Attacks for so long, then stops so many times under the attack. Fails if the victims are disconnected, a stop does not
/// work, or a lease is lost; what was lost otherwise is in the report.
pub async fn measure(sizes: Sizes, time: Duration, stops: usize) -> Result<Report> {
    raise_file_limit()?;
    let mut place = Place::start(Served::InProcess, TIMES, SIGNAL_SECONDS, AIR).await?;
    let targets = Targets {
        rtl_tcp: place.address("connect to rtl_tcp at ")?,
        zmq: place.address("subscribers connect to ")?,
        browser: place.address("browsers listen at ")?,
    };
    let stop_quiet = stop(&mut place, stops).await?;
    let victims = Victims::connect(targets.rtl_tcp, targets.browser)?;
    let frames = |seconds: u64| seconds * 50;
    let received = |count: u64| {
        wait_until("the victims receive", Duration::from_secs(count / 50) + SLACK, || {
            let [rtl_tcp, browser] = [victims.rtl_tcp.read(), victims.browser.read()];
            ensure!(!rtl_tcp.is_closed && !browser.is_closed, "a victim was disconnected");
            Ok(rtl_tcp.received.min(browser.received) >= count)
        })
    };
    received(frames(1))?;
    let before = (victims.rtl_tcp.read(), victims.browser.read(), place.ears.blocks());
    let runner = place.site.runner_id(0)?;
    let (began, processor) = (Instant::now(), processor_seconds(runner)?);
    let attackers = Attackers::start(targets, sizes)?;
    received(before.0.received + frames(time.as_secs()))?;
    let processor_percent = 100.0 * (processor_seconds(runner)? - processor) / began.elapsed().as_secs_f64();
    let after = (victims.rtl_tcp.read(), victims.browser.read(), place.ears.blocks());
    let leases_lost = lost_leases(&place).await?;
    ensure!(leases_lost == 0, "{leases_lost} leases were lost: {}", place.site.log("roof.log"));
    let stop_attacked = stop(&mut place, stops).await?;
    let resident_mib = resident_bytes(runner)? as f64 / 1_048_576.0;
    let done = [&attackers.done.connections, &attackers.done.commands, &attackers.done.messages];
    let [connections, commands, messages] = done.map(|count| count.load(Ordering::Relaxed));
    drop((attackers, victims));
    place.site.stop()?;
    let since = |before: Received, after: Received| Received {
        received: after.received - before.received,
        lost: after.lost - before.lost,
        is_closed: after.is_closed,
    };
    Ok(Report {
        stop_quiet,
        stop_attacked,
        rtl_tcp: since(before.0, after.0),
        browser: since(before.1, after.1),
        blocks: after.2.0 - before.2.0,
        lost: after.2.1 - before.2.1,
        leases_lost,
        connections,
        commands,
        messages,
        processor_percent,
        resident_mib,
    })
}

/// Stops and releases so many times. Returns the milliseconds to the last sample.
async fn stop(place: &mut Place, times: usize) -> Result<Quantiles> {
    let mut all = Vec::new();
    for _ in 0..times {
        place.all_on_air()?;
        let cause = Instant::now();
        Reason::Stop.happen(&mut place.site, &place.operator).await?;
        let off = wait_until("all radios are off", OFF, || Ok(place.ears.all_off()));
        off.with_context(|| place.site.log("roof.log"))?;
        all.extend(place.ears.went_off(cause));
        Reason::Stop.undo(&mut place.site, &place.operator).await?;
    }
    place.all_on_air()?;
    Ok(Quantiles::of(all))
}

/// Returns how many transmissions ended in another way than by an operator's stop or at their end.
async fn lost_leases(place: &Place) -> Result<u64> {
    let mut lost = 0;
    for status in ["failed", "aborted"] {
        let answer = place.operator.get(&format!("/api/transmissions?status={status}&limit=1000")).await?;
        let transmissions = answer.get("transmissions").and_then(Value::as_array).into_iter().flatten();
        let reason = |transmission: &Value| transmission.get("error_message")?.as_str().map(str::to_owned);
        lost += transmissions.filter_map(reason).filter(|reason| reason != ORDERED).count() as u64;
    }
    Ok(lost)
}

/// Lets this process open as many files as the system allows: attackers have thousands of connections.
fn raise_file_limit() -> Result<()> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    Ok(setrlimit(Resource::RLIMIT_NOFILE, most, most)?)
}
