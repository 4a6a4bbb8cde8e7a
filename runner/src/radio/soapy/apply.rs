//! Applies the settings to an open device. Each is read back, since drivers refuse, clamp, round or ignore values, and only
//! some report it.

use super::Settings;
use super::model::{Bandwidth, BiasTee, Gain, Model, Moment};
use super::ranges::{contain, describe, explain, nearest, number};
use crate::radio::Tuning;
use anyhow::{Context, bail, ensure};
use soapysdr::Direction::Tx;
use soapysdr::{Device, Error, Range};

/// Tolerance of a tuned frequency in hertz: the steps of synthesizers are smaller.
const FREQUENCY_TOLERANCE: f64 = 100.0;

/// Relative tolerance of a sample rate: that of a crystal.
const RATE_TOLERANCE: f64 = 1e-5;

/// Tolerance of a gain in decibels: drivers round to their steps, of which the widest is 1 dB.
const GAIN_TOLERANCE: f64 = 1.0;

/// The transmitter of an open device, and its settings.
pub(super) struct Transmitter<'a> {
    pub(super) device: &'a Device,
    pub(super) settings: &'a Settings,
    pub(super) model: &'static Model,
}

impl Transmitter<'_> {
    /// Applies the settings that take effect without an active stream, in an order that suits every model: a new rate
    /// resets the filter, a new frequency may switch the band.
    pub(super) fn apply(&self, tuning: &Tuning) -> anyhow::Result<()> {
        let channels = self.device.num_channels(Tx).map_err(|error| explain("counting the channels", &error))?;
        ensure!(self.channel() < channels, "channel {} is not there: the device has {channels}", self.channel());
        self.set_clock_source()?;
        self.set_rate(tuning.sample_rate as f64)?;
        self.set_bandwidth(tuning)?;
        self.set_antenna(tuning.centre.hz() as f64)?;
        self.set_frequency(tuning.centre.hz() as f64)?;
        for (element, gain) in self.gains()? {
            self.set_gain(&element, gain)?;
        }
        self.switch_bias_tee(Moment::Open, self.settings.wants_bias_tee())
    }

    /// Applies the settings that take effect only while the stream is active.
    pub(super) fn apply_when_active(&self) -> anyhow::Result<()> {
        let again = |gain: &&Gain| gain.again_when_active;
        let gains = self.gains()?;
        for late in self.model.gains.iter().filter(again) {
            for (element, gain) in gains.iter().filter(|(element, _)| element == late.element) {
                self.set_gain(element, *gain)?;
            }
        }
        self.switch_bias_tee(Moment::Active, self.settings.wants_bias_tee())
    }

    /// Turns the bias-T off if it may be on and can be switched at this moment.
    pub(super) fn bias_tee_off(&self, now: Moment) -> anyhow::Result<()> {
        self.switch_bias_tee(now, self.settings.wants_bias_tee().map(|_| false))
    }

    /// Turns all gains down to their minimum. Returns the first error, after all were tried.
    pub(super) fn gains_down(&self) -> anyhow::Result<()> {
        let mut result = Ok(());
        for element in self.elements()? {
            let down = self.range_of(&element).and_then(|range| {
                let least = range.minimum;
                self.device
                    .set_gain_element(Tx, self.channel(), element.as_str(), least)
                    .map_err(|error| explain(&format!("turning gain {element} down"), &error))
            });
            result = result.and(down);
        }
        result
    }

    fn channel(&self) -> usize {
        self.settings.channel
    }

    fn set_clock_source(&self) -> anyhow::Result<()> {
        let Some(wanted) = &self.settings.clock_source else { return Ok(()) };
        let sources = self.device.list_clock_sources().map_err(|error| explain("listing clock sources", &error))?;
        ensure!(sources.contains(wanted), "clock_source {wanted}: the driver has {}", list(&sources));
        let set = self.device.set_clock_source(wanted.as_str()).and_then(|()| self.device.get_clock_source());
        let set = set.map_err(|error| explain(&format!("clock_source {wanted}"), &error))?;
        ensure!(set == *wanted, "clock_source {wanted} did not take: it is {set}");
        Ok(())
    }

    fn set_rate(&self, wanted: f64) -> anyhow::Result<()> {
        let ranges = self.device.get_sample_rate_range(Tx, self.channel()).unwrap_or_default();
        let ranges = match &self.model.rates {
            Some(known) => vec![Range { minimum: *known.start(), maximum: *known.end(), step: 0.0 }],
            None => ranges,
        };
        let told = || format!("the {} takes {}", self.model.name, describe(&ranges, "samples per second"));
        // A driver with a list of rates may also accept others.
        let (low, high) = bounds(&ranges);
        ensure!((low..=high).contains(&wanted), "sample_rate {wanted} is impossible: {}", told());
        let set = self.device.set_sample_rate(Tx, self.channel(), wanted);
        let set = self.read_back(set, "sample_rate", wanted, || self.device.sample_rate(Tx, self.channel()), told)?;
        let off = (set - wanted).abs() > wanted * RATE_TOLERANCE;
        ensure!(!off, "sample_rate {wanted} did not take: it is {}; {}", number(set), told());
        Ok(())
    }

    /// Sets the analogue filter. A configured bandwidth must take effect; the default one must only pass the signal.
    fn set_bandwidth(&self, tuning: &Tuning) -> anyhow::Result<()> {
        let ranges = self.device.bandwidth_range(Tx, self.channel()).unwrap_or_default();
        let rate = tuning.sample_rate as f64;
        let wanted = match (self.settings.bandwidth, self.model.bandwidth) {
            (Some(wanted), _) => wanted,
            (None, Bandwidth::AsRate) => nearest(&ranges, rate),
            (None, Bandwidth::Automatic) => return Ok(()),
        };
        let told = || format!("the driver has {}", describe(&ranges, "Hz"));
        let (low, high) = bounds(&ranges);
        ensure!((low..=high).contains(&wanted), "bandwidth {wanted} is impossible: {}", told());
        let set = self.device.set_bandwidth(Tx, self.channel(), wanted);
        let set = self.read_back(set, "bandwidth", wanted, || self.device.bandwidth(Tx, self.channel()), told)?;
        if self.settings.bandwidth.is_some() {
            // Filters have steps of up to an octave.
            let off = set < wanted / 2.0 || set > wanted * 2.0;
            ensure!(!off, "bandwidth {wanted} did not take: it is {}; {}", number(set), told());
        }
        let centre = tuning.centre.hz() as f64;
        let reach = (tuning.band.high() as f64 - centre).max(centre - tuning.band.low() as f64);
        let narrow = set > 0.0 && set < 2.0 * reach;
        ensure!(!narrow, "the filter of {} Hz cuts the signal, which reaches {reach} Hz from the centre", number(set));
        Ok(())
    }

    fn set_antenna(&self, hertz: f64) -> anyhow::Result<()> {
        let antennas = self.device.antennas(Tx, self.channel()).map_err(|error| explain("listing antennas", &error))?;
        let wanted = self.settings.antenna.clone().or_else(|| (self.model.antenna)(&antennas, hertz));
        let Some(wanted) = wanted else { return Ok(()) };
        ensure!(antennas.contains(&wanted), "antenna {wanted}: the driver has {}", list(&antennas));
        let set = self.device.set_antenna(Tx, self.channel(), wanted.as_str());
        let set = set.and_then(|()| self.device.antenna(Tx, self.channel()));
        let set = set.map_err(|error| explain(&format!("antenna {wanted}"), &error))?;
        ensure!(set == wanted, "antenna {wanted} did not take: it is {set}; the driver has {}", list(&antennas));
        Ok(())
    }

    fn set_frequency(&self, nominal: f64) -> anyhow::Result<()> {
        let wanted = self.settings.corrected(nominal);
        let ranges = self.device.frequency_range(Tx, self.channel()).unwrap_or_default();
        let told = || match &self.model.frequencies {
            Some(known) => format!("a {} reaches {} to {} Hz", self.model.name, known.start(), known.end()),
            None => format!("the driver reaches {}", describe(&ranges, "Hz")),
        };
        let possible = self.model.frequencies.as_ref().is_none_or(|known| known.contains(&wanted));
        ensure!(possible && contain(&ranges, wanted), "{} Hz is impossible: {}", number(wanted), told());
        let set = self.device.set_frequency(Tx, self.channel(), wanted, ());
        let set = self.read_back(set, "frequency", wanted, || self.device.frequency(Tx, self.channel()), told)?;
        let off = (set - wanted).abs() > FREQUENCY_TOLERANCE;
        ensure!(!off, "{} Hz did not take: it is tuned to {} Hz; {}", number(wanted), number(set), told());
        Ok(())
    }

    /// Returns the gain of each element of the device: as configured, else the model's default, else the minimum.
    fn gains(&self) -> anyhow::Result<Vec<(String, f64)>> {
        let elements = self.elements()?;
        if let Some(unknown) = self.settings.gains.keys().find(|element| !elements.contains(element)) {
            bail!("gains: there is no element {unknown}; this device has {}", list(&elements));
        }
        let order = |element: &String| {
            let known = self.model.gains.iter().position(|gain| gain.element == element);
            known.unwrap_or(self.model.gains.len())
        };
        let mut ordered = elements;
        ordered.sort_by_key(order);
        let with_gain = |element: String| {
            let known = self.model.gains.iter().find(|gain| gain.element == element).map(|gain| gain.default);
            let gain = match self.settings.gains.get(&element).copied().or(known) {
                Some(gain) => gain,
                None => self.range_of(&element)?.minimum,
            };
            Ok((element, gain))
        };
        ordered.into_iter().map(with_gain).collect()
    }

    fn elements(&self) -> anyhow::Result<Vec<String>> {
        self.device.list_gains(Tx, self.channel()).map_err(|error| explain("listing gains", &error))
    }

    fn range_of(&self, element: &str) -> anyhow::Result<Range> {
        let range = self.device.gain_element_range(Tx, self.channel(), element);
        range.map_err(|error| explain(&format!("the range of gain {element}"), &error))
    }

    fn set_gain(&self, element: &str, wanted: f64) -> anyhow::Result<()> {
        let range = self.range_of(element)?;
        let told = || format!("the driver has {}", describe(std::slice::from_ref(&range), "dB"));
        let possible = (range.minimum..=range.maximum).contains(&wanted);
        ensure!(possible, "gain {element} of {} dB is impossible: {}", number(wanted), told());
        let set = self.device.set_gain_element(Tx, self.channel(), element, wanted);
        let read = || self.device.gain_element(Tx, self.channel(), element);
        let set = self.read_back(set, &format!("gain {element}"), wanted, read, told)?;
        let off = (set - wanted).abs() > GAIN_TOLERANCE;
        ensure!(!off, "gain {element} of {} dB did not take: it is {} dB; {}", number(wanted), number(set), told());
        Ok(())
    }

    fn switch_bias_tee(&self, now: Moment, on: Option<bool>) -> anyhow::Result<()> {
        let BiasTee::Setting { key, when } = self.model.bias_tee else { return Ok(()) };
        let Some(on) = on.filter(|_| when == now) else { return Ok(()) };
        // Any other word than exactly these means off, on a HackRF.
        let word = if on { "true" } else { "false" };
        let set = self.device.write_setting(key, word).map_err(|error| explain(&format!("{key}={word}"), &error));
        set.context("the bias-T cannot be switched: this version of the module does not know how")
    }

    /// Returns the value that is in effect; an error names the range. NaN is refused here, since it would pass every
    /// comparison.
    fn read_back(
        &self,
        set: Result<(), Error>,
        what: &str,
        wanted: f64,
        read: impl Fn() -> Result<f64, Error>,
        told: impl Fn() -> String,
    ) -> anyhow::Result<f64> {
        let call = || format!("{what} {}", number(wanted));
        let now = set.and_then(|()| read()).map_err(|error| explain(&call(), &error)).with_context(&told)?;
        ensure!(now.is_finite(), "{} did not take: it is {now}; {}", call(), told());
        Ok(now)
    }
}

/// Returns the minimum and the maximum over all ranges.
fn bounds(ranges: &[Range]) -> (f64, f64) {
    if ranges.is_empty() {
        return (0.0, f64::INFINITY);
    }
    let low = ranges.iter().map(|range| range.minimum).fold(f64::INFINITY, f64::min);
    let high = ranges.iter().map(|range| range.maximum).fold(0.0, f64::max);
    (low, high)
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
