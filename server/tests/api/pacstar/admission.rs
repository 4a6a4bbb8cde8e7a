//! Who may use which route, and the form of errors.

use super::{Front, refused};
use crate::control::contract::fuzzing::{Front as Fuzzed, run_on};
use crate::site::Answer;
use challengectl_coordinator::audit::Whose;
use challengectl_coordinator::views::history::Page;
use challengectl_server::http::documents;
use reqwest::{Client, Method};
use serde_json::json;
use std::collections::BTreeSet;

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Who {
    Anybody,
    User,
    Admin,
    Master,
}

use Who::{Admin, Anybody, Master, User};

const MATRIX: &[(&str, &str, Who)] = &[
    ("POST", "/api/v1/auth/register", Anybody),
    ("POST", "/api/v1/auth/login", Anybody),
    ("POST", "/api/v1/auth/refresh", Anybody),
    ("GET", "/api/v1/challenges", User),
    ("POST", "/api/v1/challenges", Master),
    ("GET", "/api/v1/challenges/{challenge_id}", User),
    ("PUT", "/api/v1/challenges/{challenge_id}", Master),
    ("DELETE", "/api/v1/challenges/{challenge_id}", Master),
    ("GET", "/api/v1/challenges/{challenge_id}/stats", User),
    ("POST", "/api/v1/challenges/{challenge_id}/deploy", Master),
    ("POST", "/api/v1/challenges/{challenge_id}/stop", Master),
    ("GET", "/api/v1/challenges/{challenge_id}/teams/{team_id}/access", User),
    ("GET", "/api/v1/challenges/{challenge_id}/team/{team_id}/access", User),
    ("GET", "/api/v1/users", Admin),
    ("GET", "/api/v1/users/{user_id}", User),
    ("PUT", "/api/v1/users/{user_id}", Admin),
    ("GET", "/api/v1/health", Anybody),
    ("GET", "/health", Anybody),
    ("GET", "/openapi.json", Anybody),
];

#[tokio::test]
async fn each_route_is_for_those_of_the_matrix_and_no_others() {
    let document = serde_json::to_value(&documents()["pacstar"]).unwrap();
    let described: BTreeSet<String> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().unwrap().keys().map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    let listed: BTreeSet<String> = MATRIX.iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    assert_eq!(described, listed);

    let front = Front::start().await;
    let (master, admin, user) =
        (front.master().await, front.person("zone_admin").await, front.person("john_doe").await);
    let path = format!("/api/v1/users/{}", admin.id);
    assert_eq!(master.put(&path, json!({"role": "Admin"})).await.status, 200);
    let admin = front.log_in("zone_admin").await;
    for (method, path, who) in MATRIX {
        let path = path.replace("{challenge_id}", &"0".repeat(24)).replace("{team_id}", "team-001");
        let path = path.replace("{user_id}", &user.id);
        let method: Method = method.parse().unwrap();
        let request = |token: Option<&str>| {
            let request = front.request(method.clone(), &path);
            let request = if method == Method::GET { request } else { request.json(&json!({})) };
            token.into_iter().fold(request, reqwest::RequestBuilder::bearer_auth)
        };
        let nobody = request(None).send().await.unwrap().status().as_u16();
        if *who != Anybody {
            assert_eq!(nobody, 401, "{method} {path}");
        } else {
            assert!(![401, 403].contains(&nobody), "{method} {path}: {nobody}");
        }
        for (role, token) in [(User, &user.token), (Admin, &admin.token), (Master, &master.token)] {
            let status = request(Some(token)).send().await.unwrap().status().as_u16();
            assert_eq!(status == 403, role < *who, "{method} {path} by {role:?}: {status}");
            assert!(status < 500 && status != 401, "{method} {path} by {role:?}: {status}");
            if method == Method::GET {
                let head = front.request(Method::HEAD, &path).bearer_auth(token).send().await.unwrap();
                assert_eq!((head.status().as_u16(), &*head.text().await.unwrap()), (status, ""), "HEAD {path}");
            }
        }
    }
}

