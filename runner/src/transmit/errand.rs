//! A short-lived child process with one errand at a device: work that must not be done in the process of the agent, since
//! every call of a driver may hang.

use super::mark;
use crate::config::RadioConfig;
use crate::process::child::{end_at_once, first_message, send};
use crate::process::{Heard, Supervised};
use crate::radio::{self, FoundDevice};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;
use tokio::time::Instant;

/// The hidden subcommand under which this binary does an errand.
pub const SUBCOMMAND: &str = "__errand";

/// The maximum life of the process: one that is still there has lost its parent.
const MAX_TIME: Duration = Duration::from_secs(120);

/// The errand.
#[derive(Debug, Serialize, Deserialize)]
enum Errand {
    /// Silence a device whose process was killed.
    Silence(Box<RadioConfig>),
    /// Check whether a device works again.
    Probe(Box<RadioConfig>),
    /// List the devices that are plugged in.
    List,
}

/// The result of an errand.
#[derive(Debug, Serialize, Deserialize)]
enum Answer {
    Done,
    Found(Vec<FoundDevice>),
    Failed(String),
}

/// Runs as the child.
#[must_use]
pub fn main() -> ExitCode {
    let Some(errand) = first_message::<Errand>() else {
        eprintln!("challengectl-runner runs this subcommand itself, with an errand on its standard input");
        return ExitCode::from(2);
    };
    // Its parent may have died, and a driver hang.
    thread::spawn(|| {
        thread::sleep(MAX_TIME);
        end_at_once("the radio's driver hangs");
    });
    let done = match errand {
        Errand::Silence(radio) => radio.driver.settings().silence().map(|()| Answer::Done),
        Errand::Probe(radio) => radio.driver.settings().probe().map(|()| Answer::Done),
        Errand::List => radio::found_devices().map(Answer::Found),
    };
    send(&done.unwrap_or_else(|error| Answer::Failed(format!("{error:#}"))));
    ExitCode::SUCCESS
}

/// Silences a radio whose process was killed; `lock` is that of the radio. An error says why that failed.
pub async fn silence(program: &Path, radio: &RadioConfig, lock: Option<&Path>, limit: Duration) -> Result<(), String> {
    if radio.driver.settings().device().is_none() {
        return Ok(());
    }
    run(program, &Errand::Silence(Box::new(radio.clone())), limit).await?;
    if let Some(lock) = lock {
        mark::clear(lock);
    }
    Ok(())
}

/// Checks whether a radio works again. An error says what is wrong.
pub async fn probe(program: &Path, radio: &RadioConfig, limit: Duration) -> Result<(), String> {
    match radio.driver.settings().device() {
        Some(_) => run(program, &Errand::Probe(Box::new(radio.clone())), limit).await.map(|_| ()),
        None => Ok(()),
    }
}

/// Lists the devices that are plugged in.
pub async fn list(program: &Path, limit: Duration) -> Result<Vec<FoundDevice>, String> {
    match run(program, &Errand::List, limit).await? {
        Answer::Found(devices) => Ok(devices),
        _ => Err("the radio's process answers something else".to_owned()),
    }
}

async fn run(program: &Path, errand: &Errand, limit: Duration) -> Result<Answer, String> {
    let mut child = Supervised::spawn(program, SUBCOMMAND, errand).await.map_err(|error| error.to_string())?;
    match child.hear(limit, Some(Instant::now() + limit)).await {
        Heard::Message(Answer::Failed(error)) => {
            child.reap().await;
            Err(error)
        }
        Heard::Message(answer) => {
            child.reap().await;
            Ok(answer)
        }
        Heard::Gone => Err(format!("the radio's process ended by itself {}", child.post_mortem().await)),
        Heard::Silent | Heard::Overdue => {
            child.kill().await;
            Err(format!("the radio's driver did not answer within {} s", limit.as_secs()))
        }
    }
}
