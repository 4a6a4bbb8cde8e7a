//! What a radio owes beside its signals: a station that identifies itself, and times off the air.

use crate::support::runner::{Runner, reports};
use crate::support::server::{Server, task};
use crate::support::{program, until};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const EVENT: &str = "\
challenges:
  - {name: A, modulation: cw, frequency: 145550000, text: \"E\"}
  - {name: B, modulation: cw, frequency: 145550000, text: \"E\"}
  - {name: C, modulation: cw, frequency: 145550000, text: \"E\"}
";

fn transmit(dir: &Path, settings: &str, radio: &str, names: &[&str]) -> Output {
    let radios = format!("radios: [{{id: lab, driver: file, sample_rate: 48000{radio}}}]\n");
    std::fs::write(dir.join("event.yml"), EVENT).unwrap();
    std::fs::write(dir.join("runner.yml"), format!("state_dir: state\n{settings}\n{radios}")).unwrap();
    let mut command = Command::new(program());
    command.current_dir(dir).args(["transmit", "event.yml", "--radio", "lab", "--out", "out"]);
    command.args(names).output().unwrap()
}

/// Seconds of each recording.
fn lengths(dir: &Path) -> Vec<f64> {
    let length = |name| std::fs::metadata(dir.join(format!("out/{name}.sigmf-data"))).unwrap().len();
    ["A", "B", "C"].into_iter().map(|name| length(name) as f64 / 8.0 / 48_000.0).collect()
}

#[test]
fn a_station_identifies_itself_with_its_first_transmission_and_then_by_the_interval() {
    let plain = TempDir::new().unwrap();
    assert!(transmit(plain.path(), "", "", &[]).status.success());
    let plain = lengths(plain.path());
    // `DE W1AW` takes 67 dots of 60 ms and what leads in and out.
    for (interval, expected) in [(300, [true, false, false]), (0, [true, true, true])] {
        let dir = TempDir::new().unwrap();
        let settings = format!("callsign: w1aw\nidentify_seconds: {interval}");
        let output = transmit(dir.path(), &settings, "", &[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let more: Vec<bool> =
            lengths(dir.path()).iter().zip(&plain).map(|(length, plain)| length - plain > 3.0).collect();
        assert_eq!(more, expected, "{interval}");
    }
}

#[test]
fn an_identification_stays_in_the_middle_of_the_band_of_the_signal() {
    let dir = TempDir::new().unwrap();
    // The tone lies 700 Hz above: a limit right around it would not hold an identification elsewhere.
    let output = transmit(dir.path(), "callsign: W1AW", ", frequency_limits: [\"145550600-145550800\"]", &["A"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_is_longer_than_a_radio_may_be_on_air_is_not_sent_and_the_identification_counts() {
    let dir = TempDir::new().unwrap();
    assert!(transmit(dir.path(), "", ", max_on_air_seconds: 2", &["A"]).status.success());
    let output = transmit(dir.path(), "callsign: W1AW", ", max_on_air_seconds: 2", &["A"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(errors.contains("longer than max_on_air_seconds of radio lab, 2"), "{errors}");
}

#[test]
fn a_radio_rests_between_transmissions_and_remembers_it() {
    let dir = TempDir::new().unwrap();
    let output = transmit(dir.path(), "", ", paced: true, duty_cycle: 0.75", &["A", "B"]);
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("radio lab rests for 0."), "{output:?}");
    let output = transmit(dir.path(), "", ", paced: true, duty_cycle: 0.75", &["C"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("radio lab rests for 0."), "{output:?}");
}

#[test]
fn a_task_for_a_radio_that_rests_is_refused_and_the_server_learns_of_the_rest() {
    let mut given = 0;
    let server = Server::start(move |request| {
        let polls = request.path.contains("/task");
        given += i64::from(polls);
        polls.then(|| task(given, "E")).filter(|_| given <= 2)
    });
    let radio = "{id: dry, driver: null, takes_work: true, paced: true, sample_rate: 48000, duty_cycle: 0.001}";
    let settings = format!("radios: [{radio}]\ncallsign: W1AW\nidentify_seconds: 600");
    let mut runner = Runner::configured(&server.url, &settings, &[]);
    until("both are reported", || reports(&server).len() >= 2);
    let mut all = reports(&server);
    all.sort_by_key(|report| report["assignment_id"].as_i64());
    let refused = all.iter().find(|report| report["status"] == "failed").unwrap();
    let why = refused["error"].as_str().unwrap();
    assert!(
        why.starts_with("radio dry rests for another ") || why.contains("is busy with another assignment"),
        "{why}"
    );

    let registered = server.seen("/register").remove(0).body["radios"][0].clone();
    assert_eq!((&registered["duty_cycle"], &registered["rests_seconds"]), (&json!(0.001), &Value::Null));
    let identification = &registered["identification"];
    assert_eq!((&identification["callsign"], &identification["interval_seconds"]), (&json!("W1AW"), &json!(600)));
    runner.kill();
    runner.restart();
    until("it registers again", || server.seen("/register").len() >= 2);
    let again = server.seen("/register").pop().unwrap().body["radios"][0]["rests_seconds"].clone();
    assert!(again.as_f64().unwrap() > 1000.0, "{again}");
    runner.kill();
}
