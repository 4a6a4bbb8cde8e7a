//! An agent with simulated radios, and a server that answers as a test tells it to.

use super::bench::{Bench, DRIVERS, TIMES};
use crate::support::runner::{Runner, command, is_poll, reports};
use crate::support::server::{Answer, Request, Server, task_json};
use crate::support::{children_of, is_alive, signal, until};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

/// Hands out one task after another for these radios, each when the one before has ended and its radio is registered.
fn tasks(radios: &'static [&'static str], text: &'static str) -> impl FnMut(&Request) -> Option<Answer> + Send {
    let (mut number, mut registered) = (0, Value::Null);
    move |request| {
        if request.path.ends_with("/register") {
            registered = request.body["radios"].clone();
        }
        let radio = radios.get(number)?;
        let is_there = registered.as_array().is_some_and(|all| all.iter().any(|one| one["id"] == *radio));
        let held = request.path.split_once("holding=").map(|(_, held)| held.to_owned()).unwrap_or_default();
        if !is_poll(request) || !is_there || held.starts_with(|first: char| first.is_ascii_digit()) {
            return None;
        }
        number += 1;
        Some(Answer::json(200, &json!({"task": task(number, radio, text)})))
    }
}

/// Hands out a task for each of these radios.
fn at_once(radios: &'static [&'static str], text: &'static str) -> impl FnMut(&Request) -> Option<Answer> + Send {
    let mut number = 0;
    move |request| {
        let radio = radios.get(number).filter(|_| is_poll(request))?;
        number += 1;
        Some(Answer::json(200, &json!({"task": task(number, radio, text)})))
    }
}

fn task(number: usize, radio: &str, text: &str) -> Value {
    let mut task = task_json(i64::try_from(number).unwrap(), text);
    task["radio_id"] = json!(radio);
    task["sample_rate"] = json!(2_000_000);
    task["parameters"]["wpm"] = json!(60);
    task
}

fn start(bench: &Bench, server: &Server, settings: &str) -> Runner {
    let settings = format!("{TIMES}{}", bench.radios(settings));
    Runner::configured(&server.url, &settings, &bench.environment())
}

