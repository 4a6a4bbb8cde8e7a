//! Creating and changing challenges: what is taken, what is refused, and what the runner is told.

use super::rollout::Orders;
use super::{Front, challenge, refused, text};
use serde_json::{Value, json};

#[tokio::test]
async fn what_is_wrong_with_a_challenge_is_named() {
    let front = Front::start().await;
    let master = front.master().await;
    let with = |pointer: &str, value: Value| {
        let mut body = challenge("some-name", "web:1", 4);
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[field] = value;
        master.post("/api/v1/challenges", body)
    };
    for (pointer, value, word) in [
        ("/name", json!("ab"), "name"),
        ("/name", json!("a".repeat(51)), "name"),
        ("/name", json!("Some-Name"), "name"),
        ("/name", json!("1-name"), "name"),
        ("/name", json!("name-"), "name"),
        ("/name", json!("some_name"), "name"),
        ("/description", json!("too short"), "description"),
        ("/description", json!("é".repeat(501)), "description"),
        ("/total_teams", json!(0), "total_teams"),
        ("/total_teams", json!(1000), "total_teams"),
        ("/total_teams", json!("4"), "total_teams"),
        ("/is_active", json!("yes"), "is_active"),
        ("/enviroment_vars", json!({}), "enviroment_vars"),
        ("/config/enviroment_vars", json!({}), "enviroment_vars"),
        ("/config/challenge_type", json!("forensics"), "challenge_type"),
        ("/config/image", json!(""), "image"),
        ("/config/ports", json!([]), "ports"),
        ("/config/ports", json!([0]), "ports"),
        ("/config/ports", json!([65_536]), "ports"),
        ("/config/ports", json!([80, 80]), "ports"),
        ("/config/ports", json!(["53/sctp"]), "ports"),
        ("/config/ports", json!((1..=21).collect::<Vec<u16>>()), "ports"),
        ("/config/environment_vars", json!({"A-B": ""}), "environment_vars"),
        ("/config/environment_vars", json!({"1A": ""}), "environment_vars"),
        ("/config/environment_vars", json!({"A": 1}), "environment_vars"),
        ("/config/environment_vars", json!({"A": "a".repeat(65_536)}), "environment_vars"),
        ("/config/resources", json!({"limits": {"cpu": "lots"}}), "limits.cpu"),
        ("/config/resources", json!({"limits": {"cpu": "5"}}), "limits.cpu"),
        ("/config/resources", json!({"limits": {"memory": "512Zi"}}), "limits.memory"),
        ("/config/resources", json!({"limits": {"memory": "9Gi"}}), "limits.memory"),
        ("/config/resources", json!({"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}), "requests"),
        ("/config/health_check_path", json!("index.html"), "health_check_path"),
        ("/config/pull_secret", json!("No Secret"), "pull_secret"),
    ] {
        refused(&with(pointer, value).await, 422, word);
    }
    refused(&master.post("/api/v1/challenges", json!({})).await, 422, "name");
    assert_eq!(master.get("/api/v1/challenges").await.body["total"], 0);
}

#[tokio::test]
async fn what_is_at_the_bounds_is_taken_and_shown_as_written() {
    let front = Front::start().await;
    let master = front.master().await;
    let name = "a".repeat(50);
    let body = json!({
        "name": name, "description": "é".repeat(500), "total_teams": 999, "is_active": false,
        "config": {
            "challenge_type": "pwn", "image": "registry.example.com:5000/ctf/pwn@sha256:abc", "ports": [1337, "53/udp"],
            "resources": {"requests": {}, "limits": {"cpu": "0.5"}}, "flag_format": "CTF{}", "command": ["sh", "-c", "x"],
            "security": "restricted", "internet_access": true, "pull_secret": "registry", "environment_vars": {"FLAG": "flag"}
        }
    });
    let made = master.post("/api/v1/challenges", body.clone()).await;
    assert_eq!(made.status, 201, "{}", made.body);
    for (field, value) in body.as_object().unwrap() {
        assert_eq!(made.body[field], *value, "{field}");
    }
    assert!(made.body["warnings"][0].as_str().unwrap().contains("FLAG"), "{}", made.body);
    refused(&master.post("/api/v1/challenges", body).await, 400, "name");
}

#[tokio::test]
async fn the_runner_is_told_what_the_author_has_written() {
    let front = Front::start().await;
    let runner = front.runner().await;
    let master = front.master().await;
    let body = json!({
        "name": "web-app", "description": "A challenge for all teams", "total_teams": 2,
        "config": {
            "challenge_type": "web", "image": "app:1", "ports": [5000, "53/udp"], "health_check_path": "/healthz",
            "environment_vars": {"FLAG": "CTF{a}", "KEY": "b"}, "resources": {"limits": {"memory": "1Gi"}}
        }
    });
    let made = master.post("/api/v1/challenges", body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    master.deploy(&format!("/api/v1/challenges/{}", text(&made.body["id"]))).await;
    let orders = Orders { runner: &runner }.after_canary(2).await;
    let (order, run) = (&orders[0], &orders[0]["run"]);
    assert_eq!((&order["engine_id"], &order["fence"]), (&json!("k8s"), &json!(1)));
    let deployment = json!({
        "namespace": "challenge-web-app", "name": "web-app-team-001", "team": "team-001", "teams": 2,
        "address": "192.168.250.101", "security": "baseline",
        "requests": [{"container": "main", "cpu_millis": 100, "memory_bytes": 134_217_728}]
    });
    assert_eq!(run["deployment"], deployment);
    let leads = |port: &str, host_port: u16| json!({"container": "main", "port": port, "host_port": host_port});
    let published = json!([leads("5000/tcp", 5000), leads("53/udp", 53), leads("5000/tcp", 80)]);
    assert_eq!(run["published"], published, "a browser finds it at port 80 as well");
    let container = &run["containers"][0];
    assert_eq!(container["environment"], json!({"FLAG": "CTF{a}", "KEY": "b"}));
    assert_eq!(container["limits"]["memory_mib"], 1024);
    assert_eq!(container["limits"]["cpus"], 0.5);
    assert_eq!(container["health"], json!({"port": "5000/tcp", "path": "/healthz", "start_seconds": 60}));
    assert_eq!(container["capabilities"], json!(["CHOWN", "NET_BIND_SERVICE", "SETGID", "SETUID"]));
}

#[tokio::test]
async fn a_challenge_without_a_flag_gives_each_team_one_of_its_own() {
    let front = Front::start().await;
    let runner = front.runner().await;
    let master = front.master().await;
    let mut body = challenge("own-flags", "web:1", 2);
    body["config"]["environment_vars"] = json!({});
    let made = master.post("/api/v1/challenges", body).await;
    master.deploy(&format!("/api/v1/challenges/{}", text(&made.body["id"]))).await;
    let orders = Orders { runner: &runner }.after_canary(2).await;
    let flag = |number: usize| text(&orders[number]["run"]["containers"][0]["environment"]["FLAG"]);
    assert!(flag(0).starts_with("flag{") && flag(1).starts_with("flag{") && flag(0) != flag(1), "{orders:?}");
}

#[tokio::test]
async fn a_change_is_recorded_and_runs_with_the_next_deploy() {
    let front = Front::start().await;
    let _cluster = front.cluster().await;
    let master = front.master().await;
    let path = master.challenge("changing", "web:1", 3).await;
    let renamed = master.put(&path, json!({"name": "changed"})).await;
    assert_eq!((renamed.status, &renamed.body["pending_changes"]), (200, &json!(false)), "{}", renamed.body);
    master.deploy(&path).await;
    let running = master.until_status(&path, "running").await;
    assert_eq!(running["instances"][0]["namespace"], "challenge-changed");
    refused(&master.put(&path, json!({"name": "again"})).await, 400, "name");

    let more = master.put(&path, json!({"total_teams": 5})).await.body;
    assert_eq!((&more["pending_changes"], &more["total_teams"]), (&json!(true), &json!(5)));
    assert_eq!(more["instances"].as_array().unwrap().len(), 3, "saying 5 starts nothing");
    let whole = master.get(&path).await.body;
    let again = master.put(&path, whole).await;
    assert_eq!(again.status, 200, "what was read may be written: {}", again.body);
    for (field, value) in [("id", json!("0")), ("status", json!("stopped")), ("created_by", json!("0"))] {
        refused(&master.put(&path, json!({field: value})).await, 422, field);
    }
    refused(&master.put(&path, json!({"teams": 3})).await, 422, "teams");
    refused(&master.put(&path, json!({"config": {"image": "web:2"}})).await, 422, "config");
    master.deploy(&path).await;
    let five = master.until_status(&path, "running").await;
    assert_eq!((five["instances"].as_array().unwrap().len(), &five["pending_changes"]), (5, &json!(false)));
}

#[tokio::test]
async fn the_list_is_in_the_order_of_creation_and_has_pages() {
    let front = Front::start().await;
    let master = front.master().await;
    for name in ["one", "two", "three"] {
        master.challenge(name, "web:1", 1).await;
    }
    let names = |body: &Value| -> Vec<String> {
        body["challenges"].as_array().unwrap().iter().map(|it| text(&it["name"])).collect()
    };
    let all = master.get("/api/v1/challenges/").await.body;
    assert_eq!((names(&all), &all["total"]), (vec!["one".to_owned(), "two".to_owned(), "three".to_owned()], &json!(3)));
    let second = master.get("/api/v1/challenges?skip=1&limit=1").await.body;
    assert_eq!((names(&second), &second["total"]), (vec!["two".to_owned()], &json!(3)));
    for query in ["limit=0", "limit=1001", "limit=x", "skip=-1"] {
        refused(&master.get(&format!("/api/v1/challenges?{query}")).await, 422, "");
    }
}

#[tokio::test]
async fn the_list_says_of_each_challenge_what_it_says_by_itself() {
    let front = Front::start().await;
    let (runner, master) = (front.runner().await, front.master().await);
    let orders = Orders { runner: &runner };
    let runs = master.challenge("runs", "web:1", 2).await;
    master.deploy(&runs).await;
    orders.report(&orders.after_canary(2).await, "running", None).await;
    let paused = master.challenge("paused", "web:1", 1).await;
    master.deploy(&paused).await;
    master.stop(&paused, false).await;
    master.challenge("new", "web:1", 1).await;
    let again = master.challenge("again", "web:1", 1).await;
    master.deploy(&again).await;
    assert_eq!(master.delete(&again).await, 204);
    let again = master.challenge("again", "web:2", 1).await;
    master.deploy(&again).await;
    let list = master.get("/api/v1/challenges").await.body;
    let list = list["challenges"].as_array().unwrap();
    let statuses: Vec<_> = list.iter().map(|it| (text(&it["name"]), text(&it["status"]))).collect();
    let expected = [("runs", "running"), ("paused", "stopping"), ("new", "pending"), ("again", "deploying")];
    assert_eq!(statuses, expected.map(|(name, status)| (name.to_owned(), status.to_owned())));
    for shown in list {
        let alone = master.get(&format!("/api/v1/challenges/{}", text(&shown["id"]))).await.body;
        assert_eq!(*shown, alone);
    }
}

#[tokio::test]
async fn other_fronts_do_not_show_it_to_players() {
    let front = Front::start_with(|config| {
        config.players.registration = challengectl_server::config::WhoRegisters::Open;
    })
    .await;
    let _cluster = front.cluster().await;
    let master = front.master().await;
    let path = master.challenge("only-deployed", "web:1", 1).await;
    master.deploy(&path).await;
    master.until_status(&path, "running").await;
    let player = front.site.player("paul").await;
    player.post("/api/play/team", json!({"name": "Rotor"})).await;
    for route in ["/api/play/challenges", "/api/v1/challenges"] {
        let answer = player.get(route).await;
        assert!(answer.status == 200 && !answer.body.to_string().contains("only-deployed"), "{}", answer.body);
    }
}
