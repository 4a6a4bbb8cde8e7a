//! The address of a device: the arguments of SoapySDR, or those of gr-osmosdr, which older runners use.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The arguments of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    /// The text of the configuration.
    text: String,
    /// The SoapySDR module, in lower case.
    driver: String,
    /// The serial number, or its end or beginning.
    serial: Option<String>,
    /// The other arguments, for the module.
    rest: BTreeMap<String, String>,
    /// The bias-T, which older runners set here.
    bias_tee: Option<bool>,
    /// Remarks about arguments that are ignored.
    remarks: Vec<String>,
}

impl Address {
    /// Returns the SoapySDR module.
    pub(super) fn driver(&self) -> &str {
        &self.driver
    }

    /// Returns the module that drives the hardware, also behind SoapyRemote.
    pub(super) fn hardware(&self) -> &str {
        self.rest.get("remote:driver").filter(|_| self.driver == "remote").unwrap_or(&self.driver)
    }

    pub(super) fn serial(&self) -> Option<&str> {
        self.serial.as_deref()
    }

    /// Returns the arguments besides driver and serial number.
    pub(super) fn rest(&self) -> &BTreeMap<String, String> {
        &self.rest
    }

    pub(super) fn bias_tee(&self) -> Option<bool> {
        self.bias_tee
    }

    /// Returns remarks about arguments that are ignored.
    pub(super) fn remarks(&self) -> &[String] {
        &self.remarks
    }

    /// Returns whether it locates the device, so that a module without discovery can open it.
    pub(super) fn names_a_place(&self) -> bool {
        ["addr", "hostname", "uri", "remote"].iter().any(|key| self.rest.contains_key(*key))
    }

    /// Returns a key that is equal for all spellings of one device.
    pub(super) fn key(&self) -> String {
        let serial = self.serial.iter().map(|serial| format!(" serial={}", serial.to_lowercase()));
        let rest = self.rest.iter().map(|(key, value)| format!(" {key}={value}"));
        std::iter::once(self.driver.clone()).chain(serial).chain(rest).collect()
    }

    /// Returns whether `found` is the wanted serial number, regardless of case and leading zeros.
    pub(super) fn is_serial(&self, found: &str) -> bool {
        self.serial.as_deref().is_none_or(|wanted| bare(wanted) == bare(found))
    }

    /// Returns whether the wanted serial number is a part of `found`: the beginning for a bladeRF, as its tools have it,
    /// the end for all others.
    pub(super) fn abbreviates(&self, found: &str) -> bool {
        let Some(wanted) = self.serial.as_deref().map(bare) else { return true };
        let found = bare(found);
        let is_part = if self.hardware() == "bladerf" { found.starts_with(&wanted) } else { found.ends_with(&wanted) };
        !wanted.is_empty() && is_part
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut address = Self {
            text: text.trim().to_owned(),
            driver: String::new(),
            serial: None,
            rest: BTreeMap::new(),
            bias_tee: None,
            remarks: Vec::new(),
        };
        // gr-osmosdr puts the number of streams in front of the device, with a space.
        let device = text.trim().strip_prefix("numchan=").and_then(|rest| rest.split_once(' '));
        for argument in arguments(device.map_or(text, |(_, device)| device)) {
            address.take(argument.trim())?;
        }
        if address.driver.is_empty() {
            return Err(format!(
                "device {text:?} names no driver: write driver=hackrf,serial=… as `challengectl-runner devices` shows it"
            ));
        }
        Ok(address)
    }

    fn take(&mut self, argument: &str) -> Result<(), String> {
        let (key, value) = argument.split_once('=').unwrap_or((argument, ""));
        let (key, value) = (key.trim().to_lowercase(), value.trim().trim_matches(['\'', '"']));
        match (key.as_str(), value) {
            ("", _) => {}
            ("driver", driver) => self.set_driver(driver)?,
            ("serial", serial) => self.serial = Some(serial.to_owned()),
            // One character is a number, more are the end of a serial number: gr-osmosdr, hackrf_common.cc.
            ("hackrf", value) if self.driver.is_empty() => {
                self.set_driver("hackrf")?;
                self.number_or_serial("hackrf", value);
            }
            ("bladerf", value) if self.driver.is_empty() => {
                self.set_driver("bladerf")?;
                self.number_or_serial("instance", value);
            }
            ("limesdr" | "lime", value) if self.driver.is_empty() => {
                self.set_driver("lime")?;
                if value.len() > 2 {
                    self.serial = Some(value.to_owned());
                }
            }
            ("plutosdr" | "pluto", _) if self.driver.is_empty() => {
                self.set_driver("plutosdr")?;
                if !value.is_empty() && value.parse::<u8>().is_err() {
                    self.rest.insert("uri".to_owned(), value.to_owned());
                }
            }
            ("uhd", "") => self.set_driver("uhd")?,
            ("usrp", value) => {
                self.set_driver("uhd")?;
                self.take(value)?;
            }
            // The back end, the number of streams and a name for people.
            ("soapy" | "numchan" | "label", _) => {}
            ("bias_tx" | "biastee_tx", value) => self.bias_tee = Some(is_on(value)),
            ("biastee", value) if self.driver == "bladerf" => self.bias_tee = Some(is_on(value)),
            ("biastee", _) => self.remarks.push(
                "biastee= never turned this radio's bias-T on; write `bias_tee: true` if something is to be fed"
                    .to_owned(),
            ),
            (key, value) if argument.contains('=') => {
                self.rest.insert(key.to_owned(), value.to_owned());
            }
            (word, _) => return Err(format!("device {:?}: {word:?} is no KEY=VALUE", self.text)),
        }
        Ok(())
    }

