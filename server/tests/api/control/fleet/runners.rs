//! Enrollment, registration, heartbeat, sign-out, completion, log.

use crate::site::{Answer, MORSE, Site, fields, is_timestamp};
use challengectl_common::Timestamp;
use challengectl_coordinator::Role;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_token_becomes_a_key_once() {
    let site = Site::start().await;
    let token = site.token("roof").await;
    let enroll = || site.request(Method::POST, "/api/enrollment/enroll").json(&json!({"enrollment_token": token}));
    let answer = Answer::of(enroll()).await;
    assert_eq!(answer.status, 201);
    assert_eq!((&answer.body["status"], &answer.body["runner_id"]), (&json!("success"), &json!("roof")));
    assert!(answer.body["api_key"].as_str().unwrap().starts_with("ck_"));
    assert_eq!(fields(&answer.body), ["api_key", "runner_id", "status"]);
    Answer::of(enroll()).await.is_error(401, "authentication required");
}

#[tokio::test]
async fn of_many_concurrent_uses_of_a_token_one_gets_the_key() {
    let site = Site::start().await;
    let body = json!({"enrollment_token": site.token("roof").await});
    let enroll = || Answer::of(site.request(Method::POST, "/api/enrollment/enroll").json(&body));
    let answers = futures_util::future::join_all((0..20).map(|_| enroll())).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
}

#[tokio::test]
async fn enrolling_again_revokes_the_old_key_at_once() {
    let site = Site::start().await;
    let old = site.runner("roof").await;
    let new = site.enroll("roof").await;
    old.get("task").await.is_error(401, "authentication required");
    assert_eq!(new.get("task").await.status, 200);
}

#[tokio::test]
async fn a_runner_registers_in_the_documented_form() {
    let site = Site::start().await;
    let runner = site.enroll("runner-1").await;
    let limits = ["144000000-148000000", "420000000-450000000"];
    let answer = runner.post("register", json!({"runner_id": "runner-1", "frequency_limits": limits})).await;
    assert_eq!(answer.status, 200);
    let expected = json!({
        "status": "success", "message": "Runner registered successfully", "runner_id": "runner-1",
        "heartbeat_interval": 20.0, "poll_interval": 10.0, "lease_seconds": 60.0, "abort": [],
    });
    assert_eq!(answer.body, expected);
}

#[tokio::test]
async fn limits_of_the_runner_apply_to_its_radios() {
    let site = Site::start().await;
    site.import(MORSE).await;
    let runner = site.enroll("roof").await;
    let away = json!({"runner_id": "roof", "frequency_limits": ["420000000-450000000"], "radios": [{"id": "a"}]});
    assert_eq!(runner.post("register", away).await.status, 200);
    assert_eq!(runner.task().await, Value::Null);
    let near = json!({"runner_id": "roof", "radios": [{"id": "a", "frequency_limits": ["144000000-148000000"]}]});
    assert_eq!(runner.post("register", near).await.status, 200);
    assert_eq!(runner.task().await["radio_id"], "a");
}

#[tokio::test]
async fn an_invalid_registration_is_refused() {
    let site = Site::start().await;
    let runner = site.enroll("roof").await;
    let cases = [
        (json!({"runner_id": "roof", "radios": [{"id": "a"}, {"id": "a"}]}), "radios: the id a is given twice"),
        (json!({"runner_id": "roof", "hostname": "x".repeat(300)}), "hostname: more than 255 bytes"),
        (json!({"runner_id": "roof", "frequency_limits": ["148-144"]}), "frequency_limits[0]: "),
        (json!({"runner_id": "roof", "radio": []}), "radio: unknown field `radio`"),
        (json!({"runner_id": 7}), "runner_id: invalid type: integer `7`"),
        (json!({"runner_id": "a b"}), "runner_id: a runner id must not contain ' '"),
        (json!({}), "missing field `runner_id`"),
        (json!([]), "the body must be an object"),
    ];
    for (body, details) in cases {
        let answer = runner.post("register", body).await;
        answer.is_error(400, "invalid request");
        assert!(answer.body["details"].as_str().unwrap().starts_with(details), "{}", answer.body);
    }
    runner.post("register", json!({"runner_id": "cellar"})).await.is_error(403, "forbidden");
}

