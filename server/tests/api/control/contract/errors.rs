//! Every request is answered in JSON, and never with a 500.

use crate::site::{Answer, Site};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends raw bytes; returns the status line and the body of the answer.
async fn answer_to(site: &Site, bytes: &[u8]) -> (String, Value) {
    let mut connection = TcpStream::connect(site.url.trim_start_matches("http://")).await.unwrap();
    connection.write_all(bytes).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("content-type: application/json"), "{head}");
    assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
    (head.lines().next().unwrap().to_owned(), serde_json::from_str(body).unwrap())
}

#[tokio::test]
async fn malformed_requests_and_those_with_too_long_a_head_are_refused_in_json() {
    let site = Site::start().await;
    for nonsense in
        [&b"NONSENSE\r\n\r\n"[..], b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"]
    {
        let (status, body) = answer_to(&site, nonsense).await;
        assert_eq!((status.as_str(), body["error"].as_str()), ("HTTP/1.1 400 Bad Request", Some("invalid request")));
    }
    // After a valid request on the same connection, too.
    let (_, body) = {
        let mut connection = TcpStream::connect(site.url.trim_start_matches("http://")).await.unwrap();
        let good = "GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n";
        connection.write_all(format!("{good}NONSENSE\r\n\r\n").as_bytes()).await.unwrap();
        let mut answers = String::new();
        connection.read_to_string(&mut answers).await.unwrap();
        assert!(answers.starts_with("HTTP/1.1 200 OK") && answers.contains("HTTP/1.1 400 "), "{answers}");
        let body = answers.rsplit_once("\r\n\r\n").unwrap().1.to_owned();
        (answers, serde_json::from_str::<Value>(&body).unwrap())
    };
    assert_eq!(body["error"], "invalid request");
    let long = format!("GET /api/health HTTP/1.1\r\nHost: x\r\nCookie: {}", "x".repeat(140_000));
    let (status, body) = answer_to(&site, long.as_bytes()).await;
    assert_eq!(status, "HTTP/1.1 431 Request Header Fields Too Large");
    assert_eq!(body["error"], "request header fields too large");
    assert!(body["details"].as_str().unwrap().contains("cookies"));
}

#[tokio::test]
async fn an_unknown_path_is_404_in_json() {
    let site = Site::start().await;
    for path in ["/api/nope", "/api", "/nothing", "/api/runners//task/x"] {
        site.get(path).await.is_error(404, "not found");
    }
}

#[tokio::test]
async fn a_wrong_method_is_405_with_the_allowed_ones() {
    let site = Site::start().await;
    let routes = [
        (Method::GET, "/api/runners/register", "POST"),
        (Method::DELETE, "/api/runners/roof/heartbeat", "POST"),
        (Method::POST, "/api/runners/roof/task", "GET"),
        (Method::PUT, "/api/health", "GET, HEAD"),
        (Method::POST, "/health", "GET, HEAD"),
        (Method::POST, "/ready", "GET, HEAD"),
        (Method::POST, "/metrics", "GET, HEAD"),
        (Method::POST, "/api/public/challenges", "GET, HEAD"),
        (Method::GET, "/api/enrollment/enroll", "POST"),
    ];
    for path in ["/health", "/ready", "/api/public/challenges"] {
        let response = site.request(Method::HEAD, path).send().await.unwrap();
        assert_eq!((response.status().as_u16(), response.text().await.unwrap().as_str()), (200, ""));
    }
    for (method, path, allowed) in routes {
        let response = site.request(method, path).send().await.unwrap();
        assert_eq!(response.headers()["allow"], allowed);
        Answer::read(response).await.is_error(405, "method not allowed");
    }
}

#[tokio::test]
async fn without_a_valid_key_it_is_401_and_with_anothers_403() {
    let site = Site::start().await;
    let (roof, cellar) = (site.runner("roof").await, site.runner("cellar").await);
    let routes = [
        (Method::POST, "/api/runners/roof/heartbeat"),
        (Method::POST, "/api/runners/roof/signout"),
        (Method::GET, "/api/runners/roof/task"),
        (Method::POST, "/api/runners/roof/complete"),
        (Method::POST, "/api/runners/roof/log"),
    ];
    let id = roof.key.split('_').nth(1).unwrap();
    let forged = [
        "",
        "x",
        "ck_",
        "ck__",
        "ck_x_y",
        &format!("ck_{id}_"),
        &format!("ck_{id}_{}", "0".repeat(64)),
        "é",
        &roof.key[..roof.key.len() - 1],
        &format!("{}0", roof.key),
    ]
    .map(str::to_owned);
    for (method, path) in routes {
        let request = || site.request(method.clone(), path);
        Answer::of(request()).await.is_error(401, "authentication required");
        Answer::of(request().header("X-API-Key", &cellar.key)).await.is_error(403, "forbidden");
        for key in &forged {
            Answer::of(request().header("X-API-Key", key)).await.is_error(401, "authentication required");
            Answer::of(request().bearer_auth(key)).await.is_error(401, "authentication required");
        }
    }
    let bearer =
        site.request(Method::GET, "/api/runners/roof/task").header("Authorization", format!("bEaReR {}", roof.key));
    assert_eq!(Answer::of(bearer).await.status, 200);
}

#[tokio::test]
async fn a_malformed_body_one_of_another_type_and_one_too_large_have_different_errors() {
    let site = Site::start().await;
    let runner = site.runner("roof").await;
    for action in ["register", "complete", "log", "heartbeat"] {
        let with = |kind: &str, body: Vec<u8>| {
            Answer::of(runner.request(Method::POST, action).header("Content-Type", kind).body(body))
        };
        with("application/json", b"{".to_vec()).await.is_error(400, "invalid request");
        with("application/json", b"{} x".to_vec()).await.is_error(400, "invalid request");
        with("application/json", b"\xff\xfe".to_vec()).await.is_error(400, "invalid request");
        with("application/json", b"[".repeat(10_000)).await.is_error(400, "invalid request");
        with("text/plain", b"{}".to_vec()).await.is_error(415, "unsupported media type");
        with("application/json", vec![b' '; 300_000]).await.is_error(413, "body too large");
    }
    let chunks = futures_util::stream::iter((0..400).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1_000])));
    let request = runner.request(Method::POST, "complete").header("Content-Type", "application/json");
    Answer::of(request.body(reqwest::Body::wrap_stream(chunks))).await.is_error(413, "body too large");
    let bare = Answer::of(runner.request(Method::POST, "complete")).await;
    bare.is_error(415, "unsupported media type");
}

