//! Challenges, as operators manage them.

use crate::site::{Answer, MORSE, Site, fields, is_timestamp, write_wav};
use challengectl_common::Digest;
use challengectl_coordinator::Role;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// Time limit, far longer than any step takes, so that a poll that is not woken fails the test.
const LIMIT: Duration = Duration::from_secs(30);

const EVENT: &str = "
challenges:
  - {name: A_FIXED, modulation: cw, frequency: 145550000, text: FLAG ONE, parameters: {wpm: 18}, min_delay: 1.5}
  - {name: B_VOICE, modulation: nbfm, frequency_ranges: [ham_440], file: secret-word.wav, enabled: false}
";

async fn site() -> Site {
    let site = Site::start().await;
    write_wav(&site.folder.path().join("secret-word.wav"));
    site.import(EVENT).await;
    site
}

fn success(message: &str) -> Value {
    json!({"status": "success", "message": message})
}

#[tokio::test]
async fn challenges_are_listed_in_the_documented_form() {
    let site = site().await;
    let admin = site.browser("ada", Role::Admin).await;
    let answer = admin.get("/api/challenges").await;
    assert_eq!((answer.status, fields(&answer.body)), (200, vec!["challenges"]));
    let shown = &answer.body["challenges"][0];
    let view = json!({
        "show_challenge": true, "show_modulation": true, "show_frequency": true, "show_last_tx_time": true,
        "show_active_status": true,
    });
    assert!(is_timestamp(&shown["next_run"]) && shown["duration"].as_f64() > Some(1.0));
    let expected = json!({
        "challenge_id": 1, "name": "A_FIXED", "frequency": 145_550_000, "modulation": "cw", "state": "queued",
        "enabled": true, "last_run": null, "min_delay": 1.5, "max_delay": 90, "parameters": shown["parameters"],
        "priority": 0, "failures": 0, "triggered": false, "next_run": shown["next_run"],
        "duration": shown["duration"], "occupied": shown["occupied"], "public_view": view, "only_on": [], "flag_file": null, "flag_hash": null,
        "text": "FLAG ONE",
    });
    assert_eq!(*shown, expected);
    let one = admin.get("/api/challenges/2").await;
    assert_eq!((one.status, fields(&one.body)), (200, vec!["challenge"]));
    let one = &one.body["challenge"];
    assert_eq!((&one["flag_file"], &one["frequency"]), (&json!("secret-word.wav"), &Value::Null));
    assert_eq!((&one["frequency_ranges"], &one["enabled"]), (&json!(["ham_440"]), &json!(false)));
    for id in ["3", "0", "-1", "x", "99999999999999999999"] {
        admin.get(&format!("/api/challenges/{id}")).await.is_error(404, "not found");
    }
}

#[tokio::test]
async fn only_admins_see_flags_and_only_operators_act() {
    let site = site().await;
    let (viewer, operator) = (site.browser("vic", Role::Viewer).await, site.browser("oli", Role::Operator).await);
    for person in [&viewer, &operator] {
        for path in ["/api/challenges", "/api/challenges/1", "/api/challenges/2"] {
            let shown = person.get(path).await.body.to_string();
            assert!(!shown.contains("FLAG") && !shown.contains("secret") && !shown.contains("flag_"), "{shown}");
        }
    }
    for (path, body) in [("/api/challenges/1/enable", json!({})), ("/api/challenges/1/trigger", json!({}))] {
        viewer.post(path, body).await.is_error(403, "forbidden");
    }
    viewer.put("/api/challenges/1", json!({"priority": 1})).await.is_error(403, "forbidden");
    operator.post("/api/challenges", json!({})).await.is_error(403, "forbidden");
    operator.delete("/api/challenges/1").await.is_error(403, "forbidden");
    site.get("/api/challenges").await.is_error(401, "authentication required");
}

