//! Enrollment: tokens, as admins manage them, and hosts that use them.

use crate::clients::{Client, Language, Shown};
use crate::site::{Answer, Browser, Site, fields, is_timestamp};
use challengectl_common::Digest;
use challengectl_coordinator::Role;
use reqwest::Method;
use serde_json::{Value, json};

async fn enroll_with(site: &Site, token: &Value) -> Answer {
    site.post("/api/enrollment/enroll", json!({"enrollment_token": token})).await
}

async fn create_token(admin: &Browser<'_>, runner: &str) -> Value {
    let answer = admin.post("/api/enrollment/token", json!({"runner_id": runner})).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body["enrollment_token"].clone()
}

fn seconds_between(from: &Value, to: &Value) -> f64 {
    let time = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    (time(to) - time(from)).total(jiff::Unit::Second).unwrap()
}

#[tokio::test]
async fn an_admin_sees_the_maker_the_runner_and_the_use_of_each_token() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    create_token(&admin, "roof").await;
    let token = create_token(&admin, "cellar").await;
    site.token("tower").await;
    assert_eq!(enroll_with(&site, &token).await.status, 201);
    let answer = admin.get("/api/enrollment/tokens").await;
    assert_eq!((answer.status, fields(&answer.body), &answer.body["total"]), (200, vec!["tokens", "total"], &json!(3)));
    let tokens = answer.body["tokens"].as_array().unwrap();
    let shown: Vec<_> = tokens.iter().map(|token| (&token["runner_id"], &token["created_by"])).collect();
    let expected = [("tower", "(command line)"), ("cellar", "ada"), ("roof", "ada")].map(|(a, b)| (json!(a), json!(b)));
    assert_eq!(shown, expected.iter().map(|(a, b)| (a, b)).collect::<Vec<_>>());
    for token in tokens {
        let expected = ["created_at", "created_by", "expires_at", "runner_id", "token_id", "used_at"];
        assert_eq!(fields(token), expected);
        assert_eq!(seconds_between(&token["created_at"], &token["expires_at"]), 86_400.0);
        assert_eq!(is_timestamp(&token["used_at"]), token["runner_id"] == "cellar");
    }
    let second = admin.get("/api/enrollment/tokens?limit=1&offset=1").await.body;
    assert_eq!((&second["tokens"], &second["total"]), (&json!([tokens[1]]), &json!(3)));
    admin.get("/api/enrollment/tokens?limit=1001").await.is_error(400, "invalid request");
}

#[tokio::test]
async fn a_runner_cannot_have_the_name_of_the_servers_own_log_lines() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    let answer = admin.post("/api/enrollment/token", json!({"runner_id": "server"})).await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.to_string().contains("give the runner another name"), "{}", answer.body);
    assert_eq!(admin.get("/api/enrollment/tokens").await.body["total"], 0);
}

#[tokio::test]
async fn a_token_is_valid_for_the_given_hours() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    let body = json!({"runner_id": "roof", "expires_hours": 720});
    assert_eq!(admin.post("/api/enrollment/token", body).await.status, 201);
    let token = admin.get("/api/enrollment/tokens").await.body["tokens"][0].clone();
    assert_eq!(seconds_between(&token["created_at"], &token["expires_at"]), 720.0 * 3600.0);
    for hours in [json!(0), json!(721), json!(-1), json!(1.5), json!("1"), json!(1e300), json!(null)] {
        let answer = admin.post("/api/enrollment/token", json!({"runner_id": "roof", "expires_hours": hours})).await;
        answer.is_error(400, "invalid request");
        assert!(answer.body["details"].as_str().unwrap().starts_with("expires_hours: "), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_revoked_token_is_refused_and_a_used_one_cannot_be_revoked() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    let token = create_token(&admin, "roof").await;
    let id = admin.get("/api/enrollment/tokens").await.body["tokens"][0]["token_id"].as_str().unwrap().to_owned();
    let path = format!("/api/enrollment/token/{id}");
    let answer = admin.delete(&path).await;
    assert_eq!((answer.status, &answer.body["message"]), (200, &json!("Enrollment token revoked")));
    enroll_with(&site, &token).await.is_error(401, "authentication required");
    assert_eq!(admin.get("/api/enrollment/tokens").await.body["total"], 0);
    admin.delete(&path).await.is_error(404, "not found");

    assert_eq!(enroll_with(&site, &create_token(&admin, "roof").await).await.status, 201);
    let used = admin.get("/api/enrollment/tokens").await.body["tokens"][0]["token_id"].as_str().unwrap().to_owned();
    for id in [used.as_str(), "x", "%20", "%25", &"0".repeat(16), &"f".repeat(4000)] {
        admin.delete(&format!("/api/enrollment/token/{id}")).await.is_error(404, "not found");
    }
}

#[tokio::test]
async fn an_enrolled_runner_is_replaced_only_by_an_explicit_re_enrollment() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    let (first, second) = (create_token(&admin, "roof").await, create_token(&admin, "roof").await);
    assert_eq!(enroll_with(&site, &first).await.status, 201);
    enroll_with(&site, &second).await.is_error(409, "conflict");
    let refused = admin.post("/api/enrollment/token", json!({"runner_id": "roof"})).await;
    refused.is_error(409, "conflict");
    let way_out = "/api/enrollment/re-enroll/roof";
    assert!(refused.body["details"].as_str().unwrap().contains(way_out), "{}", refused.body);
    let again = admin.post(way_out, json!({})).await;
    assert_eq!(enroll_with(&site, &again.body["enrollment_token"]).await.status, 201);
    for id in [".", ".."] {
        admin.post("/api/enrollment/token", json!({"runner_id": id})).await.is_error(400, "invalid request");
    }
}