#[tokio::test]
async fn numbers_at_the_edges_do_no_harm() {
    let site = Site::start().await;
    let runner = site.runner("roof").await;
    for number in [json!(i64::MIN), json!(i64::MAX), json!(0), json!(-1)] {
        let report = json!({"challenge_id": number, "status": "success", "assignment_id": number, "fence": number});
        runner.post("complete", report).await.is_error(404, "not found");
        let named = json!({"assignments": [{"assignment_id": number, "fence": number, "progress": -1e300}]});
        assert_eq!(runner.post("heartbeat", named).await.body["abort"], json!([number]));
    }
    for number in [json!(1e300), json!(u64::MAX), json!("1"), json!(null), json!(1.5)] {
        runner
            .post("complete", json!({"challenge_id": number, "status": "success"}))
            .await
            .is_error(400, "invalid request");
    }
    for (rate, status) in [(1_000_000_000_000, 200), (1_000_000_000_001, 400), (u64::MAX, 400)] {
        let radio = json!({"id": "a", "sample_rate": rate, "frequency_limits": ["0-1000000000000"]});
        assert_eq!(runner.post("register", json!({"runner_id": "roof", "radios": [radio]})).await.status, status);
    }
    for wrong in [
        json!({"duty_cycle": 0}),
        json!({"duty_cycle": 25}),
        json!({"max_on_air_seconds": 0}),
        json!({"rests_seconds": -1}),
        json!({"rests_seconds": 1e300}),
        json!({"identification": {"callsign": "NONE", "interval_seconds": 600, "length_seconds": 4}}),
        json!({"identification": {"callsign": "W1AW", "interval_seconds": 90_000, "length_seconds": 4}}),
        json!({"identification": {"callsign": "W1AW", "interval_seconds": 600, "length_seconds": 4000}}),
    ] {
        let mut radio = wrong.as_object().unwrap().clone();
        radio.insert("id".to_owned(), json!("a"));
        let register = json!({"runner_id": "roof", "radios": [radio]});
        runner.post("register", register).await.is_error(400, "invalid request");
    }
    assert_eq!(runner.get("task").await.status, 200);
    let times = json!({"level": "INFO", "message": "\u{0}\u{1f4fb}", "timestamp": "9999-12-30T22:00:00Z"});
    assert_eq!(runner.post("log", times).await.status, 200);
}
