//! A scripted server, so that tests do not depend on the timing of a real one.

use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// One request.
#[derive(Debug, Clone)]
pub struct Request {
    pub path: String,
    pub headers: Vec<String>,
    pub body: Value,
}

/// One answer.
pub struct Answer {
    pub status: u16,
    pub headers: String,
    pub body: Vec<u8>,
    /// The number of bytes of the body after which the connection breaks.
    pub cut: usize,
    /// The length in the header, if it is not that of the body.
    pub announced: Option<u64>,
    /// How many times the body is sent.
    pub times: usize,
}

impl Answer {
    pub fn json(status: u16, body: &Value) -> Self {
        Self::bytes(status, body.to_string().as_bytes())
    }

    pub fn bytes(status: u16, body: &[u8]) -> Self {
        Self { status, headers: String::new(), body: body.to_vec(), cut: usize::MAX, announced: None, times: 1 }
    }

    pub fn with(mut self, header: &str) -> Self {
        self.headers.push_str(&format!("{header}\r\n"));
        self
    }

    pub fn redirect(status: u16, to: &str) -> Self {
        Self::bytes(status, b"").with(&format!("Location: {to}"))
    }
}

type Script = dyn FnMut(&Request) -> Option<Answer> + Send;

/// Listens until the test ends.
pub struct Server {
    pub url: String,
    seen: Arc<Mutex<Vec<Request>>>,
    /// Bytes of bodies that clients received, or that are buffered by the kernel.
    pub sent: Arc<AtomicUsize>,
}

impl Server {
    /// Starts a server. Requests that `script` does not answer get the answer of [`friendly`].
    pub fn start(script: impl FnMut(&Request) -> Option<Answer> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let script: Arc<Mutex<Box<Script>>> = Arc::new(Mutex::new(Box::new(script)));
        let log = Arc::clone(&seen);
        let sent = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&sent);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, script, counter) = (Arc::clone(&log), Arc::clone(&script), Arc::clone(&counter));
                thread::spawn(move || serve(stream, &log, &script, &counter));
            }
        });
        Self { url, seen, sent }
    }

    /// Returns the requests whose path has this ending.
    pub fn seen(&self, ending: &str) -> Vec<Request> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|request| request.path.split('?').next().unwrap().ends_with(ending)).cloned().collect()
    }
}

fn serve(
    mut stream: TcpStream,
    log: &Mutex<Vec<Request>>,
    script: &Mutex<Box<Script>>,
    sent: &AtomicUsize,
) -> Option<()> {
    let request = read(&stream)?;
    log.lock().unwrap().push(request.clone());
    let scripted = (script.lock().unwrap())(&request);
    let answer = scripted.unwrap_or_else(|| friendly(&request, LEASE));
    let length = answer.announced.unwrap_or((answer.body.len() * answer.times) as u64);
    let head = format!(
        "HTTP/1.1 {} X\r\nConnection: close\r\nContent-Length: {length}\r\n{}\r\n",
        answer.status, answer.headers
    );
    stream.write_all(head.as_bytes()).ok()?;
    for _ in 0..answer.times {
        let part = &answer.body[..answer.body.len().min(answer.cut)];
        stream.write_all(part).ok()?;
        sent.fetch_add(part.len(), Ordering::SeqCst);
    }
    Some(())
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut lines = VecDeque::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end() {
            "" => break,
            line => lines.push_back(line.to_owned()),
        }
    }
    let first = lines.pop_front()?;
    let mut words = first.split(' ').map(str::to_owned);
    let length = lines.iter().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Some(Request { path: words.nth(1)?, headers: lines.into(), body })
}

/// The length of a lease in seconds.
pub const LEASE: f64 = 3.0;

/// Returns the answer of a server without work.
pub fn friendly(request: &Request, lease: f64) -> Answer {
    let mut answer = json!({"status": "success", "message": "", "runner_id": "test", "task": null, "abort": []});
    answer["heartbeat_interval"] = json!(0.5);
    answer["poll_interval"] = json!(1.0);
    answer["lease_seconds"] = json!(lease);
    let named = request.body["assignments"].as_array().cloned().unwrap_or_default();
    answer["renewed"] = named.iter().map(|assignment| assignment["assignment_id"].clone()).collect();
    Answer::json(200, &answer)
}

/// Returns a task for the radio `dry`.
pub fn task(assignment: i64, text: &str) -> Answer {
    Answer::json(200, &json!({"task": task_json(assignment, text)}))
}

pub fn task_json(assignment: i64, text: &str) -> Value {
    json!({
        "challenge_id": 7,
        "name": "MORSE",
        "frequency": 145_550_000,
        "modulation": "cw",
        "flag_file": null,
        "flag_hash": null,
        "parameters": {"text": text},
        "assignment_id": assignment,
        "fence": 40 + assignment,
        "radio_id": "dry",
        "expires_at": "2026-11-22T12:00:00.000Z",
        "lease_seconds": LEASE,
        "sample_rate": 48_000,
    })
}