#[tokio::test]
async fn every_error_has_one_text() {
    let front = Front::start().await;
    let master = front.master().await;
    for (status, word, answer) in [
        (401, "Bearer", front.get("/api/v1/challenges").await),
        (404, "/api/v1/nothing", front.get("/api/v1/nothing").await),
        (404, "/nothing", front.get("/nothing").await),
        (404, "", master.get("/api/v1/challenges/nonsense").await),
        (404, "", master.get("/api/v1/challenges/000000000000000000000000").await),
        (405, "GET", Answer::of(front.request(Method::PATCH, "/api/v1/challenges")).await),
        (422, "limit", master.get("/api/v1/challenges?limit=0").await),
    ] {
        refused(&answer, status, word);
        assert!(answer.body["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{}", answer.body);
    }
    let large = json!({"name": "a".repeat(600_000)});
    refused(&master.post("/api/v1/challenges", large).await, 413, "bytes");
    let missing = master.put("/api/v1/challenges/nonsense", json!({"nonsense": 1})).await;
    refused(&missing, 404, "");
    let text = master.request(Method::POST, "/api/v1/challenges").header("Content-Type", "text/plain").body("{}");
    refused(&Answer::of(text).await, 415, "application/json");
    let broken =
        master.request(Method::POST, "/api/v1/challenges").header("Content-Type", "application/json").body("{");
    refused(&Answer::of(broken).await, 400, "body");
    let other_site = master.request(Method::POST, "/api/v1/challenges").header("Origin", "http://evil.example");
    refused(&Answer::of(other_site.json(&json!({}))).await, 403, "");
}

#[tokio::test]
async fn every_path_may_end_with_a_slash_without_a_redirection() {
    let front = Front::start().await;
    let master = front.master().await;
    let path = master.challenge("slashes", "web:1", 1).await;
    for path in ["/api/v1/challenges", "/api/v1/users", "/health", "/api/v1/health", &path, &format!("{path}/stats")] {
        for spelling in [path.to_owned(), format!("{path}/")] {
            assert_eq!(master.get(&spelling).await.status, 200, "{spelling}");
        }
    }
    assert_eq!(master.post(&format!("{path}/deploy/"), json!({})).await.status, 200);
}

#[tokio::test]
async fn the_description_is_shown_without_a_login_and_has_no_secret() {
    let front = Front::start().await;
    let document = front.get("/openapi.json").await;
    assert_eq!((document.status, &document.body["info"]["title"]), (200, &json!("ChallengeCtl team deployments")));
    let page = Client::new().get(format!("{}/docs", front.url)).send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    assert_eq!(front.get("/docs/pacstar.json").await.body, document.body);
}

#[tokio::test]
async fn each_change_leaves_a_row_in_the_audit_log_without_values_of_variables() {
    let front = Front::start().await;
    let master = front.master().await;
    let user = front.person("john_doe").await;
    let path = master.challenge("on-record", "web:1", 1).await;
    master.put(&path, json!({"total_teams": 2})).await;
    master.deploy(&path).await;
    master.stop(&path, true).await;
    master.put(&format!("/api/v1/users/{}", user.id), json!({"zone": "zone2"})).await;
    assert_eq!(master.delete(&path).await, 204);
    let (rows, _) = front.site.accounts().await.audit(Whose::Staff, Page { limit: 100, offset: 0 }).await.unwrap();
    let mut acts: Vec<_> = rows.iter().map(|row| row.what.as_str()).collect();
    acts.reverse();
    let expected = [
        "deployer.register",
        "deployer.register",
        "deployment.create",
        "deployment.update",
        "deployment.deploy",
        "deployment.stop",
        "deployer.update",
        "deployment.delete",
    ];
    assert_eq!(acts, expected);
    assert!(!format!("{rows:?}").contains("secret_of_all"));
}

#[tokio::test]
async fn metrics_show_instances_and_addresses() {
    let front = Front::start().await;
    let _cluster = front.cluster().await;
    let master = front.master().await;
    let path = master.challenge("counted", "web:1", 3).await;
    master.deploy(&path).await;
    master.until_status(&path, "running").await;
    let metrics =
        front.site.client.get(format!("{}/metrics", front.site.url)).send().await.unwrap().text().await.unwrap();
    for line in [
        "challengectl_sessions{state=\"running\",front=\"pacstar\"} 3",
        "challengectl_deployment_addresses{state=\"leased\"} 3",
        "challengectl_deployment_addresses{state=\"free\"} 28",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
}

/// Lets Schemathesis hold the answers to one role against the description.
async fn fuzz(front: &Front, token: Option<&str>) -> BTreeSet<String> {
    let header = token.map(|token| format!("Bearer {token}"));
    let headers: Vec<_> = header.iter().map(|value| ("Authorization", value.as_str())).collect();
    let fuzzed = Fuzzed { path: "/docs/pacstar.json", url: &front.url, config: "pacstar.toml" };
    run_on(&front.site, fuzzed, &headers, &[]).await
}

#[tokio::test]
async fn the_front_answers_each_role_as_described() {
    for role in ["Master", "Admin", "User"] {
        let front = Front::start().await;
        let _cluster = front.cluster().await;
        let master = front.master().await;
        let (person, other) = (front.person("somebody").await, front.person("another").await);
        let path = format!("/api/v1/users/{}", person.id);
        if role != "User" {
            assert_eq!(master.put(&path, json!({"role": role})).await.status, 200);
        }
        let (fuzzed, deleted) =
            (master.challenge("fuzzed", "web:1", 2).await, master.challenge("deleted", "web:1", 2).await);
        master.deploy(&fuzzed).await;
        let key = |path: &str| path.rsplit('/').next().unwrap().to_owned();
        let named = json!([
            {"challenge_id": key(&fuzzed), "team_id": "team-001", "user_id": other.id}, {"challenge_id": key(&deleted)}
        ]);
        std::fs::write(front.site.folder.path().join("named.json"), named.to_string()).unwrap();
        std::fs::write(front.site.folder.path().join("token_id"), "").unwrap();
        std::fs::write(front.site.folder.path().join("own"), &person.id).unwrap();
        let token = front.log_in("somebody").await.token;
        let successful = fuzz(&front, Some(&token)).await;
        let reads = ["GET /api/v1/challenges", "GET /health"];
        assert!(reads.iter().all(|route| successful.contains(*route)), "{role}: {successful:?}");
        let changes = ["POST /api/v1/challenges"];
        assert_eq!(changes.iter().all(|route| successful.contains(*route)), role == "Master", "{role}: {successful:?}");
        let manages = ["GET /api/v1/users", "GET /api/v1/users/{user_id}", "PUT /api/v1/users/{user_id}"];
        assert_eq!(manages.iter().all(|route| successful.contains(*route)), role != "User", "{role}: {successful:?}");
    }
}