#[tokio::test]
async fn given_fields_change_and_the_others_stay() {
    let site = site().await;
    let admin = site.browser("ada", Role::Admin).await;
    let before = admin.get("/api/challenges/1").await.body["challenge"].clone();
    let hidden = json!({"show_frequency": false});
    let change = json!({"enabled": false, "min_delay": 120, "max_delay": 180, "public_view": hidden});
    let answer = admin.put("/api/challenges/1", change).await;
    assert_eq!((answer.status, answer.body), (200, success("Challenge updated successfully")));
    let answer = admin.put("/api/challenges/1", json!({"public_view": {"show_modulation": false}})).await;
    assert_eq!(answer.status, 200);
    let after = admin.get("/api/challenges/1").await.body["challenge"].clone();
    for field in fields(&before) {
        let same = !["enabled", "min_delay", "max_delay", "public_view"].contains(&field);
        assert_eq!(before[field] == after[field], same, "{field}");
    }
    assert_eq!(
        (&after["enabled"], &after["min_delay"], &after["max_delay"]),
        (&json!(false), &json!(120), &json!(180))
    );
    // An omitted switch stays as it was.
    let view = &after["public_view"];
    assert_eq!(
        (&view["show_frequency"], &view["show_modulation"], &view["show_challenge"]),
        (&json!(false), &json!(false), &json!(true))
    );
    let moved = json!({"name": "A_MOVED", "manual_frequency_range": {"min_hz": 144_000_000, "max_hz": 146_000_000}});
    assert_eq!(admin.put("/api/challenges/1", moved).await.status, 200);
    let after = &admin.get("/api/challenges/1").await.body["challenge"];
    let band = json!({"min_hz": 144_000_000, "max_hz": 146_000_000});
    assert_eq!(
        (&after["name"], &after["frequency"], &after["manual_frequency_range"]),
        (&json!("A_MOVED"), &Value::Null, &band)
    );
}

#[tokio::test]
async fn a_change_that_could_not_go_on_air_is_refused_and_nothing_changes() {
    let site = site().await;
    let admin = site.browser("ada", Role::Admin).await;
    let before = admin.get("/api/challenges").await.body;
    for (id, change, why) in [
        (1, json!({"colour": 1}), "colour: unknown field `colour`"),
        (1, json!({"challenge_id": 2}), "challenge_id: is 1 and read-only"),
        (1, json!({"state": "assigned"}), "state: is \"queued\" and read-only"),
        (1, json!({"enabled": "yes"}), "enabled: invalid type"),
        (1, json!([]), "must be an object"),
        (1, json!({"name": ""}), "`name`: a challenge name must not be empty"),
        (1, json!({"modulation": "laser"}), "laser"),
        (1, json!({"parameters": {"wpm": 9999}}), "wpm"),
        (1, json!({"parameters": {"wpmm": 18}}), "wpm"),
        (1, json!({"text": ""}), "its text is empty"),
        (1, json!({"text": "\u{1f4fb}"}), ""),
        (1, json!({"frequency": 145.55}), "145.55 MHz is 145550000"),
        (1, json!({"frequency": 1, "frequency_ranges": ["ham_144"]}), "only one of `frequency`"),
        (1, json!({"frequency_ranges": ["ham_14"]}), "did you mean"),
        (1, json!({"manual_frequency_range": {"min_hz": 2_000_000, "max_hz": 1_000_000}}), "below the upper edge"),
        (1, json!({"min_delay": 100}), "the shortest delay, 100 s, is above the longest"),
        (1, json!({"max_delay": 1e300}), "is not a delay"),
        (1, json!({"public_view": {"show_all": true}}), "unknown key `show_all`"),
        (1, json!({"flag_hash": "0".repeat(64)}), "upload it first"),
        (1, json!({"flag_hash": "x"}), "flag_hash: "),
        (1, json!({"flag_hash": "0".repeat(64), "flag_file": "a\nb"}), "flag_file: "),
        (1, json!({"flag_file": "/etc/passwd"}), "needs flag_hash"),
        (2, json!({"text": "FLAG"}), ""),
    ] {
        let answer = admin.put(&format!("/api/challenges/{id}"), change.clone()).await;
        answer.is_error(400, "invalid request");
        assert!(answer.body["details"].as_str().unwrap().contains(why), "{change}: {}", answer.body);
    }
    admin.put("/api/challenges/1", json!({"name": "B_VOICE"})).await.is_error(409, "conflict");
    admin.put("/api/challenges/9", json!({})).await.is_error(404, "not found");
    assert_eq!(admin.get("/api/challenges").await.body, before);
}

