//! Each radio, and each thing that can go wrong: the transmission fails with a reason that a person understands, the
//! carrier is off, and the program goes on.

use super::bench::Bench;

/// What goes wrong, and what is said of it.
struct Fault {
    fault: &'static str,
    reason: &'static str,
}

const fn fault(fault: &'static str, reason: &'static str) -> Fault {
    Fault { fault, reason }
}

/// What every radio may do.
const FAULTS: [Fault; 17] = [
    fault("throw make 0 no such board", "opening the device: no such board"),
    fault("hang make", "stopped answering"),
    fault("crash make", "ended by itself (signal: 11"),
    fault("throw setSampleRate 0 PLL not locked", "PLL not locked"),
    fault("hang setFrequency", "stopped answering"),
    fault("throw setupStream 0 no memory", "setting the stream up: no memory"),
    fault("hang setupStream", "stopped answering"),
    fault("return activateStream 0 -2", "starting the stream: the stream broke"),
    fault("hang activateStream", "stopped answering"),
    fault("return writeStream 3 -2", "writing samples: the stream broke"),
    fault("return writeStream 3 3", "answers with error 3: it is gone, or its driver broke"),
    fault("return writeStream 3 -1", "has taken no samples for 2 s"),
    fault("hang writeStream 3", "stopped answering"),
    fault("crash writeStream 3", "ended by itself (signal: 11"),
    fault("hang deactivateStream", "stopped answering"),
    fault("hang closeStream", "stopped answering"),
    fault("throw deactivateStream 0 LIBUSB_ERROR_NO_DEVICE", "stopping the stream: LIBUSB_ERROR_NO_DEVICE"),
];

/// Tries all faults on radios of one driver, at the same time: most take the watchdog's second.
fn survives(driver: &'static str) {
    // As slow as it goes: the machine has so many radios at once only here.
    let rate = if driver == "hackrf" { "" } else { ", sample_rate: 600000" };
    std::thread::scope(|scope| {
        for Fault { fault, reason } in FAULTS {
            scope.spawn(move || {
                let bench = Bench::new(&[driver]);
                bench.set_faults(0, fault);
                let output = bench.transmit(rate);
                let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
                let story = bench.story(0);
                assert!(!output.status.success(), "{driver}, {fault}: sent; {story:?}");
                assert!(complaint.contains(reason), "{driver}, {fault}: {complaint}; {story:?}");
                // What cannot be opened any more cannot be silenced from outside; then that is said.
                let unsure = complaint.contains("unplug it");
                assert!(unsure || !bench.is_on_air(0), "{driver}, {fault}: {complaint}; {story:?}");
                let calls: &[&str] =
                    if driver == "plutosdr" { &["make", "setupStream", "closeStream"] } else { &["make"] };
                assert!(
                    !unsure || calls.iter().any(|call| fault.contains(call)),
                    "{driver}, {fault}: {complaint}; {story:?}"
                );
                // Mended, it sends.
                bench.set_faults(0, "");
                let again = bench.transmit(rate);
                assert!(again.status.success(), "{driver}, {fault}: {}", String::from_utf8_lossy(&again.stderr));
                assert!(!bench.is_on_air(0), "{driver}, {fault}");
            });
        }
    });
}

#[test]
fn a_hackrf_that_fails_goes_off_and_says_why() {
    survives("hackrf");
}

#[test]
fn a_bladerf_that_fails_goes_off_and_says_why() {
    survives("bladerf");
}

#[test]
fn a_lime_that_fails_goes_off_and_says_why() {
    survives("lime");
}

#[test]
fn a_usrp_that_fails_goes_off_and_says_why() {
    survives("uhd");
}

#[test]
fn a_pluto_that_fails_goes_off_and_says_why() {
    survives("plutosdr");
}
