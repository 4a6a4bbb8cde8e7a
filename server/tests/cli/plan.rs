//! `plan`.

use crate::folder::{EVENT, Folder, text};
use serde_json::Value;

const RADIOS: &str = "
server: https://server.example:8443
callsign: DL0XYZ
radios:
  - {id: vhf, driver: file, directory: x, frequency_limits: [\"144000000-148000000\"], duty_cycle: 0.5}
  - id: rehearsal
    driver: null
";

fn planned(folder: &Folder, arguments: &[&str]) -> Value {
    serde_json::from_str(&folder.succeeds(&[&["plan", "--json"], arguments].concat())).unwrap()
}

#[test]
fn an_event_and_radios_of_files_are_planned_without_a_database() {
    let folder = Folder::new();
    folder.write("roof.yml", RADIOS);
    folder.write("wide.yml", &format!("{EVENT}  - {{name: UHF_1, modulation: cw, frequency: 433920000, text: E}}\n"));
    let plan = planned(&folder, &["--event", "wide.yml", "--radios", "roof.yml", "--hours", "2"]);
    assert_eq!((&plan["hours"], &plan["open_hours"]), (&2.0.into(), &2.0.into()));
    let names: Vec<_> = plan["challenges"].as_array().unwrap().iter().map(|one| one["challenge"].clone()).collect();
    assert_eq!(names, ["MORSE_1", "MORSE_2"]);
    assert_eq!(plan["never"][0]["challenge"], "UHF_1");
    assert!(plan["never"][0]["why"].as_str().unwrap().contains("outside the limits of every radio"));
    // A radio that sends nothing gets no work.
    assert_eq!(plan["radios"].as_array().unwrap().len(), 1);
    let radio = &plan["radios"][0];
    assert_eq!((&radio["runner_id"], &radio["radio_id"]), (&"roof".into(), &"vhf".into()));
    assert!(radio["load"].as_f64().unwrap() > 0.0 && radio["resting"].as_f64().unwrap() > 0.0);
    assert!(!folder.path().join("data").exists());

    let again = planned(&folder, &["--event", "wide.yml", "--radios", "cellar=roof.yml", "--hours", "2"]);
    assert_eq!(again["radios"][0]["runner_id"], "cellar");
    let shown = folder.succeeds(&["plan", "--event", "wide.yml", "--radios", "roof.yml"]);
    for part in ["MORSE_1 ", "145.550 MHz", "roof/vhf", "UHF_1 never goes on air: its frequency"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn what_is_stored_is_planned_as_it_is_enabled() {
    let folder = Folder::begun();
    folder.write("roof.yml", RADIOS);
    assert_eq!(planned(&folder, &["--radios", "roof.yml"])["challenges"].as_array().unwrap().len(), 2);
    // Nobody has registered yet.
    let never = planned(&folder, &[])["never"].clone();
    assert_eq!(never.as_array().unwrap().len(), 2);
    assert_eq!(never[0]["why"], "no runner is registered and enabled: start one");
    let only =
        EVENT.replace("text: CQ FLAG}\n  - {name: MORSE_2", "text: CQ FLAG, enabled: false}\n  - {name: MORSE_2");
    folder.write("challenges.yml", &only);
    folder.succeeds(&["import", "challenges.yml"]);
    assert_eq!(planned(&folder, &["--radios", "roof.yml"])["challenges"][0]["challenge"], "MORSE_2");
}

#[test]
fn what_cannot_be_planned_is_told_with_its_place() {
    let folder = Folder::new();
    folder.write("bad.yml", "radios: [{id: a, driver: file, duty_cycle: 25}]\n");
    folder.write("good.yml", "radios: [{id: a, driver: file}]\n");
    let refused = folder.fails(&["plan", "--event", "challenges.yml", "--radios", "bad.yml"]);
    assert!(refused.contains("bad.yml") && refused.contains("25 is no duty cycle"), "{refused}");
    let refused = folder.fails(&["plan", "--event", "challenges.yml", "--radios", "none.yml"]);
    assert!(refused.contains("none.yml"), "{refused}");
    let refused = folder.fails(&["plan", "--event", "none.yml", "--radios", "good.yml"]);
    assert!(refused.contains("none.yml"), "{refused}");
    assert!(folder.fails(&["plan"]).contains("there is no database"), "without anything");
    let wrong = folder.run(&["plan", "--hours", "0"]);
    assert_eq!(wrong.status.code(), Some(2), "{}", text(&wrong.stderr));
}
