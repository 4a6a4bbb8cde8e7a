//! How a runner reports the end of assignments.

use crate::support::runner::{Runner, first_report, long, once, reports, wait_until_on_air};
use crate::support::server::{Answer, Request, Server, task, task_json};
use crate::support::until;
use serde_json::json;

#[test]
fn a_report_is_repeated_until_it_is_accepted_even_by_the_next_process() {
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
    until("the report is accepted", || runner.state("assignments").is_empty());
    assert!(reports(&server).windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn a_report_that_is_too_late_is_not_repeated() {
    let mut tasks = once(Some(task(1, "E")));
    let server = Server::start(move |request| match request.path.ends_with("/complete") {
        true => Some(Answer::json(409, &json!({"error": "late"}))),
        false => tasks(request),
    });
    let runner = Runner::start(&server);
    first_report(&server);
    until("the report is deleted", || runner.state("assignments").is_empty());
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
fn the_reason_of_a_failure_reaches_the_server_only_by_the_report() {
    let mut bad = task_json(1, "FLAG");
    bad["modulation"] = json!("pocsag");
    bad["parameters"] = json!({"text": "FLAG", "capcode": 8, "baud": 7});
    let server = Server::start(once(Some(Answer::json(200, &json!({"task": bad})))));
    let runner = Runner::start(&server);
    assert_eq!(first_report(&server)["status"], "failed");
    until("its own log has it", || runner.log().contains("MORSE: failed:"));
    let reports_failure = |request: &Request| request.body.to_string().contains("failed:");
    assert!(!server.seen("/logs").iter().any(reports_failure), "{:?}", server.seen("/logs"));
}
