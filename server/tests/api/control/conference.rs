//! The conference, and the effect of its hours.

use crate::clients::{Client, Language, Shown};
use crate::site::{Answer, Browser, MORSE, Site};
use challengectl_common::Timestamp;
use challengectl_coordinator::Role;
use serde_json::{Value, json};
use std::time::Duration;

/// Time limit, far longer than any step takes.
const LIMIT: Duration = Duration::from_secs(30);

fn soon(millis: u64) -> Timestamp {
    Timestamp::now().after(Duration::from_millis(millis))
}

async fn change(operator: &Browser<'_>, body: Value) -> Value {
    let answer = operator.put("/api/conference", body).await;
    assert_eq!((answer.status, &answer.body["status"]), (200, &json!("success")), "{}", answer.body);
    let mut body = answer.body;
    body.as_object_mut().unwrap().remove("status");
    body
}

#[tokio::test]
async fn the_conference_is_public() {
    let site = Site::start().await;
    let unknown = json!({
        "name": null, "start": null, "stop": null, "timezone": "UTC", "day_start": null, "day_end": null,
        "auto_pause": false, "open": true, "next_change": null,
    });
    let answer = site.get("/api/conference").await;
    assert_eq!((answer.status, answer.body), (200, unknown));
    site.import(&format!(
        "conference: {{name: C, start: 2026-11-22 09:00:00 -5, stop: 2026-11-24T18:00:00Z, timezone: US/Eastern,
           day_start: 09:00, day_end: 22:00}}\n{MORSE}"
    ))
    .await;
    let operator = site.browser("oli", Role::Operator).await;
    let changed = change(&operator, json!({"name": "Conf"})).await;
    let expected = json!({
        "name": "Conf", "start": "2026-11-22T14:00:00.000Z", "stop": "2026-11-24T18:00:00.000Z",
        "timezone": "US/Eastern", "day_start": "09:00", "day_end": "22:00", "auto_pause": false,
        "open": true, "next_change": null,
    });
    assert_eq!(changed, expected);
    assert_eq!(site.get("/api/conference").await.body, expected);
    let site = site.restart().await;
    assert_eq!(site.get("/api/conference").await.body, expected);
}

#[tokio::test]
async fn given_fields_change_and_null_clears_them() {
    let site = Site::start().await;
    let operator = site.browser("oli", Role::Operator).await;
    let all = json!({
        "name": "C", "start": "2026-11-22T09:00:00+01:00", "stop": "2126-11-24T18:00:00Z",
        "timezone": "Europe/Berlin", "day_start": "00:00", "day_end": "23:59", "auto_pause": true,
    });
    let changed = change(&operator, all).await;
    assert_eq!((&changed["start"], &changed["day_start"]), (&json!("2026-11-22T08:00:00.000Z"), &json!("00:00")));
    assert_eq!(change(&operator, json!({})).await["name"], "C");
    let nothing: serde_json::Map<_, _> = ["name", "start", "stop", "timezone", "day_start", "day_end", "auto_pause"]
        .into_iter()
        .map(|field| (field.to_owned(), Value::Null))
        .collect();
    let cleared = change(&operator, nothing.into()).await;
    let expected = json!({
        "name": null, "start": null, "stop": null, "timezone": "UTC", "day_start": null, "day_end": null,
        "auto_pause": false, "open": true, "next_change": null,
    });
    assert_eq!(cleared, expected);
    let admin = site.browser("ada", Role::Admin).await;
    let audit = admin.get("/api/audit").await.body;
    let row = &audit["entries"][0];
    let all = "name, start, stop, timezone, day_start, day_end, auto_pause";
    assert_eq!((&row["who"], &row["what"], &row["details"]), (&json!("oli"), &json!("conference.update"), &json!(all)));
    let lines = operator.get("/api/logs").await.body["logs"].to_string();
    assert!(lines.contains(&format!("Conference changed by oli ({all})")), "{lines}");
}

#[tokio::test]
async fn a_whole_answer_can_be_sent_back_with_a_change() {
    let site = Site::start().await;
    let operator = site.browser("oli", Role::Operator).await;
    let mut whole = site.get("/api/conference").await.body;
    whole["name"] = json!("Conf");
    let mut answered = operator.put("/api/conference", whole).await.body;
    assert_eq!((&answered["status"], &answered["name"]), (&json!("success"), &json!("Conf")));
    assert_eq!(operator.put("/api/conference", answered.clone()).await.status, 200);
    answered["open"] = json!(false);
    let refused = operator.put("/api/conference", answered).await;
    refused.is_error(400, "invalid request");
    assert!(refused.body["details"].as_str().unwrap().starts_with("open: is true and read-only"));
}

