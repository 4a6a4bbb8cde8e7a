//! The simulated radios, by the files that they keep; see `runner/tests/soapy/module/record.hpp`.

use crate::programs::output_of;
use crate::site::Environment;
use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds them.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../runner/tests/soapy/module/build.sh");

pub(crate) struct Radios {
    folder: PathBuf,
    /// Of the module.
    library: PathBuf,
    /// Drivers and serial numbers.
    devices: Vec<(&'static str, String)>,
}

/// When a radio went off, in milliseconds after the cause.
#[derive(Debug)]
pub(crate) struct Off {
    /// The last write began.
    pub(crate) last_sample: f64,
    pub(crate) deactivate: f64,
    /// The carrier went off, by whatever call does that on this model.
    pub(crate) carrier: f64,
}

impl Radios {
    pub(crate) fn plug_in(folder: &Path, drivers: &[&'static str]) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let library = output_of(Command::new(SCRIPT).arg(std::env::temp_dir()))?.trim().into();
        // The lock of a device is the machine's.
        let serial = |number: usize| format!("{:08x}{number:08x}", rand::random::<u32>());
        let devices: Vec<_> = drivers.iter().enumerate().map(|(number, driver)| (*driver, serial(number))).collect();
        let lines: String = devices.iter().map(|(driver, serial)| format!("{driver} {serial}\n")).collect();
        std::fs::write(folder.join("devices"), lines)?;
        Ok(Self { folder: folder.to_owned(), library, devices })
    }

    /// What `device` in runner.yml says of each.
    pub(crate) fn devices(&self) -> impl Iterator<Item = String> {
        self.devices.iter().map(|(driver, serial)| format!("driver={driver},serial={serial}"))
    }

    pub(crate) fn environment(&self) -> Environment {
        vec![
            ("SIMULATED_RADIOS", self.folder.clone()),
            ("SOAPY_SDR_ROOT", "/nonexistent".into()),
            ("SOAPY_SDR_PLUGIN_PATH", self.library.clone()),
        ]
    }

    /// Empties the record.
    pub(crate) fn forget(&self) -> Result<()> {
        Ok(std::fs::OpenOptions::new().write(true).open(self.folder.join("log"))?.set_len(0)?)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    fn is_on_air(&self, serial: &str) -> bool {
        std::fs::read_to_string(self.folder.join(format!("{serial}.state"))).is_ok_and(|state| state.trim() == "on")
    }

    /// Whether each is on air, and has taken more than its lead-in.
    pub(crate) fn all_sending(&self) -> bool {
        let log = self.log();
        let sends = |serial: &str| {
            let mut writes = log.lines().rev().filter(|line| line.contains(serial)).take(20);
            writes.any(|line| line.contains("writeStream") && !line.contains("silent"))
        };
        self.devices.iter().all(|(_, serial)| self.is_on_air(serial) && sends(serial))
    }

    pub(crate) fn all_off(&self) -> bool {
        self.devices.iter().all(|(_, serial)| !self.is_on_air(serial))
    }

    /// How often those of each model did something since the record was emptied.
    pub(crate) fn count(&self, call: &str) -> BTreeMap<&'static str, usize> {
        let log = self.log();
        let mut counts = BTreeMap::new();
        for (driver, serial) in &self.devices {
            let calls = log.lines().filter_map(|line| call_of(line, serial));
            *counts.entry(*driver).or_default() += calls.filter(|(_, name)| *name == call).count();
        }
        counts
    }

    /// Says which are on air.
    pub(crate) fn on_air(&self) -> String {
        let on = self.devices.iter().filter(|(_, serial)| self.is_on_air(serial));
        format!("on air: {:?}", on.collect::<Vec<_>>())
    }

    /// When each that was on air went off after the cause, which is in microseconds since 1970.
    pub(crate) fn went_off(&self, cause: u64) -> Result<Vec<Off>> {
        let log = self.log();
        let calls = |serial: &str| log.lines().filter_map(|line| call_of(line, serial)).collect::<Vec<_>>();
        // One may have come to the end of its signal in the moment before.
        let was_on = |(_, serial): &&(&str, String)| calls(serial).iter().any(|(_, call)| *call == "carrier-off");
        let one = |(driver, serial): &(&str, String)| {
            let calls = calls(serial);
            let at = |name: &str| calls.iter().rfind(|(_, call)| *call == name).map(|(at, _)| *at);
            let after = |at: u64| at.saturating_sub(cause) as f64 / 1e3;
            // Nothing at all was written since: the last sample was before.
            let last_sample = at("writeStream").map_or(0.0, after);
            let deactivate = at("deactivateStream").with_context(|| format!("{driver} was not stopped"))?;
            let carrier = at("carrier-off").with_context(|| format!("{driver} stayed on"))?;
            Ok(Off { last_sample, deactivate: after(deactivate), carrier: after(carrier) })
        };
        self.devices.iter().filter(was_on).map(one).collect()
    }

    /// All devices were closed, and nothing is on air.
    pub(crate) fn all_closed(&self) -> Result<()> {
        let log = self.log();
        for (driver, serial) in &self.devices {
            ensure!(!self.is_on_air(serial), "{driver} is on air at the end");
            let closed = log.lines().any(|line| line.contains(serial) && line.contains("unmake"));
            ensure!(closed, "{driver} was not closed");
        }
        Ok(())
    }
}

/// The time and the name of a call of this radio.
fn call_of<'a>(line: &'a str, serial: &str) -> Option<(u64, &'a str)> {
    let mut words = line.split(' ');
    let at = words.next()?.parse().ok()?;
    let _process = words.next()?;
    (words.next()? == serial).then_some(())?;
    Some((at, words.next()?))
}
