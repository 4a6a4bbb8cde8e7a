//! A runner under test, as a process of its own.

use super::server::{Answer, Request, Server};
use super::{program, signal, until};
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use tempfile::TempDir;

/// One radio that takes work, and takes as long as on air.
pub const RADIOS: &str = "radios: [{id: dry, driver: null, takes_work: true, paced: true, sample_rate: 48000}]";

const IDENTITY: &str = "state/identity.json";

/// Returns the content of the identity file.
pub fn identity_json(url: &str, key: &str) -> String {
    json!({"server": url, "runner_id": "test", "api_key": key}).to_string()
}

/// A runner with one radio, enrolled with a server.
pub struct Runner {
    pub dir: TempDir,
    pub process: Child,
}

impl Runner {
    pub fn start(server: &Server) -> Self {
        Self::start_with(server, "")
    }

    pub fn start_with(server: &Server, settings: &str) -> Self {
        Self::start_under(server, settings, &[])
    }

    pub fn start_under(server: &Server, settings: &str, variables: &[(&str, String)]) -> Self {
        Self::configured(&server.url, &format!("{RADIOS}\n{settings}"), variables)
    }

    /// Starts a runner that is enrolled with the server at this URL, with exactly these settings.
    pub fn configured(url: &str, settings: &str, variables: &[(&str, String)]) -> Self {
        let dir = TempDir::new().unwrap();
        std::fs::write(dir.path().join("runner.yml"), format!("state_dir: state\n{settings}\n")).unwrap();
        std::fs::create_dir(dir.path().join("state")).unwrap();
        std::fs::write(dir.path().join(IDENTITY), identity_json(url, "ck_test")).unwrap();
        let process = command(dir.path()).envs(variables.iter().cloned()).spawn().unwrap();
        Self { dir, process }
    }

    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub fn restart(&mut self) {
        self.process = command(self.dir.path()).spawn().unwrap();
    }

    pub fn signal(&self, signal_sent: Signal) {
        signal(self.pid(), signal_sent);
    }

    pub fn terminate(&mut self) -> ExitStatus {
        self.signal(Signal::SIGTERM);
        self.process.wait().unwrap()
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.process.id().try_into().unwrap())
    }

    pub fn state(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.dir.path().join("state").join(folder)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// Replaces the identity, as enrolling again does.
    pub fn set_identity(&self, url: &str, key: &str) {
        std::fs::write(self.dir.path().join(IDENTITY), identity_json(url, key)).unwrap();
    }

    pub fn identity(&self) -> String {
        std::fs::read_to_string(self.dir.path().join(IDENTITY)).unwrap()
    }

    /// Returns its standard error so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap()
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns the command `run` in this folder, with its log there.
pub fn command(dir: &Path) -> Command {
    let log = std::fs::File::options().create(true).append(true).open(dir.join("log")).unwrap();
    let mut command = Command::new(program());
    command.current_dir(dir).arg("run").stderr(Stdio::from(log));
    command
}

pub fn is_poll(request: &Request) -> bool {
    request.path.contains("/task?wait=")
}

/// Returns a script that gives this answer to one poll, and lets later polls wait a little.
pub fn once(mut answer: Option<Answer>) -> impl FnMut(&Request) -> Option<Answer> + Send {
    move |request| if is_poll(request) { answer.take() } else { None }
}

pub fn reports(server: &Server) -> Vec<Value> {
    server.seen("/complete").into_iter().map(|request| request.body).collect()
}

pub fn first_report(server: &Server) -> Value {
    until("a report comes", || !reports(server).is_empty());
    reports(server).remove(0)
}

pub fn wait_until_on_air(server: &Server) {
    let on_air = |request: &Request| request.body["assignments"][0]["progress"].is_number();
    until("a heartbeat has progress", || server.seen("/heartbeat").iter().any(on_air));
}

/// Returns a text that takes minutes.
pub fn long() -> String {
    "PARIS ".repeat(50)
}