/// Tries all radios at the same time: most of it is waiting.
fn on_each(test: impl Fn(&'static str) + Sync) {
    std::thread::scope(|scope| {
        for driver in DRIVERS {
            scope.spawn(|| test(driver));
        }
    });
}

fn until_reported(server: &Server, count: usize) -> Vec<Value> {
    until("the reports come", || reports(server).len() >= count);
    let mut all = reports(server);
    all.sort_by_key(|report| report["assignment_id"].as_i64());
    all
}

fn last_registration(server: &Server) -> Value {
    server.seen("/register").pop().unwrap().body
}

const LONG: &str =
    "PARIS PARIS PARIS PARIS PARIS PARIS PARIS PARIS PARIS PARIS PARIS PARIS PARIS PARIS PARIS PARIS PARIS";

#[test]
fn a_device_stays_open_from_one_assignment_to_the_next_and_is_closed_at_the_end() {
    let bench = Bench::new(&["hackrf"]);
    let server = Server::start(tasks(&["r0", "r0", "r0"], "E"));
    let mut runner = start(&bench, &server, "");
    for report in until_reported(&server, 3) {
        assert_eq!(report["status"], "success", "{report}");
    }
    assert_eq!((bench.count(0, "make"), bench.count(0, "carrier-off")), (1, 3), "{:?}", bench.story(0));
    assert_eq!(bench.count(0, "unmake"), 0);
    assert!(runner.terminate().success());
    assert_eq!(bench.count(0, "unmake"), 1);
    assert!(children_of(std::process::id()).is_empty());
}

#[test]
fn a_radio_that_fails_three_times_is_taken_out_and_comes_back_when_it_works() {
    let bench = Bench::new(&["hackrf", "bladerf"]);
    bench.set_faults(0, "throw make 0 PLL not locked");
    let server = Server::start(tasks(&["r0", "r0", "r0", "r1"], "E"));
    let _runner = start(&bench, &server, "");
    let ended = until_reported(&server, 4);
    for report in &ended[..3] {
        assert_eq!((&report["status"], &report["started_at"]), (&json!("failed"), &Value::Null));
        assert_eq!(report["error"], "opening the device: PLL not locked");
    }
    // The next one is on another radio.
    assert_eq!(ended[3]["status"], "success");
    until("the server is told", || last_registration(&server)["failed_radios"][0]["id"] == "r0");
    let told = last_registration(&server);
    assert_eq!(told["failed_radios"][0]["reason"], "opening the device: PLL not locked");
    assert_eq!((&told["radios"][0]["id"], told["radios"].as_array().unwrap().len()), (&json!("r1"), 1));
    let tried = bench.count(0, "make");
    until("it is tried again", || bench.count(0, "make") > tried);
    bench.set_faults(0, "");
    until("it is back", || last_registration(&server)["failed_radios"].is_null());
    assert_eq!(last_registration(&server)["radios"].as_array().unwrap().len(), 2);
}

#[test]
fn gaps_in_a_signal_are_reported() {
    let bench = Bench::new(&["bladerf"]);
    bench.set_faults(0, "return readStreamStatus 0 -7\n");
    let server = Server::start(tasks(&["r0"], "PARIS"));
    let _runner = start(&bench, &server, "");
    let report = until_reported(&server, 1).remove(0);
    assert_eq!(report["status"], "success");
    assert!(report["underruns"].as_u64().unwrap() > 0, "{report}");
}

#[test]
fn a_device_that_is_unplugged_on_air_fails_and_comes_back_by_its_serial_number() {
    on_each(|driver| {
        let bench = Bench::new(&[driver]);
        let server = Server::start(tasks(&["r0", "r0", "r0", "r0"], LONG));
        let runner = start(&bench, &server, "");
        bench.wait_until_on_air(0);
        bench.unplug_all();
        let ended = until_reported(&server, 3);
        let first = ended[0]["error"].as_str().unwrap().to_owned();
        assert!(first.contains("the radio") || first.contains("writing samples"), "{driver}: {first}");
        assert!(ended[2]["error"].as_str().unwrap().contains("plugged in"), "{driver}: {}", ended[2]);
        until("it is out", || last_registration(&server)["failed_radios"][0]["id"] == "r0");
        assert_eq!(last_registration(&server)["radios"], Value::Null, "{driver}");
        // What was unplugged is off.
        std::fs::write(bench.path(&format!("{}.state", bench.serial(0))), "off").unwrap();
        bench.plug_all_in();
        until("it is on air again", || bench.is_on_air(0));
        drop(runner);
        bench.wait_until_off(0);
    });
}

#[test]
fn a_child_that_is_killed_on_air_leaves_a_silent_radio() {
    for driver in DRIVERS {
        let bench = Bench::new(&[driver]);
        let server = Server::start(tasks(&["r0"], LONG));
        let runner = start(&bench, &server, "");
        bench.wait_until_on_air(0);
        signal(children_of(runner.process.id())[0], Signal::SIGKILL);
        let report = until_reported(&server, 1).remove(0);
        let error = report["error"].as_str().unwrap();
        assert!(error.contains("ended by itself (signal: 9") && !error.contains("unplug"), "{driver}: {error}");
        assert!(!bench.is_on_air(0), "{driver}: {:?}", bench.story(0));
    }
}

#[test]
fn a_radio_whose_process_was_killed_with_its_agent_is_silenced_by_the_next_agent() {
    for driver in ["hackrf", "bladerf", "lime", "plutosdr"] {
        let bench = Bench::new(&[driver]);
        let server = Server::start(tasks(&["r0"], LONG));
        let mut runner = start(&bench, &server, "");
        bench.wait_until_on_air(0);
        let child = children_of(runner.process.id())[0];
        // As when both are killed at once: nobody does anything any more.
        runner.signal(Signal::SIGSTOP);
        signal(child, Signal::SIGKILL);
        runner.kill();
        until("the child is gone", || !is_alive(child));
        assert!(bench.is_on_air(0), "{driver}");
        runner.process = command(runner.dir.path()).envs(bench.environment()).spawn().unwrap();
        bench.wait_until_off(0);
        until("it is said", || runner.log().contains("it is silent now"));
    }
}

#[test]
fn a_process_that_stands_still_when_its_agent_dies_closes_the_device_all_the_same() {
    let bench = Bench::new(&["hackrf"]);
    let server = Server::start(tasks(&["r0"], LONG));
    let mut runner = start(&bench, &server, "");
    bench.wait_until_on_air(0);
    signal(children_of(runner.process.id())[0], Signal::SIGSTOP);
    runner.kill();
    bench.wait_until_off(0);
    until("the device is closed", || bench.count(0, "unmake") == 1);
}

#[test]
fn an_order_to_stop_cuts_the_carrier_of_each_radio() {
    let bench = Bench::new(&["hackrf", "bladerf", "lime", "uhd", "plutosdr"]);
    let mut given = at_once(&["r0", "r1", "r2", "r3", "r4"], LONG);
    let cut = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let is_cut = std::sync::Arc::clone(&cut);
    let server = Server::start(move |request| {
        if is_poll(request) && is_cut.load(std::sync::atomic::Ordering::SeqCst) {
            return Some(Answer::json(200, &json!({"task": null, "abort": [1, 2, 3, 4, 5]})));
        }
        given(request)
    });
    let _runner = start(&bench, &server, "");
    for index in 0..5 {
        until("all are on air", || bench.is_on_air(index));
    }
    cut.store(true, std::sync::atomic::Ordering::SeqCst);
    for report in until_reported(&server, 5) {
        assert_eq!((&report["status"], &report["error"]), (&json!("aborted"), &json!("the server ordered it")));
    }
    for index in 0..5 {
        assert!(!bench.is_on_air(index) && bench.count(index, "deactivateStream") == 1, "{:?}", bench.story(index));
    }
}

#[test]
fn a_device_that_waits_with_its_bias_t_on_is_turned_off_when_its_task_is_stopped() {
    let bench = Bench::new(&["bladerf"]);
    let mut given = at_once(&["r0"], LONG);
    // No lease is renewed, so that the carrier never goes on.
    let server = Server::start(move |request| {
        let mut answer = json!({"status": "success", "renewed": [], "abort": [], "heartbeat_interval": 0.5});
        answer["poll_interval"] = json!(1.0);
        answer["lease_seconds"] = json!(3.0);
        given(request).or_else(|| request.path.ends_with("/heartbeat").then(|| Answer::json(200, &answer)))
    });
    let _runner = start(&bench, &server, ", bias_tee: true");
    let report = until_reported(&server, 1).remove(0);
    assert_eq!(report["status"], "aborted", "{report}");
    let bias = super::bench::arguments_of(&bench, "writeSetting");
    assert_eq!(bias, ["biastee_tx=true", "biastee_tx=false"], "{:?}", bench.story(0));
    // It is off, and stays open for the next.
    assert_eq!((bench.count(0, "activateStream"), bench.count(0, "unmake")), (0, 0));
}

#[test]
fn a_stop_that_the_driver_does_not_carry_out_is_a_failure_and_the_radio_is_silenced_from_outside() {
    let bench = Bench::new(&["hackrf"]);
    bench.set_faults(0, "throw deactivateStream 0 LIBUSB_ERROR_IO");
    let mut given = at_once(&["r0"], LONG);
    let cut = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let is_cut = std::sync::Arc::clone(&cut);
    let server = Server::start(move |request| {
        if is_poll(request) && is_cut.load(std::sync::atomic::Ordering::SeqCst) {
            return Some(Answer::json(200, &json!({"task": null, "abort": [1]})));
        }
        given(request)
    });
    let _runner = start(&bench, &server, "");
    bench.wait_until_on_air(0);
    cut.store(true, std::sync::atomic::Ordering::SeqCst);
    let report = until_reported(&server, 1).remove(0);
    assert_eq!(report["status"], "failed", "{report}");
    assert!(report["error"].as_str().unwrap().contains("LIBUSB_ERROR_IO"), "{report}");
    let story = bench.story(0);
    let last = |name: &str| story.iter().rposition(|call| call == name);
    assert!(last("found") > last("unmake") && !bench.is_on_air(0), "{story:?}");
}

#[test]
fn a_radio_that_radiates_while_it_is_open_is_not_opened_to_be_tried_again() {
    let bench = Bench::new(&["lime"]);
    bench.set_faults(0, "throw setSampleRate 0 PLL not locked");
    let server = Server::start(tasks(&["r0", "r0", "r0"], "E"));
    let _runner = start(&bench, &server, "");
    until_reported(&server, 3);
    until("it is out", || server.seen("/register").iter().any(|one| one.body["failed_radios"][0]["id"] == "r0"));
    until("it is back", || last_registration(&server)["failed_radios"].is_null());
    assert_eq!(bench.count(0, "make"), 3, "{:?}", bench.story(0));
}

#[test]
fn channels_of_one_device_take_turns() {
    let bench = Bench::new(&["bladerf"]);
    let device = bench.device(0);
    let channel = |number| format!("{{id: r{number}, driver: soapy, device: \"{device}\", channel: {number}}}");
    let radios = format!("radios: [{}, {}]", channel(0), channel(1));
    let server = Server::start(at_once(&["r0", "r1"], "EEEE"));
    let _runner = Runner::configured(&server.url, &radios, &bench.environment());
    for report in until_reported(&server, 2) {
        assert_eq!(report["status"], "success", "{report}");
    }
    let told = |channel: &str| {
        let calls = bench.calls(0);
        calls.iter().any(|call| call.name == "setFrequency" && call.arguments.contains(channel))
    };
    assert!(told("channel=0") && told("channel=1"), "{:?}", bench.story(0));
    assert_eq!(bench.count(0, "make"), 1);
}
