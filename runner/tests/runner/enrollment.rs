//! How a host becomes a runner.

use crate::support::runner::{RADIOS, Runner, command};
use crate::support::server::{Answer, Request, Server};
use crate::support::{program, until};
use challengectl_common::Digest;
use nix::sys::signal::Signal;
use serde_json::json;
use std::process::{Command, Stdio};
use tempfile::TempDir;

#[test]
fn a_runner_that_is_not_enrolled_says_what_to_do() {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("runner.yml"), RADIOS).unwrap();
    let output = Command::new(program()).current_dir(dir.path()).arg("run").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains("challengectl-runner enroll --server URL --token TOKEN"), "{complaint}");
}

/// Returns a folder with a configuration for enrollment, and the command of a runner there.
fn provisioned(url: &str) -> (TempDir, Command) {
    let dir = TempDir::new().unwrap();
    let text = format!("server: {url}/\nenrollment_token: et_once\nstate_dir: state\n{RADIOS}\n");
    std::fs::write(dir.path().join("runner.yml"), text).unwrap();
    let command = command(dir.path());
    (dir, command)
}

fn enrolled() -> Answer {
    Answer::json(201, &json!({"status": "success", "runner_id": "test", "api_key": "ck_new"}))
}

#[test]
fn a_runner_enrolls_by_its_configuration_waits_for_the_server_and_never_uses_the_token_again() {
    let mut refusals = 0;
    let server = Server::start(move |request| {
        refusals += i32::from(request.path == "/api/enrollment/enroll");
        match (request.path.as_str(), refusals) {
            ("/api/enrollment/enroll", ..3) => Some(Answer::json(503, &json!({"error": "away"}))),
            ("/api/enrollment/enroll", _) => Some(enrolled()),
            _ => None,
        }
    });
    let (dir, mut command) = provisioned(&server.url);
    let mut runner = Runner { process: command.spawn().unwrap(), dir };
    until("it polls", || !server.seen("/task").is_empty());
    let asked = server.seen("/enroll").pop().unwrap();
    assert_eq!(asked.body["enrollment_token"], "et_once");
    let hostname = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    assert_eq!(asked.body["hostname"], hostname.trim());
    let key = |request: &Request| request.headers.iter().any(|header| header.eq_ignore_ascii_case("x-api-key: ck_new"));
    assert!(server.seen("/register").iter().all(key));
    assert_eq!(server.seen("/enroll").len(), 3);
    let before = server.seen("/register").len();
    runner.kill();
    runner.restart();
    until("it registers again", || server.seen("/register").len() > before);
    assert_eq!(server.seen("/enroll").len(), 3);
}

#[test]
fn a_runner_whose_token_is_refused_says_what_to_do_and_ends() {
    let server = Server::start(|_| Some(Answer::json(401, &json!({"error": "authentication required"}))));
    let (_dir, mut command) = provisioned(&server.url);
    let output = command.stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains("wrong, used or expired") && complaint.contains("runner enroll NAME"), "{complaint}");
    assert_eq!(server.seen("/enroll").len(), 1);
}

#[test]
fn a_runner_that_waits_to_enroll_notifies_the_service_manager_and_can_be_stopped() {
    let server = Server::start(|_| Some(Answer::json(503, &json!({"error": "away"}))));
    let (dir, mut command) = provisioned(&server.url);
    let path = dir.path().join("notify");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
    let process = command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "300000").spawn().unwrap();
    let mut runner = Runner { process, dir };
    for expected in ["READY=1", "WATCHDOG=1", "WATCHDOG=1"] {
        let mut message = [0; 256];
        let length = socket.recv(&mut message).unwrap();
        assert_eq!(String::from_utf8_lossy(&message[..length]).trim(), expected);
    }
    assert!(runner.terminate().success());
}

#[test]
fn a_runner_that_is_stopped_while_it_enrolls_stores_its_key() {
    let (release, released) = std::sync::mpsc::channel::<()>();
    let server = Server::start(move |request| {
        (request.path == "/api/enrollment/enroll").then(|| {
            released.recv().unwrap();
            enrolled()
        })
    });
    let (dir, mut command) = provisioned(&server.url);
    let mut runner = Runner { process: command.spawn().unwrap(), dir };
    until("it enrolls", || !server.seen("/enroll").is_empty());
    runner.signal(Signal::SIGTERM);
    release.send(()).unwrap();
    assert!(runner.process.wait().unwrap().success());
    let identity = runner.identity();
    assert!(identity.contains("ck_new"), "{identity}");
}

#[test]
fn every_request_identifies_the_machine_but_not_by_its_id() {
    let server = Server::start(|request| (request.path == "/api/enrollment/enroll").then(enrolled));
    let (dir, mut command) = provisioned(&server.url);
    let _runner = Runner { process: command.spawn().unwrap(), dir };
    until("it polls", || !server.seen("/task").is_empty());
    let said = |request: &Request| {
        let lines = request.headers.iter().map(|header| header.to_lowercase());
        lines.filter_map(|line| line.strip_prefix("x-runner-machine-id: ").map(str::to_owned)).collect::<Vec<_>>()
    };
    let id = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
    let expected = match id.trim() {
        id if id.len() == 32 => {
            vec![Digest::of(format!("challengectl-runner host binding, 1: {id}").as_bytes()).to_string()]
        }
        _ => Vec::new(),
    };
    for ending in ["/enroll", "/register", "/task"] {
        assert_eq!(said(&server.seen(ending)[0]), expected, "{ending}");
    }
}

#[test]
fn enrolling_remarks_that_the_configuration_names_another_server() {
    let server = Server::start(|request| (request.path == "/api/enrollment/enroll").then(enrolled));
    let (dir, _) = provisioned("http://elsewhere.example");
    let arguments = ["enroll", "--server", &server.url, "--token", "et_x"];
    let output = Command::new(program()).current_dir(dir.path()).args(arguments).output().unwrap();
    assert!(output.status.success());
    let remark = String::from_utf8_lossy(&output.stderr);
    assert!(remark.contains("another server, http://elsewhere.example/"), "{remark}");
}
