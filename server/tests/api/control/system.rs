//! Pause, emergency stop, and the end of the server.

use crate::site::{MORSE, Site, is_timestamp};
use challengectl_coordinator::Role;
use serde_json::{Value, json};
use std::time::Duration;

/// Time limit, far longer than any step takes.
const LIMIT: Duration = Duration::from_secs(30);

const TWO: &str = "challenges:
  - {name: A, modulation: cw, frequency: 145000000, text: X}
  - {name: B, modulation: cw, frequency: 145100000, text: X}
";

fn success(message: &str) -> Value {
    json!({"status": "success", "message": message})
}

#[tokio::test]
async fn while_paused_nothing_new_is_handed_out_and_transmissions_end_normally() {
    let site = Site::start().await;
    site.import(TWO).await;
    let operator = site.browser("oli", Role::Operator).await;
    let runner = site.runner("roof").await;
    let task = runner.task().await;
    for _ in 0..2 {
        let answer = operator.post("/api/control/pause", json!({})).await;
        assert_eq!((answer.status, answer.body), (200, success("System paused")));
    }
    let heartbeat = runner.post("heartbeat", json!({})).await.body;
    assert_eq!((&heartbeat["renewed"], &heartbeat["abort"]), (&json!([task["assignment_id"]]), &json!([])));
    let done = json!({"challenge_id": task["challenge_id"], "status": "success"});
    assert_eq!(runner.post("complete", done).await.status, 200);
    assert_eq!(runner.task().await, Value::Null);
    let (answer, resumed) = tokio::join!(
        tokio::time::timeout(LIMIT, runner.get("task?wait=60")),
        operator.post("/api/control/resume", json!({})),
    );
    assert_eq!((resumed.status, resumed.body), (200, success("System resumed")));
    assert_eq!(answer.unwrap().body["task"]["name"], "B");
}

#[tokio::test]
async fn pause_and_emergency_stop_survive_a_restart() {
    let site = Site::start().await;
    site.import(MORSE).await;
    {
        let operator = site.browser("oli", Role::Operator).await;
        operator.post("/api/control/pause", json!({})).await;
        operator.post("/api/control/emergency-stop", json!({})).await;
    }
    let site = site.restart().await;
    let operator = site.browser("oli", Role::Operator).await;
    let runner = site.runner("roof").await;
    let status = operator.get("/api/control/status").await.body;
    assert_eq!((&status["paused"], &status["paused_by"]), (&json!(true), &json!("oli")));
    assert_eq!((&status["emergency_stop"], &status["stopped_by"]), (&json!(true), &json!("oli")));
    assert_eq!((&status["distributing"], runner.task().await), (&json!(false), Value::Null));
    operator.post("/api/control/resume", json!({})).await.is_error(409, "not possible now");
    operator.post("/api/control/release", json!({})).await;
    assert_eq!(runner.task().await, Value::Null);
    operator.post("/api/control/resume", json!({})).await;
    assert_eq!(runner.task().await["name"], "MORSE_1");
}

