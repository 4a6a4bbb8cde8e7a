//! The first stage: leaves the namespaces of the host. It has one thread, or the kernel would refuse that.

use super::init::INIT;
use super::{Failure, Job, at};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::setsid;
use std::io::{Read, Write};
use std::process::{Child, Command, ExitCode, Stdio};

/// The hidden word of the command line that starts this stage.
pub(crate) const LAUNCH: &str = "__sandbox";

/// This program, also when its file was replaced meanwhile.
const SELF: &str = "/proc/self/exe";

/// Runs the stage: reads the job from standard input, and prints the id of the second stage's process.
pub(crate) fn main() -> ExitCode {
    match launch() {
        Ok(child) => {
            println!("{}", child.id());
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn launch() -> Result<Child, Failure> {
    let mut text = String::new();
    at("reading the job", std::io::stdin().read_to_string(&mut text))?;
    let job: Job = at("reading the job", serde_json::from_str(&text))?;
    for group in &job.groups {
        // 0 is the process that writes.
        at(format!("joining {}", group.display()), std::fs::write(group.join("cgroup.procs"), "0"))?;
    }
    // Fails for the leader of a session, which is as good.
    let _ = setsid();
    let all = CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWCGROUP;
    at("leaving the host's namespaces", unshare(all))?;
    let mut init = Command::new(SELF);
    init.arg(INIT).env_clear().current_dir("/").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = at("starting the second stage", init.spawn())?;
    if let Some(mut stdin) = child.stdin.take() {
        at("passing on the job", stdin.write_all(text.as_bytes()))?;
    }
    Ok(child)
}
