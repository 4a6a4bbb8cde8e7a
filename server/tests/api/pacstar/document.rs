//! The requests of the document, word for word, and its two sequences.

use super::{Front, Person, each, text};
use crate::site::{Answer, fields};
use reqwest::Method;
use serde_json::{Value, json};

fn is_time(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    text.len() == "2025-10-20T06:00:00Z".len() && text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok()
}

async fn register(front: &Front, name: &str, email: &str, password: &str, zone: &str) -> Value {
    let body = json!({"username": name, "email": email, "password": password, "zone": zone});
    let answer = front.post("/api/v1/auth/register", body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(fields(&answer.body), ["email", "id", "is_active", "role", "username", "zone"]);
    answer.body
}

async fn log_in<'a>(front: &'a Front, name: &str, password: &str) -> Person<'a> {
    let answer = front.post("/api/v1/auth/login", json!({"username": name, "password": password})).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(fields(&answer.body), ["access_token", "refresh_token", "token_type"]);
    assert_eq!(answer.body["token_type"], "bearer");
    let token = |name: &str| text(&answer.body[name]);
    for name in ["access_token", "refresh_token"] {
        assert!(token(name).starts_with("eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9."), "{}", token(name));
    }
    Person { front, id: String::new(), token: token("access_token"), refresh: token("refresh_token") }
}

fn nginx() -> Value {
    json!({
        "name": "nginx-hello-world",
        "description": "Simple Nginx Hello World challenge for teams",
        "config": {
            "challenge_type": "web",
            "image": "nginx:alpine",
            "ports": [80],
            "environment_vars": {"FLAG": "CTF{nginx_hello_world_flag}", "SECRET_KEY": "challenge-secret-key-123"},
            "resources": {
                "requests": {"cpu": "100m", "memory": "128Mi"},
                "limits": {"cpu": "500m", "memory": "512Mi"}
            },
            "health_check_path": "/",
            "flag_format": "CTF{}"
        },
        "total_teams": 4,
        "is_active": true
    })
}

#[tokio::test]
async fn accounts_register_log_in_and_refresh_as_documented() {
    let front = Front::start().await;
    let john = register(&front, "john_doe", "john@example.com", "SecurePass123", "zone1").await;
    assert_eq!((&john["role"], &john["is_active"]), (&json!("User"), &json!(true)), "although he comes first");
    let master = register(&front, "master_admin", "admin@pacstar.com", "AdminPass123", "master_zone").await;
    assert_eq!(master["role"], "Master");
    let guess = json!({"username": "master_admin", "password": "admin123"});
    let refused = front.post("/api/v1/auth/login", guess).await;
    assert_eq!((refused.status, refused.body["detail"].is_string()), (401, true), "{}", refused.body);
    let person = log_in(&front, "master_admin", "AdminPass123").await;
    let answer = front.post("/api/v1/auth/refresh", json!({"refresh_token": person.refresh})).await;
    assert_eq!((answer.status, fields(&answer.body)), (200, vec!["access_token", "refresh_token", "token_type"]));
}

#[tokio::test]
async fn every_documented_request_of_challenges_is_answered_as_documented() {
    let front = Front::start().await;
    let _cluster = front.cluster().await;
    let master = front.master().await;

    let made = master.post("/api/v1/challenges/", nginx()).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let wanted = nginx();
    for field in ["name", "description", "config", "total_teams", "is_active"] {
        assert_eq!(made.body[field], wanted[field], "{field}");
    }
    assert_eq!((&made.body["status"], &made.body["instances"]), (&json!("pending"), &json!([])));
    assert!(is_time(&made.body["created_at"]) && is_time(&made.body["updated_at"]), "{}", made.body);
    assert_eq!(made.body["created_by"], master.id.as_str());
    let id = text(&made.body["id"]);
    assert!(id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");

    let list = master.get("/api/v1/challenges/?skip=0&limit=100").await;
    assert_eq!((list.status, &list.body["total"]), (200, &json!(1)));
    assert_eq!(list.body["challenges"][0]["id"], id.as_str());
    let path = format!("/api/v1/challenges/{id}");
    assert_eq!(master.get(&path).await.body["name"], "nginx-hello-world");

    let deployed = master.deploy(&path).await;
    assert_eq!(each(&deployed, "team_id"), ["team-001", "team-002", "team-003", "team-004"]);
    let address = |last: u8| format!("192.168.250.{last}");
    assert_eq!(each(&deployed, "public_ip"), [101, 102, 103, 104].map(address), "from the first answer on");
    let running = master.until_status(&path, "running").await;
    let first = &running["instances"][0];
    assert_eq!(first["pod_name"], "nginx-hello-world-team-001-pod");
    assert_eq!(first["service_name"], "nginx-hello-world-team-001-svc");
    assert_eq!(first["namespace"], "challenge-nginx-hello-world");
    assert!(first["internal_ip"].as_str().unwrap().starts_with("10.42.0."), "{first}");
    assert!(is_time(&first["created_at"]) && first["status"] == "running", "{first}");
    assert_eq!(running["total_teams"], 4);

    let stats = master.get(&format!("{path}/stats")).await;
    let addresses = json!({
        "team-001": "192.168.250.101", "team-002": "192.168.250.102", "team-003": "192.168.250.103",
        "team-004": "192.168.250.104"
    });
    assert_eq!(
        stats.body,
        json!({
            "total_instances": 4, "running_instances": 4, "failed_instances": 0, "total_teams": 4,
            "ip_allocation": addresses
        })
    );
    for spelling in ["teams", "team"] {
        let access = master.get(&format!("{path}/{spelling}/team-001/access")).await.body;
        assert_eq!((&access["team_id"], &access["public_ip"]), (&json!("team-001"), &json!("192.168.250.101")));
        assert_eq!((&access["access_url"], &access["ports"]), (&json!("http://192.168.250.101/"), &json!([80])));
        assert!(access["status"] == "running" && is_time(&access["created_at"]), "{access}");
    }

    let stopped = master.post(&format!("{path}/stop"), json!({"remove_instances": false})).await;
    assert_eq!(stopped.status, 200, "{}", stopped.body);
    master.until_status(&path, "stopped").await;
    let body = json!({"description": "Updated challenge description", "total_teams": 6, "is_active": true});
    let updated = master.put(&path, body).await;
    assert_eq!((updated.status, &updated.body["total_teams"]), (200, &json!(6)), "{}", updated.body);
    assert_eq!(updated.body["description"], "Updated challenge description");
    let response = master.request(Method::DELETE, &path).send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.text().await.unwrap().as_str()), (204, ""));
    assert_eq!(master.get(&path).await.status, 404);
}

