//! A server with one runner that starts processes, and its users at the sessions API.

mod churn;
mod proof;
mod users;

pub use churn::Churn;
pub use proof::{Report, survive};

use crate::programs::program;
use crate::site::{Site, Times};
use anyhow::{Context, Result, ensure};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;
use users::Users;

/// The times of the site: a runner that is killed is silent soon.
const TIMES: Times = Times { lease: 4.0, grace: 1.0, heartbeat: 0.5 };

/// What a place has beside the usual.
#[derive(Debug, Clone)]
pub struct Wishes {
    /// Processes at once.
    pub capacity: u32,
    /// Settings of the sessions front, as YAML in braces.
    pub settings: String,
    /// Keys of the process, as JSON.
    pub process: Value,
}

impl Default for Wishes {
    fn default() -> Self {
        Self { capacity: 20, settings: "{default_challenge: shell}".to_owned(), process: json!({}) }
    }
}

/// A server, a runner, and a challenge `shell` whose program runs commands.
pub struct Place {
    pub site: Site,
    users: Users,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
    pub body: Value,
}

impl Place {
    /// Starts everything.
    pub async fn start(wishes: &Wishes) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let event = folder.path().join("challenges.yml");
        std::fs::write(&event, event_with(&wishes.process)?)?;
        let mut site = Site::new(&event, None, TIMES)?;
        let mut settings = std::fs::OpenOptions::new().append(true).open(site.path("server.yml"))?;
        std::io::Write::write_all(&mut settings, format!("sessions: {}\n", wishes.settings).as_bytes())?;
        site.start_server()?;
        let (url, state) = (site.url().to_owned(), site.path("runner"));
        let yaml = format!(
            "state_dir: {}\nengines:\n  - {{id: processes, kind: process, capacity: {}, folders: [{}]}}\n",
            state.display(),
            wishes.capacity,
            folder_of_programs()?.display(),
        );
        site.enroll_runner(&url, "runner", &yaml)?;
        site.start_runner(0)?;
        let users = Users::new(&site)?;
        let place = Self { site, users };
        place.wait_for_runner().await?;
        Ok(place)
    }

    /// Waits until the runner has registered.
    pub async fn wait_for_runner(&self) -> Result<()> {
        for _ in 0..600 {
            if self.site.log("runner.log").contains("registered with") {
                return Ok(());
            }
            ensure!(self.site.runner_id(0).is_ok(), "{}", self.site.log("runner.log"));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        anyhow::bail!("the runner does not register: {}", self.site.log("runner.log"))
    }

    /// A request of a user, by a name in the header.
    pub fn request(&self, user: &str, method: Method, path: &str) -> RequestBuilder {
        self.users.request(user, method, path)
    }

    /// Sends a request of a user without a body.
    pub async fn ask(&self, user: &str, method: Method, path: &str) -> Result<Answer> {
        self.users.ask(user, method, path).await
    }

    /// Starts a session, which has to be ready. Returns its id.
    pub async fn open(&self, user: &str) -> Result<String> {
        self.users.open(user).await.with_context(|| self.site.log("runner.log"))
    }

    /// Runs a command in a session of a user. Returns its standard output, and then its standard error.
    pub async fn run(&self, user: &str, id: &str, command: &str) -> Result<String> {
        self.users.run(user, id, command).await
    }

    /// Returns the state folder of the engine.
    pub fn state(&self) -> PathBuf {
        self.site.path("runner/processes/processes")
    }

    /// Returns the names of what the engine has.
    pub fn starts(&self) -> Vec<String> {
        names(&self.state())
    }

    /// Returns the process ids of what the engine has, from its records.
    pub fn pids(&self) -> Vec<i64> {
        let record = |name: &String| {
            let text = std::fs::read(self.state().join(name).join("process.json")).ok()?;
            serde_json::from_slice::<Value>(&text).ok()?.get("pid")?.as_i64()
        };
        self.starts().iter().filter_map(record).collect()
    }
}

impl Drop for Place {
    /// Ends what a failed test has left: processes outlive their runner, and control groups a killed one.
    fn drop(&mut self) {
        let _ = self.site.kill_runner(0);
        for pid in self.pids().into_iter().filter_map(|pid| i32::try_from(pid).ok()) {
            let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL);
        }
        let installation = std::fs::read_to_string(self.site.path("runner/installation")).unwrap_or_default();
        let Some(installation) = installation.get(..8) else { return };
        for controller in ["", "cpu", "memory", "pids"] {
            let parent =
                Path::new("/sys/fs/cgroup").join(controller).join(format!("challengectl-{installation}-processes"));
            // What was killed takes a moment to end.
            for _ in 0..40 {
                for name in names(&parent) {
                    let _ = std::fs::remove_dir(parent.join(name));
                }
                if std::fs::remove_dir(&parent).is_ok() || !parent.exists() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    }
}

impl Answer {
    /// Returns the session of the answer.
    pub fn session(&self) -> &Value {
        self.body.pointer("/data/session").unwrap_or(&Value::Null)
    }

    /// Returns the word of an error.
    pub fn code(&self) -> &str {
        text(self.body.get("code"))
    }
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

/// Sends a request.
pub async fn answer(request: RequestBuilder) -> Result<Answer> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await?;
    let body = serde_json::from_str(&text).unwrap_or_default();
    Ok(Answer { status, headers, text, body })
}

/// Returns the sorted names in a folder.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

fn folder_of_programs() -> Result<PathBuf> {
    Ok(program("rest-shell")?.parent().context("it is in no folder")?.to_owned())
}

/// Returns an event file with the challenge `shell`.
fn event_with(process: &Value) -> Result<String> {
    let mut spec = json!({
        "program": program("rest-shell")?,
        "port": {"printed": "REST server started on host 127.0.0.1 port {port}"},
        "file_arguments": ["--file", "{file}"],
        "pdb_arguments": ["--pdb", "{pdb_id}"],
        "start_seconds": 20,
        "limits": {"memory_mib": 128, "cpus": 1.0, "pids": 64},
        "disk_mib": 32,
    });
    if let (Some(all), Some(more)) = (spec.as_object_mut(), process.as_object()) {
        all.extend(more.clone());
    }
    let challenge = json!({"name": "Shell", "id": "shell", "kind": "instance", "enabled": true, "category": "misc",
        "difficulty": "easy", "description": "A program that runs commands.", "points": 1, "spec": {"process": spec}});
    Ok(json!({"challenges": [challenge]}).to_string())
}

/// Adds a form to a request: its fields, each with the name of a file if it is one, and its content.
pub fn with_form(request: RequestBuilder, fields: &[(&str, Option<&str>, &[u8])]) -> RequestBuilder {
    let mut body = Vec::new();
    for (name, file, content) in fields {
        body.extend(format!("--XYZZY\r\ncontent-disposition: form-data; name=\"{name}\"").bytes());
        if let Some(file) = file {
            body.extend(format!("; filename=\"{file}\"\r\ncontent-type: application/octet-stream").bytes());
        }
        body.extend(b"\r\n\r\n");
        body.extend_from_slice(content);
        body.extend(b"\r\n");
    }
    body.extend(b"--XYZZY--\r\n");
    request.header("content-type", "multipart/form-data; boundary=XYZZY").body(body)
}
