//! The engine front, on a server without an engine: forms of answers, admission, sites. `e2e/tests/instances.rs` has an engine.

use crate::site::{ANY_PORT, Site};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

/// A server with the front on a free port, and the URL of the front.
pub async fn front() -> (Site, String) {
    front_with(None).await
}

async fn front_with(open_play: Option<bool>) -> (Site, String) {
    let set = |config: &mut challengectl_server::Config| {
        (config.engine.listen, config.engine.open_play) = (Some(ANY_PORT), open_play);
    };
    let site = Site::start_with(tempfile::tempdir().unwrap(), set).await;
    let url = site.engine.clone();
    (site, url)
}

async fn sent(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, response.json().await.unwrap())
}

fn post(url: &str, path: &str, body: &Value) -> RequestBuilder {
    Client::new().post(format!("{url}{path}")).json(body)
}

#[tokio::test]
async fn a_fresh_server_lists_its_sample_and_says_what_is_missing_to_start_it() {
    let (_site, url) = front().await;
    for path in ["/api/challenges", "/api/challenges/"] {
        let (status, list) = sent(Client::new().get(format!("{url}{path}"))).await;
        assert_eq!((status, &list["status"], &list["count"]), (200, &json!("success"), &json!(1)));
        let sample = &list["challenges"][0];
        assert_eq!(
            (&sample["id"], &sample["points"], &sample["hints"]),
            (&json!("web-basic-xss"), &json!(100), &json!(1))
        );
        assert!(sample["tags"].is_array() && sample["name"].is_string(), "{sample}");
    }
    let body = json!({"challenge_id": "web-basic-xss", "user_id": "test-user"});
    let (status, answer) = sent(post(&url, "/api/challenges", &body)).await;
    assert_eq!((status, &answer["status"], &answer["code"]), (503, &json!("error"), &json!(503)));
    assert!(answer["error"].as_str().unwrap().contains("no container engine"), "{answer}");
    let (_, running) = sent(Client::new().get(format!("{url}/api/challenges/running"))).await;
    assert_eq!(running["count"], 0, "nothing is reserved");
}

#[tokio::test]
async fn every_error_has_the_form_of_its_part_of_the_document() {
    let (_site, url) = front().await;
    let spawn = |body: Value| post(&url, "/api/challenges", &body);
    let get = |path: &str| Client::new().get(format!("{url}{path}"));
    let user = "test-user";
    for (expected, request) in [
        (400, spawn(json!({}))),
        (400, spawn(json!([]))),
        (400, spawn(json!({"challenge_id": "web-basic-xss"}))),
        (400, spawn(json!({"challenge_id": 7, "user_id": user}))),
        (400, spawn(json!({"challenge_id": "web-basic-xss", "user_id": "a\nb"}))),
        (400, spawn(json!({"challenge_id": "web-basic-xss", "user_id": "x".repeat(129)}))),
        (400, spawn(json!({"challenge_id": "web-basic-xss", "user_id": user, "session_timeout": 59}))),
        (400, spawn(json!({"challenge_id": "web-basic-xss", "user_id": user, "session_timeout": "3600"}))),
        (404, spawn(json!({"challenge_id": "none", "user_id": user}))),
        (400, Client::new().post(format!("{url}/api/challenges")).body("challenge_id=web-basic-xss")),
        (404, get("/api/nothing")),
        (404, get("/api/runners/roof/task")),
        (405, Client::new().put(format!("{url}/api/challenges"))),
        (405, get("/api/challenges/0123456789abcdef")),
        (400, Client::new().delete(format!("{url}/api/challenges/abc"))),
        (404, Client::new().delete(format!("{url}/api/challenges/0123456789abcdef"))),
    ] {
        let (status, body) = sent(request).await;
        assert_eq!((status, &body["status"], &body["code"]), (expected, &json!("error"), &json!(expected)), "{body}");
        assert!(body["error"].as_str().is_some_and(|text| !text.is_empty()), "{body}");
    }
    for (expected, word, request) in [
        (400, "invalid_request", post(&url, "/api/flags", &json!({"flag": "flag{test}"}))),
        (400, "invalid_request", post(&url, "/api/flags", &json!({"flag": "", "session_id": "0123456789abcdef"}))),
        (404, "not_found", post(&url, "/api/flags", &json!({"flag": "a", "session_id": "0123456789abcdef"}))),
        (405, "method_not_allowed", get("/api/flags")),
        (404, "not_found", get("/api/flags/nothing")),
    ] {
        let (status, body) = sent(request).await;
        assert_eq!((status, &body["error"], &body["valid"]), (expected, &json!(word), &json!(false)), "{body}");
        assert!(body["message"].is_string(), "{body}");
    }
}

