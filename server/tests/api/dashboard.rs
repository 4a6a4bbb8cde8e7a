//! What the dashboard is served with, and what it draws from.

use crate::clients::{Client, Language, Shown};
use crate::site::{MORSE, Site, fields, is_timestamp};
use challengectl_coordinator::Role;
use challengectl_server::http::document;
use challengectl_waveform::MODULATIONS;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use std::path::Path;

async fn get(site: &Site, path: &str, encoding: &str) -> Response {
    site.request(Method::GET, path).header("Accept-Encoding", encoding).send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

fn dist() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("dashboard/dist")
}

/// The dashboard's types are made of this file, so that a changed field fails its build.
#[test]
fn the_dashboard_is_built_from_the_description_as_it_is() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("dashboard/openapi.json");
    let written: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let is_current = without_freedv(written) == without_freedv(serde_json::to_value(document()).unwrap());
    assert!(is_current, "server/dashboard/openapi.json is out of date: `make openapi` writes it anew");
}

/// The description without the one modulation that only a server with its feature has; it names it in lists alone.
fn without_freedv(description: Value) -> Value {
    match description {
        Value::String(text) => {
            text.lines().filter(|line| !line.contains("freedv")).collect::<Vec<_>>().join("\n").into()
        }
        Value::Array(all) => all.into_iter().filter(|it| it != "freedv").map(without_freedv).collect(),
        Value::Object(all) => all.into_iter().map(|(name, it)| (name, without_freedv(it))).collect(),
        other => other,
    }
}

#[tokio::test]
async fn every_page_is_served_under_a_policy_without_inline_scripts() {
    let site = Site::start().await;
    for path in ["/", "/login", "/challenges/7", "/runners/roof", "/air", "/receive", "/play", "/teams", "/projector"] {
        let page = get(&site, path, "identity").await;
        assert_eq!(
            (page.status().as_u16(), header(&page, "content-type")),
            (200, "text/html; charset=utf-8"),
            "{path}"
        );
        let policy = header(&page, "content-security-policy").to_owned();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"), "{policy}");
        assert!(policy.ends_with("require-trusted-types-for 'script'; trusted-types vue"), "{policy}");
        assert!(!policy.contains("unsafe") && !policy.contains("nonce") && !policy.contains("data:"), "{policy}");
        assert_eq!(header(&page, "cache-control"), "no-cache");
        let text = page.text().await.unwrap();
        // Either form, of a server with it or without, names where the API is described.
        assert!(text.contains("<title>ChallengeCtl</title>") && text.contains("/docs"), "{text}");
    }
    let post = site.post("/challenges", json!({})).await;
    post.is_error(405, "method not allowed");
    for path in ["/assets/none.js", "/assets/..%2Findex.html", "/nothing", "/index.html"] {
        site.get(path).await.is_error(404, "not found");
    }
}

