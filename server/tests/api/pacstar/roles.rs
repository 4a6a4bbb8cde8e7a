//! Who manages whom, and who sees what.

use super::{Front, Person, each, refused, text};
use challengectl_coordinator::Role;
use challengectl_server::config::WhoRegisters;
use serde_json::json;

#[tokio::test]
async fn admins_manage_the_users_of_their_zone_and_masters_everybody() {
    let front = Front::start().await;
    let (master, admin) = (front.master().await, front.person("zone_admin").await);
    let (near, far) = (front.person("near").await, front.person("far_away").await);
    let path = |id: &str| format!("/api/v1/users/{id}");
    assert_eq!(master.put(&path(&admin.id), json!({"role": "Admin"})).await.status, 200);
    assert_eq!(admin.get("/api/v1/users").await.status, 401, "another role ends the login");
    let admin = Person { id: admin.id, ..front.log_in("zone_admin").await };
    assert_eq!(master.put(&path(&far.id), json!({"zone": "zone2"})).await.status, 200);

    let seen = admin.get("/api/v1/users").await.body;
    let names: Vec<_> = seen.as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap()).collect();
    assert_eq!(names, ["master_admin", "zone_admin", "near"]);
    assert_eq!(admin.put(&path(&near.id), json!({"email": "other@example.com"})).await.status, 200);
    refused(&admin.put(&path(&far.id), json!({"is_active": false})).await, 403, "zone");
    refused(&admin.get(&path(&far.id)).await, 403, "zone");
    refused(&admin.put(&path(&near.id), json!({"role": "Admin"})).await, 403, "Only Master");
    refused(&admin.put(&path(&near.id), json!({"zone": "zone2"})).await, 403, "zone");
    refused(&admin.put(&path(&master.id), json!({"is_active": false})).await, 403, "Users only");
    refused(&admin.put(&path(&admin.id), json!({"role": "Master"})).await, 403, "own role");

    refused(&near.get("/api/v1/users").await, 403, "Admin");
    assert_eq!(near.get(&path(&near.id)).await.body["email"], "other@example.com");
    for id in [&far.id, &"0".repeat(24), &"nonsense".to_owned()] {
        refused(&near.get(&path(id)).await, 403, "themselves");
    }
    refused(&near.put(&path(&near.id), json!({"role": "Master"})).await, 403, "Admin");
    refused(&master.get(&path("nonsense")).await, 404, "");
    refused(&master.put(&path(&near.id), json!({"rolle": "Admin"})).await, 422, "rolle");
    refused(&master.put(&path(&near.id), json!({"username": "other"})).await, 422, "username");
    let whole = master.get(&path(&near.id)).await.body;
    assert_eq!(master.put(&path(&near.id), whole).await.status, 200, "what was read may be written");
}

#[tokio::test]
async fn the_last_active_master_stays() {
    let front = Front::start().await;
    let (master, other) = (front.master().await, front.person("second").await);
    let path = |id: &str| format!("/api/v1/users/{id}");
    refused(&master.put(&path(&master.id), json!({"is_active": false})).await, 400, "last active Master");
    refused(&master.put(&path(&master.id), json!({"role": "User"})).await, 403, "own role");
    assert_eq!(master.put(&path(&other.id), json!({"role": "Master"})).await.status, 200);
    assert_eq!(master.put(&path(&master.id), json!({"is_active": false})).await.status, 200);
    let again = front.post(
        "/api/v1/auth/register",
        json!({
            "username": "admin", "email": "a@example.com", "password": "AdminPass123", "zone": "zone1"
        }),
    );
    assert_eq!(again.await.body["role"], "User", "an inactive Master counts");
}

#[tokio::test]
async fn nobody_but_masters_sees_image_variables_and_resources() {
    let front = Front::start().await;
    let _cluster = front.cluster().await;
    let (master, user) = (front.master().await, front.person("john_doe").await);
    let path = master.challenge("hidden-parts", "registry.example.com/broken:1", 2).await;
    master.deploy(&path).await;
    let failed = master.until_status(&path, "failed").await;
    assert!(each(&failed, "message").iter().all(|why| why.contains("registry.example.com")), "{failed}");
    for route in [
        path.clone(),
        "/api/v1/challenges".to_owned(),
        format!("{path}/stats"),
        format!("{path}/teams/team-001/access"),
    ] {
        let answer = user.get(&route).await;
        assert_eq!(answer.status, 200, "{route}: {}", answer.body);
        let told = answer.body.to_string();
        assert!(!told.contains("secret_of_all") && !told.contains("registry.example.com"), "{route}: {told}");
    }
    let shown = user.get(&path).await.body;
    assert_eq!(shown["config"], json!({"challenge_type": "web", "ports": [80]}));
    let why = ["ErrImagePull", "waits until team-001 has the images: ErrImagePull"];
    assert_eq!(each(&shown, "message"), why, "the reason is no secret, the image is");
    assert_eq!(each(&shown, "public_ip").len(), 2, "addresses are no secret");
    assert!(master.get(&path).await.body["config"]["environment_vars"]["FLAG"] == "CTF{secret_of_all}");
}

