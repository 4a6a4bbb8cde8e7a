//! Frequencies on which a stray signal endangers lives or disturbs services that many depend on, and those on which all
//! emissions are prohibited.
//!
//! Sources: ITU Radio Regulations (RR), edition of 2020, which holds the decisions of WRC-19: article 5 (allocations and
//! footnotes; numbers such as 5.258 are those of its footnotes), article 31 and appendix 15 (frequencies for distress and
//! safety), appendix 27 (aeronautical short wave); ICAO annex 10 volumes I, IV and V; 3GPP TS 36.101 and TS 38.101-1 for
//! cellular bands; ECC for Europe, NTIA for the United States. Other editions number some footnotes otherwise. Where amateurs or short-range
//! devices of one region share what is closed in another (300-320 MHz, 863-870 MHz, 902-928 MHz, 2300-2310 MHz,
//! 2390-2400 MHz, 3300-3450 MHz), the shared part is left out; a band plan closes it.

/// A radio service on whose frequencies nothing may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Protected {
    /// The name by which settings refer to it.
    pub name: &'static str,
    /// The use of the frequencies, in a few words.
    pub what: &'static str,
    /// The regulation or standard that assigns them.
    pub source: &'static str,
    /// The bands in hertz, edges not included.
    pub bands: &'static [(u64, u64)],
}

const KHZ: u64 = 1_000;
const MHZ: u64 = 1_000_000;

/// Returns the band of a single-sideband channel: 3 kHz to either side.
const fn channel(khz: u64, tenths: u64) -> (u64, u64) {
    let hz = khz * KHZ + tenths * 100;
    (hz - 3 * KHZ, hz + 3 * KHZ)
}

