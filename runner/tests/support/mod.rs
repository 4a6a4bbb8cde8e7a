//! What the tests share.

#![allow(dead_code, clippy::allow_attributes, reason = "each test uses its part")]

use challengectl_runner::transmit::message::{End, Event};
use challengectl_runner::transmit::{Job, SUBCOMMAND};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Serialize;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The program under test.
pub fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_challengectl-runner"))
}

/// A child without the parent's code.
pub struct Transmitter {
    process: Child,
    control: Option<ChildStdin>,
    events: Lines<BufReader<ChildStdout>>,
}

impl Transmitter {
    pub fn start(job: &Job) -> Self {
        let mut command = Command::new(program());
        let mut process =
            command.arg(SUBCOMMAND).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program is built");
        let control = process.stdin.take();
        let events = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut transmitter = Self { process, control, events };
        transmitter.tell(job);
        transmitter
    }

    pub fn tell(&mut self, line: &impl Serialize) {
        let control = self.control.as_mut().unwrap();
        writeln!(control, "{}", serde_json::to_string(line).unwrap()).unwrap();
    }

    pub fn hang_up(&mut self) {
        self.control = None;
    }

    pub fn wait_for(&mut self, wanted: impl Fn(&Event) -> bool) -> Event {
        loop {
            let line = self.events.next().expect("the child said too little").unwrap();
            let event = serde_json::from_str(&line).unwrap();
            if wanted(&event) {
                return event;
            }
        }
    }

    pub fn end(mut self) -> End {
        let Event::Ended(end) = self.wait_for(|event| matches!(event, Event::Ended(_))) else { unreachable!() };
        assert!(self.process.wait().unwrap().success());
        end
    }
}

/// A `transmit` that is on air for minutes, and the process that has its radio.
pub fn on_their_way() -> (TempDir, Child, Pid) {
    let dir = TempDir::new().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    let text = "PARIS ".repeat(50);
    write(
        "event.yml",
        &format!("challenges: [{{name: LONG, modulation: cw, frequency: 145550000, text: \"{text}\"}}]\n"),
    );
    let radio = "{id: lab, driver: file, paced: true, sample_rate: 48000}";
    write("runner.yml", &format!("watchdog_seconds: 1\nradios: [{radio}]\n"));
    let agent = Command::new(program())
        .current_dir(dir.path())
        .args(["transmit", "event.yml", "--radio", "lab", "--out", "."])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let data = dir.path().join("LONG.sigmf-data");
    until("it is on air", || std::fs::metadata(&data).is_ok_and(|data| data.len() > 0));
    let child = child_of(agent.id()).unwrap();
    (dir, agent, child)
}

fn child_of(parent: u32) -> Option<Pid> {
    children_of(parent).into_iter().next()
}

pub fn children_of(parent: u32) -> Vec<Pid> {
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{parent}/task")) else { return Vec::new() };
    let lists = tasks.flatten().filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    lists.collect::<Vec<_>>().join(" ").split_whitespace().map(|pid| Pid::from_raw(pid.parse().unwrap())).collect()
}

/// The most memory that a process had, in KiB.
pub fn peak_memory(process: Pid) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}

pub fn signal(process: Pid, signal: Signal) {
    kill(process, signal).unwrap();
}

/// Whether the process is there and no zombie.
pub fn is_alive(process: Pid) -> bool {
    let Ok(status) = std::fs::read_to_string(format!("/proc/{process}/stat")) else { return false };
    !status.contains(") Z")
}

/// Waits for a condition that is to come true.
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < Duration::from_secs(30), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
