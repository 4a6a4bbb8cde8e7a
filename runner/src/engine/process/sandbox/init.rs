//! The second stage: the first process of the sandbox. It stays root, which the program is not and cannot become, so that the
//! program can neither end nor trace it; it reads nothing of the program but its output.

use super::super::output::Output;
use super::{ENDED, Failure, Job, WORK, at, files, filter, loopback};
use crate::process::priority;
use nix::errno::Errno;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::wait::{WaitStatus, wait};
use std::fs::File;
use std::io::{PipeReader, Read, Write, pipe};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::Duration;

/// The hidden word of the command line that starts this stage.
pub(crate) const INIT: &str = "__sandbox-init";

/// Which processes the kernel ends first when memory is short (`proc_pid_oom_score_adj(5)`).
const OOM_SCORE: &str = "/proc/self/oom_score_adj";
const EARLY: &str = "500";
/// Open files of a process, as of containers.
const MAX_OPEN_FILES: u64 = 1024;
/// Bytes that a process may lock in memory: the kernel's default.
const MAX_LOCKED: u64 = 8 << 20;
/// The time in which the last of the output is read when the program has ended.
const LAST_OUTPUT: Duration = Duration::from_millis(100);

/// Runs the stage, and writes how the process ended.
pub(crate) fn main() -> ExitCode {
    let mut text = String::new();
    let Ok(job) = std::io::stdin()
        .read_to_string(&mut text)
        .map_err(drop)
        .and_then(|_| serde_json::from_str::<Job>(&text).map_err(drop))
    else {
        return ExitCode::FAILURE;
    };
    // Opened before the files of the host are out of reach.
    let Ok(mut ended) = File::create(job.folder.join(ENDED)) else { return ExitCode::FAILURE };
    let how = run(&job).unwrap_or_else(|failure| format!("it could not be isolated or started: {failure}"));
    // Without it, the runner says that the process has ended.
    let _ = ended.write_all(how.as_bytes());
    ExitCode::SUCCESS
}

/// Runs the program to its end. Returns how it ended.
fn run(job: &Job) -> Result<String, Failure> {
    let output = at("making the files for the output", Output::create(&job.folder))?;
    at("setting the host name", nix::unistd::sethostname("session"))?;
    loopback::bring_up()?;
    files::enter(job)?;
    limit(job)?;
    filter::apply()?;
    at("taking an ordinary priority", priority::like_others())?;
    // The program inherits it: when memory is short, it goes before this process, and before what else the host runs. To lower
    // one's own score below the first takes a right that services may lack.
    let normal = at("reading the score for memory", std::fs::read_to_string(OOM_SCORE))?;
    at("setting the score for memory", std::fs::write(OOM_SCORE, EARLY))?;
    let (reader, program) = start(job)?;
    at("setting the score for memory", std::fs::write(OOM_SCORE, normal.trim()))?;
    let pump = thread::Builder::new().name("output".to_owned()).spawn(move || keep(reader, output));
    at("starting the thread for the output", pump)?;
    let how = wait_for(program);
    thread::sleep(LAST_OUTPUT);
    Ok(how)
}

fn limit(job: &Job) -> Result<(), Failure> {
    let file_bytes = u64::from(job.disk_mib) << 20;
    let limits = [
        (Resource::RLIMIT_NOFILE, MAX_OPEN_FILES),
        (Resource::RLIMIT_CORE, 0),
        // Its own output files are smaller.
        (Resource::RLIMIT_FSIZE, file_bytes),
        (Resource::RLIMIT_MEMLOCK, MAX_LOCKED),
        (Resource::RLIMIT_MSGQUEUE, 0),
    ];
    for (resource, limit) in limits {
        at(format!("limiting {resource:?}"), setrlimit(resource, limit, limit))?;
    }
    Ok(())
}

/// Starts the program. Returns what it prints, and its process id in the sandbox.
fn start(job: &Job) -> Result<(PipeReader, i32), Failure> {
    let (reader, writer) = at("making a pipe", pipe())?;
    let second = at("making a pipe", writer.try_clone())?;
    let mut command = Command::new(&job.program);
    command
        .args(&job.arguments)
        .env_clear()
        .envs(&job.environment)
        .current_dir(WORK)
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(second)
        // Without any further group: the standard library drops them with the user.
        .gid(job.uid)
        .uid(job.uid);
    let child = at(format!("starting {}", job.program), command.spawn())?;
    let id = i32::try_from(child.id()).unwrap_or_default();
    Ok((reader, id))
}

/// Keeps the newest of what is printed, for as long as anybody prints.
fn keep(mut reader: PipeReader, mut output: Output) {
    let mut block = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = reader.read(&mut block) {
        let printed = block.get(..length).unwrap_or_default();
        if output.write(printed).is_err() {
            // A full disk of the host: what is printed is lost, and the program goes on.
            continue;
        }
    }
}

/// Waits for the program, and for all others that lose their parents.
fn wait_for(program: i32) -> String {
    loop {
        match wait() {
            Ok(WaitStatus::Exited(pid, status)) if pid.as_raw() == program => {
                return format!("it ended with status {status}");
            }
            Ok(WaitStatus::Signaled(pid, signal, _)) if pid.as_raw() == program => {
                return format!("it was ended by {signal}");
            }
            Err(Errno::ECHILD) => return "it ended".to_owned(),
            _ => {}
        }
    }
}