#[tokio::test]
async fn an_emergency_stop_cuts_everything_until_it_is_released() {
    let site = Site::start().await;
    site.import(TWO).await;
    let operator = site.browser("oli", Role::Operator).await;
    operator.post("/api/control/release", json!({})).await.is_error(409, "not possible now");
    let (roof, cellar) = (site.runner("roof").await, site.runner("cellar").await);
    let (first, second) = (roof.task().await, cellar.task().await);
    let (at_roof, in_cellar, stopped) = tokio::join!(
        tokio::time::timeout(LIMIT, roof.get("task?wait=60")),
        tokio::time::timeout(LIMIT, cellar.get("task?wait=60")),
        operator.post("/api/control/emergency-stop", json!({})),
    );
    let message = "Emergency stop: every carrier goes off";
    let expected = json!({"status": "success", "message": message, "aborted": 2, "recorded": true});
    assert_eq!((stopped.status, stopped.body), (200, expected));
    assert_eq!(at_roof.unwrap().body, json!({"task": null, "abort": [first["assignment_id"]]}));
    assert_eq!(in_cellar.unwrap().body, json!({"task": null, "abort": [second["assignment_id"]]}));
    let status = operator.get("/api/control/status").await.body;
    assert_eq!((&status["emergency_stop"], &status["on_air"]), (&json!(true), &json!(2)));
    assert!(is_timestamp(&status["stopped_at"]));
    for (runner, task) in [(&roof, &first), (&cellar, &second)] {
        runner.post("complete", json!({"challenge_id": task["challenge_id"], "status": "aborted"})).await;
        assert_eq!(runner.task().await, Value::Null);
    }
    let other = site.browser("pat", Role::Operator).await;
    let (answer, released) = tokio::join!(
        tokio::time::timeout(LIMIT, roof.get("task?wait=60")),
        other.post("/api/control/release", json!({})),
    );
    assert_eq!((released.status, released.body), (200, success("Emergency stop released")));
    assert!(answer.unwrap().body["task"].is_object());
    let status = operator.get("/api/control/status").await.body;
    assert!(is_timestamp(&status["released_at"]));
    let expected = json!({
        "distributing": true, "paused": false, "paused_at": null, "paused_by": null, "emergency_stop": false,
        "stopped_at": null, "stopped_by": null, "released_at": status["released_at"], "released_by": "pat",
        "closed_by_hours": false, "opens_at": null, "closes_at": null, "opened_at": null, "opened_by": null,
        "on_air": 1,
    });
    assert_eq!(status, expected);
}

#[tokio::test]
async fn the_server_answers_and_then_stops() {
    let mut site = Site::start().await;
    {
        let admin = site.browser("ada", Role::Admin).await;
        let answer = admin.post("/api/control/stop", json!({})).await;
        assert_eq!((answer.status, answer.body), (200, success("Server stopping...")));
    }
    tokio::time::timeout(LIMIT, site.ended()).await.unwrap();
}

#[tokio::test]
async fn only_operators_control_the_system() {
    let site = Site::start().await;
    let (viewer, operator) = (site.browser("vic", Role::Viewer).await, site.browser("oli", Role::Operator).await);
    assert_eq!(viewer.get("/api/control/status").await.status, 200);
    for action in ["pause", "resume", "emergency-stop", "release", "stop"] {
        let path = format!("/api/control/{action}");
        viewer.post(&path, json!({})).await.is_error(403, "forbidden");
        let misled = operator.request(reqwest::Method::POST, &path).header("Origin", "https://evil.example");
        crate::site::Answer::of(misled).await.is_error(403, "forbidden");
        crate::site::Answer::of(site.request(reqwest::Method::POST, &path))
            .await
            .is_error(401, "authentication required");
        operator.get(&path).await.is_error(405, "method not allowed");
    }
    operator.post("/api/control/stop", json!({})).await.is_error(403, "forbidden");
}

#[tokio::test]
async fn actions_of_operators_are_in_the_audit_log() {
    let site = Site::start().await;
    site.import(MORSE).await;
    let admin = site.browser("ada", Role::Admin).await;
    admin.post("/api/challenges/1/trigger", json!({})).await;
    admin.put("/api/challenges/1", json!({"text": "SECRET WORD"})).await;
    admin.post("/api/control/pause", json!({})).await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(site.data_dir().join("challengectl.db"));
    let mut connection = sqlx::ConnectOptions::connect(&options).await.unwrap();
    type Row = (String, String, String, Option<String>, Option<String>);
    let rows: Vec<Row> =
        sqlx::query_as("SELECT who, what, target, from_address, details FROM audit WHERE who = 'ada' ORDER BY id")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    let seen: Vec<_> =
        rows.iter().map(|row| (row.0.as_str(), row.1.as_str(), row.2.as_str(), row.4.as_deref())).collect();
    let expected = [
        ("ada", "challenge.trigger", "MORSE_1", None),
        ("ada", "challenge.update", "MORSE_1", Some("flag")),
        ("ada", "control.pause", "", None),
    ];
    assert_eq!(seen, expected);
    assert!(rows.iter().all(|row| row.3.as_deref() == Some("127.0.0.1")));
}