#[tokio::test]
async fn a_whole_answer_can_be_sent_back_with_a_change() {
    let site = site().await;
    for (person, id) in [(site.browser("oli", Role::Operator).await, 1), (site.browser("ada", Role::Admin).await, 2)] {
        let path = format!("/api/challenges/{id}");
        let mut whole = person.get(&path).await.body["challenge"].clone();
        assert_eq!(person.put(&path, whole.clone()).await.status, 200);
        assert_eq!(person.get(&path).await.body["challenge"], whole, "nothing has changed");
        whole["min_delay"] = json!(30.5);
        let answer = person.put(&path, whole.clone()).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(person.get(&path).await.body["challenge"], whole);
    }
}

#[tokio::test]
async fn the_body_of_enable_takes_precedence() {
    let site = site().await;
    let operator = site.browser("oli", Role::Operator).await;
    let runner = site.runner("roof").await;
    for (path, shown, one) in
        [("/api/challenges/1", "/api/challenges/1", "challenge"), ("/api/runners/roof", "/api/runners/roof", "runner")]
    {
        let enable = format!("{path}/enable");
        let is_on = async || operator.get(shown).await.body[one]["enabled"].clone();
        let answer = operator.post(&enable, json!({"enabled": false})).await;
        assert!(answer.body["message"].as_str().unwrap().ends_with(" disabled"), "{}", answer.body);
        assert_eq!(is_on().await, false);
        for wrong in
            [json!([]), json!("off"), json!(false), json!({"enabled": "no"}), json!({"enable": false}), json!(null)]
        {
            operator.post(&enable, wrong).await.is_error(400, "invalid request");
        }
        assert_eq!(is_on().await, false);
        assert_eq!(operator.post(&enable, json!({"enabled": true})).await.status, 200);
        assert_eq!(is_on().await, true);
        operator.post(&format!("{path}/disable"), json!({})).await;
        let bare = Answer::of(operator.request(Method::POST, &enable)).await;
        assert!(bare.body["message"].as_str().unwrap().ends_with(" enabled"), "{}", bare.body);
        assert_eq!(is_on().await, true);
    }
    drop(runner);
}

#[tokio::test]
async fn error_details_show_no_flag_to_an_operator() {
    let site = Site::start().await;
    write_wav(&site.folder.path().join("secret-word.wav"));
    site.import(
        "challenges:
  - {name: A, modulation: pocsag, frequency: 145550000, text: 'flag{<hidden>}', parameters: {capcode: 8}}
  - {name: B, modulation: nbfm, frequency: 145650000, file: secret-word.wav}
",
    )
    .await;
    let (admin, operator) = (site.browser("ada", Role::Admin).await, site.browser("oli", Role::Operator).await);
    let hash = admin.get("/api/challenges/2").await.body["challenge"]["flag_hash"].as_str().unwrap().to_owned();
    let changes = [
        (1, json!({"modulation": "cw", "parameters": {}})),
        (1, json!({"modulation": "nbfm", "parameters": {}})),
        (2, json!({"modulation": "cw"})),
        (2, json!({"manual_frequency_range": {"min_hz": 145_000_000, "max_hz": 145_000_001}})),
    ];
    let refused = async |id: i64, change: &Value| {
        let answer = operator.put(&format!("/api/challenges/{id}"), change.clone()).await;
        answer.is_error(400, "invalid request");
        answer.body["details"].as_str().unwrap().to_owned()
    };
    for (id, change) in &changes {
        let details = refused(*id, change).await;
        for secret in ["hidden", "'<'", "flag{", "secret", &hash, &hash[..8]] {
            assert!(!details.contains(secret), "{change}: {details}");
        }
    }
    // Details without the flag are shown, and admins get all details.
    let details = refused(1, &json!({"modulation": "cw", "parameters": {"wpm": 9999}})).await;
    assert!(details.contains("wpm"), "{details}");
    let details = refused(1, &json!({"text": "MY OWN ♥", "modulation": "cw", "parameters": {}})).await;
    assert!(details.contains('♥'), "{details}");
    let answer = admin.put("/api/challenges/1", changes[0].1.clone()).await.body;
    assert!(answer["details"].as_str().unwrap().contains('{'), "{answer}");
    // A file that is damaged on the disk.
    std::fs::remove_file(site.data_dir().join("files").join(&hash[..2]).join(&hash)).unwrap();
    let details = refused(2, &json!({"max_delay": 100})).await;
    assert!(!details.contains(&hash[..8]) && !details.contains("secret"), "{details}");
}

