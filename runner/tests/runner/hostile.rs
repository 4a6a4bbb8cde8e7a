//! A server, a proxy or a disk that misbehaves does no harm.

use crate::support::runner::{RADIOS, Runner, first_report, is_poll, once, reports};
use crate::support::server::{Answer, Request, Server, friendly, task, task_json};
use crate::support::wav::{asked_from, audio_task, part, serve_file, wav};
use crate::support::{children_of, peak_memory, program, until};
use challengectl_common::Digest;
use serde_json::{Value, json};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

/// Starts a server that redirects every request, with its method kept.
fn redirecting(to: &str) -> Server {
    let to = to.to_owned();
    Server::start(move |request| Some(Answer::redirect(307, &format!("{to}{}", request.path))))
}

fn is_file(request: &Request) -> bool {
    request.path.starts_with("/api/files/")
}

#[test]
fn a_token_does_not_follow_a_redirect_and_the_message_has_the_way_out() {
    let other = Server::start(|_| None);
    let dir = TempDir::new().unwrap();
    for (to, named) in
        [(other.url.clone(), other.url.clone()), ("https://127.0.0.1:9".into(), "https://127.0.0.1:9".into())]
    {
        let server = redirecting(&to);
        let arguments = ["enroll", "--server", &server.url, "--token", "et_once"];
        let output = Command::new(program()).current_dir(dir.path()).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(complaint.contains(&format!("redirects to {named}")), "{complaint}");
        assert!(complaint.contains("--server") && !complaint.contains("et_once"), "{complaint}");
    }
    assert_eq!(other.seen("").len(), 0);
}

#[test]
fn a_key_does_not_follow_a_redirect_of_any_request() {
    let other = Server::start(|_| None);
    for status in [301, 302, 303, 307, 308] {
        let (to, mut tasks) = (other.url.clone(), once(Some(audio_task(1))));
        let server = Server::start(move |request| {
            let elsewhere = || Some(Answer::redirect(status, &format!("{to}{}", request.path)));
            if is_file(request) || request.path.ends_with("/logs") || request.path.ends_with("/signout") {
                return elsewhere();
            }
            tasks(request)
        });
        let mut runner = Runner::start(&server);
        let error = first_report(&server)["error"].clone();
        assert!(error.as_str().unwrap().contains(&format!("redirects to {}", other.url)), "{error}");
        assert!(runner.terminate().success());
        assert!(runner.log().contains("redirects to"), "{}", runner.log());
    }
    let unregistered = redirecting(&other.url);
    let runner = Runner::start(&unregistered);
    until("it says so", || runner.log().contains("name it as `server`"));
    assert_eq!(other.seen("").len(), 0);
}

#[test]
fn an_endless_answer_is_abandoned_before_it_takes_memory() {
    let endless = |status: u16| {
        let mut answer = Answer::bytes(status, &[b' '; 1 << 16]);
        // Half a gigabyte.
        answer.times = 1 << 13;
        answer
    };
    for status in [200, 400] {
        let server = Server::start(move |request| request.path.ends_with("/register").then(|| endless(status)));
        let runner = Runner::start(&server);
        until("it asks again", || server.seen("/register").len() > 1);
        assert!(runner.log().contains("is longer than"), "{}", runner.log());
        assert!(peak_memory(runner.pid()) < 64 * 1024, "{} KiB", peak_memory(runner.pid()));
        // What the kernel buffers on the way is lost as well.
        assert!(server.sent.load(Ordering::SeqCst) < 64 << 20);
    }
}

#[test]
fn a_server_cannot_send_control_characters_to_the_terminal() {
    let evil = format!("\u{1b}[2Jowned\u{7}\r\n{}", "x".repeat(5000));
    let server = Server::start(move |request| {
        request.path.ends_with("/register").then(|| Answer::json(400, &json!({"error": evil})))
    });
    let runner = Runner::start(&server);
    until("it says so", || runner.log().contains("owned"));
    let log = runner.log();
    assert!(!log.contains("\u{1b}[2J") && !log.contains('\u{7}') && log.len() < 3000, "{log:?}");
}

