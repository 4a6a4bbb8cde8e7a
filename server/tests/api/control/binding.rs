//! Keys that are used on another machine than the one they were made for.

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

/// The key of `roof`, made on the machine [`HOME`] and registered from there.
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

/// Log lines about keys used elsewhere, oldest first.
async fn warnings(site: &Site) -> Vec<String> {
    let logs = site.browser("vic", Role::Viewer).await.get("/api/logs").await.body["logs"].clone();
    let lines = logs.as_array().unwrap().iter().rev().map(|line| line["message"].as_str().unwrap().to_owned());
    lines.filter(|line| line.starts_with("The key of")).collect()
}

#[tokio::test]
async fn where_it_is_required_a_copied_key_is_refused_on_every_route_and_nothing_but_enrolling_changes_that() {
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
async fn the_check_holds_also_when_the_runner_is_silent_signed_out_or_the_server_has_restarted() {
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
async fn where_it_is_reported_a_copied_key_works_and_operators_are_told_once() {
    let site = Site::start().await;
    let key = bound(&site).await;
    let viewer = site.browser("vic", Role::Viewer).await;
    let mut client = Client::start(Language::Python, "websocket", &site.url, "/", &Shown::login(&viewer));
    client.next_named("initial_state").await;
    for _ in 0..3 {
        assert_eq!(heartbeat(&site, &key, Some(HOME)).await.status, 200);
        assert_eq!(heartbeat(&site, &key, Some("elsewhere")).await.status, 200);
    }
    let told = "The key of runner roof was used by another machine at 127.0.0.1, and was let in";
    let alarm = client.events_until("alarm").await.pop().unwrap();
    assert_eq!(alarm["message"], told);
    assert_eq!(warnings(&site).await, [told]);
    assert_eq!(shown(&site).await, "violated");
    // A client that says nothing is another one.
    assert_eq!(heartbeat(&site, &key, None).await.status, 200);
    let more = "The key of runner roof was used by a client that names no machine at 127.0.0.1, and was let in";
    assert_eq!(warnings(&site).await, [told, more]);
    // With a new key all is well again.
    bound(&site).await;
    assert_eq!(shown(&site).await, "bound");
}

#[tokio::test]
async fn where_it_is_off_nobody_is_told() {
    let site = site(HostBinding::Off).await;
    let key = bound(&site).await;
    assert_eq!(heartbeat(&site, &key, Some("elsewhere")).await.status, 200);
    assert_eq!(warnings(&site).await, Vec::<String>::new());
    assert_eq!(shown(&site).await, "bound");
}

#[tokio::test]
async fn a_key_that_was_made_for_no_machine_counts_everywhere_and_is_never_bound_by_use() {
    let site = site(HostBinding::Require).await;
    let runner = site.runner("roof").await;
    for machine in [None, Some("one"), Some("other"), None] {
        assert_eq!(heartbeat(&site, &runner.key, machine).await.status, 200);
        assert_eq!(shown(&site).await, "unbound");
    }
    assert_eq!(warnings(&site).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_a_machine_says_of_itself_is_kept_nowhere() {
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