#[tokio::test]
async fn names_that_look_alike_are_refused() {
    let site = site().await;
    let admin = site.browser("ada", Role::Admin).await;
    let named = |name: &str| json!({"name": name, "modulation": "cw", "frequency": 146_000_000, "text": "X"});
    for alike in ["a_fixed", "А_FIXED", "A_FI\u{200d}XED", "Ａ_FIXED"] {
        let answer = admin.post("/api/challenges", named(alike)).await;
        answer.is_error(409, "conflict");
        assert!(answer.body["details"].as_str().unwrap().contains("looks like \"A_FIXED\""), "{}", answer.body);
        admin.put("/api/challenges/2", json!({"name": alike})).await.is_error(409, "conflict");
    }
    for unseen in ["A\u{202e}B", "A\u{200b}B"] {
        let answer = admin.post("/api/challenges", named(unseen)).await;
        answer.is_error(400, "invalid request");
        assert!(answer.body["details"].as_str().unwrap().contains("invisible character U+20"), "{}", answer.body);
    }
    for step in [".", ".."] {
        admin.post("/api/challenges", named(step)).await.is_error(400, "invalid request");
    }
    // A challenge's own name in another case is accepted.
    assert_eq!(admin.put("/api/challenges/1", json!({"name": "A_Fixed"})).await.status, 200);
    assert_eq!(admin.post("/api/challenges", named("A_FIXED_2")).await.status, 201);
}

#[tokio::test]
async fn a_challenge_on_air_is_cut_only_by_changes_to_its_signal() {
    let site = site().await;
    let operator = site.browser("oli", Role::Operator).await;
    let runner = site.runner("roof").await;
    let task = runner.task().await;
    assert_eq!(operator.put("/api/challenges/1", json!({"priority": 5, "max_delay": 99})).await.status, 200);
    assert_eq!(runner.get("task?wait=0.05").await.body, json!({"task": null}));
    let (answer, changed) = tokio::join!(
        tokio::time::timeout(LIMIT, runner.get("task?wait=60")),
        operator.put("/api/challenges/1", json!({"text": "NEW FLAG"})),
    );
    assert_eq!(changed.status, 200);
    assert_eq!(answer.unwrap().body["abort"], json!([task["assignment_id"]]));
    runner.post("complete", json!({"challenge_id": 1, "status": "aborted"})).await;
    assert_eq!(runner.task().await["parameters"]["text"], "NEW FLAG");
}

#[tokio::test]
async fn a_challenge_is_created_and_deleted() {
    let site = site().await;
    let admin = site.browser("ada", Role::Admin).await;
    let wav = Digest::of(&std::fs::read(site.folder.path().join("secret-word.wav")).unwrap());
    let form = json!({
        "name": "C_NEW", "modulation": "usb", "frequency": 146_000_000, "flag_hash": wav, "priority": 9,
        "parameters": {"wav_samplerate": 48000}, "public_view": {"show_challenge": false},
    });
    let answer = admin.post("/api/challenges", form.clone()).await;
    let expected = json!({"status": "success", "message": "Challenge created successfully", "challenge_id": 3});
    assert_eq!((answer.status, answer.body), (201, expected));
    admin.post("/api/challenges", form).await.is_error(409, "conflict");
    admin.post("/api/challenges", json!({"name": "D"})).await.is_error(400, "invalid request");
    let shown = &admin.get("/api/challenges/3").await.body["challenge"];
    assert_eq!((&shown["modulation"], &shown["parameters"]["mode"]), (&json!("ssb"), &json!("usb")));
    assert_eq!((&shown["flag_hash"], &shown["flag_file"]), (&json!(wav), &json!("secret-word.wav")));
    assert_eq!(shown["public_view"]["show_challenge"], false);

    let runner = site.runner("roof").await;
    let task = runner.task().await;
    assert_eq!((&task["name"], &task["flag_hash"]), (&json!("C_NEW"), &json!(wav)));
    let (poll, deleted) =
        tokio::join!(tokio::time::timeout(LIMIT, runner.get("task?wait=60")), admin.delete("/api/challenges/3"),);
    assert_eq!((deleted.status, deleted.body), (200, success("Challenge deleted successfully")));
    // The poll may have received the other challenge first.
    let abort = poll.unwrap().body["abort"].clone();
    assert!(abort == json!([task["assignment_id"]]) || abort == Value::Null, "{abort}");
    assert_eq!(runner.post("heartbeat", json!({})).await.body["abort"], json!([task["assignment_id"]]));
    assert_eq!(runner.post("complete", json!({"challenge_id": 3, "status": "aborted"})).await.status, 200);
    admin.get("/api/challenges/3").await.is_error(404, "not found");
    admin.delete("/api/challenges/3").await.is_error(404, "not found");
}