#[test]
fn a_length_that_overflows_does_not_fill_the_disk() {
    let mut tasks = once(Some(audio_task(1)));
    let server = Server::start(move |request| {
        if !is_file(request) {
            return tasks(request);
        }
        let Some(from) = asked_from(request) else { return Some(Answer { cut: 5000, ..serve_file(request) }) };
        let mut answer = Answer::bytes(206, &[0; 1 << 16]).with(&format!("Content-Range: bytes {from}-/*"));
        answer.announced = Some(u64::MAX - 4000);
        answer.times = 64;
        Some(answer)
    });
    let runner = Runner::start_with(&server, "cache_max_bytes: 100000");
    let error = first_report(&server)["error"].as_str().unwrap().to_owned();
    assert!(error.contains("more than the cache may hold (cache_max_bytes: 100000)"), "{error}");
    let cache = runner.dir.path().join("state/cache");
    let size: u64 = std::fs::read_dir(cache).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum();
    assert!(size <= 100_000, "{size}");
}

#[test]
fn a_part_that_was_not_requested_is_not_appended() {
    let mut tasks = once(Some(audio_task(1)));
    let mut resumed = 0;
    let server = Server::start(move |request| match (is_file(request), asked_from(request)) {
        (false, _) => tasks(request),
        (true, Some(_)) => {
            resumed += 1;
            Some(part(0))
        }
        (true, None) if resumed == 0 => Some(Answer { cut: 5000, ..serve_file(request) }),
        (true, None) => Some(serve_file(request)),
    });
    let runner = Runner::start(&server);
    let report = first_report(&server);
    assert_eq!(report["status"], "success", "{report}");
    assert_eq!(
        std::fs::read(runner.dir.path().join("state/cache").join(Digest::of(&wav()).to_string())).unwrap(),
        wav()
    );
}

#[test]
fn a_radio_has_one_transmission_however_many_tasks_the_server_hands_out() {
    let mut handed_out = 0;
    let long = "PARIS ".repeat(50);
    let server = Server::start(move |request| {
        if !is_poll(request) {
            return Some(friendly(request, 60.0));
        }
        (handed_out < 40).then(|| {
            handed_out += 1;
            let mut one = task_json(handed_out, &long);
            one["lease_seconds"] = json!(60.0);
            if handed_out % 4 == 0 {
                one["radio_id"] = json!(format!("radio-{handed_out}"));
            }
            Answer::json(200, &json!({"task": one}))
        })
    });
    let runner = Runner::start(&server);
    let mut most = 0;
    until("all others are reported", || {
        most = most.max(children_of(runner.process.id()).len());
        reports(&server).len() >= 39
    });
    assert_eq!(most, 1);
    let refused = reports(&server);
    assert!(refused.iter().all(|report| report["status"] == "failed" && report["assignment_id"] != 1), "{refused:?}");
    let busy = |report: &&Value| report["error"] == "radio dry is busy with another assignment";
    assert_eq!(refused.iter().filter(busy).count(), 29, "{refused:?}");
    until("they are forgotten", || runner.state("assignments") == ["1.json"]);
}

#[test]
fn a_server_that_hands_out_endless_tasks_and_accepts_no_report_does_not_fill_the_disk() {
    let mut handed_out = 0;
    let server = Server::start(move |request| {
        if request.path.ends_with("/complete") {
            return Some(Answer::bytes(503, b"{}"));
        }
        is_poll(request).then(|| {
            handed_out += 1;
            let mut one = task_json(handed_out, "E");
            one["radio_id"] = json!("gone");
            Answer::json(200, &json!({"task": one}))
        })
    });
    let runner = Runner::start(&server);
    until("it is handed out again and again", || server.seen("/task").len() > 280);
    assert!(runner.state("assignments").len() <= 260, "{}", runner.state("assignments").len());
}

