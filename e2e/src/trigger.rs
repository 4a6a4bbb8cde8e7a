//! The time from an operator's trigger to the first sample of an idle radio.

use crate::operator::Operator;
use crate::recordings::read_all;
use crate::site::{Radio, Site, Times, wait_until};
use anyhow::{Context, Result};
use challengectl_common::Timestamp;
use serde_json::Value;
use std::time::Duration;

/// A short challenge that is never due again by itself.
const EVENT: &str = "
defaults: {min_delay: 3600, max_delay: 3600}
challenges:
  - {name: NOW, modulation: cw, frequency: 145550000, text: E, parameters: {wpm: 60}}
";

/// The result.
#[derive(Debug)]
pub struct Report {
    pub triggers: usize,
    pub p50_ms: u128,
    pub p99_ms: u128,
    pub worst_ms: u128,
}

/// Triggers one challenge repeatedly, each time with an idle radio.
pub async fn measure(triggers: usize) -> Result<Report> {
    let folder = tempfile::tempdir()?;
    let event = folder.path().join("challenges.yml");
    std::fs::write(&event, EVENT)?;
    let mut site = Site::new(&event, None, Times { lease: 60.0, grace: 15.0, heartbeat: 20.0 })?;
    site.start_server()?;
    let operator = Operator::set_up(&site).await?;
    site.add_runner("roof", &[Radio { id: "vhf", limits: "144000000-146000000", sample_rate: 250_000 }])?;
    site.start_runners()?;
    let mut delays = Vec::new();
    for number in 0..triggers {
        rested(&operator, number + 1)?;
        let asked = Timestamp::now();
        operator.post("/api/challenges/1/trigger").await?;
        rested(&operator, number + 2)?;
        let last = read_all(&site.recordings())?.pop().context("no recording")?;
        delays.push(last.start.since(asked).as_millis());
    }
    site.stop()?;
    delays.sort_unstable();
    let at = |part: f64| delays.get((part * (delays.len() - 1) as f64).round() as usize).copied().unwrap_or_default();
    Ok(Report { triggers, p50_ms: at(0.5), p99_ms: at(0.99), worst_ms: at(1.0) })
}

/// Waits until this many transmissions have ended.
fn rested(operator: &Operator, transmissions: usize) -> Result<()> {
    let runtime = tokio::runtime::Handle::current();
    wait_until("the transmission ends", Duration::from_secs(30), || {
        let answer =
            tokio::task::block_in_place(|| runtime.block_on(operator.get("/api/transmissions?status=success")))?;
        Ok(answer.get("total").and_then(Value::as_u64) == Some(transmissions as u64))
    })
}