/// Another program locks the database, as an import of large files does.
#[tokio::test]
async fn an_emergency_stop_cuts_even_if_the_database_cannot_be_written_to() {
    let site = Site::start().await;
    site.import(MORSE).await;
    let (runner, operator) = (site.runner("roof").await, site.browser("oli", Role::Operator).await);
    let task = runner.task().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(site.data_dir().join("challengectl.db"));
    let mut other = sqlx::ConnectOptions::connect(&options).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let stop = operator.post("/api/control/emergency-stop", json!({}));
    let on_air = async {
        let named = json!({"assignments": [{"assignment_id": task["assignment_id"], "fence": task["fence"]}]});
        loop {
            let answer = runner.post("heartbeat", named.clone()).await;
            if answer.body["abort"] == json!([task["assignment_id"]]) {
                break;
            }
        }
        // A waiting poll gets the order too, and no work.
        let answer = runner.get("task?wait=5").await;
        assert_eq!((&answer.body["task"], &answer.body["abort"]), (&Value::Null, &json!([task["assignment_id"]])));
    };
    let (answer, ()) = tokio::join!(stop, on_air);
    let expected = (&json!("success"), &json!(false), &json!(1));
    assert_eq!((&answer.body["status"], &answer.body["recorded"], &answer.body["aborted"]), expected, "{answer:?}");
    let status = operator.get("/api/control/status").await.body;
    assert_eq!((&status["distributing"], &status["stopped_by"]), (&json!(false), &json!("oli")));
    operator.post("/api/control/resume", json!({})).await.is_error(409, "not possible now");
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    // It is recorded once, as soon as the database is available, and can be released.
    let audit = "SELECT who FROM audit WHERE what = 'control.emergency-stop'";
    loop {
        let recorded: Option<String> = sqlx::query_scalar(audit).fetch_optional(&mut other).await.unwrap();
        if recorded.as_deref() == Some("oli") {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(operator.post("/api/control/release", json!({})).await.status, 200);
    // Everything that waited for the database is done before this.
    assert_eq!(operator.post("/api/control/pause", json!({})).await.status, 200);
    assert_eq!(operator.post("/api/control/resume", json!({})).await.status, 200);
    assert_eq!(operator.get("/api/control/status").await.body["distributing"], true);
    let recorded = "SELECT count(*) FROM audit WHERE what = 'control.emergency-stop'";
    assert_eq!(sqlx::query_scalar::<_, i64>(recorded).fetch_one(&mut other).await.unwrap(), 1);
}

#[tokio::test]
async fn an_emergency_stop_works_with_a_damaged_database() {
    let site = Site::start().await;
    site.import(MORSE).await;
    let (runner, operator) = (site.runner("roof").await, site.browser("oli", Role::Operator).await);
    let task = runner.task().await;
    assert_eq!(operator.get("/api/control/status").await.status, 200);
    // Every page that is read from now on is invalid.
    let database = site.data_dir().join("challengectl.db");
    let damaged = vec![0x5a; usize::try_from(std::fs::metadata(&database).unwrap().len()).unwrap()];
    for file in ["challengectl.db", "challengectl.db-wal"] {
        std::fs::write(site.data_dir().join(file), &damaged).unwrap();
    }
    let answer = operator.post("/api/control/emergency-stop", json!({})).await;
    assert_eq!((answer.status, &answer.body["recorded"]), (200, &json!(false)), "{answer:?}");
    assert!(answer.body["details"].is_string(), "{answer:?}");
    let answer = runner.get("task?wait=5").await;
    assert_eq!((answer.status, &answer.body["abort"]), (200, &json!([task["assignment_id"]])), "{answer:?}");
    assert_eq!(std::fs::read_to_string(site.data_dir().join("emergency-stop")).unwrap(), "oli");
}
