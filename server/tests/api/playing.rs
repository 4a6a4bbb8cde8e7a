//! Playing: challenges, flags, instances and the scoreboard. `e2e/tests/instances.rs` has an engine.

use crate::site::{ANY_PORT, MORSE, Player, Site};
use challengectl_coordinator::Role;
use challengectl_coordinator::session::Owner;
use challengectl_server::config::WhoRegisters;
use serde_json::{Value, json};

const FLAG: &str = "flag{morse}";

/// A site with a challenge on air that is worth 100 points, and the challenge of the engine front, which has number 1.
async fn site() -> (Site, String) {
    let site = Site::start_with(tempfile::tempdir().unwrap(), |config| {
        config.players.registration = WhoRegisters::Open;
        config.engine.listen = Some(ANY_PORT);
    });
    let site = site.await;
    site.import(MORSE).await;
    let admin = site.browser("admin", Role::Admin).await;
    let challenges = admin.get("/api/challenges").await.body;
    let id = challenges["challenges"][0]["challenge_id"].to_string();
    let worth = json!({"points": 100, "parts": [{"flags": [{"mode": "text", "content": FLAG}]}]});
    assert_eq!(admin.put(&format!("/api/challenges/{id}/flags"), worth).await.status, 200);
    (site, id)
}

/// A player in a team of this name.
async fn in_team<'a>(site: &'a Site, name: &str, team: &str) -> (Player<'a>, Owner) {
    let player = site.player(name).await;
    let made = player.post("/api/play/team", json!({"name": team})).await;
    assert_eq!(made.status, 201);
    let owner = Owner::team(made.body["team"]["team_id"].as_i64().unwrap());
    (player, owner)
}

async fn submit(player: &Player<'_>, challenge: &str, flag: &str) -> Value {
    let answer = player.post(&format!("/api/play/challenges/{challenge}/flag"), json!({"flag": flag})).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    answer.body
}

