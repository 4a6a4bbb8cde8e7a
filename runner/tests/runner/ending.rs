//! How a runner ends, and how it notifies the service manager.

use crate::support::runner::{Runner, command, first_report, long, once, wait_until_on_air};
use crate::support::server::{Answer, Server, task};
use crate::support::{program, until};
use nix::sys::signal::Signal;
use serde_json::json;
use std::process::{Command, Stdio};
use tempfile::TempDir;

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
fn a_closing_terminal_ends_a_runner_in_order() {
    let server = Server::start(once(Some(task(1, &long()))));
    let mut runner = Runner::start(&server);
    wait_until_on_air(&server);
    // The shell and the kernel may both send it.
    for _ in 0..3 {
        runner.signal(Signal::SIGHUP);
    }
    assert!(runner.process.wait().unwrap().success());
    assert_eq!(first_report(&server)["error"], "the runner was stopped");
    assert_eq!(server.seen("/signout").len(), 1);
}

#[test]
fn a_runner_whose_output_is_closed_still_ends_in_order() {
    let server = Server::start(once(Some(task(1, &long()))));
    let mut runner = Runner::start(&Server::start(|_| Some(Answer::bytes(503, b"{}"))));
    runner.kill();
    runner.set_identity(&server.url, "ck_test");
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
    runner.set_identity(&server.url, "ck_test");
    let mut nohup = Command::new("nohup");
    nohup.current_dir(runner.dir.path()).arg(program()).arg("run").stdout(Stdio::null()).stderr(Stdio::null());
    runner.process = nohup.spawn().unwrap();
    until("it polls", || !server.seen("/task").is_empty());
    runner.signal(Signal::SIGHUP);
    let before = server.seen("/heartbeat").len();
    until("it goes on", || server.seen("/heartbeat").len() > before + 2);
    assert!(runner.terminate().success());
}

#[test]
fn the_service_manager_is_notified_of_ready_alive_and_stopping_even_while_the_server_is_away() {
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