#[tokio::test]
async fn invalid_values_are_refused_with_their_place() {
    let site = Site::start().await;
    let operator = site.browser("oli", Role::Operator).await;
    change(&operator, json!({"start": "2026-11-22T09:00:00Z"})).await;
    for (body, why) in [
        (json!({"nam": "C"}), "nam: unknown field `nam`, expected one of `name`, "),
        (json!({"name": ""}), "name: a conference name must not be empty"),
        (json!({"name": "x".repeat(201)}), "name: a conference name has at most 200 characters"),
        (json!({"start": "2026-11-22 09:00"}), "start: "),
        (json!({"stop": "2026-11-22T09:00:00Z"}), "the conference stops before it starts"),
        (json!({"timezone": "Europe/Berlim"}), "timezone: there is no time zone \"Europe/Berlim\"; did you mean"),
        (json!({"timezone": ""}), "timezone: there is no time zone"),
        (json!({"day_start": "9:00"}), "day_start: must be a time of the day like \"09:00\""),
        (json!({"day_start": "09:00"}), "the daily hours have a beginning and an end"),
        (json!({"day_start": "09:00", "day_end": "09:00"}), "the daily hours begin and end at the same time"),
        (json!({"auto_pause": "yes"}), "auto_pause: "),
        (json!({"auto_pause": 1}), "auto_pause: "),
    ] {
        let answer = operator.put("/api/conference", body.clone()).await;
        answer.is_error(400, "invalid request");
        let details = answer.body["details"].as_str().unwrap();
        assert!(details.starts_with(why), "{body}: {details}");
    }
    assert_eq!(site.get("/api/conference").await.body["start"], "2026-11-22T09:00:00.000Z");
}

#[tokio::test]
async fn daily_hours_and_auto_pause_are_named_as_in_an_event_file() {
    let site = Site::start().await;
    let operator = site.browser("oli", Role::Operator).await;
    let day_times = async |body: Value| operator.put("/api/conference/day-times", body).await;
    let updated = |start: Value, end: Value| json!({"status": "success", "day_start": start, "day_end": end});
    let answer = day_times(json!({"day_start": "09:00", "day_end": "02:30"})).await;
    assert_eq!((answer.status, answer.body), (200, updated(json!("09:00"), json!("02:30"))));
    let answer = day_times(json!({"day_end": "22:00"})).await;
    assert_eq!((answer.status, answer.body), (200, updated(json!("09:00"), json!("22:00"))));
    for body in [json!({"day_start": ""}), json!({"day_start": "25:00"}), json!({"end_of_day": "22:00"}), json!([])] {
        day_times(body).await.is_error(400, "invalid request");
    }
    let answer = day_times(json!({"day_start": "", "day_end": ""})).await;
    assert_eq!((answer.status, answer.body), (200, updated(Value::Null, Value::Null)));

    let auto_pause = async |body: Value| operator.put("/api/conference/auto-pause", body).await;
    for on in [true, false] {
        let answer = auto_pause(json!({"auto_pause": on})).await;
        assert_eq!((answer.status, answer.body), (200, json!({"status": "success", "auto_pause": on})));
        assert_eq!(site.get("/api/conference").await.body["auto_pause"], on);
    }
    for body in [json!({}), json!({"auto_pause": "true"}), json!({"auto_pause": null}), json!({"auto": 1})] {
        auto_pause(body).await.is_error(400, "invalid request");
    }
    for (method, path) in
        [(reqwest::Method::POST, "/api/conference"), (reqwest::Method::GET, "/api/conference/day-times")]
    {
        Answer::of(operator.request(method, path)).await.is_error(405, "method not allowed");
    }
}