#[tokio::test]
async fn a_challenge_is_disabled_and_enabled() {
    let site = site().await;
    let operator = site.browser("oli", Role::Operator).await;
    let runner = site.runner("roof").await;
    let task = runner.task().await;
    for _ in 0..2 {
        let answer = operator.post("/api/challenges/1/disable", json!({})).await;
        assert_eq!((answer.status, answer.body), (200, success("Challenge disabled")));
    }
    assert_eq!(runner.post("heartbeat", json!({})).await.body["abort"], json!([task["assignment_id"]]));
    runner.post("complete", json!({"challenge_id": 1, "status": "aborted"})).await;
    assert_eq!(runner.task().await, Value::Null);
    let answer = operator.post("/api/challenges/1/enable", json!({})).await;
    assert_eq!((answer.status, answer.body), (200, success("Challenge enabled")));
    assert_eq!(runner.task().await["challenge_id"], 1);
    operator.post("/api/challenges/9/enable", json!({})).await.is_error(404, "not found");
    operator.post("/api/challenges/9/disable", json!({})).await.is_error(404, "not found");
}

#[tokio::test]
async fn a_challenge_disabled_by_an_operator_stays_disabled_when_the_event_is_imported_again() {
    let site = site().await;
    let operator = site.browser("oli", Role::Operator).await;
    let enabled = async || operator.get("/api/challenges/1").await.body["challenge"]["enabled"].clone();
    operator.post("/api/challenges/1/disable", json!({})).await;
    site.import(EVENT).await;
    assert_eq!(enabled().await, false);
    site.import(&EVENT.replace("wpm: 18}", "wpm: 18}, enabled: true")).await;
    assert_eq!(enabled().await, true);
}

#[tokio::test]
async fn a_trigger_reaches_a_waiting_runner_at_once() {
    let site = Site::start().await;
    site.import(MORSE).await;
    let operator = site.browser("oli", Role::Operator).await;
    let runner = site.runner("roof").await;
    runner.task().await;
    operator.post("/api/challenges/1/trigger", json!({})).await.is_error(409, "not possible now");
    runner.post("complete", json!({"challenge_id": 1, "status": "success"})).await;
    assert_eq!(operator.get("/api/challenges/1").await.body["challenge"]["state"], "waiting");
    let (answer, triggered) = tokio::join!(
        tokio::time::timeout(LIMIT, runner.get("task?wait=60")),
        operator.post("/api/challenges/1/trigger", json!({})),
    );
    let expected = success("Challenge queued for immediate transmission");
    assert_eq!((triggered.status, triggered.body), (200, expected));
    assert_eq!(answer.unwrap().body["task"]["fence"], 2);
    assert_eq!(operator.get("/api/challenges/1").await.body["challenge"]["triggered"], false);
}

#[tokio::test]
async fn a_triggered_challenge_takes_precedence_once() {
    let site = Site::start().await;
    let item = |name: &str, frequency: u64, priority: i64| {
        format!("  - {{name: {name}, modulation: cw, frequency: {frequency}, text: X, priority: {priority}}}\n")
    };
    let items = [item("HIGH", 145_000_000, 9), item("LOW", 145_100_000, 0), item("MIDDLE", 145_200_000, 5)];
    site.import(&format!("challenges:\n{}", items.concat())).await;
    let operator = site.browser("oli", Role::Operator).await;
    assert_eq!(operator.post("/api/challenges/2/trigger", json!({})).await.status, 200);
    let runner = site.runner("roof").await;
    operator.post("/api/challenges/3/trigger", json!({})).await;
    operator.post("/api/challenges/3/disable", json!({})).await;
    operator.post("/api/challenges/3/enable", json!({})).await;
    for name in ["LOW", "HIGH"] {
        let task = runner.task().await;
        assert_eq!(task["name"], name);
        runner.post("complete", json!({"challenge_id": task["challenge_id"], "status": "aborted"})).await;
    }
}