#[tokio::test]
async fn an_account_of_a_team_sees_the_instance_of_that_team_alone() {
    let front = Front::start().await;
    let _cluster = front.cluster().await;
    let (master, user) = (front.master().await, front.person("john_doe").await);
    let path = master.challenge("for-teams", "web:1", 3).await;
    master.deploy(&path).await;
    let account = format!("/api/v1/users/{}", user.id);
    refused(&master.put(&account, json!({"team_id": "team-1"})).await, 422, "team_id");
    assert_eq!(master.put(&account, json!({"team_id": "team-002"})).await.body["team_id"], "team-002");
    assert_eq!(each(&user.get(&path).await.body, "team_id"), ["team-002"]);
    let stats = user.get(&format!("{path}/stats")).await.body;
    assert_eq!(stats["ip_allocation"], json!({"team-002": "192.168.250.102"}));
    assert_eq!(user.get(&format!("{path}/teams/team-002/access")).await.status, 200);
    refused(&user.get(&format!("{path}/teams/team-001/access")).await, 403, "another team");
    refused(&user.get(&format!("{path}/teams/team-999/access")).await, 403, "another team");
    assert_eq!(master.put(&account, json!({"team_id": null})).await.status, 200);
    assert_eq!(each(&user.get(&path).await.body, "team_id").len(), 3);
}

#[tokio::test]
async fn users_do_not_see_what_is_inactive() {
    let front = Front::start().await;
    let _cluster = front.cluster().await;
    let (master, user) = (front.master().await, front.person("john_doe").await);
    let path = master.challenge("not-yet", "web:1", 1).await;
    master.deploy(&path).await;
    master.until_status(&path, "running").await;
    assert_eq!(master.put(&path, json!({"is_active": false})).await.status, 200);
    refused(&user.get(&path).await, 404, "");
    assert_eq!(user.get("/api/v1/challenges").await.body["total"], 0);
    assert_eq!(user.get(&format!("{path}/teams/team-001/access")).await.status, 404);
    refused(&master.post(&format!("{path}/deploy"), json!({})).await, 400, "inactive");
    assert_eq!(master.get(&path).await.body["status"], "running", "what runs goes on");
}

#[tokio::test]
async fn a_player_whose_team_has_a_slot_sees_the_instances_of_that_slot_alone() {
    let front = Front::start_with(|config| config.players.registration = WhoRegisters::Open).await;
    let _cluster = front.cluster().await;
    let master = front.master().await;
    let path = master.challenge("for-players", "web:1", 3).await;
    master.deploy(&path).await;
    let ada = front.site.player("ada").await;
    let made = ada.post("/api/play/team", json!({"name": "Rotor"})).await.body;
    let team = format!("/api/teams/{}", made["team"]["team_id"]);
    let login = json!({"username": "ada", "password": crate::people::PASSWORD});
    let tokens = front.post("/api/v1/auth/login", login).await.body;
    let ada = Person { front: &front, id: String::new(), token: text(&tokens["access_token"]), refresh: String::new() };
    assert_eq!(each(&ada.get(&path).await.body, "team_id").len(), 3, "as long as it has none");

    let (operator, admin) =
        (front.site.browser("olga", Role::Operator).await, front.site.browser("ida", Role::Admin).await);
    assert_eq!(operator.put(&team, json!({"slot": 2})).await.status, 403);
    assert_eq!(admin.put(&team, json!({"slot": 2})).await.status, 200);
    assert_eq!(each(&ada.get(&path).await.body, "team_id"), ["team-002"]);
    refused(&ada.get(&format!("{path}/teams/team-001/access")).await, 403, "another team");
    let shown = operator.get("/api/teams").await.body["teams"][0].clone();
    assert_eq!(shown["slot"], 2);
    assert_eq!(operator.put(&team, shown).await.status, 200, "what was read may be written");

    let eve = front.site.player("eve").await;
    let other = eve.post("/api/play/team", json!({"name": "Stator"})).await.body;
    let other = format!("/api/teams/{}", other["team"]["team_id"]);
    assert_eq!(admin.put(&other, json!({"slot": 2})).await.status, 409, "another team has it");
    for slot in [0, 1000] {
        assert_eq!(admin.put(&other, json!({"slot": slot})).await.status, 400, "{slot}");
    }
    // A number of the account comes first.
    let users = master.get("/api/v1/users").await.body;
    let user = users.as_array().unwrap().iter().find(|user| user["username"] == "ada").unwrap().clone();
    assert_eq!(user["team_id"], "team-002");
    let account = format!("/api/v1/users/{}", text(&user["id"]));
    assert_eq!(master.put(&account, json!({"team_id": "team-003"})).await.status, 200);
    assert_eq!(each(&ada.get(&path).await.body, "team_id"), ["team-003"]);
    assert_eq!(master.put(&account, json!({"team_id": null})).await.body["team_id"], "team-002");
    assert_eq!(admin.put(&team, json!({"slot": null})).await.status, 200);
    assert_eq!(each(&ada.get(&path).await.body, "team_id").len(), 3);
}