#[tokio::test]
async fn the_system_opens_and_closes_on_time_by_itself() {
    let site = Site::start().await;
    site.import(MORSE).await;
    let operator = site.browser("oli", Role::Operator).await;
    let runner = site.runner("roof").await;
    let later = soon(3_600_000);
    let changed = change(&operator, json!({"start": later, "auto_pause": true})).await;
    assert_eq!((&changed["open"], &changed["next_change"]), (&json!(false), &json!(later)));
    let status = operator.get("/api/control/status").await.body;
    let shown = (&status["distributing"], &status["paused"], &status["closed_by_hours"], &status["opens_at"]);
    assert_eq!(shown, (&json!(false), &json!(false), &json!(true), &json!(later)));
    assert_eq!(runner.task().await, Value::Null);

    let start = soon(1_000);
    let (answer, _) = tokio::join!(
        tokio::time::timeout(LIMIT, runner.get("task?wait=60")),
        change(&operator, json!({"start": start, "stop": later})),
    );
    assert!(Timestamp::now() >= start);
    let task = &answer.unwrap().body["task"];
    assert_eq!(task["name"], "MORSE_1");
    let status = operator.get("/api/control/status").await.body;
    assert_eq!((&status["distributing"], &status["closes_at"]), (&json!(true), &json!(later)));

    let stop = soon(1_000);
    change(&operator, json!({"stop": stop})).await;
    let closed = async {
        while operator.get("/api/control/status").await.body["distributing"] == true {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LIMIT, closed).await.unwrap();
    assert!(Timestamp::now() >= stop);
    let heartbeat = runner.post("heartbeat", json!({})).await.body;
    assert_eq!((&heartbeat["renewed"], &heartbeat["abort"]), (&json!([task["assignment_id"]]), &json!([])));
    let done = json!({"challenge_id": 1, "status": "success"});
    assert_eq!(runner.post("complete", done).await.status, 200);
    let conference = site.get("/api/conference").await.body;
    assert_eq!((&conference["open"], &conference["next_change"]), (&json!(false), &Value::Null));
}

#[tokio::test]
async fn while_closed_a_trigger_is_refused_and_a_resume_opens() {
    let site = Site::start().await;
    site.import(MORSE).await;
    let operator = site.browser("oli", Role::Operator).await;
    let runner = site.runner("roof").await;
    let (start, stop) = (soon(3_600_000), soon(7_200_000));
    change(&operator, json!({"start": start, "stop": stop, "auto_pause": true})).await;
    let refused = operator.post("/api/challenges/1/trigger", json!({})).await;
    refused.is_error(409, "not possible now");
    let details = refused.body["details"].as_str().unwrap();
    assert!(details.starts_with("the system is closed by the conference's hours until "), "{details}");
    assert!(details.ends_with("(UTC); resume it to open until the next closing"), "{details}");

    let (answer, resumed) = tokio::join!(
        tokio::time::timeout(LIMIT, runner.get("task?wait=60")),
        operator.post("/api/control/resume", json!({})),
    );
    assert_eq!((resumed.status, &resumed.body["message"]), (200, &json!("System resumed")));
    assert_eq!(answer.unwrap().body["task"]["name"], "MORSE_1");
    let site = {
        drop((operator, runner));
        site.restart().await
    };
    let operator = site.browser("oli", Role::Operator).await;
    let status = operator.get("/api/control/status").await.body;
    let shown = (&status["distributing"], &status["closed_by_hours"], &status["opened_by"], &status["closes_at"]);
    assert_eq!(shown, (&json!(true), &json!(false), &json!("oli"), &json!(stop)));
    assert!(crate::site::is_timestamp(&status["opened_at"]));
    let conference = site.get("/api/conference").await.body;
    assert_eq!((&conference["open"], &conference["next_change"]), (&json!(true), &json!(stop)));
}

#[tokio::test]
async fn dashboards_are_notified_when_the_hours_close_and_open_the_system() {
    let site = Site::start().await;
    let operator = site.browser("oli", Role::Operator).await;
    let mut client = Client::start(Language::JavaScript, "websocket", &site.url, "/", &Shown::login(&operator));
    client.next_named("initial_state").await;
    let mut start = soon(3_600_000);
    for action in ["pause", "resume"] {
        change(&operator, json!({"start": start, "auto_pause": true})).await;
        let mut event = client.next_named("event").await;
        while event["type"] != "system_control" {
            event = client.next_named("event").await;
        }
        assert_eq!((&event["action"], &event["auto"]), (&json!(action), &json!(true)));
        assert_eq!(event["timestamp"].as_str().unwrap() >= start.to_string().as_str(), action == "resume", "{event}");
        start = soon(1_000);
    }
}
