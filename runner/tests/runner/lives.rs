//! Several processes of one runner, and the assignments that each holds.

use crate::support::runner::{Runner, command, first_report, is_poll, long, once, reports, wait_until_on_air};
use crate::support::server::{Answer, Request, Server, task};
use crate::support::until;
use serde_json::json;
use std::process::{Command, Stdio};
use tempfile::TempDir;

#[test]
fn a_second_runner_on_the_same_state_folder_names_the_process_that_uses_it_and_ends() {
    let server = Server::start(|_| None);
    let runner = Runner::start(&server);
    until("it registers", || !server.seen("/register").is_empty());
    let second = command(runner.dir.path()).stderr(Stdio::piped()).output().unwrap();
    let stderr = String::from_utf8_lossy(&second.stderr);
    assert!(!second.status.success() && stderr.contains(&format!("(process {})", runner.process.id())), "{stderr}");
    assert_eq!(server.seen("/register").len() + server.seen("/signout").len(), 1);
}

fn header(requests: &[Request], name: &str) -> Vec<i64> {
    let value = |request: &Request| {
        let prefix = format!("{name}: ");
        let header = request.headers.iter().find_map(|line| line.strip_prefix(prefix.as_str()).map(str::to_owned));
        header.unwrap().parse().unwrap()
    };
    requests.iter().map(value).collect()
}

#[test]
fn each_process_is_a_later_life_and_numbers_its_registrations() {
    let mut forgets = 1;
    let server = Server::start(move |request| {
        let forgotten = request.path.ends_with("/heartbeat") && std::mem::take(&mut forgets) > 0;
        forgotten.then(|| Answer::json(404, &json!({"error": "runner not registered"})))
    });
    let mut runner = Runner::start(&server);
    until("it registers twice", || server.seen("/register").len() == 2);
    runner.kill();
    runner.restart();
    until("it comes back", || server.seen("/register").len() == 3);
    let lives = header(&server.seen("/register"), "x-runner-life");
    assert!(lives[0] == lives[1] && lives[1] < lives[2], "{lives:?}");
    assert_eq!(header(&server.seen("/register"), "x-runner-registration"), [1, 2, 1]);
}

#[test]
fn a_runner_whose_copy_has_taken_over_cuts_its_carrier() {
    let mut tasks = once(Some(task(1, &long())));
    let mut on_air = false;
    let server = Server::start(move |request| {
        on_air |= request.body["assignments"][0]["progress"].is_number();
        let refused = on_air && !request.path.ends_with("/complete");
        if refused { Some(Answer::json(409, &json!({"error": "runner superseded"}))) } else { tasks(request) }
    });
    let _runner = Runner::start(&server);
    let report = first_report(&server);
    assert_eq!(report["status"], "aborted");
    assert!(report["error"].as_str().unwrap().contains("a copy of this runner"), "{report}");
}

#[test]
fn a_poll_lists_the_assignments_held_and_a_task_is_not_started_twice() {
    let mut tasks = vec![task(1, &long()), task(1, &long())];
    let server = Server::start(move |request| if is_poll(request) { tasks.pop() } else { None });
    let _runner = Runner::start(&server);
    until("it says so", || server.seen("/task").iter().any(|poll| poll.path.ends_with("&holding=1")));
    wait_until_on_air(&server);
    let named = |request: &Request| request.body["assignments"].as_array().unwrap().len();
    assert!(server.seen("/heartbeat").iter().all(|request| named(request) <= 1));
}

#[test]
fn unfinished_assignments_of_a_copied_state_folder_are_left_to_their_leases() {
    let server = Server::start(once(Some(task(1, &long()))));
    let runner = Runner::start(&server);
    wait_until_on_air(&server);
    let copy = TempDir::new().unwrap();
    let copied =
        Command::new("cp").arg("-r").arg(".").arg(copy.path()).current_dir(runner.dir.path()).status().unwrap();
    assert!(copied.success());
    let before = server.seen("/register").len();
    let mut second = command(copy.path()).spawn().unwrap();
    until("the copy registers", || server.seen("/register").len() > before);
    let register = server.seen("/register").pop().unwrap().body;
    second.kill().unwrap();
    second.wait().unwrap();
    assert_eq!(register["assignments"], json!([]));
    assert!(reports(&server).is_empty(), "{:?}", reports(&server));
}