#[tokio::test]
async fn a_trigger_that_has_no_effect_is_refused_with_the_reason() {
    let site = site().await;
    let operator = site.browser("oli", Role::Operator).await;
    let why = async |path: &str| {
        let answer = operator.post(path, json!({})).await;
        answer.is_error(409, "not possible now");
        answer.body["details"].as_str().unwrap().to_owned()
    };
    assert_eq!(why("/api/challenges/2/trigger").await, "challenge B_VOICE is disabled; enable it first");
    operator.post("/api/control/pause", json!({})).await;
    assert_eq!(why("/api/challenges/1/trigger").await, "the system is paused; resume it first");
    operator.post("/api/control/emergency-stop", json!({})).await;
    assert_eq!(why("/api/challenges/1/trigger").await, "an emergency stop is in force; release it first");
    operator.post("/api/challenges/9/trigger", json!({})).await.is_error(404, "not found");
}

#[tokio::test]
async fn the_frequency_ranges_are_listed() {
    let site = site().await;
    let own = "frequency_ranges:\n  - {name: ham_440, display_name: 70 cm, min_hz: 430000000, max_hz: 440000000, raster_hz: 12500}\n";
    site.import(&format!("{MORSE}{own}")).await;
    let answer = site.browser("vic", Role::Viewer).await.get("/api/frequency-ranges").await;
    assert_eq!((answer.status, fields(&answer.body)), (200, vec!["frequency_ranges"]));
    let ranges = answer.body["frequency_ranges"].as_array().unwrap();
    let named = |name: &str| ranges.iter().find(|range| range["name"] == name).unwrap().clone();
    let range = |name: &str, display_name: Value, edges: [u64; 2], raster: Value| json!({"name": name, "display_name": display_name, "min_hz": edges[0], "max_hz": edges[1], "raster_hz": raster});
    assert_eq!(named("ham_440"), range("ham_440", json!("70 cm"), [430_000_000, 440_000_000], json!(12_500)));
    assert_eq!(named("ham_144"), range("ham_144", json!(null), [144_000_000, 148_000_000], json!(null)));
    assert!(ranges.is_sorted_by_key(|range| range["name"].as_str()), "{ranges:?}");
}

#[tokio::test]
async fn a_challenge_goes_only_to_the_runners_and_radios_that_it_names() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    let (roof, van) = (site.runner("roof").await, site.enroll("van").await);
    let radios = json!({"runner_id": "van", "radios": [{"id": "vhf"}, {"id": "uhf"}]});
    assert_eq!(van.post("register", radios).await.status, 200);
    let form = json!({
        "name": "M", "modulation": "cw", "frequency": 145_550_000, "text": "E", "only_on": ["van/uhf"], "min_delay": 0.001,
        "max_delay": 0.001,
    });
    let id = admin.post("/api/challenges", form).await.body["challenge_id"].clone();
    assert_eq!(admin.get("/api/challenges").await.body["challenges"][0]["only_on"], json!(["van/uhf"]));
    assert_eq!(roof.task().await, Value::Null);
    assert_eq!(van.task().await["radio_id"], "uhf");
    // Bound to another sender, it is aborted on its radio.
    let path = format!("/api/challenges/{id}");
    let change = |senders: Value| Answer::of(admin.request(Method::PUT, &path).json(&json!({"only_on": senders})));
    assert_eq!(change(json!(["roof"])).await.status, 200);
    assert_eq!(van.post("heartbeat", json!({})).await.body["abort"].as_array().unwrap().len(), 1);
    van.post("complete", json!({"challenge_id": id, "status": "aborted"})).await;
    assert_eq!(van.task().await, Value::Null);
    assert_eq!(roof.task().await["name"], "M");
    change(json!(["a/b/c"])).await.is_error(400, "invalid request");
    assert_eq!(change(json!([])).await.status, 200);
    assert_eq!(admin.get("/api/challenges").await.body["challenges"][0]["only_on"], json!([]));
}