#[tokio::test]
async fn files_are_compressed_beforehand_and_kept_by_browsers() {
    let Ok(assets) = std::fs::read_dir(dist().join("assets")) else { return };
    let script = assets.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let script = script.into_iter().find(|name| name.starts_with("index-") && name.ends_with(".js")).unwrap();
    let path = format!("/assets/{script}");
    let site = Site::start().await;
    for (accepted, answered) in [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("identity", "")] {
        let file = get(&site, &path, accepted).await;
        assert_eq!((file.status().as_u16(), header(&file, "content-encoding")), (200, answered));
        assert_eq!(header(&file, "cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(header(&file, "content-type"), "text/javascript; charset=utf-8");
        assert_eq!(header(&file, "vary"), "Accept-Encoding");
        let tag = header(&file, "etag").to_owned();
        let again = site.request(Method::GET, &path).header("Accept-Encoding", accepted).header("If-None-Match", tag);
        assert_eq!(again.send().await.unwrap().status(), 304);
    }
}

#[tokio::test]
async fn forms_can_be_made_from_what_is_said_of_each_modulation() {
    let site = Site::start().await;
    let viewer = site.browser("vic", Role::Viewer).await;
    let all = viewer.get("/api/modulations").await.body["modulations"].clone();
    let names: Vec<_> = all.as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, MODULATIONS.iter().map(|it| it.name).collect::<Vec<_>>());
    let one = |name: &str| all.as_array().unwrap().iter().find(|it| it["name"] == name).unwrap();
    assert_eq!((&one("nbfm")["payload"], &one("cw")["payload"]), (&json!("file"), &json!("text")));
    let of = |modulation: &str, parameter: &str| {
        let all = one(modulation)["parameters"].as_array().unwrap();
        all.iter().find(|it| it["name"] == parameter).unwrap()["limits"].clone()
    };
    let capcode = of("pocsag", "capcode");
    assert_eq!((&capcode["kind"], &capcode["default"]), (&json!("integer"), &Value::Null));
    assert_eq!(of("nbfm", "deviation")["unit"], "Hz");
    assert_eq!((&one("paint")["payload"], of("nbfm", "watermark")), (&json!("picture"), of("cw", "watermark")));
    assert!(of("cw", "profile")["of"].as_array().unwrap().contains(&json!("legacy")));
}

/// The whole state at first, then only what differs of it.
#[tokio::test]
async fn a_dashboard_gets_the_state_once_and_then_what_changes_of_it() {
    let site = Site::start().await;
    site.import(MORSE).await;
    let operator = site.browser("oli", Role::Operator).await;
    let mut dashboard =
        Client::start(Language::JavaScript, "websocket", &site.url, "/dashboard", &Shown::login(&operator));
    let state = dashboard.next_named("state").await;
    assert_eq!(fields(&state), fields(&operator.get("/api/state").await.body));
    assert_eq!((&state["challenges"][0]["name"], &state["control"]["paused"]), (&json!("MORSE_1"), &json!(false)));
    assert!(state["challenges"][0].get("text").is_none(), "nobody is sent what a challenge carries");

    operator.post("/api/control/pause", json!({})).await;
    let change = loop {
        let changes = dashboard.next_named("changes").await;
        if changes.get("control").is_some() {
            break changes;
        }
    };
    assert_eq!((&change["control"]["paused"], &change["control"]["paused_by"]), (&json!(true), &json!("oli")));
    assert!(is_timestamp(&change["timestamp"]) && change.get("conference").is_none(), "{change}");

    // The login ends, and the connection with it.
    operator.post("/api/auth/logout", json!({})).await;
    dashboard.next_named("disconnect").await;
}

#[tokio::test]
async fn nobody_without_a_login_gets_the_state() {
    let site = Site::start().await;
    let player = Shown::login(&site.browser("paula", Role::Player).await);
    for shown in [Shown::default(), player] {
        let mut stranger = Client::start(Language::JavaScript, "websocket", &site.url, "/dashboard", &shown);
        assert_eq!(stranger.next_named("connect_error").await, "authentication required");
    }
}

#[tokio::test]
async fn a_challenge_is_checked_and_heard_before_it_is_there() {
    let site = Site::start().await;
    site.import(MORSE).await;
    let admin = site.browser("ada", Role::Admin).await;
    let form = json!({"name": "NEW", "modulation": "cw", "frequency": 145_600_000, "text": "CQ"});
    let checked = admin.post("/api/challenges/check", form.clone()).await;
    assert_eq!((checked.status, &checked.body["problems"]), (200, &json!([])));
    assert!(checked.body["duration"].as_f64().unwrap() > 1.0 && checked.body["occupied"]["high"].is_number());

    let mut wrong = form.clone();
    wrong["text"] = json!("{}");
    wrong["frequency"] = json!(1);
    let checked = admin.post("/api/challenges/check", wrong.clone()).await;
    assert_eq!((checked.status, checked.body["problems"].as_array().unwrap().len()), (200, 2), "{:?}", checked.body);
    wrong["name"] = json!("MORSE_1");
    let mut taken = form.clone();
    taken["name"] = json!("MORSE_1");
    let checked = admin.post("/api/challenges/check", taken).await;
    assert_eq!(checked.body["problems"], json!(["name: there is a challenge MORSE_1 already"]));
    let renamed = admin.post("/api/challenges/check?challenge_id=1", json!({"priority": 3})).await;
    assert_eq!(renamed.body["problems"], json!([]));
    admin.post("/api/challenges/check?challenge_id=9", json!({})).await.is_error(404, "not found");

    let made = admin.request(Method::POST, "/api/challenges/preview").json(&form).send().await.unwrap();
    assert_eq!((made.status().as_u16(), header(&made, "content-type")), (200, "audio/wav"));
    let wav = made.bytes().await.unwrap();
    assert_eq!((&wav[..4], &wav[8..16], &wav[22..24]), (&b"RIFF"[..], &b"WAVEfmt "[..], &[2, 0][..]));
    assert!(wav[44..].iter().any(|byte| *byte != 0));
    admin.post("/api/challenges/preview", wrong).await.is_error(400, "invalid request");
    assert_eq!(admin.get("/api/challenges").await.body["challenges"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_alarm_is_acknowledged_and_shelved_for_everybody() {
    let site = Site::start().await;
    site.import(MORSE).await;
    let operator = site.browser("oli", Role::Operator).await;
    // The server finds a challenge that no radio can send by itself, after a while: an emergency stop is quicker.
    let none = operator.post("/api/alarms/acknowledge", json!({"alarm_id": "clock:"})).await;
    none.is_error(404, "not found");
    let shelving = json!({"alarm_id": "clock:", "minutes": 30, "reason": "known"});
    operator.post("/api/alarms/shelve", shelving).await.is_error(404, "not found");
    for wrong in [json!({"minutes": 0}), json!({"minutes": 241}), json!({"reason": " "}), json!({"reason": "a\nb"})] {
        let mut body = json!({"alarm_id": "clock:", "minutes": 30, "reason": "known"});
        body.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        operator.post("/api/alarms/shelve", body).await.is_error(400, "invalid request");
    }
}

#[tokio::test]
async fn a_token_comes_with_a_configuration_when_radios_are_given() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    let plain = admin.post("/api/enrollment/token", json!({"runner_id": "roof"})).await;
    assert!(plain.body.get("config_yaml").is_none());
    let radio =
        json!({"id": "vhf", "driver": "soapy", "args": "driver=hackrf", "frequency_limits": ["144000000-148000000"]});
    let body = json!({"runner_id": "van", "server_url": "https://ctl.example:8443", "radios": [radio]});
    let made = admin.post("/api/enrollment/token", body).await;
    let (file, token) = (made.body["config_yaml"].as_str().unwrap(), made.body["enrollment_token"].as_str().unwrap());
    assert!(
        file.contains(token) && file.contains("driver=hackrf") && file.contains("https://ctl.example:8443"),
        "{file}"
    );
    let wrong = json!({"runner_id": "bus", "radios": [{"id": "a", "driver": "a b"}]});
    admin.post("/api/enrollment/token", wrong).await.is_error(400, "invalid request");
    let tokens = admin.get("/api/enrollment/tokens").await.body;
    assert_eq!(tokens["total"], 2, "a refused configuration makes no token");
}

#[tokio::test]
async fn settings_are_shown_and_a_backup_is_downloaded_by_a_master() {
    let site = Site::start().await;
    let viewer = site.browser("vic", Role::Viewer).await;
    let settings = viewer.get("/api/settings").await.body;
    assert_eq!((&settings["tls"], &settings["guard_hz"]), (&json!("off"), &json!(5000)));
    let master = site.browser("mia", Role::Master).await;
    let backup = master.request(Method::GET, "/api/backup").send().await.unwrap();
    assert_eq!((backup.status().as_u16(), header(&backup, "content-type")), (200, "application/x-tar"));
    let archive = backup.bytes().await.unwrap();
    assert!(archive.windows(13).any(|part| part == b"manifest.json"));
    assert_eq!(master.get("/api/audit").await.body["entries"][0]["what"], "server.backup");
}
