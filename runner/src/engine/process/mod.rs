//! Processes: programs of the host, each in a sandbox of its own.
//!
//! Each has a state folder, `processes/ENGINE/SESSION-FENCE`: its [`record`], what it prints ([`output`]), and how it ended.
//! A runner that is started finds its processes by the records, and removes what has none or has ended. [`groups`] limit what
//! they use, [`sandbox`] keeps them apart, [`reach`] leads into their networks.

mod groups;
mod output;
mod reach;
mod record;
pub(crate) mod sandbox;
mod start;

pub(crate) use start::Answering;

use super::EngineError;
use crate::config::{EngineConfig, UserRange};
use crate::engine::Owner;
use groups::Groups;
use nix::sys::signal::Signal;
use parking_lot::Mutex;
use record::Record;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

/// How long a program may take to end by itself.
const GRACE: Duration = Duration::from_secs(3);
/// How long the kernel may take to end what was killed.
const DEATH: Duration = Duration::from_secs(4);
/// Characters of a line of a program in a reason.
const MAX_LINE: usize = 200;
const PAUSE: Duration = Duration::from_millis(20);

/// An engine of processes.
pub(crate) struct Processes {
    folder: PathBuf,
    groups: Groups,
    users: UserRange,
    /// Folders of the host that programs may read.
    readable: Vec<PathBuf>,
    known: Mutex<BTreeMap<i64, Record>>,
    /// Users of processes that are being started. Locked before `known`.
    reserved: Mutex<BTreeSet<u32>>,
    starts: Semaphore,
    /// This program's file, which is the sandbox.
    program: PathBuf,
}

/// Why a process does not run, for operators.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProcessError {
    /// The host cannot keep processes apart.
    #[error("cannot isolate processes, so none is started: {0} (docs/sessions-front.md)")]
    Unable(String),
    /// The host failed; another try may help.
    #[error("{0}")]
    Host(String),
    /// The process has ended, or does not answer.
    #[error("{0}")]
    Ended(String),
    /// A newer order has come.
    #[error("a newer order has come")]
    Superseded,
}

impl From<ProcessError> for EngineError {
    fn from(error: ProcessError) -> Self {
        match error {
            ProcessError::Superseded => Self::Superseded,
            ProcessError::Host(reason) => Self::Away { socket: "processes".to_owned(), reason },
            other => Self::Refused(other.to_string()),
        }
    }
}

impl Processes {
    /// Makes the engine ready, and finds what runs. Removes what has ended while no runner was there.
    pub(crate) fn open(config: &EngineConfig, owner: &Owner, state_dir: &Path) -> Result<Self, ProcessError> {
        if !nix::unistd::geteuid().is_root() {
            return Err(ProcessError::Unable("the runner is not root, which namespaces and users need".to_owned()));
        }
        let folder = state_dir.join("processes").join(config.id.as_str());
        let made = fs::create_dir_all(&folder).and_then(|()| std::path::absolute(&folder));
        let folder = made.map_err(|error| ProcessError::Host(format!("{}: {error}", folder.display())))?;
        let name = format!("challengectl-{}-{}", owner.0.get(..8).unwrap_or_default(), config.id);
        let processes = Self {
            folder,
            groups: Groups::new(&name)?,
            users: config.users,
            readable: config.folders.clone(),
            known: Mutex::default(),
            reserved: Mutex::default(),
            starts: Semaphore::new(config.starts),
            program: crate::process::this_program(),
        };
        processes.take_over();
        Ok(processes)
    }

    /// Finds processes that run, and removes what is left of others.
    fn take_over(&self) {
        for name in self.names() {
            match Record::read(&self.folder.join(&name)).filter(|it| it.is_alive() && name_of(it) == name) {
                Some(record) => {
                    tracing::info!(session = record.session, pid = record.pid, "found a process that runs");
                    // Of two, which cannot be, the newer start counts; the other one is a leftover.
                    let older = self.known.lock().insert(record.session, record);
                    if let Some(older) = older {
                        self.clear(&name_of(&older));
                    }
                }
                None => self.clear(&name),
            }
        }
    }

