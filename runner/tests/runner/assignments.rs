//! How a runner carries out assignments.

use crate::support::runner::{Runner, first_report, is_poll, long, once, wait_until_on_air};
use crate::support::server::{self, Answer, Server, task, task_json};
use crate::support::until;
use serde_json::{Value, json};

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
    until("the report is deleted", || runner.state("assignments").is_empty());
    let register = server.seen("/register").remove(0).body;
    assert_eq!(register["assignments"], json!([]));
    assert_eq!(register["radios"][0]["id"], "dry");
}

#[test]
fn an_assignment_that_no_heartbeat_renews_never_goes_on_air() {
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
fn the_server_learns_at_once_that_the_carrier_is_on() {
    // No regular heartbeat is due within the test.
    let mut tasks = once(Some(task(1, &long())));
    let server = Server::start(move |request| {
        if request.path.ends_with("/heartbeat") || request.path.ends_with("/register") {
            let mut answer: Value = serde_json::from_slice(&server::friendly(request, 3600.0).body).unwrap();
            answer["heartbeat_interval"] = json!(600.0);
            return Some(Answer::json(200, &answer));
        }
        tasks(request)
    });
    let _runner = Runner::start(&server);
    wait_until_on_air(&server);
}

#[test]
fn a_task_for_an_unknown_radio_fails() {
    let mut other = task_json(1, "E");
    other["radio_id"] = json!("gone");
    let server = Server::start(once(Some(Answer::json(200, &json!({"task": other})))));
    let _runner = Runner::start(&server);
    assert_eq!(first_report(&server)["error"], "this runner has no radio gone");
}

#[test]
fn a_runner_that_the_server_does_not_know_any_more_registers_again() {
    let mut forgotten = 0;
    let server = Server::start(move |request| {
        forgotten += i32::from(request.path.ends_with("/heartbeat"));
        (forgotten == 2 && request.path.ends_with("/heartbeat")).then(|| Answer::json(404, &json!({"error": "who?"})))
    });
    let _runner = Runner::start(&server);
    until("it registers again", || server.seen("/register").len() == 2);
}
