//! Containers and images.

use super::{admin, age, browser, data, engine, error, player, site, with};
use crate::site::{Answer, fields};
use challengectl_coordinator::session::Owner;
use challengectl_server::config::PlayMode;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn images() -> Value {
    json!([
        {"name": "nginx:alpine", "ports": ["80/tcp"]},
        {"name": "myregistry:5000/ctf/web:latest", "ports": ["80/tcp", "443/tcp", "53/udp"]},
        {"name": "quiet:1"}
    ])
}

#[tokio::test]
async fn a_container_is_started_shown_and_killed_as_the_document_says() {
    let site = site().await;
    let (admin, _runner) = (admin(&site).await, engine(&site, images(), false).await);
    let id = admin.challenge(json!({"exposed_ports": "80/tcp,53/udp"})).await;
    let ada = player(&site, "ada").await;

    let made = ada.post("/api/v1/container", json!({"id": id.to_string()})).await;
    assert_eq!((made.status, &made.body["success"]), (201, &json!(true)), "{}", made.body);
    let container = &made.body["data"];
    assert_eq!(fields(container), ["host", "instance_id", "ports"]);
    assert_eq!(container["host"], "docker.example.com");
    let key = container["instance_id"].as_str().unwrap();
    assert!(key.len() >= 12 && key.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{key}");
    let ports: Vec<&str> = container["ports"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    for (text, end) in ports.iter().zip(["/tcp-> 80", "/udp-> 53"]) {
        let port: u16 = text.strip_suffix(end).unwrap().parse().unwrap();
        assert!((30_000..=60_000).contains(&port), "{text}");
    }

    let status = ada.get("/api/v1/docker_status").await;
    let row = &data(&status)[0];
    let expected = [
        "challenge_id",
        "docker_image",
        "host",
        "id",
        "instance_id",
        "ports",
        "revert_time",
        "team_id",
        "timestamp",
        "user_id",
    ];
    assert_eq!(fields(row), expected);
    assert_eq!((&row["challenge_id"], &row["docker_image"]), (&json!(id), &json!("nginx:alpine")));
    assert_eq!((&row["instance_id"], &row["ports"]), (&container["instance_id"], &container["ports"]));
    assert!(row["team_id"].is_null() && row["user_id"].as_str().unwrap().parse::<i64>().is_ok(), "{row}");
    assert_eq!(row["revert_time"].as_i64().unwrap(), row["timestamp"].as_i64().unwrap() + 300);
    let eve = player(&site, "eve").await;
    assert_eq!(data(&eve.get("/api/v1/docker_status").await), &json!([]), "of one's own alone");

    assert_eq!(
        error(&admin.post("/api/v1/nuke", json!({"container": "abc123def456"})).await),
        (404, "Container not found")
    );
    let nuked = admin.post("/api/v1/nuke", json!({"container": key})).await;
    assert_eq!((nuked.status, &nuked.body), (200, &json!({"success": true})));
    assert_eq!(data(&ada.get("/api/v1/docker_status").await), &json!([]));
    assert_eq!(error(&admin.post("/api/v1/nuke", json!({"container": key})).await).0, 404);
    let again = ada.post("/api/v1/container", json!({"challenge_id": id})).await;
    assert_eq!(again.status, 201, "nobody waits after a nuke: {}", again.body);
}

#[tokio::test]
async fn what_a_player_starts_and_stops_is_in_a_list_of_its_own_in_the_audit_log() {
    let site = site().await;
    let (admin, _runner) = (admin(&site).await, engine(&site, images(), false).await);
    let id = admin.challenge(json!({})).await;
    let ada = player(&site, "ada").await;
    let rows = async |query: &str| {
        let log = browser(&site).await.get(&format!("/api/audit{query}")).await.body;
        assert_eq!(log["total"], log["entries"].as_array().unwrap().len(), "{log}");
        log["entries"].as_array().unwrap().clone()
    };
    assert_eq!(ada.post("/api/v1/container", json!({"id": id})).await.status, 201);
    let mine = format!("/api/play/challenges/{id}/instance");
    assert_eq!(ada.delete(&mine).await.status, 200);
    assert_eq!(ada.delete(&mine).await.status, 404, "it is over, and no second row");

    let of_players = rows("?players=true").await;
    let seen: Vec<_> = of_players.iter().map(|row| (row["what"].as_str().unwrap(), &row["who"])).collect();
    let who = json!("ada");
    assert_eq!(seen, [("instance.stop", &who), ("instance.start", &who)]);
    for (row, words) in of_players.iter().zip(["stopped", "docker"]) {
        assert!(row["details"].as_str().unwrap().contains(words), "{row}");
        assert_eq!((&row["from_address"], &row["target"]), (&json!("127.0.0.1"), &of_players[0]["target"]));
    }
    assert!(rows("").await.iter().all(|row| row["what"] != "instance.start"));
}

#[tokio::test]
async fn a_container_is_replaced_after_exactly_five_minutes() {
    let site = site().await;
    let (admin, _runner) = (admin(&site).await, engine(&site, images(), false).await);
    let id = admin.challenge(json!({})).await;
    let ada = player(&site, "ada").await;
    let start = || ada.form("/api/v1/container", &[("id", "1")]);
    assert_eq!(id, 1);
    let first = start().await.body["data"].clone();
    assert_eq!(error(&start().await), (403, "Container creation not allowed"));
    let row = data(&ada.get("/api/v1/docker_status").await)[0].clone();
    age(&site, 290).await;
    assert_eq!(error(&start().await), (403, "Container creation not allowed"), "not yet");
    age(&site, 10).await;
    let second = start().await;
    assert_eq!(second.status, 201, "{}", second.body);
    assert_ne!(second.body["data"]["instance_id"], first["instance_id"]);
    let rows = ada.get("/api/v1/docker_status").await;
    assert_eq!(data(&rows).as_array().unwrap().len(), 1, "the old one is gone");
    assert_ne!(data(&rows)[0]["id"], row["id"]);
    assert_eq!(error(&start().await), (403, "Container creation not allowed"));
}

#[tokio::test]
async fn of_requests_at_once_one_starts_or_replaces_a_container_and_the_others_do_not() {
    let site = site().await;
    let (admin, _runner) = (admin(&site).await, engine(&site, images(), false).await);
    admin.challenge(json!({})).await;
    let ada = player(&site, "ada").await;
    for round in ["new", "revert"] {
        let all = futures_util::future::join_all((0..8).map(|_| ada.post("/api/v1/container", json!({"id": 1})))).await;
        let made = all.iter().filter(|answer| answer.status == 201).count();
        let refused = all.iter().filter(|answer| answer.status == 403).count();
        assert_eq!((made, refused), (1, 7), "{round}");
        assert_eq!(data(&ada.get("/api/v1/docker_status").await).as_array().unwrap().len(), 1, "{round}");
        age(&site, 300).await;
    }
}

#[tokio::test]
async fn a_container_that_is_two_hours_old_is_cleaned_up_by_the_next_request() {
    let site = site().await;
    let (admin, _runner) = (admin(&site).await, engine(&site, images(), false).await);
    admin.challenge(json!({})).await;
    let other = admin.challenge(json!({"name": "Other"})).await;
    let ada = player(&site, "ada").await;
    assert_eq!(ada.post("/api/v1/container", json!({"id": 1})).await.status, 201);
    let old = data(&ada.get("/api/v1/docker_status").await)[0]["instance_id"].clone();
    age(&site, 7200).await;
    assert_eq!(ada.post("/api/v1/container", json!({"id": other})).await.status, 201);
    let rows = ada.get("/api/v1/docker_status").await;
    let left: Vec<_> = data(&rows).as_array().unwrap().iter().map(|row| &row["instance_id"]).collect();
    assert!(left.len() == 1 && !left.contains(&&old), "of all challenges: {left:?}");
    assert_eq!(ada.post("/api/v1/container", json!({"id": 1})).await.status, 201, "nobody waits after that");
}

#[tokio::test]
async fn all_containers_are_killed_and_those_of_other_fronts_live_on() {
    let site = site().await;
    let (admin, _runner) = (admin(&site).await, engine(&site, images(), false).await);
    admin.challenge(json!({})).await;
    let holders = [player(&site, "ada").await, player(&site, "bob").await];
    for all in [json!(true), json!("TRUE")] {
        for holder in &holders {
            assert_eq!(holder.post("/api/v1/container", json!({"id": 1})).await.status, 201);
        }
        let body = json!({"all": all, "container": null});
        assert_eq!(admin.post("/api/v1/nuke", body).await.body, json!({"success": true}));
        for holder in &holders {
            assert_eq!(data(&holder.get("/api/v1/docker_status").await), &json!([]));
        }
    }
    for body in [json!({}), json!({"all": false}), json!({"all": "no", "container": ""})] {
        assert_eq!(error(&admin.post("/api/v1/nuke", body).await).0, 400);
    }
    let by_form = admin.form("/api/v1/nuke", &[("all", "true")]).await;
    assert_eq!(by_form.body, json!({"success": true}));

    let eve = player(&site, "eve").await;
    let by_play = eve.request(Method::POST, "/api/play/challenges/1/instance");
    assert_eq!(Answer::of(by_play).await.status, 201);
    assert_eq!(error(&eve.post("/api/v1/container", json!({"id": 1})).await).0, 403, "there is one by another front");
    admin.post("/api/v1/nuke", json!({"all": true})).await;
    assert_eq!(eve.get("/api/play/challenges/1/instance").await.status, 200);
}

#[tokio::test]
async fn killing_all_reaches_more_than_a_batch_and_what_is_still_starting() {
    let site = site().await;
    let (admin, _runner) = (admin(&site).await, engine(&site, images(), false).await);
    admin.challenge(json!({})).await;
    // More than the 100 rows of a batch, of which the runner has said nothing.
    site.sessions_of(&(0..105).map(Owner::team).collect::<Vec<_>>(), "roof", "docker").await;
    site.session_of(&Owner::team(105), "roof", "engine").await;
    assert_eq!(admin.post("/api/v1/nuke", json!({"all": true})).await.body, json!({"success": true}));
    let store = site.store().await;
    let left = "SELECT front, count(*) FROM sessions WHERE state IN ('queued', 'starting', 'running') GROUP BY front";
    let left: Vec<(String, i64)> = sqlx::query_as(left).fetch_all(&mut *store.read().await.unwrap()).await.unwrap();
    store.close().await;
    assert_eq!(left, [("engine".to_owned(), 1)]);
}

#[tokio::test]
async fn what_cannot_be_started_is_refused_in_the_words_of_the_document() {
    let site = site().await;
    let admin = admin(&site).await;
    let id = admin.challenge(json!({})).await;
    let hidden = admin.challenge(json!({"name": "Hidden", "state": "hidden"})).await;
    let locked = admin.challenge(json!({"name": "Locked", "state": "locked"})).await;
    let text = admin.challenge(json!({"name": "Text", "type": "standard"})).await;
    let service = admin.challenge(json!({"name": "Service", "type": "docker_service"})).await;
    let ada = player(&site, "ada").await;
    for missing in
        [json!(hidden), json!(locked), json!(text), json!(999), json!("x"), json!("+1"), json!(" 1"), json!(-1)]
    {
        let answer = ada.post("/api/v1/container", json!({"id": missing})).await;
        assert_eq!(error(&answer), (404, "Challenge not found"), "{missing}");
    }
    for invalid in
        [json!({}), json!({"id": true}), json!({"id": [1]}), json!({"id": 1, "challenge_id": 2}), json!({"id": ""})]
    {
        assert_eq!(error(&ada.post("/api/v1/container", invalid.clone()).await).0, 400, "{invalid}");
    }
    let start = |id: i64| ada.post("/api/v1/container", json!({"id": id}));
    assert_eq!(error(&start(service).await), (500, "Container creation failed"));
    assert_eq!(error(&start(id).await), (500, "Container creation failed"), "there is no engine");
}

#[tokio::test]
async fn images_are_listed_and_their_ports_are_known() {
    let site =
        with(|config| config.docker.repositories = vec!["nginx".to_owned(), "myregistry:5000/ctf/web".to_owned()]);
    let site = site.await;
    let admin = admin(&site).await;
    assert_eq!(error(&admin.get("/api/v1/docker").await), (500, "Failed to load Docker images"));
    let (runner, _obeys) = engine(&site, images(), false).await;
    let names = json!([{"name": "myregistry:5000/ctf/web:latest"}, {"name": "nginx:alpine"}]);
    assert_eq!(data(&admin.get("/api/v1/docker").await), &names, "of the repositories that are configured");
    let ports = |image: &str| {
        let path = format!("/api/v1/image_ports?image={image}");
        let admin = &admin;
        async move { admin.get(&path).await }
    };
    let found = ports("nginx:alpine").await;
    assert_eq!((found.status, &found.body), (200, &json!({"success": true, "ports": ["80/tcp"]})));
    let found = ports("myregistry:5000/ctf/web").await;
    assert_eq!(found.body["ports"], json!(["53/udp", "80/tcp", "443/tcp"]));
    assert_eq!(ports("quiet:1").await.body["ports"], json!([]));
    assert_eq!(error(&ports("missing").await), (404, "Image not found"));
    for name in ["Nginx", "a%20b", "nginx%0A", &"a".repeat(256), ";rm"] {
        assert_eq!(error(&ports(name).await), (400, "Invalid Docker image name format"), "{name}");
    }
    let pinned = format!("myregistry:5000/ctf/web@sha256:{}", "0".repeat(64));
    assert_eq!(error(&ports(&pinned).await), (404, "Image not found"), "its name is valid");
    assert_eq!(error(&admin.get("/api/v1/image_ports").await).0, 400);
    let empty = json!({"engine_id": "docker", "images": []});
    assert_eq!(runner.post("inventory", empty).await.status, 200);
    assert_eq!(data(&admin.get("/api/v1/docker").await), &json!([]), "an empty engine is no error");
    let wrong = json!({"engine_id": "docker", "images": [{"name": ""}]});
    runner.post("inventory", wrong).await.is_error(400, "invalid request");
}

#[tokio::test]
async fn players_need_not_know_the_image() {
    let site = with(|config| config.docker.hide_images = true).await;
    let (admin, _runner) = (admin(&site).await, engine(&site, images(), false).await);
    admin.challenge(json!({})).await;
    let ada = player(&site, "ada").await;
    ada.post("/api/v1/container", json!({"id": 1})).await;
    assert_eq!(data(&ada.get("/api/v1/docker_status").await)[0]["docker_image"], "Web Challenge");
}

#[tokio::test]
async fn a_container_ends_when_its_challenge_is_solved_or_deleted() {
    let site = site().await;
    let (admin, _runner) = (admin(&site).await, engine(&site, images(), false).await);
    let id = admin.challenge(json!({})).await;
    let flag = json!({"challenge_id": id, "content": "flag{right}", "type": "static", "data": ""});
    assert_eq!(admin.post("/api/v1/flags", flag).await.status, 200);
    let ada = player(&site, "ada").await;
    ada.post("/api/v1/container", json!({"id": id})).await;
    let tried = json!({"challenge_id": id, "submission": "flag{right}"});
    assert_eq!(data(&ada.post("/api/v1/challenges/attempt", tried).await)["status"], "correct");
    assert_eq!(data(&ada.get("/api/v1/docker_status").await), &json!([]));
    assert_eq!(ada.post("/api/v1/container", json!({"id": id})).await.status, 201, "nobody waits after a solve");
    assert_eq!(admin.delete(&format!("/api/v1/challenges/{id}")).await.body, json!({"success": true}));
    assert_eq!(data(&ada.get("/api/v1/docker_status").await), &json!([]));
    assert_eq!(error(&ada.post("/api/v1/container", json!({"id": id})).await), (404, "Challenge not found"));
}

#[tokio::test]
async fn no_two_containers_have_one_port() {
    let site = site().await;
    let (admin, _runner) = (admin(&site).await, engine(&site, images(), false).await);
    admin.challenge(json!({})).await;
    let mut ports = BTreeSet::new();
    for name in ["ada", "bob", "cleo", "dan"] {
        let made = player(&site, name).await.post("/api/v1/container", json!({"id": 1})).await;
        assert!(ports.insert(made.body["data"]["ports"][0].to_string()), "{ports:?}");
    }
}

#[tokio::test]
async fn a_team_shares_its_containers_and_a_player_without_one_starts_none() {
    let site = with(|config| config.players.mode = PlayMode::Teams).await;
    let (admin, _runner) = (admin(&site).await, engine(&site, images(), false).await);
    admin.challenge(json!({})).await;
    let (ada, bob, lone) = (player(&site, "ada").await, player(&site, "bob").await, player(&site, "lone").await);
    let made = Answer::of(ada.request(Method::POST, "/api/play/team").json(&json!({"name": "Rotor"}))).await;
    let join = json!({"join_code": made.body["join_code"]});
    assert_eq!(bob.post("/api/play/team/join", join).await.status, 200);
    assert_eq!(ada.post("/api/v1/container", json!({"id": 1})).await.status, 201);
    assert_eq!(error(&bob.post("/api/v1/container", json!({"id": 1})).await), (403, "Container creation not allowed"));
    let row = data(&bob.get("/api/v1/docker_status").await)[0].clone();
    assert_eq!(row["team_id"], made.body["team"]["team_id"].to_string());
    assert!(row["user_id"].is_null(), "{row}");
    assert_eq!(error(&lone.post("/api/v1/container", json!({"id": 1})).await).0, 403);
    assert_eq!(admin.post("/api/v1/container", json!({"id": 1})).await.status, 201, "who runs the event may try it");
    assert!(data(&admin.get("/api/v1/docker_status").await)[0]["user_id"].is_string());
}

#[tokio::test]
async fn a_player_has_at_most_five_containers() {
    let site = site().await;
    let (admin, _runner) = (admin(&site).await, engine(&site, images(), false).await);
    let ada = player(&site, "ada").await;
    for number in 1..=6 {
        let id = admin.challenge(json!({"name": format!("Challenge {number}")})).await;
        let made = ada.post("/api/v1/container", json!({"id": id})).await;
        if number <= 5 {
            assert_eq!(made.status, 201, "{}", made.body);
        } else {
            assert_eq!(error(&made), (403, "at most 5 instances at once; stop one first"));
        }
    }
}

#[tokio::test]
async fn the_login_cookie_and_forms_do_for_every_endpoint() {
    let site = with(|config| config.trusted_proxies = vec!["127.0.0.1".to_owned()]).await;
    let (admin, (runner, _obeys)) = (browser(&site).await, engine(&site, images(), true).await);
    let inventory = json!({"engine_id": "docker", "swarm": true, "images": images()});
    let secure = runner.request(Method::POST, "inventory").header("X-Forwarded-Proto", "https").json(&inventory);
    assert_eq!(Answer::of(secure).await.status, 200);
    let form = async |path: &str, body: &'static str| {
        let request = admin.request(Method::POST, path).header("Content-Type", "application/x-www-form-urlencoded");
        Answer::of(request.header("X-Forwarded-Proto", "https").body(body)).await
    };
    let fields = "name=Web&type=docker&value=100&docker_image=nginx:alpine&exposed_ports=80/tcp&category=web";
    assert_eq!(data(&form("/api/v1/challenges", fields).await)["value"], 100);
    assert_eq!(form("/api/v1/container", "challenge_id=1").await.status, 201);
    let row = data(&admin.get("/api/v1/docker_status").await)[0].clone();
    assert_eq!(row["challenge_id"], 1);
    assert_eq!(error(&form("/api/v1/nuke", "container=abc123def456&all=false").await), (404, "Container not found"));
    assert_eq!(form("/api/v1/nuke", "all=True").await.body, json!({"success": true}));
    let secret = form("/api/v1/secret", "name=db_password&data=horse").await;
    assert_eq!(secret.status, 201, "{}", secret.body);
    let path = format!("/api/v1/secret/{}", secret.body["data"]["id"].as_str().unwrap());
    assert_eq!(admin.get("/api/v1/secret").await.body["data"][0]["name"], "db_password");
    assert_eq!(admin.delete(&path).await.status, 200);
    assert_eq!(admin.delete("/api/v1/secret/all").await.body["deleted"], 0);
    assert_eq!(data(&admin.get("/api/v1/docker").await).as_array().unwrap().len(), 3);
    assert_eq!(admin.get("/api/v1/image_ports?image=nginx:alpine").await.body["ports"], json!(["80/tcp"]));
    assert_eq!(data(&form("/api/v1/flags", "challenge_id=1&content=flag{f}&type=static").await)["content"], "flag{f}");
    let tried = form("/api/v1/challenges/attempt", "challenge_id=1&submission=flag{f}").await;
    assert_eq!(data(&tried)["status"], "correct");
}