#[tokio::test]
async fn a_batch_judges_each_submission_by_itself() {
    let (_site, url) = front().await;
    let wrong = json!({"flag": "flag{test}", "session_id": "0123456789abcdef"});
    let (status, body) = sent(post(&url, "/api/flags/batch", &json!({"submissions": [wrong, {}, 7]}))).await;
    assert_eq!((status, &body["total_submitted"], &body["valid_count"]), (200, &json!(3), &json!(0)));
    assert_eq!(body["results"][0]["error"], "not_found");
    assert_eq!(body["results"][2]["error"], "invalid_request");
    let many: Vec<_> = (0..51).map(|_| wrong.clone()).collect();
    assert_eq!(sent(post(&url, "/api/flags/batch", &json!({"submissions": many}))).await.0, 400);
}

#[tokio::test]
async fn nobody_plays_without_an_account_but_people_at_this_machine() {
    let (_site, url) = front().await;
    let body = json!({"challenge_id": "none", "user_id": "test-user"});
    let spawn = || post(&url, "/api/challenges", &body);
    assert_eq!(sent(spawn()).await.0, 404, "at this machine");
    for (name, value) in [("Host", "evil.example"), ("X-Forwarded-For", "127.0.0.1"), ("X-Real-IP", "127.0.0.1")] {
        let (status, answer) = sent(spawn().header(name, value)).await;
        assert_eq!((status, &answer["code"]), (401, &json!(401)), "{name}");
    }
    assert_eq!(sent(Client::new().get(format!("{url}/api/challenges")).header("Host", "ctf.example")).await.0, 200);
    let (_site, closed) = front_with(Some(false)).await;
    assert_eq!(sent(post(&closed, "/api/challenges", &body)).await.0, 401);
    assert_eq!(sent(post(&closed, "/api/flags", &json!({"flag": "a", "session_id": "0123456789"}))).await.0, 401);
}

#[tokio::test]
async fn pages_of_configured_sites_may_use_it_and_no_others() {
    let (_site, url) = front().await;
    let body = json!({"challenge_id": "none", "user_id": "test-user"});
    let from = |origin: &'static str| post(&url, "/api/challenges", &body).header("Origin", origin);
    let allowed = |response: &Response| {
        response.headers().get("access-control-allow-origin").map(|value| value.to_str().unwrap().to_owned())
    };
    let own = from("http://localhost:3000").send().await.unwrap();
    assert_eq!((own.status().as_u16(), allowed(&own).as_deref()), (404, Some("http://localhost:3000")));
    assert!(own.headers().get("access-control-allow-credentials").is_none());
    let other = from("http://evil.example").send().await.unwrap();
    assert_eq!((other.status().as_u16(), allowed(&other)), (403, None));
    let preflight = |origin: &'static str| {
        let request = Client::new().request(Method::OPTIONS, format!("{url}/api/challenges"));
        request.header("Origin", origin).header("Access-Control-Request-Method", "POST").send()
    };
    let own = preflight("http://127.0.0.1:8080").await.unwrap();
    assert_eq!((own.status().as_u16(), allowed(&own).as_deref()), (204, Some("http://127.0.0.1:8080")));
    assert_eq!(own.headers()["access-control-allow-headers"], "content-type");
    let other = preflight("http://evil.example").await.unwrap();
    assert_eq!((other.status().as_u16(), allowed(&other)), (204, None));
}

#[tokio::test]
async fn a_monitor_sees_that_it_is_healthy() {
    let (_site, url) = front().await;
    let (status, health) = sent(Client::new().get(format!("{url}/api/health"))).await;
    assert_eq!((status, &health["status"], &health["sessions"]["active"]), (200, &json!("healthy"), &json!(0)));
    assert!(health["uptime"].as_f64().unwrap() > 0.0 && health["version"].is_string(), "{health}");
    assert_eq!(Client::new().head(format!("{url}/api/health")).send().await.unwrap().status(), 200);
}