/// All protected services, by ascending frequency. They are closed unless the settings allow one.
pub const PROTECTED: &[Protected] = &[
    Protected {
        name: "distress_mf",
        what: "maritime distress calls and their guard band around 2182 kHz",
        source: "RR appendix 15, 5.108 to 5.110",
        bands: &[(2_173_500, 2_190_500)],
    },
    Protected {
        name: "aeronautical_hf",
        what: "air traffic control on short wave, over oceans and deserts",
        source: "RR appendix 27",
        bands: &[
            (2_850_000, 3_025_000),
            (3_400_000, 3_500_000),
            (4_650_000, 4_700_000),
            (5_450_000, 5_680_000),
            (6_525_000, 6_685_000),
            (8_815_000, 8_965_000),
            (10_005_000, 10_100_000),
            (11_275_000, 11_400_000),
            (13_260_000, 13_360_000),
            (17_900_000, 17_970_000),
            (21_924_000, 22_000_000),
        ],
    },
    Protected {
        name: "distress_hf",
        what: "maritime and aeronautical distress, search and rescue, and maritime safety information on short wave",
        source: "RR appendix 15, 5.109 to 5.111, 5.115, 5.130 to 5.132",
        bands: &[
            channel(3023, 0),
            channel(4125, 0),
            channel(4177, 5),
            channel(4207, 5),
            channel(4209, 5),
            channel(5680, 0),
            channel(6215, 0),
            channel(6268, 0),
            channel(6312, 0),
            channel(8291, 0),
            channel(8364, 0),
            channel(8376, 5),
            channel(8414, 5),
            channel(10003, 0),
            channel(12290, 0),
            channel(12520, 0),
            channel(12577, 0),
            channel(14993, 0),
            channel(16420, 0),
            channel(16695, 0),
            channel(16804, 5),
            channel(19680, 5),
            channel(19993, 0),
            channel(22376, 0),
            channel(26100, 5),
        ],
    },
    Protected {
        name: "marker_beacons",
        what: "aeronautical marker beacons",
        source: "RR 5.180; ICAO annex 10 volume I",
        bands: &[(74_800_000, 75_200_000)],
    },
    Protected {
        name: "aeronautical_vhf",
        what: "instrument landing, VOR and the voice of air traffic control",
        source: "RR 5.197A, 5.200; ICAO annex 10 volumes I and V",
        bands: &[(108 * MHZ, 137 * MHZ)],
    },
    Protected {
        name: "distress_121",
        what: "aeronautical distress on 121.5 MHz and 123.1 MHz",
        source: "RR article 31, appendix 15, 5.200",
        bands: &[(121_400_000, 121_600_000), (123_087_500, 123_112_500)],
    },
    Protected {
        name: "distress_156",
        what: "maritime distress, calling and safety: VHF channels 6, 13, 70 and 16 with their guard bands",
        source: "RR article 31, appendix 15, 5.226, 5.227",
        bands: &[
            (156_287_500, 156_312_500),
            (156_487_500, 156_562_500),
            (156_637_500, 156_662_500),
            (156_762_500, 156_837_500),
        ],
    },
    Protected {
        name: "ais",
        what: "the positions of ships, AIS 1 and AIS 2, and its search and rescue transmitters",
        source: "RR appendix 15, appendix 18",
        bands: &[(161_962_500, 161_987_500), (162_012_500, 162_037_500)],
    },
    Protected {
        name: "military_air",
        what: "military aircraft, and the air traffic control that they hear",
        source: "NATO joint civil/military frequency agreement; NTIA G27",
        bands: &[(225 * MHZ, 300 * MHZ), (320 * MHZ, 328_600_000), (335_400_000, 399_900_000)],
    },
    Protected {
        name: "distress_243",
        what: "distress of military aircraft and survival craft on 243 MHz",
        source: "RR appendix 15, 5.256",
        bands: &[(242_950_000, 243_050_000)],
    },
    Protected {
        name: "glide_path",
        what: "the glide path of instrument landing",
        source: "RR 5.258; ICAO annex 10 volume I",
        bands: &[(328_600_000, 335_400_000)],
    },
    Protected {
        name: "emergency_380",
        what: "police, fire and ambulance services by TETRA (Europe)",
        source: "ECC/DEC/(08)05",
        bands: &[(380 * MHZ, 385 * MHZ), (390 * MHZ, 395 * MHZ)],
    },
    Protected {
        name: "beacons_406",
        what: "emergency beacons to the satellites of Cospas-Sarsat",
        source: "RR appendix 15, 5.266, 5.267",
        bands: &[(406 * MHZ, 406_100_000)],
    },
    Protected {
        name: "cellular_600",
        what: "cellular networks and their emergency calls",
        source: "3GPP bands 71, 105",
        bands: &[(612 * MHZ, 703 * MHZ)],
    },
    Protected {
        name: "cellular_700",
        what: "cellular networks and the public-safety networks beside them",
        source: "3GPP bands 12 to 14, 17, 28, 29, 85",
        bands: &[(698 * MHZ, 806 * MHZ)],
    },
    Protected {
        name: "cellular_800",
        what: "cellular networks and public-safety land mobile",
        source: "3GPP bands 5, 18 to 20, 26, 27",
        bands: &[(791 * MHZ, 863 * MHZ), (870 * MHZ, 894 * MHZ)],
    },
    Protected {
        name: "cellular_900",
        what: "cellular networks and those of railways",
        source: "3GPP bands 8, 100",
        bands: &[(874 * MHZ, 902 * MHZ), (928 * MHZ, 960 * MHZ)],
    },
    Protected {
        name: "aeronautical_960",
        what: "DME, TACAN, transponders on 1030 and 1090 MHz, collision avoidance",
        source: "RR 5.328; ICAO annex 10 volumes I and IV",
        bands: &[(960 * MHZ, 1215 * MHZ)],
    },
    Protected {
        name: "gnss_l5",
        what: "satellite navigation: GPS L5, Galileo E5, GLONASS G3, BeiDou B2",
        source: "RR 5.328A, 5.328B",
        bands: &[(1164 * MHZ, 1215 * MHZ)],
    },
    Protected {
        name: "gnss_l2",
        what: "satellite navigation: GPS L2",
        source: "RR 5.328B, 5.329, 5.329A",
        bands: &[(1215 * MHZ, 1240 * MHZ)],
    },
    Protected {
        name: "airport_radar",
        what: "the radars of air traffic control, and weather radars",
        source: "RR 5.337, 5.423",
        bands: &[(1300 * MHZ, 1350 * MHZ), (2700 * MHZ, 2900 * MHZ), (9000 * MHZ, 9200 * MHZ)],
    },
    Protected {
        name: "passive",
        what: "radio astronomy and sounding of the earth: all emissions are prohibited",
        source: "RR 5.340",
        bands: &[
            (1400 * MHZ, 1427 * MHZ),
            (2690 * MHZ, 2700 * MHZ),
            (10_680 * MHZ, 10_700 * MHZ),
            (15_350 * MHZ, 15_400 * MHZ),
        ],
    },
    Protected {
        name: "cellular_1500",
        what: "cellular networks",
        source: "3GPP bands 32, 50, 51, 74 to 76",
        bands: &[(1427 * MHZ, 1518 * MHZ)],
    },
    Protected {
        name: "satellite_distress",
        what: "distress and safety by satellite, and the relays of emergency beacons",
        source: "RR appendix 15, 5.353A, 5.356, 5.375",
        bands: &[(1530 * MHZ, 1545 * MHZ), (1_621_350_000, 1_646_500_000)],
    },
    Protected {
        name: "aeronautical_satellite",
        what: "air traffic control by satellite",
        source: "RR 5.357A",
        bands: &[(1545 * MHZ, 1555 * MHZ), (1_646_500_000, 1_656_500_000)],
    },
    Protected {
        name: "gnss_l1",
        what: "satellite navigation: GPS L1, Galileo E1, GLONASS G1, BeiDou B1",
        source: "RR 5.328B, 5.329A",
        bands: &[(1559 * MHZ, 1610 * MHZ)],
    },
    Protected {
        name: "cellular_1800",
        what: "cellular networks",
        source: "3GPP bands 3, 4, 66, 70",
        bands: &[(1695 * MHZ, 1880 * MHZ)],
    },
    Protected {
        name: "cellular_2100",
        what: "cellular networks, and cordless telephones (DECT)",
        source: "3GPP bands 1, 2, 25, 34, 39, 65, 66",
        bands: &[(1850 * MHZ, 2025 * MHZ), (2110 * MHZ, 2200 * MHZ)],
    },
    Protected {
        name: "cellular_2300",
        what: "cellular networks",
        source: "3GPP bands 30, 40",
        bands: &[(2310 * MHZ, 2390 * MHZ)],
    },
    Protected {
        name: "cellular_2600",
        what: "cellular networks",
        source: "3GPP bands 7, 38, 41",
        bands: &[(2496 * MHZ, 2690 * MHZ)],
    },
    Protected {
        name: "cellular_3500",
        what: "cellular networks",
        source: "3GPP bands 42, 43, 48, n77, n78",
        bands: &[(3450 * MHZ, 4200 * MHZ)],
    },
    Protected {
        name: "radio_altimeters",
        what: "the height of aircraft above ground",
        source: "RR 5.438",
        bands: &[(4200 * MHZ, 4400 * MHZ)],
    },
    Protected {
        name: "cellular_4700",
        what: "cellular networks",
        source: "3GPP band n79",
        bands: &[(4400 * MHZ, 5000 * MHZ)],
    },
    Protected {
        name: "landing_5ghz",
        what: "microwave landing, and the control of unmanned aircraft",
        source: "RR 5.443C, 5.444; ICAO annex 10 volume I",
        bands: &[(5030 * MHZ, 5150 * MHZ)],
    },
    Protected {
        name: "radar_transponders",
        what: "search and rescue radar transponders, and the radars of ships and aircraft",
        source: "RR appendix 15, 5.474",
        bands: &[(9200 * MHZ, 9500 * MHZ)],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_there_once_with_its_bands_in_order_and_documented() {
        let names: std::collections::BTreeSet<_> = PROTECTED.iter().map(|service| service.name).collect();
        assert_eq!(names.len(), PROTECTED.len());
        for service in PROTECTED {
            let (named, mhz) = (format!("| `{}` | {} | ", service.name, service.what), |hz: u64| hz as f64 / 1e6);
            let row = include_str!("../../../docs/frequencies.md").lines().find(|line| line.starts_with(&named));
            let documented = |(low, high): &(u64, u64)| row.unwrap().contains(&format!("{}-{}", mhz(*low), mhz(*high)));
            assert!(
                row.is_some() && service.bands.iter().all(documented),
                "docs/frequencies.md lacks {}",
                service.name
            );
            assert!(!service.bands.is_empty() && service.bands.iter().all(|(low, high)| low < high), "{service:?}");
        }
    }
}
