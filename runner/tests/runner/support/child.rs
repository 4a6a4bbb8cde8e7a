//! The process of a radio.

use super::{children_of, program, until};
use challengectl_runner::transmit::message::{ChildMessage, End};
use challengectl_runner::transmit::{Job, SUBCOMMAND};
use nix::unistd::Pid;
use serde::Serialize;
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use tempfile::TempDir;

/// A child, controlled by the test instead of the agent.
pub struct Transmitter {
    process: Child,
    control: Option<ChildStdin>,
    messages: Lines<BufReader<ChildStdout>>,
}

impl Transmitter {
    pub fn start(job: &Job) -> Self {
        let mut command = Command::new(program());
        let mut process =
            command.arg(SUBCOMMAND).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program is built");
        let control = process.stdin.take();
        let messages = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut transmitter = Self { process, control, messages };
        transmitter.send(job);
        transmitter
    }

    pub fn send(&mut self, line: &impl Serialize) {
        let control = self.control.as_mut().unwrap();
        writeln!(control, "{}", serde_json::to_string(line).unwrap()).unwrap();
    }

    pub fn hang_up(&mut self) {
        self.control = None;
    }

    pub fn wait_for(&mut self, wanted: impl Fn(&ChildMessage) -> bool) -> ChildMessage {
        loop {
            let line = self.messages.next().expect("the child ended before this message").unwrap();
            let message = serde_json::from_str(&line).unwrap();
            if wanted(&message) {
                return message;
            }
        }
    }

    pub fn end(mut self) -> End {
        let ChildMessage::Ended(end) = self.wait_for(|message| matches!(message, ChildMessage::Ended(_))) else {
            unreachable!()
        };
        // One that is kept waits for the next job until then.
        self.hang_up();
        assert!(self.process.wait().unwrap().success());
        end
    }
}

/// Starts a `transmit` that is on air for minutes; returns it and the process of its radio.
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
