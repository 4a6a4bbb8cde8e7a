//! Operates a server from its host, without a login.

use anyhow::{Context, bail};
use challengectl_server::{Config, console};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use tokio::net::UnixStream;

const TIMEOUT: Duration = Duration::from_secs(15);
/// The maximum length of an answer in bytes; thousands of challenges take a few megabytes.
const MAX_ANSWER: usize = 64 << 20;

#[derive(clap::Subcommand)]
pub enum ConsoleCommand {
    /// Show the operating state, what is on air, and the alarms in force
    Status,
    /// Assign nothing new; transmissions on air end normally
    Pause,
    /// Resume, even outside of the conference's hours
    Resume,
    /// Stop every transmission now, and assign nothing until `release`
    EmergencyStop,
    /// Release an emergency stop
    Release,
    /// List the challenges and their state
    Challenges,
    /// List the runners and their state
    Runners,
    /// List the alarms in force
    Alarms,
}

impl ConsoleCommand {
    fn request(&self) -> (Method, &'static str) {
        match self {
            Self::Status => (Method::GET, "/api/control/status"),
            Self::Pause => (Method::POST, "/api/control/pause"),
            Self::Resume => (Method::POST, "/api/control/resume"),
            Self::EmergencyStop => (Method::POST, "/api/control/emergency-stop"),
            Self::Release => (Method::POST, "/api/control/release"),
            Self::Challenges => (Method::GET, "/api/challenges"),
            Self::Runners => (Method::GET, "/api/runners"),
            Self::Alarms => (Method::GET, "/api/alarms"),
        }
    }
}

pub async fn console(config: &Config, command: &ConsoleCommand, as_json: bool) -> anyhow::Result<ExitCode> {
    let (method, path) = command.request();
    let (status, answer) = ask(&config.data_dir, method, path).await?;
    let mut out = std::io::stdout();
    if as_json {
        writeln!(out, "{answer}")?;
    }
    if !status.is_success() {
        eprintln!("challengectl-server: {}: {}", word(&answer, "error"), word(&answer, "details"));
        return Ok(ExitCode::FAILURE);
    }
    if as_json {
        return Ok(ExitCode::SUCCESS);
    }
    match command {
        ConsoleCommand::Status => show_status(&config.data_dir, &answer, &mut out).await?,
        ConsoleCommand::Challenges => {
            show(&answer, "challenges", &["name", "state", "enabled", "modulation"], &mut out)?;
        }
        ConsoleCommand::Runners => {
            show(&answer, "runners", &["runner_id", "status", "busy", "enabled", "current_task"], &mut out)?;
        }
        ConsoleCommand::Alarms => show(&answer, "alarms", &["since", "kind", "message"], &mut out)?,
        _ => {
            writeln!(out, "{}", word(&answer, "message"))?;
            if answer.get("details").is_some() {
                eprintln!("challengectl-server: {}", word(&answer, "details"));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn show_status(data_dir: &Path, status: &Value, out: &mut impl Write) -> anyhow::Result<()> {
    let holds = |key: &str| status.get(key) == Some(&Value::Bool(true));
    let by = |who: &str, when: &str| format!("by {} at {}", word(status, who), word(status, when));
    if holds("emergency_stop") {
        writeln!(out, "emergency stop {}", by("stopped_by", "stopped_at"))?;
    }
    if holds("paused") {
        writeln!(out, "paused {}", by("paused_by", "paused_at"))?;
    }
    if holds("closed_by_hours") {
        writeln!(out, "closed by the hours of the conference until {}", word(status, "opens_at"))?;
    }
    if holds("distributing") {
        writeln!(out, "work is handed out")?;
    }
    let shown: [(_, _, _, &[&str]); 2] = [
        ("/api/on-air", "on_air", "on air", &["challenge_name", "runner_id", "radio_id", "frequency", "state"]),
        ("/api/alarms", "alarms", "alarms", &["message"]),
    ];
    for (path, list, title, keys) in shown {
        let (status, answer) = ask(data_dir, Method::GET, path).await?;
        if !status.is_success() {
            bail!("{title}: not available: {}: {}", word(&answer, "error"), word(&answer, "details"));
        }
        writeln!(out, "{title}: {}", entries(&answer, list).len())?;
        for one in entries(&answer, list) {
            writeln!(out, "  {}", line(one, keys))?;
        }
    }
    Ok(())
}

fn show(answer: &Value, list: &str, keys: &[&str], out: &mut impl Write) -> std::io::Result<()> {
    for one in entries(answer, list) {
        writeln!(out, "{}", line(one, keys))?;
    }
    Ok(())
}

fn entries<'a>(answer: &'a Value, list: &str) -> &'a [Value] {
    answer.get(list).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn line(one: &Value, keys: &[&str]) -> String {
    keys.iter().map(|key| word(one, key)).collect::<Vec<_>>().join("\t")
}

fn word(of: &Value, key: &str) -> String {
    match of.get(key) {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

async fn ask(data_dir: &Path, method: Method, path: &str) -> anyhow::Result<(StatusCode, Value)> {
    let socket = console::socket(data_dir);
    let stream = match UnixStream::connect(&socket).await {
        Ok(stream) => stream,
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            bail!("{}: {error}: only the user that the server runs as can open it", socket.display())
        }
        Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
            bail!("{}: {error}: the path of a socket has at most 107 bytes; use the API instead", socket.display())
        }
        Err(error) => bail!(
            "no server answers on {} ({}: {error}). If one runs with another data_dir, such as CHALLENGECTL_DATA_DIR \
             of its service, its carriers stay on: give that data_dir with --config or --set data_dir=. If none runs, \
             carriers go off by themselves when their leases are over, in about a minute",
            data_dir.display(),
            socket.display()
        ),
    };
    let talk = async {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let request = Request::builder().method(method).uri(path).header("Host", "localhost");
        let response = sender.send_request(request.body(Full::<Bytes>::default())?).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), MAX_ANSWER).collect().await.map_err(anyhow::Error::from_boxed)?;
        let answer = serde_json::from_slice(&body.to_bytes()).context("the server's answer is not JSON")?;
        anyhow::Ok((status, answer))
    };
    let answer = tokio::time::timeout(TIMEOUT, talk).await;
    answer.with_context(|| format!("the server did not answer within {} s", TIMEOUT.as_secs()))?
}