#[tokio::test]
async fn a_host_cannot_choose_its_id_or_its_key() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    let token = create_token(&admin, "roof").await;
    for (field, value) in [("runner_id", "cellar"), ("api_key", "ck_chosen_by_me")] {
        let mut body = json!({"enrollment_token": token});
        body[field] = json!(value);
        site.post("/api/enrollment/enroll", body).await.is_error(400, "invalid request");
    }
    let long = json!({"enrollment_token": token, "hostname": "x".repeat(300)});
    site.post("/api/enrollment/enroll", long).await.is_error(400, "invalid request");
    assert_eq!(enroll_with(&site, &token).await.body["runner_id"], "roof");
}

#[tokio::test]
async fn of_two_hosts_with_one_token_one_becomes_the_runner() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    for round in 0..10 {
        let runner = format!("roof-{round}");
        let token = create_token(&admin, &runner).await;
        let host = |machine: &'static str| {
            let request = site.request(Method::POST, "/api/enrollment/enroll").header("X-Runner-Machine-ID", machine);
            Answer::of(request.json(&json!({"enrollment_token": token, "hostname": machine})))
        };
        let (one, other) = tokio::join!(host("one"), host("other"));
        let (winner, loser) = if one.status == 201 { (one, other) } else { (other, one) };
        assert_eq!(winner.status, 201);
        loser.is_error(401, "authentication required");
        let key = winner.body["api_key"].as_str().unwrap();
        let register = site.request(Method::POST, "/api/runners/register").header("X-API-Key", key);
        assert_eq!(Answer::of(register.json(&json!({"runner_id": runner}))).await.status, 200);
    }
}

#[tokio::test]
async fn a_venue_of_hosts_behind_one_address_enrolls_at_once() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    for n in 0..40 {
        let token = create_token(&admin, &format!("runner-{n}")).await;
        enroll_with(&site, &json!("et_wrong")).await.is_error(401, "authentication required");
        assert_eq!(enroll_with(&site, &token).await.status, 201);
    }
}

#[tokio::test]
async fn re_enrollment_replaces_the_key() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    let old = site.runner("roof").await;
    let answer = admin.post("/api/enrollment/re-enroll/roof", json!({"expires_hours": 2})).await;
    let expected = vec!["enrollment_token", "expires_at", "message", "runner_id", "status"];
    assert_eq!((answer.status, fields(&answer.body)), (201, expected));
    assert_eq!(answer.body["runner_id"], "roof");
    // Until it is used, nothing changes.
    assert_eq!(old.get("task").await.status, 200);
    let enrolled = enroll_with(&site, &answer.body["enrollment_token"]).await;
    assert_eq!((enrolled.status, &enrolled.body["runner_id"]), (201, &json!("roof")));
    old.get("task").await.is_error(401, "authentication required");
    let key = enrolled.body["api_key"].as_str().unwrap().to_owned();
    let new = crate::site::Runner { site: &site, id: "roof".to_owned(), key };
    assert_eq!(new.get("task").await.status, 200);

    let bare = Answer::of(admin.request(Method::POST, "/api/enrollment/re-enroll/roof")).await;
    assert_eq!(bare.status, 201);
    for id in ["nobody", "a%20b"] {
        admin.post(&format!("/api/enrollment/re-enroll/{id}"), json!({})).await.is_error(404, "not found");
    }
    admin.post("/api/enrollment/re-enroll/roof", json!({"expires_hours": 0})).await.is_error(400, "invalid request");
}

