//! `devices`, and radios that are found.

use super::bench::Bench;
use challengectl_runner::config::Config;
use serde_json::Value;

fn found(bench: &Bench) -> Vec<Value> {
    let output = bench.run(&["devices", "--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &Value| line["found"].is_object())
        .collect()
}

#[test]
fn devices_lists_what_is_plugged_in_with_what_it_can_do_and_a_ready_entry() {
    let bench = Bench::new(&["hackrf", "uhd"]);
    let output = bench.run(&["devices"]);
    let text = String::from_utf8(output.stdout).unwrap();
    for line in [
        format!("Plugged in: HackRF One {}", bench.serial(0)),
        "frequencies: 1000000 to 6000000000 Hz".to_owned(),
        "gains: AMP 0 to 14 dB, VGA 0 to 47 dB".to_owned(),
        "antennas: TX/RX".to_owned(),
        "version=2021.03.1".to_owned(),
        "note: firmware 2021.03.1 is older than 2022.09.1: it repeats its last buffer".to_owned(),
        format!("        device: \"{}\"", bench.device(0)),
        format!("Plugged in: B210 {}", bench.serial(1)),
    ] {
        assert!(text.contains(&line), "{line}: {text}");
    }
    // The entry works as it is.
    let entry = text.split("    radios:").nth(1).unwrap().split("\n\n").next().unwrap();
    std::fs::write(bench.path("runner.yml"), format!("radios:{}\n", entry.replace("\n    ", "\n"))).unwrap();
    let id = format!("hackrf-{}", &bench.serial(0)[bench.serial(0).len() - 6..]);
    let sent = bench.run(&["transmit", "event.yml", "--radio", &id]);
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    assert_eq!(found(&bench)[0]["radio"], Value::from(id));
    assert_eq!(found(&bench)[1]["radio"], Value::Null);
}

#[test]
fn the_entries_in_the_documentation_can_be_read() {
    let page = include_str!("../../../../docs/radios.md");
    let blocks: Vec<&str> = page.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        Config::parse(block, "runner.yml", None).unwrap();
    }
    // Those of the example, which are comments there.
    let example = include_str!("../../../../config/runner.yml");
    let (_, commented) = example.split_once("  # - id: roof").unwrap();
    let commented = commented.split("\n\n").next().unwrap();
    let entry = format!("radios:\n  - id: roof{}\n", commented.replace("\n  # ", "\n  "));
    assert_eq!(Config::parse(&entry, "runner.yml", None).unwrap().radios.len(), 1);
}

#[test]
fn a_device_that_cannot_be_opened_is_listed_with_the_reason() {
    let bench = Bench::new(&["bladerf"]);
    bench.set_faults(0, "throw make 0 no FPGA loaded");
    let found = found(&bench);
    assert_eq!(found[0]["found"]["problems"][0], "opening the device: no FPGA loaded");
    assert_eq!(found[0]["entry"], Value::Null);
}

#[test]
fn devices_turns_nothing_on() {
    let bench = Bench::new(&["hackrf", "bladerf", "lime", "uhd", "plutosdr"]);
    assert_eq!(found(&bench).len(), 5);
    for index in 0..5 {
        assert_eq!(bench.count(index, "carrier-on"), 0, "{:?}", bench.story(index));
    }
}

#[test]
fn a_driver_that_hangs_while_it_looks_does_not_hang_the_command() {
    let bench = Bench::new(&["uhd"]);
    std::fs::write(bench.path("runner.yml"), "open_seconds: 1\n").unwrap();
    bench.set_faults(0, "hang find");
    let output = bench.run(&["devices"]);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains("did not answer within 1 s"), "{complaint}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn what_is_plugged_in_is_used_without_an_entry_where_the_configuration_says_so() {
    let bench = Bench::new(&["bladerf", "hackrf"]);
    let device = bench.device(0);
    let radios = format!("autodetect: true\nradios: [{{id: mine, driver: soapy, device: \"{device}\"}}]\n");
    std::fs::write(bench.path("runner.yml"), radios).unwrap();
    let id = format!("hackrf-{}", &bench.serial(1)[bench.serial(1).len() - 6..]);
    for radio in ["mine", &id] {
        let sent = bench.run(&["transmit", "event.yml", "--radio", radio]);
        let said = String::from_utf8_lossy(&sent.stderr).into_owned();
        assert!(sent.status.success() && said.contains(&format!("radio {id}")), "{said}");
        assert!(!said.contains("bladerf-"), "{said}");
    }
}