#[tokio::test]
async fn a_heartbeat_needs_no_body() {
    let site = Site::start().await;
    let runner = site.runner("roof").await;
    let answer = Answer::of(runner.request(Method::POST, "heartbeat")).await;
    assert_eq!(answer.status, 200);
    assert_eq!((&answer.body["status"], &answer.body["message"]), (&json!("success"), &json!("Heartbeat received")));
    assert_eq!((&answer.body["renewed"], &answer.body["abort"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn a_heartbeat_renews_leases_and_returns_what_to_stop() {
    let site = Site::start().await;
    site.import(MORSE).await;
    let runner = site.runner("roof").await;
    let task = runner.task().await;
    let (id, fence) = (&task["assignment_id"], &task["fence"]);
    let body = json!({"assignments": [
        {"assignment_id": id, "fence": fence, "progress": 0.5}, {"assignment_id": 999, "fence": 1},
    ]});
    let answer = runner.post("heartbeat", body).await;
    assert_eq!((&answer.body["renewed"], &answer.body["abort"]), (&json!([id]), &json!([999])));
}

#[tokio::test]
async fn a_runner_that_has_not_registered_is_told_to() {
    let site = Site::start().await;
    let runner = site.enroll("roof").await;
    runner.get("task").await.is_error(404, "runner not registered");
    runner.post("heartbeat", json!({})).await.is_error(404, "runner not registered");
    runner.post("log", json!({"level": "INFO", "message": "x"})).await.is_error(404, "runner not registered");
}

#[tokio::test]
async fn a_runner_that_signs_out_leaves_its_work_to_others_once_its_end_is_reported() {
    let site = Site::start().await;
    site.import(MORSE).await;
    let (roof, cellar) = (site.runner("roof").await, site.runner("cellar").await);
    assert_eq!(roof.task().await["fence"], 1);
    assert_eq!(cellar.task().await, Value::Null);
    let answer = Answer::of(roof.request(Method::POST, "signout")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, json!({"status": "success", "message": "Runner signed out successfully"}));
    // Not before: the sign-out may be a delayed request, and the carrier still on.
    assert_eq!(cellar.task().await, Value::Null);
    assert_eq!(roof.post("complete", json!({"challenge_id": 1, "status": "aborted"})).await.status, 200);
    assert_eq!(cellar.task().await["fence"], 2);
    roof.get("task").await.is_error(404, "runner not registered");
}

#[tokio::test]
async fn a_task_has_the_documented_fields_and_all_data_that_is_needed() {
    let site = Site::start().await;
    site.import(MORSE).await;
    let runner = site.runner("roof").await;
    let task = runner.task().await;
    let expected = json!({
        "challenge_id": 1, "name": "MORSE_1", "frequency": 145_550_000, "modulation": "cw", "flag_file": null,
        "flag_hash": null, "assignment_id": 1, "fence": 1, "radio_id": "default", "lease_seconds": 60.0,
        "sample_rate": null, "parameters": task["parameters"], "expires_at": task["expires_at"],
    });
    assert_eq!(task, expected);
    assert_eq!(task["parameters"]["text"], "CQ FLAG");
    assert_eq!(task["parameters"]["wpm"].as_f64(), Some(18.0));
    assert!(is_timestamp(&task["expires_at"]));
    assert_eq!(runner.get("task").await.body, json!({"task": null}));
}

#[tokio::test]
async fn a_report_in_the_documented_form_takes_effect_once() {
    let site = Site::start().await;
    site.import(MORSE).await;
    let runner = site.runner("runner-1").await;
    runner.task().await;
    let report = json!({"challenge_id": 1, "status": "success", "error": null});
    let answer = runner.post("complete", report.clone()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, json!({"status": "success", "message": "Task completion recorded"}));
    // If the answer was lost, the same report again is accepted; a different one is refused.
    assert_eq!(runner.post("complete", report).await.status, 200);
    let other = json!({"challenge_id": 1, "status": "failed", "error": "no power"});
    runner.post("complete", other).await.is_error(409, "report has no effect");
    let viewer = site.browser("vic", Role::Viewer).await;
    let sent = viewer.get("/api/transmissions").await.body;
    assert_eq!((&sent["total"], &sent["transmissions"][0]["status"]), (&json!(1), &json!("success")));
}

#[tokio::test]
async fn reports_of_an_unknown_challenge_and_late_reports_have_different_errors() {
    let site = Site::start().await;
    site.import(MORSE).await;
    let (roof, cellar) = (site.runner("roof").await, site.runner("cellar").await);
    roof.task().await;
    for unknown in [json!({"challenge_id": 99}), json!({"challenge_id": 99, "assignment_id": 1, "fence": 1})] {
        let mut report = unknown;
        report["status"] = json!("success");
        roof.post("complete", report).await.is_error(404, "not found");
    }
    cellar
        .post("complete", json!({"challenge_id": 1, "status": "success"}))
        .await
        .is_error(409, "report has no effect");
    // A challenge that is deleted meanwhile still has its assignment.
    site.browser("ada", Role::Admin).await.delete("/api/challenges/1").await;
    for _ in 0..2 {
        assert_eq!(roof.post("complete", json!({"challenge_id": 1, "status": "aborted"})).await.status, 200);
    }
    cellar.post("complete", json!({"challenge_id": 1, "status": "success"})).await.is_error(404, "not found");
}

#[tokio::test]
async fn the_payload_is_redacted_in_error_messages_of_runners() {
    let site = Site::start().await;
    crate::site::write_wav(&site.folder.path().join("secret-word.wav"));
    site.import(
        "challenges:
  - {name: A, modulation: cw, frequency: 145000000, text: CQ flag is hiddenword, priority: 2}
  - {name: B, modulation: nbfm, frequency: 146000000, file: secret-word.wav}
",
    )
    .await;
    let runner = site.runner("roof").await;
    runner.task().await;
    let error = "cannot send \"CQ FLAG IS HIDDENWORD\": too long";
    let report = json!({"challenge_id": 1, "status": "failed", "error": error});
    assert_eq!(runner.post("complete", report).await.status, 200);
    let hash = runner.task().await["flag_hash"].as_str().unwrap().to_owned();
    let error = format!("cache/{hash}: damaged, was secret-word.wav");
    let report = json!({"challenge_id": 2, "status": "failed", "error": error});
    assert_eq!(runner.post("complete", report).await.status, 200);
    let viewer = site.browser("vic", Role::Viewer).await;
    let sent = viewer.get("/api/transmissions").await.body["transmissions"].clone();
    assert_eq!(sent[1]["error_message"], "cannot send \"[hidden]\": too long");
    assert_eq!(sent[0]["error_message"], "cache/[hidden]: damaged, was [hidden]");
    let logs = viewer.get("/api/logs").await.body.to_string().to_lowercase();
    assert!(
        logs.contains("too long") && !logs.contains("hiddenword") && !logs.contains(&hash) && !logs.contains("secret")
    );
}

#[tokio::test]
async fn a_report_can_be_repeated_but_not_changed_or_sent_by_others() {
    let site = Site::start().await;
    site.import(MORSE).await;
    let (roof, cellar) = (site.runner("roof").await, site.runner("cellar").await);
    roof.task().await;
    let report = |fence: i64, status: &str, challenge: i64| json!({"challenge_id": challenge, "status": status, "assignment_id": 1, "fence": fence});
    cellar.post("complete", report(1, "success", 1)).await.is_error(409, "report has no effect");
    roof.post("complete", report(2, "success", 1)).await.is_error(409, "report has no effect");
    roof.post("complete", report(1, "success", 2)).await.is_error(404, "not found");
    for _ in 0..2 {
        assert_eq!(roof.post("complete", report(1, "failed", 1)).await.status, 200);
    }
    roof.post("complete", report(1, "success", 1)).await.is_error(409, "report has no effect");
    let wrong = roof.post("complete", report(1, "maybe", 1)).await;
    wrong.is_error(400, "invalid request");
    assert!(wrong.body["details"].as_str().unwrap().starts_with("status: unknown variant `maybe`"), "{}", wrong.body);
}

#[tokio::test]
async fn a_log_line_is_stored_and_answered_without_a_message() {
    let mut site = Site::start().await;
    {
        let runner = site.runner("roof").await;
        let line = json!({"level": "INFO", "message": "Challenge transmission completed successfully"});
        let answer = runner.post("log", line).await;
        assert_eq!((answer.status, answer.body), (200, json!({"status": "success"})));
        for level in ["debug", "Info", "warning", "eRROR", "critical"] {
            let line = json!({"level": level, "message": "in any capitals"});
            assert_eq!(runner.post("log", line).await.status, 200, "{level}");
        }
        runner.post("log", json!({"level": "LOUD", "message": "x"})).await.is_error(400, "invalid request");
    }
    site.stop().await;
    let database = site.data_dir().join("challengectl.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(database);
    let mut connection = sqlx::ConnectOptions::connect(&options).await.unwrap();
    let kept: (String, String, String) =
        sqlx::query_as("SELECT source, level, message FROM logs WHERE source <> 'server' ORDER BY id")
            .fetch_one(&mut connection)
            .await
            .unwrap();
    let expected = ("roof", "INFO", "Challenge transmission completed successfully");
    assert_eq!((kept.0.as_str(), kept.1.as_str(), kept.2.as_str()), expected);
}

#[tokio::test]
async fn many_log_lines_are_sent_in_one_request() {
    let site = Site::start().await;
    let runner = site.runner("roof").await;
    let lines = |count: usize| (0..count).map(|n| json!({"level": "INFO", "message": format!("line {n}")}));
    let answer = runner.post("logs", json!({"lines": lines(50).collect::<Value>()})).await;
    assert_eq!((answer.status, answer.body), (200, json!({"status": "success"})));
    let kept = site.browser("vic", Role::Viewer).await.get("/api/logs?limit=50").await.body;
    let messages: Vec<_> = kept["logs"].as_array().unwrap().iter().rev().map(|line| line["message"].clone()).collect();
    assert_eq!(messages, lines(50).map(|line| line["message"].clone()).collect::<Vec<_>>());
    let many = runner.post("logs", json!({"lines": lines(51).collect::<Value>()})).await;
    many.is_error(400, "invalid request");
    let wrong = runner.post("logs", json!({"lines": [{"level": "INFO"}]})).await;
    wrong.is_error(400, "invalid request");
    assert!(wrong.body["details"].as_str().unwrap().starts_with("lines[0]: missing field `message`"), "{}", wrong.body);
}

#[tokio::test]
async fn all_runners_of_a_venue_enroll_from_one_address() {
    let site = Site::start().await;
    for n in 0..60 {
        site.enroll(&format!("runner-{n}")).await;
    }
}

#[tokio::test]
async fn the_life_is_a_number_and_holding_a_list_of_ids() {
    let site = Site::start().await;
    let runner = site.runner("roof").await;
    for (header, value) in [("X-Runner-Life", "0"), ("X-Runner-Life", "soon"), ("X-Runner-Registration", "-1")] {
        let request = runner.request(Method::GET, "task").header(header, value);
        Answer::of(request).await.is_error(400, "invalid request");
    }
    let many = vec!["1"; 401].join(",");
    for holding in ["1,", ",1", "+1", "one", many.as_str()] {
        runner.get(&format!("task?holding={holding}")).await.is_error(400, "invalid request");
    }
    for holding in ["", "1", "1,2,3"] {
        assert_eq!(runner.get(&format!("task?holding={holding}")).await.status, 200, "{holding}");
    }
}

#[tokio::test]
async fn operators_see_by_how_much_the_clock_of_a_runner_is_off() {
    let site = Site::start().await;
    let runner = site.runner("roof").await;
    let viewer = site.browser("vic", Role::Viewer).await;
    let ahead = async || viewer.get("/api/runners/roof").await.body["runner"]["clock_ahead_seconds"].clone();
    assert_eq!(ahead().await, Value::Null);
    let beat = async |clock: i64| {
        let request = runner.request(Method::POST, "heartbeat").header("X-Runner-Clock", clock);
        assert_eq!(Answer::of(request).await.status, 200, "{clock}");
    };
    let now = Timestamp::now().as_millis();
    beat(now + 90_000).await;
    assert!((60.0..=90.0).contains(&ahead().await.as_f64().unwrap()), "{}", ahead().await);
    // A clock that says nothing valid keeps no runner away.
    beat(-1).await;
    beat(now - 3_600_000).await;
    assert!((-3_640.0..=-3_600.0).contains(&ahead().await.as_f64().unwrap()), "{}", ahead().await);
}
