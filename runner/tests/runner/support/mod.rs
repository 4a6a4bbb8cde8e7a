//! Helpers for the tests.

pub mod child;
pub mod runner;
pub mod server;
pub mod wav;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The program under test.
pub fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_challengectl-runner"))
}

pub fn children_of(parent: u32) -> Vec<Pid> {
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{parent}/task")) else { return Vec::new() };
    let lists = tasks.flatten().filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    lists.collect::<Vec<_>>().join(" ").split_whitespace().map(|pid| Pid::from_raw(pid.parse().unwrap())).collect()
}

/// Returns the peak memory of a process, in KiB.
pub fn peak_memory(process: Pid) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}

pub fn signal(process: Pid, signal: Signal) {
    kill(process, signal).unwrap();
}

/// Whether the process exists and is not a zombie.
pub fn is_alive(process: Pid) -> bool {
    let Ok(status) = std::fs::read_to_string(format!("/proc/{process}/stat")) else { return false };
    !status.contains(") Z")
}

/// Waits until a condition holds.
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < Duration::from_secs(30), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
