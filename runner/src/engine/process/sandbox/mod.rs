//! The sandbox of one process: what keeps it from its host and from other processes.
//!
//! Two stages, both this program's own file. [`launch`] joins the control group, leaves the namespaces of the host, and
//! starts the second, which is then the first process of a new PID namespace. [`init`] builds the root of the file system
//! ([`files`]), gives up what it may do ([`filter`]), starts the program under its user, keeps what it prints, and waits. With
//! it the kernel ends all that the program has started, and all files of the session, which are in memory.
//!
//! The network of the process has its loopback only. A port that is shared with other sessions on the host's loopback would
//! be open to each of them, and running commands is what it is for.

mod files;
mod filter;
mod init;
mod launch;
mod loopback;

pub(crate) use init::{INIT, main as init_main};
pub(crate) use launch::{LAUNCH, main as launch_main};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The folder in which a program starts, and which it may write to.
pub(super) const WORK: &str = "/session";
/// The file of the state folder with the end of the process: how, or why it did not start.
pub(super) const ENDED: &str = "ended";
/// The folder of the state folder over which the root of the sandbox is mounted.
pub(super) const ROOT: &str = "root";

/// What the sandbox is told.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Job {
    /// The control groups to join.
    pub(super) groups: Vec<PathBuf>,
    /// The state folder of the process, of the host.
    pub(super) folder: PathBuf,
    /// User and group, which no other process has.
    pub(super) uid: u32,
    pub(super) program: String,
    pub(super) arguments: Vec<String>,
    pub(super) environment: BTreeMap<String, String>,
    /// Folders of the host that it may read.
    pub(super) readable: Vec<PathBuf>,
    /// The size of its folder, in MiB.
    pub(super) disk_mib: u32,
    /// The file of its owner: where the host has it, and its name in the folder.
    pub(super) file: Option<(PathBuf, String)>,
}

/// Why a sandbox was not made: what was tried, and what came of it.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {why}")]
struct Failure {
    what: String,
    why: String,
}

/// Names what was tried, in the error.
fn at<T, E: std::fmt::Display>(what: impl Into<String>, done: Result<T, E>) -> Result<T, Failure> {
    done.map_err(|why| Failure { what: what.into(), why: why.to_string() })
}
