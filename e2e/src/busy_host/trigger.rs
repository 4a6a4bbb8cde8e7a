//! Triggers the idle radio.

use crate::operator::Operator;
use crate::recordings::read_since;
use anyhow::{Context, Result, ensure};
use challengectl_common::Timestamp;
use serde_json::Value;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Time for a transmission of a letter.
const LIMIT: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(100);

/// Triggers a challenge each time that its radio is idle, until `ends`. Returns the milliseconds to each first sample.
pub(super) async fn again_and_again(
    operator: &Operator,
    challenge: &str,
    recordings: &Path,
    ends: &AtomicBool,
) -> Result<Vec<f64>> {
    let mut delays = Vec::new();
    // A new challenge is sent once by itself.
    rested(operator, challenge, Timestamp::from_millis(0)).await?;
    while !ends.load(Ordering::Relaxed) {
        let asked = Timestamp::now();
        operator.post(&format!("/api/challenges/{challenge}/trigger")).await?;
        rested(operator, challenge, asked).await?;
        let last = read_since(recordings, asked)?.pop().context("no recording")?;
        delays.push(last.start.since(asked).as_secs_f64() * 1e3);
    }
    Ok(delays)
}

/// Waits until a transmission that was asked for at this moment has ended.
async fn rested(operator: &Operator, challenge: &str, asked: Timestamp) -> Result<()> {
    let deadline = Instant::now() + LIMIT;
    loop {
        tokio::time::sleep(PAUSE).await;
        let answer = operator.get(&format!("/api/challenges/{challenge}")).await?;
        let last = answer.pointer("/challenge/last_run").filter(|it| !it.is_null()).cloned();
        let last: Option<Timestamp> = last.map(serde_json::from_value).transpose()?;
        let waits = answer.pointer("/challenge/state").and_then(Value::as_str) == Some("waiting");
        if waits && last.is_some_and(|last| last >= asked) {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "the triggered challenge is not sent: {answer}");
    }
}
