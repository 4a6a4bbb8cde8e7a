//! Finds the device of an address, and locks it against other processes.

use super::address::Address;
use super::models;
use super::ranges::explain;
use crate::process::lock::{self, Lock};
use anyhow::{Context, bail};
use soapysdr::{Args, Device};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The folder for locks of devices on Linux.
const LOCK_FOLDER: &str = "/run/lock";

/// Time limit for another process to release the device: `devices` holds it for a moment only.
const LOCK_TIMEOUT: Duration = Duration::from_secs(1);
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// The serial number that SoapyBladeRF reports for a device that it may not open.
const NO_PERMISSION: &str = "ANY";

/// A device that was found.
pub(super) struct Found {
    /// The arguments that open it.
    args: BTreeMap<String, String>,
    /// Its serial number, or its key if it has none.
    pub(super) name: String,
}

/// An open device, locked against other processes until this is dropped.
pub(super) struct Open {
    pub(super) device: Device,
    pub(super) name: String,
    _lock: Lock,
}

/// Finds the device of an address. Exactly one must match: a module may open another one if its argument matches none.
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
        // Some modules have no discovery, and open what the arguments locate.
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

/// Returns whether a device is at the place of the arguments. SoapyPlutoSDR always reports the first that it found.
fn names_same_place(wanted: &BTreeMap<String, String>, found: &BTreeMap<String, String>) -> bool {
    let differs =
        |key: &&str| matches!((wanted.get(*key), found.get(*key)), (Some(wanted), Some(found)) if wanted != found);
    !["uri", "hostname", "addr"].iter().any(differs)
}

/// Returns the devices that a module finds.
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
    /// Locks and opens the device.
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
