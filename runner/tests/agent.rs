//! What a runner does when things go as they should, and when not.

#![cfg(test)]

#[path = "support/server.rs"]
mod server;
mod support;

use challengectl_common::Digest;
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use server::{Answer, Request, Server, task, task_json};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use support::{program, signal, until};
use tempfile::TempDir;

/// A runner with one radio, enrolled with `server`.
struct Runner {
    dir: TempDir,
    process: Child,
}

impl Runner {
    fn start(server: &Server) -> Self {
        Self::start_with(server, "")
    }

    fn start_with(server: &Server, settings: &str) -> Self {
        Self::start_under(server, settings, &[])
    }

    fn start_under(server: &Server, settings: &str, variables: &[(&str, String)]) -> Self {
        let dir = TempDir::new().unwrap();
        let radios = "radios: [{id: dry, driver: null, paced: true, sample_rate: 48000}]";
        std::fs::write(dir.path().join("runner.yml"), format!("state_dir: state\n{radios}\n{settings}\n")).unwrap();
        std::fs::create_dir(dir.path().join("state")).unwrap();
        let identity = json!({"server": server.url, "runner_id": "test", "api_key": "ck_test"});
        std::fs::write(dir.path().join("state/identity.json"), identity.to_string()).unwrap();
        let process = command(dir.path()).envs(variables.iter().cloned()).spawn().unwrap();
        Self { dir, process }
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn restart(&mut self) {
        self.process = run(self.dir.path());
    }

    fn terminate(&mut self) -> ExitStatus {
        signal(nix::unistd::Pid::from_raw(self.process.id().try_into().unwrap()), Signal::SIGTERM);
        self.process.wait().unwrap()
    }

    fn state(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.dir.path().join("state").join(folder)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn run(dir: &Path) -> Child {
    command(dir).spawn().unwrap()
}

fn command(dir: &Path) -> Command {
    let mut command = Command::new(program());
    command.current_dir(dir).arg("run").stderr(Stdio::null());
    command
}

fn long() -> String {
    "PARIS ".repeat(50)
}

fn is_poll(request: &Request) -> bool {
    request.path.contains("/task?wait=")
}

/// Hands this out once, then lets polls wait a little.
fn once(mut answer: Option<Answer>) -> impl FnMut(&Request) -> Option<Answer> + Send {
    move |request| if is_poll(request) { answer.take() } else { None }
}

fn reports(server: &Server) -> Vec<Value> {
    server.seen("/complete").into_iter().map(|request| request.body).collect()
}

fn first_report(server: &Server) -> Value {
    until("a report comes", || !reports(server).is_empty());
    reports(server).remove(0)
}

fn wait_until_on_air(server: &Server) {
    let on_air = |request: &Request| request.body["assignments"][0]["progress"].is_number();
    until("a heartbeat tells of progress", || server.seen("/heartbeat").iter().any(on_air));
}

#[test]
fn a_task_is_carried_out_and_reported_with_its_fence() {
    let server = Server::start(once(Some(task(1, "E"))));
    let runner = Runner::start(&server);
    let report = first_report(&server);
    assert_eq!(
        (&report["status"], &report["assignment_id"], &report["fence"]),
        (&json!("success"), &json!(1), &json!(41))
    );
    assert!(report["started_at"].is_string() && report["ended_at"].is_string());
    until("the report is struck out", || runner.state("assignments").is_empty());
    let register = server.seen("/register").remove(0).body;
    assert_eq!(register["assignments"], json!([]));
    assert_eq!(register["radios"][0]["id"], "dry");
}

#[test]
fn what_no_heartbeat_renews_never_goes_on_air() {
    let mut tasks = once(Some(task(1, "E")));
    let server = Server::start(move |request| match request.path.ends_with("/heartbeat") {
        true => Some(Answer::json(
            200,
            &json!({"status": "success", "message": "", "renewed": [], "abort": [],
                    "heartbeat_interval": 0.5, "poll_interval": 1.0, "lease_seconds": server::LEASE}),
        )),
        false => tasks(request),
    });
    let _runner = Runner::start(&server);
    let report = first_report(&server);
    assert_eq!(report["status"], "aborted");
    assert_eq!(report["started_at"], Value::Null);
}

#[test]
fn a_lease_that_no_heartbeat_renews_any_more_ends_the_transmission() {
    let mut tasks = once(Some(task(1, &long())));
    let mut beats = 0;
    let server = Server::start(move |request| {
        if request.path.ends_with("/heartbeat") && !request.body["assignments"].as_array().unwrap().is_empty() {
            beats += 1;
            return (beats > 2).then(|| Answer::bytes(500, b"{}"));
        }
        tasks(request)
    });
    let _runner = Runner::start(&server);
    let report = first_report(&server);
    assert_eq!((&report["status"], &report["error"]), (&json!("aborted"), &json!("the lease ran out")));
    assert!(report["started_at"].is_string());
}

#[test]
fn an_order_to_abort_reaches_a_busy_radio_through_the_poll() {
    let mut given = 0;
    let server = Server::start(move |request| {
        if !is_poll(request) {
            return None;
        }
        given += 1;
        match given {
            1 => Some(task(1, &long())),
            2..20 => None,
            _ => Some(Answer::json(200, &json!({"task": null, "abort": [1]}))),
        }
    });
    let _runner = Runner::start(&server);
    let report = first_report(&server);
    assert_eq!((&report["status"], &report["error"]), (&json!("aborted"), &json!("the server ordered it")));
}

#[test]
fn a_report_is_repeated_until_it_is_taken_also_by_the_next_process() {
    let mut tasks = once(Some(task(1, "E")));
    let mut refusals = 0;
    let server = Server::start(move |request| {
        if request.path.ends_with("/complete") {
            refusals += 1;
            return (refusals <= 2).then(|| Answer::bytes(503, b"{}"));
        }
        tasks(request)
    });
    let mut runner = Runner::start(&server);
    first_report(&server);
    runner.kill();
    assert_eq!(runner.state("assignments"), ["1.json"]);
    runner.restart();
    until("the report is taken", || runner.state("assignments").is_empty());
    assert!(reports(&server).windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn a_report_that_comes_too_late_is_not_repeated() {
    let mut tasks = once(Some(task(1, "E")));
    let server = Server::start(move |request| match request.path.ends_with("/complete") {
        true => Some(Answer::json(409, &json!({"error": "late"}))),
        false => tasks(request),
    });
    let runner = Runner::start(&server);
    first_report(&server);
    until("the report is struck out", || runner.state("assignments").is_empty());
}

#[test]
fn a_runner_killed_on_air_reports_the_transmission_as_failed() {
    let server = Server::start(once(Some(task(1, &long()))));
    let mut runner = Runner::start(&server);
    wait_until_on_air(&server);
    runner.kill();
    runner.restart();
    let report = first_report(&server);
    assert_eq!(report["status"], "failed");
    assert_eq!(report["error"], "the runner was restarted during the transmission");
}

#[test]
fn a_runner_that_is_stopped_cuts_the_carrier_reports_and_signs_out() {
    let server = Server::start(once(Some(task(1, &long()))));
    let mut runner = Runner::start(&server);
    wait_until_on_air(&server);
    assert!(runner.terminate().success());
    let report = first_report(&server);
    assert_eq!((&report["status"], &report["error"]), (&json!("aborted"), &json!("the runner was stopped")));
    assert_eq!(server.seen("/signout").len(), 1);
}

#[test]
fn a_runner_that_the_server_forgot_registers_again() {
    let mut forgotten = 0;
    let server = Server::start(move |request| {
        forgotten += i32::from(request.path.ends_with("/heartbeat"));
        (forgotten == 2 && request.path.ends_with("/heartbeat")).then(|| Answer::json(404, &json!({"error": "who?"})))
    });
    let _runner = Runner::start(&server);
    until("it registers again", || server.seen("/register").len() == 2);
}

#[test]
fn a_runner_whose_key_is_refused_goes_on_with_a_new_one() {
    // Revoked, or made for another machine.
    for status in [401, 403] {
        let server = Server::start(move |request| {
            let known = request.headers.iter().any(|header| header.eq_ignore_ascii_case("x-api-key: ck_new"));
            (!known).then(|| Answer::json(status, &json!({"error": "not with this key"})))
        });
        let runner = Runner::start(&server);
        until("it was refused", || !server.seen("/register").is_empty());
        let identity = json!({"server": server.url, "runner_id": "test", "api_key": "ck_new"});
        std::fs::write(runner.dir.path().join("state/identity.json"), identity.to_string()).unwrap();
        until("it polls", || !server.seen("/task").is_empty());
    }
}

#[test]
fn a_task_for_a_radio_that_is_not_there_fails() {
    let mut other = task_json(1, "E");
    other["radio_id"] = json!("gone");
    let server = Server::start(once(Some(Answer::json(200, &json!({"task": other})))));
    let _runner = Runner::start(&server);
    assert_eq!(first_report(&server)["error"], "this runner has no radio gone");
}

/// A second of a tone, 8 kHz, 16 bit, mono.
fn wav() -> Vec<u8> {
    let mut bytes =
        b"RIFF\xa4\x3e\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x80\x3e\0\0".to_vec();
    bytes.extend((0..8000).flat_map(|n| if n / 8 % 2 == 0 { 8000_i16 } else { -8000 }.to_le_bytes()));
    bytes
}

fn audio_task() -> Answer {
    let mut task = task_json(1, "");
    task["modulation"] = json!("nbfm");
    task["flag_file"] = json!("voice.wav");
    task["flag_hash"] = json!(Digest::of(&wav()));
    task["parameters"] = json!({});
    Answer::json(200, &json!({"task": task}))
}

/// The part of the file that a request asks for.
fn serve_file(request: &Request) -> Answer {
    let range = request
        .headers
        .iter()
        .find_map(|header| header.to_lowercase().strip_prefix("range: bytes=").map(str::to_owned));
    let Some(from) = range.and_then(|range| range.trim_end_matches('-').parse::<usize>().ok()) else {
        return Answer::bytes(200, &wav());
    };
    Answer::bytes(206, &wav()[from..])
}

#[test]
fn a_download_that_breaks_off_goes_on_where_it_ended() {
    let mut tasks = once(Some(audio_task()));
    let mut first = true;
    let server = Server::start(move |request| {
        if !request.path.starts_with("/api/files/") {
            return tasks(request);
        }
        let cut = if std::mem::take(&mut first) { 5000 } else { usize::MAX };
        Some(Answer { cut, ..serve_file(request) })
    });
    let runner = Runner::start(&server);
    assert_eq!(first_report(&server)["status"], "success");
    let hash = Digest::of(&wav()).to_string();
    assert_eq!(runner.state("cache"), [hash.as_str()]);
    let resumed = server
        .seen(&hash)
        .iter()
        .any(|request| request.headers.iter().any(|header| header.eq_ignore_ascii_case("range: bytes=5000-")));
    assert!(resumed, "{:?}", server.seen(&hash));
}

#[test]
fn a_file_that_is_not_what_it_should_be_is_refused_and_not_kept() {
    let mut tasks = once(Some(audio_task()));
    let server = Server::start(move |request| match request.path.starts_with("/api/files/") {
        true => Some(Answer::bytes(200, b"something else")),
        false => tasks(request),
    });
    let runner = Runner::start(&server);
    let report = first_report(&server);
    assert_eq!(report["status"], "failed");
    let (wanted, sent) = (Digest::of(&wav()), Digest::of(b"something else"));
    let expected = format!("file {wanted}: the server sent {sent} instead of {wanted}");
    assert_eq!(report["error"], expected);
    assert!(runner.state("cache").is_empty());
}

#[test]
fn a_file_larger_than_the_cache_is_refused_without_telling_its_name() {
    let mut tasks = once(Some(audio_task()));
    let server = Server::start(move |request| match request.path.starts_with("/api/files/") {
        true => Some(serve_file(request)),
        false => tasks(request),
    });
    let _runner = Runner::start_with(&server, "cache_max_bytes: 10000");
    let error = first_report(&server)["error"].clone();
    let hash = Digest::of(&wav());
    assert_eq!(error, format!("file {hash}: 16044 bytes are more than the cache may hold (cache_max_bytes: 10000)"));
}

#[test]
fn a_cached_file_that_rotted_is_fetched_again() {
    let mut given = 0;
    let server = Server::start(move |request| {
        if request.path.starts_with("/api/files/") {
            return Some(serve_file(request));
        }
        given += i32::from(is_poll(request));
        (is_poll(request) && given == 1).then(audio_task)
    });
    let hash = Digest::of(&wav()).to_string();
    let mut runner = Runner::start(&Server::start(|_| Some(Answer::bytes(503, b"{}"))));
    runner.kill();
    let cache = runner.dir.path().join("state/cache");
    std::fs::create_dir_all(&cache).unwrap();
    std::fs::write(cache.join(&hash), b"rotten").unwrap();
    let identity = json!({"server": server.url, "runner_id": "test", "api_key": "ck_test"});
    std::fs::write(runner.dir.path().join("state/identity.json"), identity.to_string()).unwrap();
    runner.restart();
    assert_eq!(first_report(&server)["status"], "success");
    assert_eq!(std::fs::read(cache.join(&hash)).unwrap(), wav());
}

#[test]
fn a_runner_that_is_not_enrolled_says_what_to_do() {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("runner.yml"), "radios: [{id: dry, driver: null}]\n").unwrap();
    let output = Command::new(program()).current_dir(dir.path()).arg("run").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains("challengectl-runner enroll --server URL --token TOKEN"), "{complaint}");
}

/// A folder whose configuration says how to enrol, and a runner that starts there.
fn provisioned(url: &str) -> (TempDir, Command) {
    let dir = TempDir::new().unwrap();
    let radios = "radios: [{id: dry, driver: null, paced: true, sample_rate: 48000}]";
    let text = format!("server: {url}/\nenrollment_token: et_once\nstate_dir: state\n{radios}\n");
    std::fs::write(dir.path().join("runner.yml"), text).unwrap();
    let command = command(dir.path());
    (dir, command)
}

fn enrolled() -> Answer {
    Answer::json(201, &json!({"status": "success", "runner_id": "test", "api_key": "ck_new"}))
}

#[test]
fn a_runner_enrols_by_its_configuration_waits_for_the_server_and_never_uses_the_token_again() {
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
fn a_runner_that_waits_to_enrol_is_alive_to_the_service_manager_and_can_be_stopped() {
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
fn a_runner_that_is_stopped_while_it_enrols_keeps_the_key_that_it_is_given() {
    let (release, released) = std::sync::mpsc::channel::<()>();
    let server = Server::start(move |request| {
        (request.path == "/api/enrollment/enroll").then(|| {
            released.recv().unwrap();
            enrolled()
        })
    });
    let (dir, mut command) = provisioned(&server.url);
    let mut runner = Runner { process: command.spawn().unwrap(), dir };
    until("it enrols", || !server.seen("/enroll").is_empty());
    signal(nix::unistd::Pid::from_raw(runner.process.id().try_into().unwrap()), Signal::SIGTERM);
    release.send(()).unwrap();
    assert!(runner.process.wait().unwrap().success());
    let identity = std::fs::read_to_string(runner.dir.path().join("state/identity.json")).unwrap();
    assert!(identity.contains("ck_new"), "{identity}");
}

#[test]
fn the_server_hears_with_every_request_which_machine_it_is_but_not_its_id() {
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
fn the_service_manager_hears_that_it_is_ready_alive_and_stopping_also_while_the_server_is_away() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("notify");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
    let hear = || {
        let mut message = [0; 256];
        let length = socket.recv(&mut message).unwrap();
        String::from_utf8_lossy(&message[..length]).trim().to_owned()
    };
    let server = Server::start(|_| Some(Answer::json(503, &json!({"error": "away"}))));
    let variables = [("NOTIFY_SOCKET", path.display().to_string()), ("WATCHDOG_USEC", "300000".to_owned())];
    let mut runner = Runner::start_under(&server, "", &variables);
    assert_eq!(hear(), "READY=1");
    assert_eq!(hear(), "WATCHDOG=1");
    assert_eq!(hear(), "WATCHDOG=1");
    assert!(runner.terminate().success());
    while hear() != "STOPPING=1" {}
}
