//! The life of a transmission on each radio.

use super::bench::{Bench, arguments_of};
use crate::support::until;
use std::process::Stdio;

fn stderr(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Sends on a radio of this driver and looks at all that it was told.
fn sends(driver: &'static str, late: Option<&str>) {
    let bench = Bench::new(&[driver]);
    let output = bench.transmit("");
    assert!(output.status.success(), "{}", stderr(&output));
    let story = bench.story(0);
    let first =
        |name: &str| story.iter().position(|call| call == name).unwrap_or_else(|| panic!("no {name}: {story:?}"));
    let order = ["make", "setSampleRate", "setFrequency", "setupStream", "activateStream", "writeStream"];
    assert!(order.is_sorted_by_key(|name| first(name)), "{story:?}");
    let last = |name: &str| story.iter().rposition(|call| call == name).unwrap();
    let order = ["writeStream", "deactivateStream", "closeStream", "unmake"];
    assert!(order.is_sorted_by_key(|name| last(name)), "{story:?}");
    for defect in ["WRAPPED", "PARTIAL", "OVERALL-GAIN"] {
        assert_eq!(bench.count(0, defect), 0, "{defect}");
    }
    let writes = arguments_of(&bench, "writeStream");
    assert!(
        writes[0].contains("silent") && writes[writes.len() - 1].contains("flags=2"),
        "a lead-in and an end: {writes:?}"
    );
    let peak: f32 = writes.iter().map(|write| value(write, "peak")).fold(0.0, f32::max);
    assert!((0.9..=0.99).contains(&peak), "{peak}");
    // What is still queued when a stream is stopped is lost.
    let queued: i64 = value(&arguments_of(&bench, "deactivateStream")[0], "queued_us");
    assert_eq!(queued, 0, "{story:?}");
    if let Some(late) = late {
        let gains: Vec<_> =
            bench.calls(0).into_iter().filter(|call| matches!(&*call.name, "setGain" | "activateStream")).collect();
        let active = gains.iter().position(|call| call.name == "activateStream").unwrap();
        assert!(gains[active + 1].arguments.starts_with(late), "{gains:?}");
        assert!(gains[0].arguments.starts_with("AMP=0"), "{gains:?}");
    }
    assert!(!bench.is_on_air(0), "{story:?}");
}

fn value<T: std::str::FromStr>(arguments: &str, key: &str) -> T {
    let value = arguments.split(' ').find_map(|word| word.strip_prefix(&format!("{key}=")));
    value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {key} in {arguments}"))
}

#[test]
fn a_hackrf_sends_whole_blocks_within_full_scale_and_goes_off() {
    sends("hackrf", Some("AMP=0"));
}

#[test]
fn a_bladerf_sends_whole_blocks_within_full_scale_and_goes_off() {
    sends("bladerf", None);
}

#[test]
fn a_lime_sends_whole_blocks_within_full_scale_and_goes_off() {
    sends("lime", None);
}

#[test]
fn a_usrp_sends_whole_blocks_within_full_scale_and_goes_off() {
    sends("uhd", None);
}

#[test]
fn a_pluto_sends_whole_blocks_within_full_scale_and_goes_off() {
    sends("plutosdr", None);
}

#[test]
fn settings_reach_the_radio_as_they_are_written() {
    let bench = Bench::new(&["hackrf"]);
    let settings = ", gains: {VGA: 31, AMP: 14}, bandwidth: 1750000, ppm: 10, antenna: TX/RX, bias_tee: true, \
                    clock_source: external, sample_rate: 4000000, offset_hz: 100000";
    let output = bench.transmit(settings);
    assert!(output.status.success(), "{}", stderr(&output));
    let said = |name: &str, arguments: &str| {
        let calls = arguments_of(&bench, name);
        assert!(calls.iter().any(|call| call.starts_with(arguments)), "{name} {arguments}: {calls:?}");
    };
    said("setGain", "VGA=31");
    said("setGain", "AMP=14");
    said("setBandwidth", "1750000");
    // 145.45 MHz, and ten millionths more.
    said("setFrequency", "145451454.5 ");
    said("setAntenna", "TX/RX");
    said("setClockSource", "external");
    said("setSampleRate", "4000000");
    let bias: Vec<_> = bench
        .story(0)
        .into_iter()
        .filter(|call| matches!(&**call, "writeSetting" | "activateStream" | "deactivateStream"))
        .collect();
    assert_eq!(bias, ["activateStream", "writeSetting", "deactivateStream", "writeSetting"]);
    assert_eq!(arguments_of(&bench, "writeSetting"), ["bias_tx=true", "bias_tx=false"]);
    let last = |gain: &str| arguments_of(&bench, "setGain").into_iter().rfind(|call| call.starts_with(gain)).unwrap();
    assert_eq!((last("VGA"), last("AMP")), ("VGA=0".to_owned(), "AMP=0".to_owned()));
}

#[test]
fn a_setting_that_did_not_take_is_refused_with_the_drivers_own_range() {
    for (driver, settings, faults, reason) in [
        ("hackrf", ", gains: {VGA: 60}", "", "gain VGA of 60 dB is impossible: the driver has 0 to 47 dB"),
        ("hackrf", ", gains: {PAD: 10}", "", "there is no element PAD; this device has VGA, AMP"),
        ("hackrf", "", "ignore setGain", "gain VGA of 15 dB did not take: it is 0 dB"),
        (
            "hackrf",
            ", sample_rate: 250000",
            "",
            "sample_rate 250000 is impossible: the HackRF takes 2000000 to 20000000",
        ),
        ("bladerf", ", antenna: TX2", "", "antenna TX2: the driver has TX"),
        ("bladerf", ", channel: 2", "", "channel 2 is not there: the device has 2"),
        ("lime", "", "ignore setAntenna", "antenna BAND1 did not take: it is NONE"),
        ("uhd", ", clock_source: gpsdo", "", "clock_source gpsdo: the driver has internal, external"),
        ("uhd", "", "ignore setSampleRate", "sample_rate 2000000 did not take: it is 1000000"),
        ("uhd", "", "nan getSampleRate", "sample_rate 2000000 did not take: it is NaN"),
        ("plutosdr", "", "ignore setFrequency", "145550000 Hz did not take: it is tuned to 0 Hz"),
        (
            "plutosdr",
            ", bandwidth: 1e9",
            "",
            "bandwidth 1000000000 is impossible: the driver has 1500000 to 28000000 Hz",
        ),
    ] {
        let bench = Bench::new(&[driver]);
        bench.set_faults(0, faults);
        let output = bench.transmit(settings);
        let complaint = stderr(&output);
        assert!(!output.status.success() && complaint.contains(reason), "{driver}{settings}: {complaint}");
        assert_eq!(bench.count(0, "writeStream"), 0, "{driver}{settings}");
        assert!(!bench.is_on_air(0), "{driver}{settings}: {:?}", bench.story(0));
    }
}

#[test]
fn a_device_must_be_the_only_one_that_is_meant() {
    let bench = Bench::new(&["hackrf", "hackrf"]);
    let send = |device: &str| {
        let radio = format!("radios: [{{id: r0, driver: soapy, device: \"{device}\"}}]\n");
        std::fs::write(bench.path("runner.yml"), radio).unwrap();
        bench.run(&["transmit", "event.yml", "--radio", "r0"])
    };
    let several = stderr(&send("driver=hackrf"));
    assert!(several.contains("2 devices are driver=hackrf") && several.contains(bench.serial(1)), "{several}");
    let missing = stderr(&send("driver=hackrf,serial=1234567890"));
    assert!(missing.contains("no device driver=hackrf,serial=1234567890 is plugged in"), "{missing}");
    assert_eq!(bench.count(0, "make") + bench.count(1, "make"), 0);
    // As gr-osmosdr takes it: the end of the number.
    let end = &bench.serial(1)[bench.serial(1).len() - 7..];
    assert!(send(&format!("hackrf={end},bias_tx=1")).status.success());
    assert_eq!((bench.count(0, "make"), bench.count(1, "make")), (0, 1));
}

#[test]
fn a_device_is_used_by_one_process_at_a_time() {
    let bench = Bench::new(&["uhd"]);
    std::fs::write(bench.path("event.yml"), super::bench::LONG_EVENT).unwrap();
    std::fs::write(bench.path("runner.yml"), bench.radios("")).unwrap();
    std::fs::write(bench.path("other.yml"), format!("state_dir: elsewhere\n{}", bench.radios(""))).unwrap();
    let mut first = bench.command(&["transmit", "event.yml", "--radio", "r0"]).stderr(Stdio::null()).spawn().unwrap();
    bench.wait_until_on_air(0);
    let second = stderr(&bench.run(&["transmit", "event.yml", "--radio", "r0", "--config", "other.yml"]));
    assert!(second.contains("another process uses"), "{second}");
    first.kill().unwrap();
    first.wait().unwrap();
    bench.wait_until_off(0);
}

#[test]
fn the_radios_own_carrier_stays_within_the_limits_too() {
    let bench = Bench::new(&["uhd"]);
    let limited = bench.transmit(", offset_hz: 100000, frequency_limits: [\"145500000-145600000\"]");
    let complaint = stderr(&limited);
    assert!(complaint.contains("own carrier would leak at 145450000 Hz"), "{complaint}");
}

#[test]
fn a_device_whose_idle_state_is_silent_stays_open_between_transmissions() {
    let twice =
        format!("{}{}", super::bench::EVENT, super::bench::EVENT.lines().nth(1).unwrap().replace("name: E", "name: F"));
    for (driver, opened) in [("hackrf", 1), ("bladerf", 1), ("lime", 2), ("uhd", 1), ("plutosdr", 1)] {
        let bench = Bench::new(&[driver]);
        std::fs::write(bench.path("event.yml"), &twice).unwrap();
        let output = bench.transmit("");
        assert!(output.status.success(), "{driver}: {}", stderr(&output));
        assert_eq!((bench.count(0, "make"), bench.count(0, "activateStream")), (opened, 2), "{driver}");
        assert_eq!(bench.count(0, "unmake"), opened, "{driver}");
        // Off between the two.
        assert_eq!(bench.count(0, "carrier-off"), 2, "{driver}: {:?}", bench.story(0));
        assert!(!bench.is_on_air(0), "{driver}");
    }
}

#[test]
fn a_radio_that_is_slower_than_its_rate_is_cut_and_named() {
    let text =
        "challenges:\n  - {name: E, modulation: cw, frequency: 145550000, text: PARIS PARIS, parameters: {wpm: 60}}\n";
    for (slowness, reason) in [
        ("2.9", "it was on air for longer than its max_on_air_seconds, 3, though its signal is not"),
        ("30", "the radio takes samples much more slowly than its sample_rate"),
    ] {
        let bench = Bench::new(&["bladerf"]);
        std::fs::write(bench.path("event.yml"), text).unwrap();
        bench.set_faults(0, &format!("slow writeStream 0 {slowness}"));
        let output = bench.transmit(", max_on_air_seconds: 3, sample_rate: 600000");
        let complaint = stderr(&output);
        assert!(!output.status.success() && complaint.contains(reason), "{slowness}: {complaint}");
        assert!(!bench.is_on_air(0) && bench.count(0, "unmake") == 1, "{:?}", bench.story(0));
    }
}

#[test]
fn without_its_agent_the_process_closes_the_device_in_good_order() {
    for driver in super::bench::DRIVERS {
        let bench = Bench::new(&[driver]);
        std::fs::write(bench.path("event.yml"), super::bench::LONG_EVENT).unwrap();
        std::fs::write(bench.path("runner.yml"), bench.radios("")).unwrap();
        let mut agent =
            bench.command(&["transmit", "event.yml", "--radio", "r0"]).stderr(Stdio::null()).spawn().unwrap();
        bench.wait_until_on_air(0);
        agent.kill().unwrap();
        agent.wait().unwrap();
        until("the device is closed", || bench.count(0, "unmake") == 1);
        bench.wait_until_off(0);
        let story = bench.story(0);
        assert!(story.iter().any(|call| call == "deactivateStream"), "{driver}: {story:?}");
    }
}

#[test]
fn a_service_manager_that_ends_all_processes_at_once_finds_the_device_closed() {
    let bench = Bench::new(&["hackrf"]);
    std::fs::write(bench.path("event.yml"), super::bench::LONG_EVENT).unwrap();
    std::fs::write(bench.path("runner.yml"), bench.radios("")).unwrap();
    let agent = bench.command(&["transmit", "event.yml", "--radio", "r0"]).stderr(Stdio::piped()).spawn().unwrap();
    bench.wait_until_on_air(0);
    let child = crate::support::children_of(agent.id())[0];
    crate::support::signal(child, nix::sys::signal::Signal::SIGTERM);
    let output = agent.wait_with_output().unwrap();
    assert!(stderr(&output).contains("was told to end"), "{}", stderr(&output));
    let story = bench.story(0);
    assert!(story.iter().any(|call| call == "deactivateStream") && bench.count(0, "unmake") == 1, "{story:?}");
    assert!(!bench.is_on_air(0));
}