    fn set_driver(&mut self, driver: &str) -> Result<(), String> {
        if !self.driver.is_empty() && self.driver != driver.to_lowercase() {
            return Err(format!("device {:?} names two drivers", self.text));
        }
        self.driver = driver.to_lowercase();
        Ok(())
    }

    fn number_or_serial(&mut self, number: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        if value.len() == 1 {
            self.rest.insert(number.to_owned(), value.to_owned());
        } else {
            self.serial = Some(value.to_owned());
        }
    }
}

/// Splits at commas outside of quotes.
fn arguments(text: &str) -> Vec<&str> {
    let mut quote = None;
    let split = |letter: char| {
        match (quote, letter) {
            (None, '\'' | '"') => quote = Some(letter),
            (Some(open), letter) if open == letter => quote = None,
            _ => {}
        }
        letter == ',' && quote.is_none()
    };
    text.split(split).collect()
}

fn is_on(value: &str) -> bool {
    matches!(value, "1" | "true" | "on" | "yes")
}

fn bare(serial: &str) -> String {
    serial.trim_start_matches('0').to_lowercase()
}

impl TryFrom<String> for Address {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.text
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (String, Option<String>, String, Option<bool>) {
        let address = Address::parse(text).unwrap();
        let rest: Vec<_> = address.rest.iter().map(|(key, value)| format!("{key}={value}")).collect();
        (address.driver, address.serial, rest.join(","), address.bias_tee)
    }

    #[test]
    fn device_strings_of_older_runners_mean_what_they_meant() {
        let serial = |text: &str| Some(text.to_owned());
        for (text, driver, wanted, rest, bias) in [
            (
                "driver=hackrf,serial=0000000000000000a06063c8234e925f",
                "hackrf",
                serial("0000000000000000a06063c8234e925f"),
                "",
                None,
            ),
            ("hackrf=0", "hackrf", None, "hackrf=0", None),
            ("hackrf=10", "hackrf", serial("10"), "", None),
            ("hackrf=4c6d1d,bias_tx=1", "hackrf", serial("4c6d1d"), "", Some(true)),
            ("hackrf=1,label='HackRF One #1, 9098'", "hackrf", None, "hackrf=1", None),
            ("hackrf=0,biastee=1", "hackrf", None, "hackrf=0", None),
            ("bladerf=fa6d856,biastee=1", "bladerf", serial("fa6d856"), "", Some(true)),
            ("bladerf=0", "bladerf", None, "instance=0", None),
            ("uhd,type=b200,serial=X", "uhd", serial("X"), "type=b200", None),
            ("usrp=type=b200", "uhd", None, "type=b200", None),
            ("limesdr=0", "lime", None, "", None),
            ("numchan=1 soapy=0,driver=lime,serial=1D42", "lime", serial("1D42"), "", None),
            ("soapy=0,driver=lime,serial=1D42", "lime", serial("1D42"), "", None),
            ("driver=plutosdr,uri=ip:192.168.2.1", "plutosdr", None, "uri=ip:192.168.2.1", None),
        ] {
            let expected = (driver.to_owned(), wanted, rest.to_owned(), bias);
            assert_eq!(parsed(text), expected, "{text}");
        }
        assert!(Address::parse("hackrf=0,biastee=1").unwrap().remarks()[0].contains("bias_tee: true"));
    }

    #[test]
    fn what_names_no_device_is_refused() {
        for text in ["", "serial=1", "driver=hackrf,driver=lime", "driver=hackrf,nonsense"] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_serial_number_is_known_whole_and_by_its_end() {
        let address = Address::parse("driver=hackrf,serial=4c6d1d").unwrap();
        assert!(!address.is_serial("000000004c6d1d4c6d1e") && !address.abbreviates("000000004c6d1d4c6d1e"));
        assert!(address.is_serial("00004C6D1D") && address.abbreviates("00000000aa4c6d1d"));
    }
}
