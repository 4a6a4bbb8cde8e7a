//! Finds and starts the programs under test.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

/// Time limit of an orderly end, which takes a runner at most 16 seconds.
const ORDERLY_END: Duration = Duration::from_secs(60);

/// Returns the path of a program of this workspace: beside the running one, or one folder above it for a test.
pub fn program(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    own.ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .with_context(|| format!("{name} is not built; run: cargo build --workspace"))
}

/// Runs a command and returns its output; a failure shows its standard error.
pub fn run(command: &mut Command) -> Result<Output> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{} does not start; run: make tools", command.get_program().to_string_lossy()))?;
    if !output.status.success() {
        bail!("{command:?} ended with {}:\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(output)
}

/// Runs a command and returns its standard output.
pub fn output_of(command: &mut Command) -> Result<String> {
    Ok(String::from_utf8_lossy(&run(command)?.stdout).into_owned())
}

/// A running program, killed when this value is dropped. Its standard error goes to a file.
pub struct Process {
    child: Child,
    pub log: PathBuf,
}

impl Process {
    /// Starts a program and appends its standard error to `log`, also over restarts.
    pub fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let errors = std::fs::OpenOptions::new().create(true).append(true).open(log)?;
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors).spawn()?;
        Ok(Self { child, log: log.to_owned() })
    }

    /// Takes the standard output.
    pub fn stdout(&mut self) -> Result<std::process::ChildStdout> {
        self.child.stdout.take().context("its standard output is already taken")
    }

    /// Kills the process (`kill -9`) and waits until it has ended.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Sends `SIGTERM` and waits for an orderly end; an error after the time limit.
    pub fn terminate(&mut self) -> Result<ExitStatus> {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.child.id())?);
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM)?;
        match self.ended_within(ORDERLY_END)? {
            Some(status) => Ok(status),
            None => bail!("process {pid} does not end within {ORDERLY_END:?} of SIGTERM"),
        }
    }

    /// Waits for the end and returns its status; `None` after the time limit.
    pub fn ended_within(&mut self, limit: Duration) -> Result<Option<ExitStatus>> {
        let deadline = Instant::now() + limit;
        loop {
            let ended = self.child.try_wait()?;
            if ended.is_some() || Instant::now() > deadline {
                return Ok(ended);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}