    /// Returns the names of all that there is: of state folders and of control groups. In order of session and fence.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.extend(self.groups.names());
        names.sort_by_cached_key(|name| numbers(name));
        names.dedup();
        names
    }

    /// Returns the sessions whose processes run.
    pub(crate) fn alive(&self) -> Vec<i64> {
        self.known.lock().values().filter(|it| it.is_alive()).map(|it| it.session).collect()
    }

    /// Returns all sessions of which something is there.
    pub(crate) fn sessions(&self) -> Vec<i64> {
        let mut sessions: Vec<i64> = self.names().iter().filter_map(|name| Some(numbers(name)?.0)).collect();
        sessions.dedup();
        sessions
    }

    fn get(&self, session: i64) -> Option<Record> {
        self.known.lock().get(&session).cloned()
    }

    /// Returns how the process of a session ended; `None` if that is not known.
    pub(crate) fn end_of(&self, session: i64) -> Option<String> {
        let folder = self.folder.join(name_of(&self.get(session)?));
        let how = fs::read_to_string(folder.join(sandbox::ENDED)).ok().filter(|how| !how.is_empty())?;
        let printed = output::read(&folder);
        let last = printed.lines().rev().map(plain).find(|line| !line.is_empty());
        Some(last.map_or_else(|| how.clone(), |last| format!("{how}; its last line: {last}")))
    }

    /// Returns what the process of a session has printed.
    ///
    /// # Errors
    /// [`ProcessError::Ended`] if there is none.
    pub(crate) fn printed(&self, session: i64) -> Result<String, ProcessError> {
        let record = self.get(session).ok_or_else(|| ProcessError::Ended("it has no process now".to_owned()))?;
        Ok(output::read(&self.folder.join(name_of(&record))))
    }

    /// Connects to the REST interface of a session.
    pub(crate) async fn connect(&self, session: i64) -> Result<TcpStream, ProcessError> {
        let record = self.get(session).ok_or_else(|| ProcessError::Ended("it has no process now".to_owned()))?;
        let port = record.port.ok_or_else(|| ProcessError::Ended("its port is not known yet".to_owned()))?;
        reach::connect(&record, port).await
    }

    /// Ends what there is of a session: asks its processes to end, then kills them, and removes all that was theirs. What is
    /// not there counts as removed.
    pub(crate) async fn remove(&self, session: i64) -> Result<(), ProcessError> {
        for name in self.names() {
            if numbers(&name).is_some_and(|(of, _)| of == session) {
                self.end(&name).await?;
            }
        }
        self.known.lock().remove(&session);
        Ok(())
    }

    async fn end(&self, name: &str) -> Result<(), ProcessError> {
        let record = Record::read(&self.folder.join(name)).filter(Record::is_alive);
        if let Some(record) = &record {
            // The first process ends when the program has.
            self.groups.signal(name, Signal::SIGTERM, Some(record.pid));
            if !is_gone(record, GRACE).await {
                record.kill();
                if !is_gone(record, DEATH).await {
                    return Err(ProcessError::Host(format!("process {} does not end", record.pid)));
                }
            }
        }
        self.clear(name);
        if self.groups.names().iter().any(|it| it == name) {
            return Err(ProcessError::Host(format!("the control group {name} has processes that do not end")));
        }
        Ok(())
    }

    /// Removes what is left of something that does not run. What cannot be removed is found by the next look.
    fn clear(&self, name: &str) {
        if let Some(record) = Record::read(&self.folder.join(name)) {
            record.kill();
        }
        self.groups.signal(name, Signal::SIGKILL, None);
        if let Err(error) = self.groups.remove(name) {
            tracing::warn!("{error}");
        }
        match fs::remove_dir_all(self.folder.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => tracing::warn!(name, "removing: {error}"),
            _ => {}
        }
    }
}

/// Returns a line of a program, for logs: without control characters, and not too long.
fn plain(line: &str) -> String {
    line.trim().chars().filter(|c| !c.is_control()).take(MAX_LINE).collect()
}

async fn is_gone(record: &Record, limit: Duration) -> bool {
    let deadline = Instant::now() + limit;
    while record.is_alive() {
        if Instant::now() >= deadline {
            return false;
        }
        sleep(PAUSE).await;
    }
    true
}

fn name_of(record: &Record) -> String {
    name(record.session, record.fence)
}

/// Returns the name of a start of a session, as of folders and control groups.
fn name(session: i64, fence: i64) -> String {
    format!("{session}-{fence}")
}

/// Reads session and fence of a name.
fn numbers(name: &str) -> Option<(i64, i64)> {
    let (session, fence) = name.split_once('-')?;
    Some((session.parse().ok()?, fence.parse().ok()?))
}
