//! Schemathesis holds the answers of this front against its description.

use super::{Holder, admin, browser, data, engine, player, site};
use crate::control::contract::fuzzing::{Front, run_on};
use crate::site::Site;
use serde_json::json;
use std::collections::BTreeSet;

/// Adds one of everything that stays, and one of everything that is deleted.
async fn furnish(site: &Site) -> Holder<'_> {
    let admin = admin(site).await;
    for name in ["First", "Deleted", "Third"] {
        let id = admin.challenge(json!({"name": name})).await;
        let flag = json!({"challenge_id": id, "content": "flag{fuzz}", "type": "static"});
        assert_eq!(admin.post("/api/v1/flags", flag).await.status, 200);
    }
    for challenge in [1, 3] {
        let of = |value: &str| json!({"challenge_id": challenge, "value": value});
        admin.post("/api/v1/tags", of("tag")).await;
        if challenge == 1 {
            admin.post("/api/v1/topics", of("topic")).await;
        }
        admin.post("/api/v1/hints", json!({"challenge_id": challenge, "content": "hint"})).await;
        admin.post("/api/v1/solutions", json!({"challenge_id": challenge, "content": "solution"})).await;
        let number = challenge.to_string();
        let parts = [("challenge_id", None, number.as_str()), ("file", Some("a.txt"), "file")];
        let file = admin.parts("/api/v1/files", &parts).await;
        assert_eq!(data(&file)[0]["id"], if challenge == 1 { 5 } else { 9 }, "as hooks.py names them");
    }
    // The second, which is revoked.
    let made = browser(site).await.post("/api/v1/tokens", json!({})).await;
    assert_eq!(data(&made)["id"], 2);
    std::fs::write(site.folder.path().join("token_id"), "").unwrap();
    admin
}

async fn fuzz(site: &Site, header: (&str, String)) -> BTreeSet<String> {
    let front = Front { path: "/docs/docker.json", url: &site.url, config: "docker.toml" };
    run_on(site, front, &[(header.0, &header.1)], &[]).await
}

#[tokio::test]
async fn the_docker_front_answers_an_admin_as_described() {
    let site = site().await;
    furnish(&site).await;
    let _runner = engine(&site, json!([{"name": "nginx:alpine", "ports": ["80/tcp"]}]), false).await;
    let login = browser(&site).await.login;
    let successful = fuzz(&site, ("Cookie", format!("session={login}"))).await;
    let expected = [
        "GET /api/v1/docker",
        "POST /api/v1/nuke",
        "GET /api/v1/docker_status",
        "GET /api/v1/challenges",
        "PATCH /api/v1/challenges/{challenge_id}",
        "DELETE /api/v1/challenges/{challenge_id}",
        "DELETE /api/v1/flags/{flag_id}",
        "PATCH /api/v1/hints/{hint_id}",
        "DELETE /api/v1/tags/{tag_id}",
        "POST /api/v1/challenges/attempt",
        "POST /api/v1/tokens",
    ];
    let missing: Vec<_> = expected.iter().filter(|route| !successful.contains(**route)).collect();
    assert!(missing.is_empty(), "never answered with success: {missing:?}");
}

#[tokio::test]
async fn the_docker_front_answers_a_player_as_described() {
    let site = site().await;
    furnish(&site).await;
    let _runner = engine(&site, json!([{"name": "nginx:alpine", "ports": ["80/tcp"]}]), false).await;
    let token = player(&site, "grace").await.token;
    let successful = fuzz(&site, ("Authorization", format!("Token {token}"))).await;
    let reads = ["GET /api/v1/challenges", "GET /api/v1/docker_status", "GET /api/v1/users/me"];
    assert!(reads.iter().all(|route| successful.contains(*route)), "{successful:?}");
    let may_change = ["POST /api/v1/container", "POST /api/v1/challenges/attempt"];
    let changing = successful.iter().filter(|route| !route.starts_with("GET "));
    assert!(changing.clone().all(|route| may_change.contains(&route.as_str())), "{successful:?}");
}
