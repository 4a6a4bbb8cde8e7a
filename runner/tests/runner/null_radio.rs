//! Radios that send nothing.

use crate::support::runner::{Runner, first_report, once};
use crate::support::server::{Server, task};
use crate::support::{program, until};
use std::process::Command;
use tempfile::TempDir;

#[test]
fn a_null_radio_takes_work_only_if_its_settings_allow_it() {
    let server = Server::start(once(Some(task(1, "E"))));
    let real = "{id: real, driver: file, directory: out, sample_rate: 48000}";
    let radios = format!("radios: [{{id: dry, driver: null}}, {real}]");
    let runner = Runner::configured(&server.url, &radios, &[]);
    // Not even if the server hands it some.
    assert_eq!(first_report(&server)["error"], "this runner has no radio dry");
    let registered = server.seen("/register").remove(0).body["radios"].clone();
    let ids: Vec<_> = registered.as_array().unwrap().iter().map(|radio| radio["id"].clone()).collect();
    assert_eq!(ids, ["real"]);
    assert!(
        runner.log().contains("radio dry takes no work: it sends nothing, and takes work only with `takes_work: true`")
    );
    let alone = TempDir::new().unwrap();
    std::fs::write(alone.path().join("runner.yml"), "radios: [{id: dry, driver: null}]\n").unwrap();
    let output = Command::new(program()).current_dir(alone.path()).arg("run").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains("takes work only with `takes_work: true`"), "{complaint}");
}

#[test]
fn a_null_radio_that_takes_work_warns_that_nothing_is_on_air() {
    let server = Server::start(|_| None);
    let _runner = Runner::start(&server);
    until("the server hears of it", || {
        let lines = server.seen("/logs").into_iter().flat_map(|request| request.body["lines"].as_array().cloned());
        lines.flatten().any(|line| line["message"].as_str().unwrap().contains("never on air"))
    });
}
