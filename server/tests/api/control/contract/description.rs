//! The description of the API, its page, and the headers of all answers.

use crate::people::{Authenticator, PASSWORD, browser, log_in, verify};
use crate::site::{Answer, MORSE, Site, fields};
use challengectl_coordinator::Role;
use reqwest::header::HeaderMap;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

async fn get(site: &Site, path: &str) -> Response {
    site.request(Method::GET, path).send().await.unwrap()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).unwrap_or_else(|| panic!("no {name}")).to_str().unwrap()
}

/// Collects all values of this key, at any depth.
fn all<'a>(tree: &'a Value, key: &str, found: &mut Vec<&'a Value>) {
    match tree {
        Value::Object(map) => map.iter().for_each(|(name, value)| {
            if name == key {
                found.push(value);
            }
            all(value, key, found);
        }),
        Value::Array(list) => list.iter().for_each(|value| all(value, key, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_descriptions_are_public() {
    let site = Site::start().await;
    let index = site.get("/docs/openapi.json").await.body;
    assert_eq!(fields(&index["fronts"]), ["control", "docker", "engine", "pacstar", "sessions"]);
    assert_eq!(site.get("/docs/control.json").await.body, site.get("/api/openapi.json").await.body);
    for front in ["control", "docker", "engine", "pacstar", "sessions"] {
        is_whole(&site.get(index["fronts"][front].as_str().unwrap()).await);
    }
}

fn is_whole(answer: &Answer) {
    assert_eq!((answer.status, answer.body["openapi"].as_str()), (200, Some("3.1.0")));
    let paths = answer.body["paths"].as_object().unwrap();
    let mut ids = Vec::new();
    for (path, method, operation) in
        paths.iter().flat_map(|(path, item)| item.as_object().unwrap().iter().map(move |(m, it)| (path, m, it)))
    {
        let place = format!("{method} {path}");
        assert!(operation["summary"].as_str().is_some_and(|text| text.ends_with('.')), "{place}");
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{place}");
        assert!(operation["security"].is_array(), "{place}");
        let success = fields(&operation["responses"]).iter().any(|status| status.starts_with('2'));
        assert!(success, "{place}");
        ids.push(operation["operationId"].as_str().unwrap());
    }
    ids.sort_unstable();
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count, "each operation has its own id");
    let mut references = Vec::new();
    all(&answer.body, "$ref", &mut references);
    for reference in references {
        let place = reference.as_str().unwrap().trim_start_matches('#');
        assert!(answer.body.pointer(place).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn the_document_describes_credentials_and_errors() {
    let site = Site::start().await;
    let document = site.get("/api/openapi.json").await.body;
    let operation = |method: &str, path: &str| document["paths"][path][method].clone();
    let asks = |method, path| fields(&operation(method, path)["security"][0]).join(" ");
    assert_eq!(asks("get", "/api/challenges"), "session");
    assert_eq!(asks("post", "/api/challenges"), "session");
    assert_eq!(operation("post", "/api/challenges")["description"], "Requires the role admin.");
    assert_eq!(asks("post", "/api/runners/register"), "runner_key");
    assert_eq!(operation("get", "/health")["security"].as_array().map(Vec::len), Some(0));
    let statuses = |method, path| fields(&operation(method, path)["responses"]).join(" ");
    assert_eq!(statuses("put", "/api/challenges/{challenge_id}"), "200 400 401 403 404 409 413 415");
    assert_eq!(statuses("post", "/api/auth/login"), "200 400 401 403 413 415 429");
    assert_eq!(statuses("get", "/api/runners"), "200 401");
}

#[tokio::test]
async fn the_document_lists_the_parameters_of_each_modulation() {
    let site = Site::start().await;
    let form = site.get("/api/openapi.json").await.body["components"]["schemas"]["ChallengeForm"].clone();
    assert!(form["properties"]["modulation"]["enum"].as_array().unwrap().contains(&"pocsag".into()), "{form}");
    assert!(form["properties"]["parameters"]["description"].as_str().unwrap().contains("`wpm` (2 to 60 WPM"), "{form}");
    assert_eq!(form["additionalProperties"], false);
}

/// Returns the documented fields of an answer: the required ones, and all.
fn described<'a>(document: &'a Value, schema: &'a Value) -> [BTreeSet<&'a str>; 2] {
    if let Some(reference) = schema["$ref"].as_str() {
        return described(document, document.pointer(reference.trim_start_matches('#')).unwrap());
    }
    let mut found: [BTreeSet<_>; 2] = [
        schema["required"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap()).collect(),
        schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect(),
    ];
    for part in schema["allOf"].as_array().into_iter().flatten() {
        let [required, all] = described(document, part);
        found[0].extend(required);
        found[1].extend(all);
    }
    found
}

fn is_described(document: &Value, path: &str, status: u16, body: &Value) {
    let response = &document["paths"][path]["post"]["responses"][status.to_string()];
    let [required, all] = described(document, &response["content"]["application/json"]["schema"]);
    let sent = fields(body).into_iter().collect();
    assert!(required.is_subset(&sent) && sent.is_subset(&all), "{path}: {required:?} and of {all:?}: {body}");
}

/// Tested here, since Schemathesis has neither password nor TOTP code.
#[tokio::test]
async fn a_login_is_answered_as_described() {
    let site = Site::start().await;
    let document = site.get("/api/openapi.json").await.body;
    let setup = json!({"setup_token": site.setup_token, "username": "alice", "password": PASSWORD});
    let setup = site.post("/api/auth/setup", setup).await;
    is_described(&document, "/api/auth/setup", 201, &setup.body);
    let authenticator = Authenticator::of(&setup.body);
    let verified = verify(&site, &setup.body["temp_token"], &authenticator.code()).await;
    let alice = browser(&site, &verified);
    is_described(&document, "/api/auth/verify-totp", 200, &verified.json().await.unwrap());
    let login = log_in(&site, "alice", PASSWORD).await;
    is_described(&document, "/api/auth/login", 200, &login.body);
    let codes = alice.post("/api/auth/recovery-codes", json!({"totp_code": authenticator.next_code()})).await;
    is_described(&document, "/api/auth/recovery-codes", 200, &codes.body);
    let token = site.token("roof").await;
    let enrolled = site.post("/api/enrollment/enroll", json!({"enrollment_token": token})).await;
    is_described(&document, "/api/enrollment/enroll", 201, &enrolled.body);
}

/// A route made elsewhere would be missing in the document.
#[test]
fn routes_are_made_where_the_document_is_made() {
    let mut found = Vec::new();
    look(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found.sort();
    // The pages of the dashboard, the routes of the document, its page, and the WebSockets of runners, of the receiver and
    // Socket.IO, which are not HTTP APIs; and the way to the programs of sessions, which have APIs of their own.
    let expected = [
        "dashboard.rs",
        "fronts/control/connections.rs",
        "fronts/sessions/proxy.rs",
        "openapi/mod.rs",
        "openapi/pages.rs",
        "receiver/mod.rs",
        "socket_io.rs",
    ];
    assert_eq!(found, expected.map(|file| format!("http/{file}")));
}

fn look(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            look(&path, found);
        } else if std::fs::read_to_string(&path)
            .is_ok_and(|text| text.contains(".service(") && text.contains("resource("))
        {
            let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
            found.push(path.strip_prefix(from).unwrap().to_str().unwrap().to_owned());
        }
    }
}

#[tokio::test]
async fn the_page_loads_everything_from_this_server() {
    let site = Site::start().await;
    for path in ["/docs", "/docs/"] {
        let page = get(&site, path).await;
        assert_eq!(page.status(), 200);
        assert_eq!(header(page.headers(), "content-type"), "text/html; charset=utf-8");
        let policy = header(page.headers(), "content-security-policy");
        assert!(policy.contains("script-src 'self';") && !policy.contains("unsafe"), "{policy}");
        let text = page.text().await.unwrap();
        let linked: Vec<_> = text.split('"').filter(|part| part.starts_with("/docs/")).collect();
        assert_eq!(linked.len(), 4, "{text}");
        for (file, kind) in linked.iter().zip(["image/png", "text/css", "text/javascript", "text/javascript"]) {
            let file = get(&site, file).await;
            assert_eq!(file.status(), 200, "{}", file.url());
            assert!(header(file.headers(), "content-type").starts_with(kind), "{:?}", file.headers());
        }
        assert!(!text.contains("://"), "something is loaded from elsewhere: {text}");
    }
    site.get("/docs/nonsense.js").await.is_error(404, "not found");
    site.get("/docs/..%2f..%2fCargo.toml").await.is_error(404, "not found");
    site.post("/docs", Value::Null).await.is_error(405, "method not allowed");
}

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let site = Site::start().await;
    site.import(MORSE).await;
    let viewer = site.browser("viewer", Role::Viewer).await;
    let answers = [
        get(&site, "/health").await,
        get(&site, "/metrics").await,
        get(&site, "/docs").await,
        get(&site, "/nowhere").await,
        get(&site, "/api/challenges").await,
        get(&site, "/socket.io/").await,
        viewer.request(Method::GET, "/api/challenges").send().await.unwrap(),
        site.request(Method::DELETE, "/health").send().await.unwrap(),
    ];
    for answer in &answers {
        let headers = answer.headers();
        assert_eq!(header(headers, "x-content-type-options"), "nosniff");
        assert_eq!(header(headers, "x-frame-options"), "DENY");
        assert_eq!(header(headers, "referrer-policy"), "no-referrer");
        assert_eq!(header(headers, "cross-origin-opener-policy"), "same-origin");
        assert_eq!(header(headers, "cross-origin-resource-policy"), "same-origin");
        let policy = header(headers, "content-security-policy");
        assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!headers.contains_key("strict-transport-security"), "must not be set, see headers.rs");
    }
}

#[tokio::test]
async fn answers_are_not_cached_and_files_only_privately() {
    let site = Site::start().await;
    let viewer = site.browser("viewer", Role::Viewer).await;
    for path in ["/api/challenges", "/api/auth/session", "/api/nowhere"] {
        let answer = viewer.request(Method::GET, path).send().await.unwrap();
        assert_eq!(header(answer.headers(), "cache-control"), "no-store", "{path}");
    }
    crate::site::write_wav(&site.folder.path().join("a.wav"));
    site.import("challenges: [{name: A, modulation: nbfm, frequency: 146550000, file: a.wav}]").await;
    let runner = site.runner("runner-1").await;
    let hash = runner.task().await["flag_hash"].as_str().unwrap().to_owned();
    let request = site.request(Method::GET, &format!("/api/files/{hash}")).header("X-API-Key", &runner.key);
    let file = request.send().await.unwrap();
    assert_eq!(header(file.headers(), "cache-control"), "private, max-age=31536000, immutable");
}
