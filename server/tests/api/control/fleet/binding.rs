//! Runner keys used on another machine than the one for which they were made.

use crate::clients::{Client, Language, Shown};
use crate::site::{Answer, Site};
use challengectl_coordinator::{HostBinding, Role};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

const MACHINE: &str = "X-Runner-Machine-ID";
const HOME: &str = "the-machine-on-the-roof";

async fn site(binding: HostBinding) -> Site {
    Site::start_with(tempfile::tempdir().unwrap(), |config| config.host_binding = binding).await
}

/// Enrolls `roof` on the machine [`HOME`], registers it, and returns its key.
async fn bound(site: &Site) -> String {
    let body = json!({"enrollment_token": site.token("roof").await});
    let enroll = site.request(Method::POST, "/api/enrollment/enroll").header(MACHINE, HOME).json(&body);
    let key = Answer::of(enroll).await.body["api_key"].as_str().unwrap().to_owned();
    let register = at(site.request(Method::POST, "/api/runners/register"), &key, Some(HOME));
    assert_eq!(Answer::of(register.json(&json!({"runner_id": "roof"}))).await.status, 200);
    key
}

fn at(request: RequestBuilder, key: &str, machine: Option<&str>) -> RequestBuilder {
    let request = request.header("X-API-Key", key);
    match machine {
        Some(machine) => request.header(MACHINE, machine),
        None => request,
    }
}

async fn heartbeat(site: &Site, key: &str, machine: Option<&str>) -> Answer {
    Answer::of(at(site.request(Method::POST, "/api/runners/roof/heartbeat"), key, machine)).await
}

async fn shown(site: &Site) -> Value {
    let viewer = site.browser("vic", Role::Viewer).await;
    viewer.get("/api/runners/roof").await.body["runner"]["host_binding"].clone()
}

/// Returns the log lines about keys used on other machines, oldest first.
async fn warnings(site: &Site) -> Vec<String> {
    let logs = site.browser("vic", Role::Viewer).await.get("/api/logs").await.body["logs"].clone();
    let lines = logs.as_array().unwrap().iter().rev().map(|line| line["message"].as_str().unwrap().to_owned());
    lines.filter(|line| line.starts_with("The key of")).collect()
}

#[tokio::test]
async fn with_require_a_copied_key_is_refused_on_every_route_until_the_runner_is_enrolled_again() {
    let site = site(HostBinding::Require).await;
    let key = bound(&site).await;
    assert_eq!(shown(&site).await, "bound");
    let hash = "0".repeat(64);
    let routes = [
        (Method::POST, "/api/runners/register".to_owned()),
        (Method::POST, "/api/runners/roof/heartbeat".to_owned()),
        (Method::GET, "/api/runners/roof/task".to_owned()),
        (Method::POST, "/api/runners/roof/complete".to_owned()),
        (Method::POST, "/api/runners/roof/log".to_owned()),
        (Method::POST, "/api/runners/roof/signout".to_owned()),
        (Method::GET, format!("/api/files/{hash}")),
    ];
    for (method, path) in routes {
        for machine in [Some("elsewhere"), Some(""), Some("THE-MACHINE-ON-THE-ROOF"), None] {
            let request = at(site.request(method.clone(), &path), &key, machine).json(&json!({"runner_id": "roof"}));
            let answer = Answer::of(request).await;
            answer.is_error(403, "forbidden");
            assert!(answer.body["details"].as_str().unwrap().contains("the machine that it was made for"));
        }
    }
    assert_eq!(heartbeat(&site, &key, Some(HOME)).await.status, 200);
    assert_eq!(shown(&site).await, "violated");
}

#[tokio::test]
async fn the_check_applies_to_a_silent_or_signed_out_runner_and_after_a_restart_of_the_server() {
    let key;
    let site = {
        let mut site = site(HostBinding::Require).await;
        key = bound(&site).await;
        let away = at(site.request(Method::POST, "/api/runners/roof/signout"), &key, Some(HOME));
        assert_eq!(Answer::of(away).await.status, 200);
        heartbeat(&site, &key, Some("elsewhere")).await.is_error(403, "forbidden");
        site.stop().await;
        Site::start_with(site.folder, |config| config.host_binding = HostBinding::Require).await
    };
    heartbeat(&site, &key, Some("elsewhere")).await.is_error(403, "forbidden");
    let register = site.request(Method::POST, "/api/runners/register").json(&json!({"runner_id": "roof"}));
    Answer::of(at(register, &key, Some("elsewhere"))).await.is_error(403, "forbidden");
    heartbeat(&site, &key, Some(HOME)).await.is_error(404, "runner not registered");
}

#[tokio::test]
async fn with_report_a_copied_key_works_and_operators_are_notified_once() {
    let site = Site::start().await;
    let key = bound(&site).await;
    let viewer = site.browser("vic", Role::Viewer).await;
    let mut client = Client::start(Language::Python, "websocket", &site.url, "/", &Shown::login(&viewer));
    client.next_named("initial_state").await;
    for _ in 0..3 {
        assert_eq!(heartbeat(&site, &key, Some(HOME)).await.status, 200);
        assert_eq!(heartbeat(&site, &key, Some("elsewhere")).await.status, 200);
    }
    let message = "The key of runner roof was used by another machine at 127.0.0.1, and was let in";
    let alarm = client.events_until("alarm").await.pop().unwrap();
    assert_eq!(alarm["message"], message);
    assert_eq!(warnings(&site).await, [message]);
    assert_eq!(shown(&site).await, "violated");
    // A client without a machine id counts as another machine.
    assert_eq!(heartbeat(&site, &key, None).await.status, 200);
    let more = "The key of runner roof was used by a client that names no machine at 127.0.0.1, and was let in";
    assert_eq!(warnings(&site).await, [message, more]);
    // A new key ends the alarm.
    bound(&site).await;
    assert_eq!(shown(&site).await, "bound");
}

#[tokio::test]
async fn with_off_there_is_no_notification() {
    let site = site(HostBinding::Off).await;
    let key = bound(&site).await;
    assert_eq!(heartbeat(&site, &key, Some("elsewhere")).await.status, 200);
    assert_eq!(warnings(&site).await, Vec::<String>::new());
    assert_eq!(shown(&site).await, "bound");
}

#[tokio::test]
async fn a_key_made_without_a_machine_id_is_valid_everywhere_and_never_bound_by_use() {
    let site = site(HostBinding::Require).await;
    let runner = site.runner("roof").await;
    for machine in [None, Some("one"), Some("other"), None] {
        assert_eq!(heartbeat(&site, &runner.key, machine).await.status, 200);
        assert_eq!(shown(&site).await, "unbound");
    }
    assert_eq!(warnings(&site).await, Vec::<String>::new());
}

#[tokio::test]
async fn the_machine_id_itself_is_never_stored() {
    let mut site = site(HostBinding::Require).await;
    bound(&site).await;
    site.stop().await;
    for file in std::fs::read_dir(site.data_dir()).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            assert!(!bytes.windows(HOME.len()).any(|window| window == HOME.as_bytes()), "{}", path.display());
        }
    }
}
