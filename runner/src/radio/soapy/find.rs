//! Finding the one device that is meant, and keeping other processes from it.

use super::address::Address;
use super::models;
use super::ranges::explain;
use crate::process::lock::{self, Lock};
use anyhow::{Context, bail};
use soapysdr::{Args, Device};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Where Linux keeps the locks of devices.
const LOCK_FOLDER: &str = "/run/lock";

/// For a process that only looks at the device, as `devices` does.
const LOCK_TIMEOUT: Duration = Duration::from_secs(1);
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// What a module that may not open a device shows in place of its serial number (SoapyBladeRF).
const NO_PERMISSION: &str = "ANY";

/// A device that is there.
pub(super) struct Found {
    /// What opens it.
    args: BTreeMap<String, String>,
    /// Its serial number, or what else it is known by.
    pub(super) name: String,
}

/// A device that is open, and used by no other process as long as this lives.
pub(super) struct Open {
    pub(super) device: Device,
    pub(super) name: String,
    _lock: Lock,
}

/// Finds the device. Nothing, or more than one, is an error: a module that finds nothing opens something else.
pub(super) fn find(address: &Address) -> anyhow::Result<Found> {
    let model = models::of_module(address.hardware());
    let mut wanted = address.rest().clone();
    wanted.insert("driver".to_owned(), address.driver().to_owned());
    let found: Vec<_> = enumerate(&wanted)?.into_iter().filter(|found| names_same_place(&wanted, found)).collect();
    let serial = |found: &BTreeMap<String, String>| found.get("serial").cloned().unwrap_or_default();
    if found.iter().any(|found| serial(found) == NO_PERMISSION) {
        bail!("a {} is there, but may not be used: see `challengectl-runner devices`", model.name);
    }
    let mut matching: Vec<_> = found.iter().filter(|found| address.is_serial(&serial(found))).collect();
    if matching.is_empty() {
        matching = found.iter().filter(|found| address.abbreviates(&serial(found))).collect();
    }
    match matching.as_slice() {
        [one] => {
            let mut args = (*one).clone();
            for (key, value) in wanted {
                args.entry(key).or_insert(value);
            }
            let name = Some(serial(one)).filter(|serial| !serial.is_empty()).unwrap_or_else(|| address.key());
            Ok(Found { args, name })
        }
        // Some modules look for nothing, and open what they are told.
        [] if address.names_a_place() && address.serial().is_none() => Ok(Found { args: wanted, name: address.key() }),
        [] => {
            let others: Vec<_> = found.iter().map(serial).collect();
            let others = if others.is_empty() { String::new() } else { format!(" (there is {})", others.join(", ")) };
            bail!("no device {address} is plugged in and free{others}: see `challengectl-runner devices`")
        }
        several => {
            let serials: Vec<_> = several.iter().map(|found| serial(found)).collect();
            bail!("{} devices are {address}: name one by its serial number ({})", several.len(), serials.join(", "))
        }
    }
}

/// Whether what a module found is where the arguments say. SoapyPlutoSDR answers with what it found first.
fn names_same_place(wanted: &BTreeMap<String, String>, found: &BTreeMap<String, String>) -> bool {
    let differs =
        |key: &&str| matches!((wanted.get(*key), found.get(*key)), (Some(wanted), Some(found)) if wanted != found);
    !["uri", "hostname", "addr"].iter().any(differs)
}

/// Asks a module what it finds.
pub(super) fn enumerate(args: &BTreeMap<String, String>) -> anyhow::Result<Vec<BTreeMap<String, String>>> {
    let found = soapysdr::enumerate(to_args(args)).map_err(|error| explain("looking for devices", &error))?;
    Ok(found.iter().map(from_args).collect())
}

pub(super) fn to_args(args: &BTreeMap<String, String>) -> Args {
    // A zero byte would end the program.
    args.iter().filter(|(key, value)| !key.contains('\0') && !value.contains('\0')).map(|(k, v)| (&**k, &**v)).collect()
}

pub(super) fn from_args(args: &Args) -> BTreeMap<String, String> {
    args.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

impl Found {
    /// Opens the device, which no other process may have.
    pub(super) fn open(self) -> anyhow::Result<Open> {
        let lock = self.lock()?;
        let device = Device::new(to_args(&self.args)).map_err(|error| explain("opening the device", &error))?;
        Ok(Open { device, name: self.name, _lock: lock })
    }

    fn lock(&self) -> anyhow::Result<Lock> {
        let safe: String =
            self.name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
        let driver = self.args.get("driver").map_or("", String::as_str);
        let folder = PathBuf::from(LOCK_FOLDER);
        let folder = if folder.is_dir() { folder } else { std::env::temp_dir() };
        let file = folder.join(format!("challengectl-{driver}-{safe}.lock"));
        let began = Instant::now();
        loop {
            if let Some(lock) = lock::try_take_shared(&file).context("the lock of the device")? {
                return Ok(lock);
            }
            if began.elapsed() > LOCK_TIMEOUT {
                bail!("another process uses {} ({} is locked)", self.name, file.display());
            }
            std::thread::sleep(LOCK_PAUSE);
        }
    }
}
