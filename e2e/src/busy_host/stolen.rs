//! The time that other guests take of a virtual machine: while they have its processor, nothing here is in time.

use anyhow::{Context, Result};

/// Clock ticks in a second, as `/proc/stat` counts them on all architectures of Debian (`USER_HZ`).
const TICKS: f64 = 100.0;

/// Returns the seconds that other guests have had of all processors while this one had work (`steal` of `proc_stat(5)`).
pub(super) fn stolen() -> Result<f64> {
    let all = std::fs::read_to_string("/proc/stat")?;
    let ticks = all.split_whitespace().nth(8).context("/proc/stat has no steal")?;
    Ok(ticks.parse::<f64>()? / TICKS)
}