#[tokio::test]
async fn dashboards_are_notified_of_a_new_runner_without_secrets() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    let mut client = Client::start(Language::Python, "websocket", &site.url, "/", &Shown::login(&admin));
    client.next_named("initial_state").await;
    let token = create_token(&admin, "roof").await;
    let body = json!({"enrollment_token": token, "hostname": "roof-host"});
    let enrolled = site.post("/api/enrollment/enroll", body).await.body;
    let events = client.events_until("runner_enrolled").await;
    let mut event = events.last().unwrap().clone();
    assert!(is_timestamp(&event["timestamp"]));
    let data = event.as_object_mut().unwrap().remove("data").unwrap();
    event.as_object_mut().unwrap().remove("timestamp");
    assert_eq!(event, json!({"type": "runner_enrolled", "runner_id": "roof", "hostname": "roof-host"}));
    assert_eq!((&data["runner_id"], &data["hostname"]), (&json!("roof"), &json!("roof-host")));
    let heard = json!(events).to_string();
    for secret in [&token, &enrolled["api_key"]] {
        assert!(!heard.contains(secret.as_str().unwrap()), "{heard}");
    }
}

#[tokio::test]
async fn no_list_for_admins_contains_a_secret_or_its_digest() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    let runner = site.runner("roof").await;
    let token = create_token(&admin, "cellar").await.as_str().unwrap().to_owned();
    let made = admin.post("/api/provisioning/keys", json!({"key_id": "venue"})).await;
    let provisioning = made.body["api_key"].as_str().unwrap().to_owned();
    let request = site.request(Method::POST, "/api/provisioning/provision").bearer_auth(&provisioning);
    let provisioned = Answer::of(request.json(&json!({"runner_id": "tower"}))).await;
    assert_eq!(provisioned.status, 201, "{}", provisioned.body);
    let provisioned = provisioned.body["enrollment_token"].as_str().unwrap().to_owned();
    let secret = |key: &str| key.rsplit('_').next().unwrap().to_owned();
    let mut secrets = vec![secret(&runner.key), secret(&token), secret(&provisioning), secret(&provisioned)];
    secrets.extend([&token, &provisioned].map(|token| Digest::of(token.as_bytes()).to_string()));
    secrets.extend([&runner.key, &provisioning].map(|key| Digest::of(secret(key).as_bytes()).to_string()));
    for path in [
        "/api/enrollment/tokens",
        "/api/provisioning/keys",
        "/api/runners",
        "/api/runners/roof",
        "/api/dashboard",
        "/api/audit",
        "/api/logs",
        "/api/users",
    ] {
        let answer = admin.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        let text = answer.body.to_string();
        assert!(text.len() > 20, "{path} is empty: {text}");
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{path} shows {secret}: {text}");
        }
    }
}

#[tokio::test]
async fn enrollments_are_in_the_audit_log() {
    let site = Site::start().await;
    let admin = site.browser("ada", Role::Admin).await;
    let token = create_token(&admin, "roof").await;
    enroll_with(&site, &token).await;
    admin.post("/api/enrollment/re-enroll/roof", json!({})).await;
    let id = admin.get("/api/enrollment/tokens").await.body["tokens"][0]["token_id"].as_str().unwrap().to_owned();
    admin.delete(&format!("/api/enrollment/token/{id}")).await;
    let entries = admin.get("/api/audit").await.body["entries"].clone();
    let rows: Vec<_> = entries.as_array().unwrap().iter().rev().collect();
    let entries: Vec<_> =
        rows.iter().map(|row| (row["who"].as_str().unwrap(), row["what"].as_str().unwrap())).collect();
    let expected = [
        ("ada", "runner.invite"),
        ("(enrollment token)", "runner.enroll"),
        ("ada", "runner.re-enroll"),
        ("ada", "token.revoke"),
    ];
    assert_eq!(entries, expected);
    assert!(rows.iter().all(|row| row["target"] == "roof" && row["from_address"] == "127.0.0.1"), "{rows:?}");
}
