//! The frequencies that may be used, whatever a radio can tune to: the bands of a licence without the protected ones.

use super::protected::{PROTECTED, Protected};
use super::{Band, Frequency};
use crate::closest;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// The frequencies on which signals may be sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FrequencyRules {
    /// The bands of the licence; every signal must lie within one of them. Empty: no limit.
    pub band_plan: Vec<Band>,
    /// The protected services whose frequencies may be used nevertheless.
    pub allowed_protected: Vec<Exception>,
}

/// A protected service whose frequencies may be used nevertheless, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ExceptionText", into = "ExceptionText")]
pub struct Exception {
    service: &'static Protected,
    reason: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExceptionText {
    band: String,
    reason: String,
}

impl Exception {
    /// The protected service.
    #[must_use]
    pub fn service(&self) -> &'static Protected {
        self.service
    }

    /// Why its frequencies may be used, as given in the settings; never empty.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl TryFrom<ExceptionText> for Exception {
    type Error = String;

    fn try_from(ExceptionText { band, reason }: ExceptionText) -> Result<Self, String> {
        let Some(service) = PROTECTED.iter().find(|service| service.name == band) else {
            let names = || PROTECTED.iter().map(|service| service.name);
            let way_out = match closest(&band, names()) {
                Some(meant) => format!("did you mean {meant:?}?"),
                None => format!("there are {}", names().collect::<Vec<_>>().join(", ")),
            };
            return Err(format!("there is no protected band {band:?}; {way_out}"));
        };
        if reason.trim().is_empty() {
            return Err(format!("protected band {band:?} needs a reason: who permits its use, and where"));
        }
        Ok(Self { service, reason })
    }
}

impl From<Exception> for ExceptionText {
    fn from(exception: Exception) -> Self {
        Self { band: exception.service.name.to_owned(), reason: exception.reason }
    }
}

impl FrequencyRules {
    /// Returns the protected services that the settings do not allow: no signal may touch their frequencies.
    pub fn closed(&self) -> impl Iterator<Item = &'static Protected> {
        PROTECTED.iter().filter(|service| !self.allowed_protected.iter().any(|allowed| allowed.service == *service))
    }

    /// Returns the bands that no part of a signal may touch, edges included.
    pub fn closed_bands(&self) -> impl Iterator<Item = Band> {
        let inner = |(low, high): &(u64, u64)| Band::new(low + 1, high - 1);
        self.closed().flat_map(|service| service.bands).filter_map(inner)
    }

    /// Returns the band plan with adjacent bands joined; empty if there is no plan.
    #[must_use]
    pub fn plan(&self) -> Vec<Band> {
        let mut sorted = self.band_plan.clone();
        sorted.sort_unstable();
        let mut plan: Vec<Band> = Vec::with_capacity(sorted.len());
        for band in sorted {
            match plan.last_mut() {
                Some(last) if band.low() <= last.high() => {
                    *last = Band::new(last.low(), last.high().max(band.high())).unwrap_or(*last);
                }
                _ => plan.push(band),
            }
        }
        plan
    }

    /// Checks a signal on one nominal frequency. `occupied` is in hertz relative to it.
    ///
    /// # Errors
    /// One sentence: the band of the signal, the rule that it breaks, and the way out.
    pub fn check(&self, frequency: Frequency, occupied: &Range<f64>) -> Result<(), String> {
        self.check_band(&frequency.band(occupied), "the signal")
    }

    /// Checks a range from which frequencies are drawn.
    ///
    /// # Errors
    /// One sentence: the range, the rule that it breaks, and the way out.
    pub fn check_range(&self, range: &Band) -> Result<(), String> {
        self.check_band(range, "the range")
    }

    fn check_band(&self, band: &Band, what: &str) -> Result<(), String> {
        let plan = self.plan();
        if !plan.is_empty() && !plan.iter().any(|planned| planned.contains(band)) {
            return Err(format!("{what}, {}, leaves frequency_rules.band_plan; choose another frequency", shown(band)));
        }
        let touched = |service: &&Protected| service.bands.iter().any(|edges| overlaps(edges, band));
        let touched: Vec<_> = self.closed().filter(touched).collect();
        let Some(first) = touched.first() else { return Ok(()) };
        let names: Vec<_> = touched.iter().map(|service| service.name).collect();
        Err(format!(
            "{what}, {}, touches protected frequencies: {} ({}); choose another frequency, or name {} with a reason in \
             frequency_rules.allowed_protected",
            shown(band),
            first.what,
            first.source,
            names.join(" and "),
        ))
    }
}

fn overlaps((low, high): &(u64, u64), band: &Band) -> bool {
    band.low() < *high && *low < band.high()
        // A signal of zero width is one frequency.
        || band.low() == band.high() && *low < band.low() && band.high() < *high
}

