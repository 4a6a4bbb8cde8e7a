//! What a runner does when things go as they should, and when not.

#![cfg(test)]

#[path = "support/runner.rs"]
mod runner;
#[path = "support/server.rs"]
mod server;
mod support;
#[path = "support/wav.rs"]
mod wav;

use challengectl_common::Digest;
use nix::sys::signal::Signal;
use runner::{RADIOS, Runner, command, first_report, is_poll, long, once, reports, wait_until_on_air};
use serde_json::{Value, json};
use server::{Answer, Request, Server, task, task_json};
use std::process::{Command, Stdio};
use support::{program, signal, until};
use tempfile::TempDir;
use wav::{audio_task, serve_file, wav};

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

#[test]
fn a_download_that_breaks_off_goes_on_where_it_ended() {
    let mut tasks = once(Some(audio_task(1)));
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
    let mut tasks = once(Some(audio_task(1)));
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
    let mut tasks = once(Some(audio_task(1)));
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
        (is_poll(request) && given == 1).then(|| audio_task(1))
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
    std::fs::write(dir.path().join("runner.yml"), RADIOS).unwrap();
    let output = Command::new(program()).current_dir(dir.path()).arg("run").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains("challengectl-runner enroll --server URL --token TOKEN"), "{complaint}");
}

/// A folder whose configuration says how to enrol, and a runner that starts there.
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

#[test]
fn a_terminal_that_closes_ends_a_runner_in_good_order() {
    let server = Server::start(once(Some(task(1, &long()))));
    let mut runner = Runner::start(&server);
    wait_until_on_air(&server);
    // A shell and the kernel may both say so.
    for _ in 0..3 {
        runner.signal(Signal::SIGHUP);
    }
    assert!(runner.process.wait().unwrap().success());
    assert_eq!(first_report(&server)["error"], "the runner was stopped");
    assert_eq!(server.seen("/signout").len(), 1);
}

#[test]
fn a_runner_that_nobody_reads_any_more_still_ends_in_good_order() {
    let server = Server::start(once(Some(task(1, &long()))));
    let mut runner = Runner::start(&Server::start(|_| Some(Answer::bytes(503, b"{}"))));
    runner.kill();
    std::fs::write(runner.dir.path().join("state/identity.json"), identity(&server.url)).unwrap();
    runner.process = command(runner.dir.path()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until_on_air(&server);
    drop(runner.process.stderr.take());
    runner.signal(Signal::SIGHUP);
    assert!(runner.process.wait().unwrap().success());
    assert_eq!(server.seen("/signout").len(), 1);
}

#[test]
fn a_runner_under_nohup_outlives_its_terminal() {
    let server = Server::start(|_| None);
    let mut runner = Runner::start(&Server::start(|_| Some(Answer::bytes(503, b"{}"))));
    runner.kill();
    std::fs::write(runner.dir.path().join("state/identity.json"), identity(&server.url)).unwrap();
    let mut nohup = Command::new("nohup");
    nohup.current_dir(runner.dir.path()).arg(program()).arg("run").stdout(Stdio::null()).stderr(Stdio::null());
    runner.process = nohup.spawn().unwrap();
    until("it polls", || !server.seen("/task").is_empty());
    runner.signal(Signal::SIGHUP);
    let before = server.seen("/heartbeat").len();
    until("it goes on", || server.seen("/heartbeat").len() > before + 2);
    assert!(runner.terminate().success());
}

fn identity(url: &str) -> String {
    json!({"server": url, "runner_id": "test", "api_key": "ck_test"}).to_string()
}

#[test]
fn a_server_that_moves_takes_its_runners_along_without_enrolling_again() {
    let (old, new) = (Server::start(|_| None), Server::start(|_| None));
    let mut runner = Runner::start(&old);
    until("it polls", || !old.seen("/task").is_empty());
    runner.kill();
    let before = old.seen("").len();
    let configuration = runner.dir.path().join("runner.yml");
    let text = std::fs::read_to_string(&configuration).unwrap();
    std::fs::write(&configuration, format!("{text}server: {}/\nenrollment_token: et_spent\n", new.url)).unwrap();
    runner.restart();
    until("it polls at the new address", || !new.seen("/task").is_empty());
    let key = |request: &Request| request.headers.iter().any(|line| line.eq_ignore_ascii_case("x-api-key: ck_test"));
    assert!(new.seen("").iter().all(key) && new.seen("/enroll").is_empty());
    assert_eq!(old.seen("").len(), before);
    let kept: Value = serde_json::from_str(&identity_of(&runner)).unwrap();
    assert_eq!((&kept["server"], &kept["api_key"]), (&json!(new.url), &json!("ck_test")));
    let log = runner.log();
    assert!(log.contains(&format!("the server is {} now, and no longer {}", new.url, old.url)), "{log}");
    assert!(log.contains("enrollment_token is ignored: this runner is enrolled as test"), "{log}");
    assert!(!log.contains("et_spent") && !log.contains("ck_test"), "{log}");
    // The address stays when the configuration names none any more.
    runner.kill();
    std::fs::write(&configuration, text).unwrap();
    let polls = new.seen("/task").len();
    runner.restart();
    until("it polls there again", || new.seen("/task").len() > polls);
}

fn identity_of(runner: &Runner) -> String {
    std::fs::read_to_string(runner.dir.path().join("state/identity.json")).unwrap()
}

#[test]
fn an_address_that_is_none_is_told_with_its_place() {
    let dir = TempDir::new().unwrap();
    std::fs::create_dir(dir.path().join("state")).unwrap();
    std::fs::write(dir.path().join("state/identity.json"), identity("http://127.0.0.1:1")).unwrap();
    let settings = format!("server: server.example:8443\nstate_dir: state\n{RADIOS}\n");
    std::fs::write(dir.path().join("runner.yml"), settings).unwrap();
    let output = Command::new(program()).current_dir(dir.path()).arg("run").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        complaint.contains("server in the configuration") && complaint.contains("https://server:8443"),
        "{complaint}"
    );
}

