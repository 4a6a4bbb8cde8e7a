//! Frequencies as organisers write them, with a suggestion for a wrong unit.

use crate::limits::{MAX_HZ, MIN_HZ, MIN_RASTER_HZ};
use challengectl_common::{Band, Frequency};
use std::num::NonZeroU32;

const LOWEST: f64 = MIN_HZ as f64;
const HIGHEST: f64 = MAX_HZ as f64;
/// The highest frequency of the legacy formats, in hertz: the limit of the radios of their time. A larger number was
/// nearly always meant in hertz: 145550000 would be 145 GHz.
const HIGHEST_LEGACY: f64 = 6e9;

/// Returns the frequency of `hz` hertz.
pub(crate) fn from_hz(hz: f64) -> Result<Frequency, String> {
    if hz > 0.0 && hz < LOWEST {
        return Err(format!("{hz} Hz is below 1 MHz; frequencies here are in hertz: {}", meant(hz)));
    }
    if hz.fract() != 0.0 {
        return Err(format!("{hz} is not a whole number of hertz"));
    }
    whole(hz).ok_or_else(|| format!("{hz} Hz is not a valid frequency; give 1 MHz to 300 GHz"))
}

/// Returns the frequency of `khz` kilohertz, the unit of the legacy formats.
pub(crate) fn from_khz(khz: f64) -> Result<Frequency, String> {
    let hz = khz * 1000.0;
    if khz > 0.0 && hz < LOWEST {
        return Err(format!("{khz} kHz is below 1 MHz; frequencies here are in kilohertz: {khz} MHz is {}", khz * 1e3));
    }
    if hz > HIGHEST_LEGACY {
        return Err(format!(
            "{khz} kHz is above 6 GHz; frequencies here are in kilohertz: {khz} Hz is {}; above 6 GHz use a challenges.yml",
            khz / 1e3
        ));
    }
    // 145762.5 × 1000 may not be a whole number in binary.
    whole(hz.round())
        .filter(|_| (hz - hz.round()).abs() < 1e-3)
        .ok_or_else(|| format!("{khz} kHz is not a valid frequency in whole hertz"))
}

/// Parses a frequency in kilohertz.
pub(crate) fn parse_khz(text: &str) -> Result<Frequency, String> {
    let shown = || text.chars().take(80).collect::<String>();
    text.trim().parse().map_err(|_| format!("{:?} is not a frequency in kilohertz", shown())).and_then(from_khz)
}

/// Returns the band between two frequencies.
pub(crate) fn band(low: Frequency, high: Frequency) -> Result<Band, String> {
    Band::new(low.hz(), high.hz()).filter(|band| band.width() > 0).ok_or_else(|| {
        format!("the lower edge, {low}, must be below the upper edge, {high}; for a single frequency use `frequency`")
    })
}

/// Returns the raster of `hz` hertz of a range.
pub(crate) fn raster(hz: f64, range: &Band) -> Result<NonZeroU32, String> {
    let widest = (range.width() as f64).min(u32::MAX.into());
    let is_sound = hz.fract() == 0.0 && (MIN_RASTER_HZ as f64..=widest).contains(&hz);
    let raster = is_sound.then_some(hz as u32).and_then(NonZeroU32::new);
    raster.ok_or_else(|| {
        format!("`raster_hz` is a whole number of hertz from {MIN_RASTER_HZ} to the width of its range, not {hz}")
    })
}

fn whole(hz: f64) -> Option<Frequency> {
    if (LOWEST..=HIGHEST).contains(&hz) { Frequency::from_hz(hz as u64) } else { None }
}

/// Suggests the unit that was probably meant: megahertz for small numbers, kilohertz for large ones.
fn meant(number: f64) -> String {
    let mhz = format!("{number} MHz is {}", (number * 1e6).round());
    let khz = format!("{number} kHz is {}", (number * 1e3).round());
    if number < 1e3 || number.fract() != 0.0 && number < 1e4 {
        mhz
    } else if number >= 1e4 {
        khz
    } else {
        format!("{khz}, {mhz}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_hertz_are_accepted_in_every_notation() {
        assert_eq!(from_hz(146.55e6).unwrap().hz(), 146_550_000);
        assert_eq!(from_khz(145_762.5).unwrap().hz(), 145_762_500);
        assert_eq!(from_khz(433_920.1).unwrap().hz(), 433_920_100);
    }

    #[test]
    fn another_unit_is_refused_with_what_it_would_be() {
        assert!(from_hz(146.55).unwrap_err().ends_with("146.55 MHz is 146550000"));
        assert!(from_hz(146_550.0).unwrap_err().ends_with("146550 kHz is 146550000"));
        assert!(from_hz(7030.0).unwrap_err().ends_with("7030 kHz is 7030000, 7030 MHz is 7030000000"));
        assert!(from_khz(146.55).unwrap_err().ends_with("146.55 MHz is 146550"));
        assert!(from_khz(443_925_000.0).unwrap_err().contains("443925000 Hz is 443925;"));
        assert!(from_khz(145_550_000.0).unwrap_err().contains("145550000 Hz is 145550;"));
        assert!(from_khz(28_050_000.0).unwrap_err().contains("28050000 Hz is 28050;"));
        assert_eq!(from_khz(5_800_000.0).unwrap().hz(), 5_800_000_000);
    }

    #[test]
    fn a_raster_is_at_least_a_few_hertz_and_no_wider_than_its_range() {
        let range = Band::new(145_000_000, 145_100_000).unwrap();
        assert_eq!(raster(12_500.0, &range).unwrap().get(), 12_500);
        for hz in [0.0, -5.0, 25.0, 100.5, 100_001.0, f64::NAN, f64::INFINITY] {
            assert!(raster(hz, &range).unwrap_err().starts_with("`raster_hz` is a whole number"), "{hz}");
        }
    }

    #[test]
    fn an_invalid_frequency_is_refused() {
        for hz in [0.0, -1.0, 1.5e6 + 0.5, 1e12, f64::NAN, f64::INFINITY] {
            assert!(from_hz(hz).is_err(), "{hz}");
            assert!(from_khz(hz / 1000.0).is_err() || hz == 1.5e6 + 0.5, "{hz}");
        }
        assert!(from_khz(145_762.000_1).is_err());
    }
}