fn shown(band: &Band) -> String {
    let mhz = |hz: u64| format!("{}.{:06}", hz / 1_000_000, hz % 1_000_000);
    format!("{} to {} MHz", mhz(band.low()), mhz(band.high()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NARROW: Range<f64> = -5_000.0..5_000.0;

    fn rules(text: &str) -> Result<FrequencyRules, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    fn allowed(names: &[&str]) -> FrequencyRules {
        let entries = names.iter().map(|name| format!("{{\"band\": \"{name}\", \"reason\": \"shielded room\"}}"));
        rules(&format!("{{\"allowed_protected\": [{}]}}", entries.collect::<Vec<_>>().join(","))).unwrap()
    }

    fn check(rules: &FrequencyRules, hz: u64) -> Result<(), String> {
        rules.check(Frequency::from_hz(hz).unwrap(), &NARROW)
    }

    #[test]
    fn protected_frequencies_are_refused_by_name_counting_bandwidth() {
        for (hz, name) in [
            (2_182_000, "distress_mf"),
            (8_364_000, "distress_hf"),
            (8_414_500, "distress_hf"),
            (8_891_000, "aeronautical_hf"),
            (10_003_000, "distress_hf"),
            (22_376_000, "distress_hf"),
            (118_000_000, "aeronautical_vhf"),
            (156_525_000, "distress_156"),
            (156_800_000, "distress_156"),
            (162_025_000, "ais"),
            (243_000_000, "distress_243"),
            (255_400_000, "military_air"),
            (334_700_000, "glide_path"),
            (392_500_000, "emergency_380"),
            (406_050_000, "beacons_406"),
            (406_104_000, "beacons_406"),
            (750_000_000, "cellular_700"),
            (942_000_000, "cellular_900"),
            (1_090_000_000, "aeronautical_960"),
            (1_176_450_000, "gnss_l5"),
            (1_227_600_000, "gnss_l2"),
            (1_420_400_000, "passive"),
            (1_550_000_000, "aeronautical_satellite"),
            (1_575_420_000, "gnss_l1"),
            (1_702_500_000, "cellular_1800"),
            (2_140_000_000, "cellular_2100"),
            (2_498_000_000, "cellular_2600"),
            (2_695_000_000, "passive"),
            (2_800_000_000, "airport_radar"),
            (4_100_000_000, "cellular_3500"),
            (4_700_000_000, "cellular_4700"),
            (5_120_000_000, "landing_5ghz"),
        ] {
            let refused = check(&FrequencyRules::default(), hz).unwrap_err();
            assert!(refused.contains(&format!("name {name}")) || refused.contains(&format!("{name} ")), "{refused}");
            assert!(refused.contains("frequency_rules.allowed_protected"), "{refused}");
        }
        assert!(
            check(&FrequencyRules::default(), 121_500_000).unwrap_err().contains("aeronautical_vhf and distress_121")
        );
    }

    #[test]
    fn frequencies_that_events_use_are_allowed() {
        for mhz in [14.07, 28.05, 50.125, 88.1, 145.65, 146.98, 162.4, 222.5, 315.0, 429.675, 433.92, 448.92, 467.75] {
            check(&FrequencyRules::default(), (mhz * 1e6) as u64).unwrap();
        }
        for mhz in [868.3, 905.85, 910.55, 915.0, 1250.0, 1296.1, 2304.1, 2395.0, 2441.0, 3400.1, 5800.0, 10_368.1] {
            check(&FrequencyRules::default(), (mhz * 1e6) as u64).unwrap();
        }
        for (low, high) in
            [(50, 54), (88, 108), (144, 148), (222, 225), (420, 450), (902, 928), (1240, 1300), (137, 138)]
        {
            let range = Band::new(low * 1_000_000, high * 1_000_000).unwrap();
            FrequencyRules::default().check_range(&range).unwrap();
        }
    }

    #[test]
    fn a_band_opens_only_when_each_service_in_it_is_named_with_a_reason() {
        assert!(check(&allowed(&["aeronautical_vhf"]), 121_500_000).unwrap_err().contains("distress_121"));
        check(&allowed(&["aeronautical_vhf", "distress_121"]), 121_500_000).unwrap();
        let one = |band: &str, reason: &str| {
            rules(&format!("{{\"allowed_protected\": [{{\"band\": \"{band}\", \"reason\": \"{reason}\"}}]}}"))
        };
        assert!(one("gnss_l1", " ").unwrap_err().contains("needs a reason"));
        assert!(one("gnss_11", "test").unwrap_err().contains("did you mean \"gnss_l1\"?"));
    }

    #[test]
    fn a_signal_stays_within_the_band_plan() {
        let plan = rules("{\"band_plan\": [\"146000000-148000000\", \"144000000-146000000\"]}").unwrap();
        check(&plan, 146_000_000).unwrap();
        assert!(check(&plan, 147_996_000).unwrap_err().contains("leaves frequency_rules.band_plan"));
        assert!(check(&plan, 433_920_000).is_err());
        let ham = Band::new(144_000_000, 148_000_000).unwrap();
        plan.check_range(&ham).unwrap();
        assert!(plan.check_range(&ham.widened(1)).is_err());
    }

    #[test]
    fn rules_read_back_what_they_write() {
        let rules = allowed(&["ais"]);
        assert_eq!(serde_json::from_value::<FrequencyRules>(serde_json::to_value(&rules).unwrap()).unwrap(), rules);
    }
}