#[test]
fn enrolling_says_when_the_configuration_names_another_server() {
    let server = Server::start(|request| (request.path == "/api/enrollment/enroll").then(enrolled));
    let (dir, _) = provisioned("http://elsewhere.example");
    let arguments = ["enroll", "--server", &server.url, "--token", "et_x"];
    let output = Command::new(program()).current_dir(dir.path()).args(arguments).output().unwrap();
    assert!(output.status.success());
    let remark = String::from_utf8_lossy(&output.stderr);
    assert!(remark.contains("another server, http://elsewhere.example/"), "{remark}");
}

#[test]
fn a_null_radio_takes_no_work_unless_its_settings_say_so() {
    let server = Server::start(once(Some(task(1, "E"))));
    let real = "{id: real, driver: file, directory: out, sample_rate: 48000}";
    let radios = format!("radios: [{{id: dry, driver: null}}, {real}]");
    let runner = Runner::configured(&server.url, &radios, &[]);
    // Not even when it is given some.
    assert_eq!(first_report(&server)["error"], "this runner has no radio dry");
    let registered = server.seen("/register").remove(0).body["radios"].clone();
    let ids: Vec<_> = registered.as_array().unwrap().iter().map(|radio| radio["id"].clone()).collect();
    assert_eq!(ids, ["real"]);
    assert!(runner.log().contains("radio dry sends nothing, so it takes no work (takes_work: true lets it)"));
    let alone = TempDir::new().unwrap();
    std::fs::write(alone.path().join("runner.yml"), "radios: [{id: dry, driver: null}]\n").unwrap();
    let output = Command::new(program()).current_dir(alone.path()).arg("run").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains("takes work only with `takes_work: true`"), "{complaint}");
}

#[test]
fn a_null_radio_that_takes_work_says_that_nothing_is_on_air() {
    let server = Server::start(|_| None);
    let _runner = Runner::start(&server);
    until("the server hears of it", || {
        let lines = server.seen("/logs").into_iter().flat_map(|request| request.body["lines"].as_array().cloned());
        lines.flatten().any(|line| line["message"].as_str().unwrap().contains("never on air"))
    });
}
