//! What commands need that run until they are stopped.

use anyhow::Context;
use nix::sys::signal::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Returns the filter of log lines: `info` and above, unless `CHALLENGECTL_LOG_FILTER` sets another.
pub(super) fn log_filter() -> EnvFilter {
    EnvFilter::try_from_env("CHALLENGECTL_LOG_FILTER").unwrap_or_else(|_| EnvFilter::new("info"))
}

/// Returns a future that is ready at the first signal. The second ends the process at once, and with it the processes
/// of all radios. A closing terminal sends SIGHUP, often more than once: that does not count as a second signal, and
/// under `nohup` it is ignored.
pub(super) fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM")?;
    let hang_up = (!is_ignored(Signal::SIGHUP)).then(|| signal(SignalKind::hangup())).transpose().context("SIGHUP")?;
    Ok(async move {
        let hung_up = async {
            match hang_up {
                Some(mut hang_up) => drop(hang_up.recv().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = hung_up => {}
        }
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            std::process::exit(130);
        });
    })
}

/// Returns whether the process was started with this signal ignored.
fn is_ignored(signal: Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal as u32 - 1) & 1 == 1)
}