#[tokio::test]
async fn a_challenge_on_air_is_solved_and_the_team_is_on_the_scoreboard() {
    let (site, id) = site().await;
    let (ada, _) = in_team(&site, "ada", "Rotor").await;
    let (bob, _) = in_team(&site, "bob", "Stator").await;
    let (list, number) = (ada.get("/api/play/challenges").await.body, id.parse::<i64>().unwrap());
    let shown = list["challenges"].as_array().unwrap().iter().find(|it| it["challenge_id"] == number).unwrap();
    assert_eq!((&shown["kind"], &shown["points"]), (&json!("transmission"), &json!(100)));
    assert_eq!((&shown["solved"], &shown["solves"]), (&json!(false), &json!(0)));
    assert!(!list.to_string().contains(FLAG));

    assert_eq!(submit(&ada, &id, "flag{no}").await["result"], "incorrect");
    let solved = submit(&ada, &id, FLAG).await;
    assert_eq!((&solved["result"], &solved["points"]), (&json!("correct"), &json!(100)));
    assert_eq!(submit(&ada, &id, FLAG).await["result"], "already_solved");
    submit(&bob, &id, FLAG).await;

    let board = site.get("/api/play/scoreboard").await.body;
    let names: Vec<_> = board["standings"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Rotor", "Stator"], "who was first is ahead");
    let feed = site.get("/api/play/ctftime").await.body;
    assert_eq!((&feed["standings"][0]["pos"], &feed["standings"][0]["team"]), (&json!(1), &json!("Rotor")));
    assert_eq!(feed["standings"][0]["taskStats"]["MORSE_1"]["points"], 100);
    assert!(feed["tasks"].as_array().unwrap().contains(&json!("MORSE_1")));
    let captures = site.get("/api/play/ctftime/captures").await.body;
    let told: Vec<_> = captures.as_array().unwrap().iter().map(|it| (&it["type"], &it["team"])).collect();
    let correct = json!("taskCorrect");
    assert_eq!(told, [(&correct, &json!("Rotor")), (&correct, &json!("Stator"))], "wrong ones are not told");
    assert_eq!((&captures[0]["task"], &captures[0]["pointsDelta"]), (&json!("MORSE_1"), &json!(100)));
    let rest = site.get(&format!("/api/play/ctftime/captures?lastId={}", captures[0]["id"])).await.body;
    assert_eq!(rest, json!([captures[1]]));

    let operator = site.browser("oli", Role::Operator).await;
    let submissions = operator.get("/api/submissions?limit=2").await.body;
    assert_eq!((&submissions["total"], &submissions["submissions"][0]["result"]), (&json!(4), &json!("right")));
    assert_eq!(submissions["submissions"][0]["owner"], "Stator");
    assert!(!submissions.to_string().contains(FLAG));
    let team = board["standings"][0]["name"].as_str().unwrap();
    let teams = operator.get("/api/teams").await.body;
    let found = teams["teams"].as_array().unwrap().iter().find(|it| it["name"] == team).unwrap();
    operator.put(&format!("/api/teams/{}", found["team_id"]), json!({"banned": true})).await;
    let board = site.get("/api/play/scoreboard").await.body;
    assert_eq!(board["standings"].as_array().unwrap().len(), 1, "an excluded team is not on it");
}

#[tokio::test]
async fn an_instance_is_its_teams_alone_and_an_operator_stops_it() {
    let (site, _) = site().await;
    let (ada, owner) = in_team(&site, "ada", "Rotor").await;
    let (eve, _) = in_team(&site, "eve", "Stator").await;
    let own = "/api/play/challenges/1/instance";
    ada.get(own).await.is_error(404, "not found");
    let refused = ada.post(own, Value::Null).await;
    assert_eq!((refused.status, &refused.body["error"]), (503, &json!("unavailable")), "there is no engine");
    site.runner("roof").await;
    site.session(&owner, "roof").await;
    let shown = ada.get(own).await;
    assert_eq!((shown.status, &shown.body["state"]), (200, &json!("starting")));
    assert!(shown.body["seconds_left"].as_u64().is_some_and(|left| left > 3500), "{:?}", shown.body);
    ada.post(&format!("{own}/extend"), Value::Null).await.is_error(409, "conflict");
    eve.get(own).await.is_error(404, "not found");
    eve.delete(own).await.is_error(404, "not found");
    eve.post(&format!("{own}/extend"), Value::Null).await.is_error(404, "not found");

    let operator = site.browser("oli", Role::Operator).await;
    let list = operator.get("/api/instances").await.body;
    let instance = &list["instances"][0];
    assert_eq!((&instance["owner"], &instance["challenge"]), (&json!("Rotor"), &json!("Basic XSS")));
    let path = format!("/api/instances/{}", instance["instance_id"]);
    assert_eq!(operator.delete(&path).await.status, 200);
    operator.delete(&path).await.is_error(404, "not found");
    operator.delete("/api/instances/x").await.is_error(404, "not found");
    assert_eq!(operator.get("/api/instances").await.body["instances"][0]["state"], "stopping");
    ada.get(own).await.is_error(404, "not found");
}

#[tokio::test]
async fn an_operator_stops_all_instances_of_one_api_and_no_others() {
    let (site, _) = site().await;
    site.runner("roof").await;
    for (owner, front) in [("ada", "engine"), ("eve", "engine"), ("oli", "docker")] {
        site.session_of(&Owner::anonymous(owner).unwrap(), "roof", front).await;
    }
    let operator = site.browser("oli", Role::Operator).await;
    operator.delete("/api/instances").await.is_error(400, "invalid request");
    operator.delete("/api/instances?front=warm").await.is_error(400, "invalid request");
    assert_eq!(operator.delete("/api/instances?front=engine").await.status, 200);
    let list = operator.get("/api/instances").await.body;
    let states = |front: &str| {
        let all = list["instances"].as_array().unwrap().iter().filter(|it| it["front"] == front);
        all.map(|it| it["state"].as_str().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((states("engine"), states("docker")), (vec!["stopping"; 2], vec!["starting"]));
}

#[tokio::test]
async fn a_player_without_a_team_and_a_challenge_without_flags_are_told_so() {
    let (site, id) = site().await;
    let lone = site.player("lone").await;
    lone.get("/api/play/challenges").await.is_error(403, "forbidden");
    let flag = json!({"flag": FLAG});
    lone.post(&format!("/api/play/challenges/{id}/flag"), flag.clone()).await.is_error(403, "forbidden");
    let (ada, _) = in_team(&site, "ada", "Rotor").await;
    ada.post("/api/play/challenges/999/flag", flag.clone()).await.is_error(404, "not found");
    ada.post("/api/play/challenges/x/flag", flag).await.is_error(404, "not found");
    ada.post(&format!("/api/play/challenges/{id}/flag"), json!({"flag": 7})).await.is_error(400, "invalid request");
    ada.post(&format!("/api/play/challenges/{id}/instance"), Value::Null).await.is_error(404, "not found");
}