#[tokio::test]
async fn every_documented_request_of_users_is_answered_as_documented() {
    let front = Front::start().await;
    let master = front.master().await;
    let john = front.person("john_doe").await;
    let list = master.get("/api/v1/users/").await;
    assert_eq!((list.status, list.body.as_array().unwrap().len()), (200, 2));
    assert_eq!(fields(&list.body[0]), ["email", "id", "is_active", "role", "username", "zone"]);
    let path = format!("/api/v1/users/{}", john.id);
    assert_eq!(master.get(&path).await.body["username"], "john_doe");
    let body = json!({"email": "newemail@example.com", "role": "Admin", "is_active": true, "zone": "new_zone"});
    let changed = master.put(&path, body.clone()).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    for (field, value) in body.as_object().unwrap() {
        assert_eq!(changed.body[field], *value);
    }
}

#[tokio::test]
async fn a_monitor_sees_that_it_is_healthy_at_both_places() {
    let front = Front::start().await;
    for path in ["/health", "/api/v1/health"] {
        let health = front.get(path).await;
        assert_eq!((health.status, &health.body["status"]), (200, &json!("healthy")));
        assert!(is_time(&health.body["timestamp"]), "{}", health.body);
    }
}

#[tokio::test]
async fn the_workflow_of_the_document_ends_with_an_address_for_each_team() {
    let front = Front::start().await;
    let _cluster = front.cluster().await;
    register(&front, "master_admin", "admin@pacstar.com", "AdminPass123", "master_zone").await;
    let master = log_in(&front, "master_admin", "AdminPass123").await;
    let mut body = nginx();
    (body["name"], body["description"]) =
        (json!("flask-hello-world"), json!("Flask Hello World challenge for 4 teams"));
    (body["config"]["image"], body["config"]["ports"]) = (json!("python:3.9-slim"), json!([5000]));
    let made = master.post("/api/v1/challenges/", body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let path = format!("/api/v1/challenges/{}", text(&made.body["id"]));
    master.deploy(&path).await;
    master.until_status(&path, "running").await;
    for team in 1..=4 {
        let access = master.get(&format!("{path}/teams/team-00{team}/access")).await.body;
        assert_eq!(access["access_url"], format!("http://192.168.250.10{team}/"), "although its port is 5000");
        assert_eq!(access["ports"], json!([5000]));
    }
}

#[tokio::test]
async fn the_quick_start_of_the_document_works_on_a_fresh_server() {
    let front = Front::start().await;
    let _cluster = front.cluster().await;
    let admin = register(&front, "admin", "admin@test.com", "AdminPass123", "zone1").await;
    assert_eq!(admin["role"], "Master");
    let admin = log_in(&front, "admin", "AdminPass123").await;
    let body = json!({
        "name": "test-challenge", "description": "Test challenge",
        "config": {"challenge_type": "web", "image": "nginx:alpine", "ports": [80]},
        "total_teams": 2, "is_active": true
    });
    let made = admin.post("/api/v1/challenges/", body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let path = format!("/api/v1/challenges/{}", text(&made.body["id"]));
    let deployed = admin.deploy(&path).await;
    assert_eq!(each(&deployed, "public_ip"), ["192.168.250.101", "192.168.250.102"]);
    assert_eq!(admin.until_status(&path, "running").await["instances"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_error_of_the_document_comes_also_for_an_empty_body() {
    let front = Front::start().await;
    let user = front.person("john_doe").await;
    for request in [
        user.request(Method::POST, "/api/v1/challenges/").json(&nginx()),
        user.request(Method::POST, "/api/v1/challenges/"),
        user.request(Method::POST, "/api/v1/challenges"),
    ] {
        let answer = Answer::of(request).await;
        assert_eq!((answer.status, answer.body), (403, json!({"detail": "Only Master users can create challenges"})));
    }
}
