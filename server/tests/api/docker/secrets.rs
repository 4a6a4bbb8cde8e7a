//! Secrets of services, over a proxy that speaks HTTPS with clients.

use super::{Holder, admin, data, engine, error, player, site, with};
use crate::site::{Answer, Site};
use reqwest::Method;
use serde_json::{Value, json};

/// A site behind a proxy, with an engine that manages a swarm.
async fn swarm() -> Site {
    with(|config| config.trusted_proxies = vec!["127.0.0.1".to_owned()]).await
}

async fn post(admin: &Holder<'_>, body: Value) -> Answer {
    let request = admin.request(Method::POST, "/api/v1/secret").header("X-Forwarded-Proto", "https");
    Answer::of(request.json(&body)).await
}

const INSECURE: &str =
    "Secure transport required. Both HTTPS (browser) and Docker TLS must be enabled to transmit secrets safely.";

#[tokio::test]
async fn secrets_are_created_listed_and_deleted_over_https_alone() {
    let site = swarm().await;
    let admin = admin(&site).await;
    let (runner, _obeys) = engine(&site, json!([]), true).await;
    let body = json!({"name": "db_password", "data": " correct horse \n"});
    assert_eq!(error(&post(&admin, body.clone()).await), (400, INSECURE), "the runner is reached without TLS");
    let inventory = json!({"engine_id": "docker", "swarm": true, "images": []});
    let secure = runner.request(Method::POST, "inventory").header("X-Forwarded-Proto", "https").json(&inventory);
    assert_eq!(Answer::of(secure).await.status, 200);
    assert_eq!(error(&admin.post("/api/v1/secret", body.clone()).await), (400, INSECURE), "the browser uses HTTP");
    for invalid in [
        json!({}),
        json!({"name": "a"}),
        json!({"name": "a", "data": " \n"}),
        json!({"name": "a b", "data": "x"}),
        json!({"name": "a\n", "data": "x", "more": 1}),
        json!({"name": "x".repeat(65), "data": "x"}),
        json!({"name": ["a"], "data": "x"}),
    ] {
        let answer = post(&admin, invalid.clone()).await;
        if invalid["more"].is_null() {
            assert_eq!(error(&answer).0, 400, "{invalid}");
        } else {
            assert_eq!(answer.body["data"]["name"], "a", "blanks around a name do not count");
        }
    }
    let made = post(&admin, body.clone()).await;
    assert_eq!((made.status, &made.body["data"]["name"]), (201, &json!("db_password")), "{}", made.body);
    let id = made.body["data"]["id"].as_str().unwrap();
    assert!(id.len() >= 12 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
    assert_eq!(error(&post(&admin, body).await), (409, "Secret name 'db_password' already in use"));
    let listed = admin.get("/api/v1/secret").await;
    assert_eq!(listed.body["swarm_mode"], true);
    assert_eq!(data(&listed)[1], json!({"name": "db_password", "id": id}));
    assert!(!listed.body.to_string().contains("horse"));
    let path = format!("/api/v1/secret/{id}");
    let deleted = admin.delete(&path).await;
    assert_eq!(deleted.body, json!({"success": true, "message": "Secret deleted successfully"}));
    assert_eq!(error(&admin.delete(&path).await), (404, "Secret not found"));
    assert_eq!(error(&admin.delete("/api/v1/secret/a.b").await).0, 400);
    let audit = site.browser("admin", challengectl_coordinator::Role::Admin).await.get("/api/audit").await.body;
    assert!(audit.to_string().contains("secret.set") && !audit.to_string().contains("horse"), "{audit}");
}

#[tokio::test]
async fn a_secret_that_is_in_use_stays() {
    let site = swarm().await;
    let admin = admin(&site).await;
    let (runner, _obeys) = engine(&site, json!([]), true).await;
    let inventory = json!({"engine_id": "docker", "swarm": true, "images": []});
    let secure = runner.request(Method::POST, "inventory").header("X-Forwarded-Proto", "https").json(&inventory);
    assert_eq!(Answer::of(secure).await.status, 200);
    let mut ids = Vec::new();
    for name in ["all", "a.b", "used"] {
        let made = post(&admin, json!({"name": name, "data": "x"})).await;
        assert_eq!(made.status, 201, "{}", made.body);
        ids.push(made.body["data"]["id"].as_str().unwrap().to_owned());
    }
    let uses = json!([{"id": ids[1], "protected": true}]).to_string();
    let service = admin.challenge(json!({"type": "docker_service", "docker_secrets_array": uses})).await;
    let path = format!("/api/v1/challenges/{service}");
    assert_eq!(data(&admin.get(&path).await)["secrets"], json!([{"name": "a.b", "id": ids[1]}]));
    assert_eq!(data(&admin.get(&path).await)["docker_type"], "service");
    admin.patch(&path, json!({"value": 5})).await;
    assert_eq!(data(&admin.get(&path).await)["secrets"][0]["id"], ids[1], "unchanged when it is absent");

    let browser = site.browser("admin", challengectl_coordinator::Role::Admin).await;
    let container = json!({"image": "web:1", "secrets": {"PASSWORD": "used"}});
    let form = json!({"name": "Uses it", "spec": {"containers": [container]}});
    assert_eq!(browser.post("/api/instance-challenges", form).await.status, 201);
    let refused = admin.delete(&format!("/api/v1/secret/{}", ids[2])).await;
    assert_eq!(error(&refused), (409, "Cannot delete secret 'used' - in use"));
    let all = admin.delete("/api/v1/secret/all").await;
    let expected = json!({
        "success": false, "deleted": 2, "failed": 1, "errors": ["Failed to delete 'used' (likely in use)"]
    });
    assert_eq!((all.status, &all.body), (200, &expected));
    assert_eq!(data(&admin.get(&path).await)["secrets"], json!([]));
}

#[tokio::test]
async fn a_secret_that_is_too_long_for_a_variable_is_refused_before_a_container_starts() {
    let site = swarm().await;
    let admin = admin(&site).await;
    let (runner, _obeys) = engine(&site, json!([]), true).await;
    let inventory = json!({"engine_id": "docker", "swarm": true, "images": []});
    let secure = runner.request(Method::POST, "inventory").header("X-Forwarded-Proto", "https").json(&inventory);
    assert_eq!(Answer::of(secure).await.status, 200);
    let set = async |name: &str, length: usize| post(&admin, json!({"name": name, "data": "x".repeat(length)})).await;
    assert_eq!(set("long", 120_001).await.status, 201, "a service gets it as a file");
    assert_eq!(set("short", 120_000).await.status, 201);
    let browser = site.browser("admin", challengectl_coordinator::Role::Admin).await;
    let form = |name: &str, secret: &str| {
        let container = json!({"image": "web:1", "secrets": {"PASSWORD": secret}});
        json!({"name": name, "spec": {"containers": [container]}})
    };
    let refused = browser.post("/api/instance-challenges", form("Long", "long")).await;
    refused.is_error(400, "invalid request");
    let details = refused.body["details"].to_string();
    assert!(details.contains("long has 120001 bytes") && details.contains("docker_service"), "{details}");
    for name in ["short", "later"] {
        assert_eq!(browser.post("/api/instance-challenges", form(name, name)).await.status, 201);
    }
    let refused = set("later", 120_001).await;
    assert!(error(&refused).1.ends_with("of at most 120000 bytes: later; give it another name"), "{}", refused.body);
    assert_eq!(set("later", 120_000).await.status, 201);
}

#[tokio::test]
async fn a_secret_is_checked_before_its_transport_and_is_as_long_as_a_swarm_allows() {
    let site = swarm().await;
    let admin = admin(&site).await;
    let (runner, _obeys) = engine(&site, json!([]), true).await;
    let in_clear = admin.post("/api/v1/secret", json!({"name": "a b", "data": "x"})).await;
    assert!(error(&in_clear).1.starts_with("name: "), "{}", in_clear.body);
    let inventory = json!({"engine_id": "docker", "swarm": true, "images": []});
    let secure = runner.request(Method::POST, "inventory").header("X-Forwarded-Proto", "https").json(&inventory);
    assert_eq!(Answer::of(secure).await.status, 200);
    let set = async |name: &str, length: usize| post(&admin, json!({"name": name, "data": "x".repeat(length)})).await;
    assert_eq!(set("longest", 500 * 1024).await.status, 201);
    assert_eq!(error(&set("longer", 500 * 1024 + 1).await).0, 400);
    assert_eq!(set(&"n".repeat(64), 1).await.status, 201);
}

#[tokio::test]
async fn a_service_whose_secret_was_deleted_does_not_start() {
    let site = swarm().await;
    let (admin, ada) = (admin(&site).await, player(&site, "ada").await);
    let (runner, _obeys) = engine(&site, json!([]), true).await;
    let inventory = json!({"engine_id": "docker", "swarm": true, "images": []});
    let secure = runner.request(Method::POST, "inventory").header("X-Forwarded-Proto", "https").json(&inventory);
    assert_eq!(Answer::of(secure).await.status, 200);
    let id = post(&admin, json!({"name": "db_password", "data": "horse"})).await.body["data"]["id"].clone();
    let uses = json!([{"id": id, "protected": false}]);
    let service = admin.challenge(json!({"type": "docker_service", "docker_secrets_array": uses})).await;
    let deleted = admin.delete(&format!("/api/v1/secret/{}", id.as_str().unwrap())).await;
    assert_eq!(deleted.status, 200, "no service runs with it: {}", deleted.body);

    let started = ada.post("/api/v1/container", json!({"id": service})).await;
    assert_eq!(error(&started), (500, "Container creation failed"));
    let path = format!("/api/v1/challenges/{service}");
    let again = admin.patch(&path, json!({"docker_secrets_array": uses})).await;
    assert_eq!(error(&again).0, 400, "{}", again.body);
    assert_eq!(admin.patch(&path, json!({"docker_secrets_array": []})).await.status, 200);
    assert_eq!(ada.post("/api/v1/container", json!({"id": service})).await.status, 201);
}

#[tokio::test]
async fn without_a_swarm_there_are_no_secrets() {
    let site = swarm().await;
    let admin = admin(&site).await;
    let _runner = engine(&site, json!([]), false).await;
    let listed = admin.get("/api/v1/secret").await;
    assert_eq!(listed.body, json!({"success": true, "data": [], "swarm_mode": false}));
    let refused = post(&admin, json!({"name": "a", "data": "x"})).await;
    assert_eq!(error(&refused), (400, "Docker is not in swarm mode"));
    let none = json!({"success": true, "deleted": 0, "failed": 0, "errors": []});
    assert_eq!(admin.delete("/api/v1/secret/all").await.body, none);
}

#[tokio::test]
async fn a_forwarding_header_of_anybody_is_no_https() {
    let site = site().await;
    let admin = admin(&site).await;
    assert_eq!(error(&post(&admin, json!({"name": "a", "data": "x"})).await), (400, INSECURE));
}

#[tokio::test]
async fn a_service_gets_its_secrets_with_its_order_until_it_runs() {
    let site = swarm().await;
    let (admin, ada) = (admin(&site).await, player(&site, "ada").await);
    let (runner, obeys) = engine(&site, json!([]), true).await;
    obeys.abort();
    let inventory = |swarm: bool| json!({"engine_id": "docker", "swarm": swarm, "images": []});
    let secure = || runner.request(Method::POST, "inventory").header("X-Forwarded-Proto", "https");
    assert_eq!(Answer::of(secure().json(&inventory(true))).await.status, 200);
    let made = post(&admin, json!({"name": "db_password", "data": "horse"})).await;
    let id = made.body["data"]["id"].clone();
    let uses = json!([{"id": id, "protected": true}]);
    let service = admin.challenge(json!({"type": "docker_service", "docker_secrets_array": uses})).await;

    // The runner speaks HTTP now.
    assert_eq!(runner.post("inventory", inventory(true)).await.status, 200);
    let refused = ada.post("/api/v1/container", json!({"id": service})).await;
    assert_eq!(error(&refused), (500, "Container creation failed"));
    assert_eq!(Answer::of(secure().json(&inventory(false))).await.status, 200);
    assert_eq!(error(&ada.post("/api/v1/container", json!({"id": service})).await).0, 500);
    let browser = site.browser("admin", challengectl_coordinator::Role::Admin).await;
    let audit = browser.get("/api/audit").await.body.to_string();
    assert!(audit.contains("without TLS") && audit.contains("no engine of a runner manages a swarm"), "{audit}");
    assert!(browser.get("/api/alarms").await.body.to_string().contains("Web Challenge cannot be started"));

    assert_eq!(Answer::of(secure().json(&inventory(true))).await.status, 200);
    let body = json!({"id": service});
    let runs = async {
        let ordered = runner.get("instances?since=0&wait=25").await.body;
        let mut order = ordered["orders"][0].clone();
        if order.is_null() {
            order =
                runner.get(&format!("instances?since={}&wait=25", ordered["revision"])).await.body["orders"][0].clone();
        }
        let secret = &order["run"]["service"]["secrets"][0];
        assert_eq!([&secret["id"], &secret["name"], &secret["value"]], [&id, &json!("db_password"), &json!("horse")]);
        assert_eq!(secret["protected"], true);
        assert!(secret["version"].as_i64().unwrap() > 1_700_000_000_000, "{secret}");
        assert!(!order["run"]["containers"].to_string().contains("horse"));
        let report = json!({"session_id": order["session_id"], "fence": order["fence"], "state": "running"});
        assert_eq!(runner.post("instances", json!({"reports": [report]})).await.status, 200);
    };
    let (started, ()) = tokio::join!(ada.post("/api/v1/container", body), runs);
    assert_eq!(started.status, 201, "{}", started.body);
    let again = runner.get("instances?since=0").await.body;
    assert_eq!(again["orders"][0]["run"]["service"], json!({"secrets": []}), "it is adopted, and not started");

    // The challenge may let go of a secret; the service has it.
    let path = format!("/api/v1/challenges/{service}");
    assert_eq!(admin.patch(&path, json!({"docker_secrets_array": "[]"})).await.status, 200);
    let secret = format!("/api/v1/secret/{}", id.as_str().unwrap());
    assert_eq!(error(&admin.delete(&secret).await), (409, "Cannot delete secret 'db_password' - in use"));
    let next = json!({"value": "staple"});
    assert_eq!(browser.put("/api/secrets/db_password", next).await.status, 200);
}
