//! The official Socket.IO clients, as programs. `scripts/tools.sh socketio` installs them.

use crate::site::Browser;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// Time limit, far longer than any step takes.
pub const LIMIT: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    JavaScript,
    Python,
}

pub const LANGUAGES: [Language; 2] = [Language::JavaScript, Language::Python];

/// Each language with each transport.
pub const KINDS: [(Language, &str); 6] = [
    (Language::JavaScript, "polling"),
    (Language::JavaScript, "websocket"),
    (Language::JavaScript, "polling,websocket"),
    (Language::Python, "polling"),
    (Language::Python, "websocket"),
    (Language::Python, "polling,websocket"),
];

/// The headers that a client sends.
#[derive(Debug, Default, Clone)]
pub struct Shown {
    pub cookie: String,
    pub origin: String,
}

impl Shown {
    pub fn login(browser: &Browser<'_>) -> Self {
        Self { cookie: format!("theme=dark; session={}", browser.login), origin: String::new() }
    }
}

/// A running client, ended when it is dropped.
pub struct Client {
    lines: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

impl Client {
    pub fn start(language: Language, transports: &str, url: &str, namespace: &str, shown: &Shown) -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let (program, script): (PathBuf, _) = match language {
            Language::JavaScript => ("node".into(), "tests/clients/client.mjs"),
            Language::Python => (here.join("../.tools/socketio/bin/python"), "tests/clients/client.py"),
        };
        let mut child = Command::new(program)
            .arg(here.join(script))
            .args([url, namespace, transports, &shown.cookie, &shown.origin])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the clients are installed by scripts/tools.sh socketio");
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { lines, _child: child }
    }

    /// Waits for its next event: the name, and the data.
    pub async fn next(&mut self) -> (String, Value) {
        let line = tokio::time::timeout(LIMIT, self.lines.next_line()).await.expect("no event came in time");
        let line = line.unwrap().expect("the client has ended; scripts/tools.sh socketio installs what it needs");
        let words: Vec<Value> = serde_json::from_str(&line).unwrap();
        (words[0].as_str().unwrap().to_owned(), words.get(1).cloned().unwrap_or_default())
    }

    /// Waits for the next event of this name and returns its data; skips others before it.
    pub async fn next_named(&mut self, name: &str) -> Value {
        let search = async {
            loop {
                let (found, value) = self.next().await;
                if found == name {
                    return value;
                }
            }
        };
        tokio::time::timeout(LIMIT, search).await.unwrap_or_else(|_| panic!("no event {name} came in time"))
    }

    /// Waits for the next live event of this type; returns it and those before it.
    pub async fn events_until(&mut self, kind: &str) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            events.push(self.next_named("event").await);
            if events.last().unwrap()["type"] == kind {
                return events;
            }
        }
    }
}
