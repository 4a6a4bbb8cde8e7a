//! The child's side.

use super::line;
use nix::sys::prctl;
use nix::sys::signal::{SigSet, Signal, raise};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, BufRead, Write};
use std::thread;

/// Makes the kernel kill this process when its parent dies. The end of standard input signals that too, but not to a
/// stopped process, which cannot read.
pub fn die_with_parent() {
    let _ = prctl::set_pdeathsig(Signal::SIGKILL);
}

/// Takes [`die_with_parent`] back, for a process that must do something yet when its parent has died: the kernel makes it
/// go on if it was stopped.
pub fn outlive_parent() {
    let _ = prctl::set_pdeathsig(Signal::SIGCONT);
}

/// Ends this process without waiting for anything: the destructors that an exit runs may hang, too.
pub fn end_at_once(why: &str) {
    eprintln!("{why}");
    let _ = raise(Signal::SIGKILL);
}

/// Calls `end` when somebody wants this process to end: the service manager sends SIGTERM to all of a service's
/// processes. To be called before there are other threads, which inherit that the signals wait.
pub fn on_termination(end: impl FnOnce() + Send + 'static) {
    let signals: SigSet = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP].into_iter().collect();
    if signals.thread_block().is_err() {
        return;
    }
    thread::spawn(move || {
        if signals.wait().is_ok() {
            end();
        }
    });
}

/// Reads the first message, the job; `None` if there is no valid one.
#[must_use]
pub fn first_message<M: DeserializeOwned>() -> Option<M> {
    let mut line = String::new();
    io::stdin().read_line(&mut line).ok()?;
    serde_json::from_str(&line).ok()
}

/// Starts a thread that passes further messages of the parent to `obey`. It calls `orphaned` if the parent closes the
/// pipe or sends an invalid message, after which it cannot be trusted.
pub fn follow<M: DeserializeOwned>(obey: impl Fn(M) + Send + 'static, orphaned: impl FnOnce() + Send + 'static) {
    thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Some(message) = line.ok().and_then(|line| serde_json::from_str(&line).ok()) else { break };
            obey(message);
        }
        orphaned();
    });
}

/// Sends the parent a message. A failure is ignored: the parent is gone then, which [`follow`] notices.
pub fn send(message: &impl Serialize) {
    if let Ok(line) = line(message) {
        let _ = io::stdout().write_all(&line);
    }
}