#[test]
fn a_cached_file_that_is_damaged_while_the_runner_runs_is_fetched_again() {
    let again = Arc::new(AtomicBool::new(false));
    let (hand_out, mut first) = (Arc::clone(&again), once(Some(audio_task(1))));
    let server = Server::start(move |request| match is_file(request) {
        true => Some(serve_file(request)),
        false if is_poll(request) && hand_out.swap(false, Ordering::SeqCst) => Some(audio_task(2)),
        false => first(request),
    });
    let runner = Runner::start(&server);
    assert_eq!(first_report(&server)["status"], "success");
    let file = runner.dir.path().join("state/cache").join(Digest::of(&wav()).to_string());
    let mut rotten = wav();
    rotten[1000] ^= 1;
    std::fs::write(&file, &rotten).unwrap();
    again.store(true, Ordering::SeqCst);
    until("it is sent again", || reports(&server).len() > 1);
    assert_eq!(reports(&server)[1]["status"], "success");
    assert_eq!(server.seen(&Digest::of(&wav()).to_string()).len(), 2);
    assert_eq!(std::fs::read(&file).unwrap(), wav());
}

#[test]
fn a_report_refused_as_invalid_is_logged_once_and_not_repeated() {
    for status in [400, 404, 413, 422] {
        let mut tasks = once(Some(task(1, "E")));
        let server = Server::start(move |request| match request.path.ends_with("/complete") {
            true => Some(Answer::json(status, &json!({"error": "invalid request", "details": "no such field"}))),
            false => tasks(request),
        });
        let runner = Runner::start(&server);
        first_report(&server);
        until("the report is deleted", || runner.state("assignments").is_empty());
        assert!(runner.log().contains("no such field"), "{}", runner.log());
        assert_eq!(reports(&server).len(), 1);
    }
}

#[test]
fn a_report_that_a_proxy_refuses_waits_for_the_server() {
    let mut tasks = once(Some(task(1, "E")));
    let mut refusals = 0;
    let server = Server::start(move |request| {
        if request.path.ends_with("/complete") {
            refusals += 1;
            return (refusals <= 2).then(|| Answer::bytes(400, b"<html>Bad Request</html>"));
        }
        tasks(request)
    });
    let runner = Runner::start(&server);
    until("it is repeated until it is accepted", || reports(&server).len() == 3);
    until("the report is deleted", || runner.state("assignments").is_empty());
}

#[test]
fn a_proxy_of_the_environment_is_never_used_for_a_server_on_this_host() {
    let proxy = Server::start(|_| Some(Answer::bytes(502, b"")));
    let server = Server::start(|_| None);
    let port = server.url.rsplit(':').next().unwrap().to_owned();
    for host in ["127.0.0.1", "localhost"] {
        let variables = ["HTTP_PROXY", "http_proxy", "ALL_PROXY"].map(|name| (name, proxy.url.clone()));
        let before = server.seen("/task").len();
        let url = format!("http://{host}:{port}");
        let _runner = Runner::configured(&url, RADIOS, &variables);
        until("it polls", || server.seen("/task").len() > before);
    }
    assert_eq!(proxy.seen("").len(), 0);
}

#[test]
fn a_proxy_of_the_environment_is_named_without_its_password() {
    let proxy = Server::start(|_| Some(Answer::bytes(403, b"<html>Blocked</html>")));
    let address = proxy.url.trim_start_matches("http://").to_owned();
    let variables = [("HTTP_PROXY", format!("http://me:secret@{address}"))];
    let runner = Runner::configured("http://server.example:8443", RADIOS, &variables);
    until("it asks the proxy", || !proxy.seen("/register").is_empty());
    let named = format!("through the proxy http://{address} of HTTP_PROXY");
    until("it says so", || runner.log().contains(&named));
    assert!(!runner.log().contains("secret"), "{}", runner.log());
    // A proxy that does not exist.
    let variables = [("ALL_PROXY", "http://127.0.0.1:9".to_owned())];
    let runner = Runner::configured("https://server.example:8443", RADIOS, &variables);
    until("it says so", || runner.log().contains("through the proxy http://127.0.0.1:9 of ALL_PROXY"));
}
