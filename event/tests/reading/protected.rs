//! Frequencies that challenges must not use.

use crate::support::{Folder, assert_refused, yaml_problems};
use challengectl_common::FrequencyRules;
use challengectl_event::Reader;

fn event(tuning: &str) -> String {
    format!("- {{name: M, modulation: cw, text: CQ, {tuning}}}\n")
}

fn rules(json: &str) -> FrequencyRules {
    serde_json::from_str(json).unwrap()
}

fn problems(tuning: &str, rules: FrequencyRules) -> Vec<String> {
    let folder = Folder::new().with("event/challenges.yml", event(tuning));
    let reading = Reader::new(rules).read(&folder.path("event/challenges.yml"), None);
    reading.problems.into_iter().map(|problem| problem.text).collect()
}

#[test]
fn a_challenge_on_a_protected_frequency_is_refused_with_its_name_and_the_way_out() {
    let refused = yaml_problems(&event("frequency: 121500000"));
    assert_refused(&refused, &["1 M: the signal, 121.5", "aeronautical_vhf and distress_121", "allowed_protected"]);
    // The tone lies 700 Hz above.
    assert_refused(&yaml_problems(&event("frequency: 156762000")), &["distress_156"]);
    let csv = "conf,1,2\n1,M,CQ,cw,,,60,90,243000,,\n";
    let folder = Folder::new().with("event/flags.csv", csv);
    assert_refused(&folder.problems("event/flags.csv"), &["2 M:", "distress_243"]);
}

#[test]
fn a_range_that_overlaps_a_protected_band_is_refused() {
    let range = "manual_frequency_range: {min_hz: 1555000000, max_hz: 1560000000}";
    assert_refused(&yaml_problems(&event(range)), &["1 M: the range, 1555.000000 to 1560.000000 MHz", "gnss_l1"]);
    let beside = "manual_frequency_range: {min_hz: 1555000000, max_hz: 1559000000}";
    assert_eq!(problems(beside, FrequencyRules::default()), [""; 0]);
}

#[test]
fn a_protected_frequency_that_the_settings_allow_with_a_reason_is_accepted() {
    let allowed = r#"{"allowed_protected": [{"band": "gnss_l1", "reason": "shielded room, permit 7"}]}"#;
    assert_eq!(problems("frequency: 1575420000", rules(allowed)), [""; 0]);
    assert_eq!(problems("frequency: 1227600000", rules(allowed)).len(), 1);
}

#[test]
fn frequencies_outside_of_the_band_plan_are_refused() {
    let plan = r#"{"band_plan": ["144000000-146000000"]}"#;
    assert_eq!(problems("frequency: 145550000", rules(plan)), [""; 0]);
    let outside = problems("frequency: 146550000", rules(plan));
    assert_refused(&outside, &["leaves frequency_rules.band_plan"]);
    assert_refused(&problems("frequency_ranges: [ham_144]", rules(plan)), &["the range, 144.000000 to 148.000000 MHz"]);
}
