//! The server and the key of a runner.

use crate::support::runner::{RADIOS, Runner, identity_json};
use crate::support::server::{Answer, Request, Server};
use crate::support::{program, until};
use serde_json::{Value, json};
use std::process::Command;
use tempfile::TempDir;

#[test]
fn a_runner_whose_key_is_refused_continues_with_a_new_one() {
    // Revoked, or made for another machine.
    for status in [401, 403] {
        let server = Server::start(move |request| {
            let known = request.headers.iter().any(|header| header.eq_ignore_ascii_case("x-api-key: ck_new"));
            (!known).then(|| Answer::json(status, &json!({"error": "not with this key"})))
        });
        let runner = Runner::start(&server);
        until("it was refused", || !server.seen("/register").is_empty());
        runner.set_identity(&server.url, "ck_new");
        until("it polls", || !server.seen("/task").is_empty());
    }
}

#[test]
fn a_server_that_moves_keeps_its_runners_without_a_new_enrollment() {
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
    let kept: Value = serde_json::from_str(&runner.identity()).unwrap();
    assert_eq!((&kept["server"], &kept["api_key"]), (&json!(new.url), &json!("ck_test")));
    let log = runner.log();
    assert!(log.contains(&format!("the server is now {} instead of {}", new.url, old.url)), "{log}");
    assert!(log.contains("enrollment_token is ignored: this runner is enrolled as test"), "{log}");
    assert!(!log.contains("et_spent") && !log.contains("ck_test"), "{log}");
    // The address stays if the configuration does not give one any more.
    runner.kill();
    std::fs::write(&configuration, text).unwrap();
    let polls = new.seen("/task").len();
    runner.restart();
    until("it polls there again", || new.seen("/task").len() > polls);
}

#[test]
fn an_invalid_address_is_refused_with_its_place() {
    let dir = TempDir::new().unwrap();
    std::fs::create_dir(dir.path().join("state")).unwrap();
    std::fs::write(dir.path().join("state/identity.json"), identity_json("http://127.0.0.1:1", "ck_test")).unwrap();
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
