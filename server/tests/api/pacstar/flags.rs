//! Flags of what is deployed: those of pods that are not replaced yet go on counting.

use super::rollout::Orders;
use super::{Front, Person, text};
use crate::site::{Browser, Player};
use challengectl_coordinator::Role;
use challengectl_server::config::WhoRegisters;
use serde_json::{Value, json};

const OLD: &str = "CTF{secret_of_all}";
const NEW: &str = "CTF{another}";

async fn start() -> Front {
    Front::start_with(|config| config.players.registration = WhoRegisters::Open).await
}

/// A player whose team has this slot.
async fn player<'a>(front: &'a Front, admin: &Browser<'_>, name: &str, slot: u32) -> Player<'a> {
    let player = front.site.player(name).await;
    let made = player.post("/api/play/team", json!({"name": format!("Team of {name}")})).await.body;
    let team = format!("/api/teams/{}", made["team"]["team_id"]);
    assert_eq!(admin.put(&team, json!({"slot": slot})).await.status, 200);
    player
}

/// Deploys a challenge that players see, and returns its path and its number. All of it runs.
async fn deployed(master: &Person<'_>, admin: &Browser<'_>, orders: &Orders<'_>, config: Value) -> (String, Value) {
    let path = master.challenge("shop", "web:1", 2).await;
    assert_eq!(master.put(&path, json!({"config": config})).await.status, 200);
    master.deploy(&path).await;
    orders.report(&orders.after_canary(2).await, "running", None).await;
    let number = admin.get("/api/deployments").await.body["deployments"][0]["challenge_id"].clone();
    let enabled = admin.post(&format!("/api/instance-challenges/{number}/enable"), json!({})).await;
    assert_eq!(enabled.status, 200, "{}", enabled.body);
    (path, number)
}

fn config(image: &str, flag: Option<&str>) -> Value {
    let variables = flag.map_or(json!({}), |flag| json!({"FLAG": flag}));
    json!({"challenge_type": "web", "image": image, "ports": [80], "environment_vars": variables})
}

async fn counts(player: &Player<'_>, challenge: &Value, flag: &str) -> bool {
    let answer = player.post(&format!("/api/play/challenges/{challenge}/flag"), json!({"flag": flag})).await;
    match answer.body["result"].as_str() {
        Some("correct" | "already_solved") => true,
        Some("incorrect") => false,
        _ => panic!("{} {}", answer.status, answer.body),
    }
}

fn flag_in(order: &Value) -> String {
    text(&order["run"]["containers"][0]["environment"]["FLAG"])
}

#[tokio::test]
async fn the_flag_before_counts_for_a_team_until_its_pod_with_the_new_one_is_ready() {
    let front = start().await;
    let (runner, master) = (front.runner().await, front.master().await);
    let (orders, admin) = (Orders { runner: &runner }, front.site.browser("ida", Role::Admin).await);
    let (path, number) = deployed(&master, &admin, &orders, config("web:1", Some(OLD))).await;
    let (ada, bob) = (player(&front, &admin, "ada", 1).await, player(&front, &admin, "bob", 2).await);
    let lone = player(&front, &admin, "lone", 3).await;
    let own = ada.post(&format!("/api/play/challenges/{number}/instance"), Value::Null).await;
    assert_eq!((own.status, own.body["details"].as_str().unwrap().contains("all teams")), (409, true));

    assert_eq!(master.put(&path, json!({"config": config("web:1", Some(NEW))})).await.status, 200);
    assert!(counts(&ada, &number, OLD).await && counts(&bob, &number, OLD).await, "it is not deployed yet");
    master.deploy(&path).await;
    let first = orders.with_fence(2, 1).await;
    assert_eq!(flag_in(&first[0]), NEW);
    orders.report(&first, "pending", None).await;
    assert!(counts(&ada, &number, OLD).await && counts(&ada, &number, NEW).await, "whichever pod answers");
    orders.report(&first, "running", None).await;
    assert!(!counts(&ada, &number, OLD).await && counts(&ada, &number, NEW).await);
    assert!(counts(&bob, &number, OLD).await, "the pod of this team has it");
    assert!(!counts(&lone, &number, OLD).await, "this team has no pod");
    orders.report(&orders.with_fence(2, 2).await, "running", None).await;
    assert!(!counts(&bob, &number, OLD).await && counts(&bob, &number, NEW).await);
}

#[tokio::test]
async fn the_flag_of_a_team_is_its_own_and_goes_on_counting_while_its_pod_is_replaced() {
    let front = start().await;
    let (runner, master) = (front.runner().await, front.master().await);
    let (orders, admin) = (Orders { runner: &runner }, front.site.browser("ida", Role::Admin).await);
    let (path, number) = deployed(&master, &admin, &orders, config("web:1", None)).await;
    let (ada, bob) = (player(&front, &admin, "ada", 1).await, player(&front, &admin, "bob", 2).await);
    let before: Vec<String> = orders.all().await.iter().map(flag_in).collect();
    assert!(counts(&ada, &number, &before[0]).await && counts(&bob, &number, &before[1]).await);
    assert!(!counts(&ada, &number, &before[1]).await);
    let told = admin.get("/api/submissions?limit=1").await.body;
    assert_eq!(
        (&told["submissions"][0]["result"], &told["submissions"][0]["flag_of"]),
        (&json!("shared"), &json!("team-002"))
    );

    assert_eq!(master.put(&path, json!({"config": config("web:2", None)})).await.status, 200);
    master.deploy(&path).await;
    let first = orders.with_fence(2, 1).await;
    let after = flag_in(&first[0]);
    assert_ne!(after, before[0]);
    assert!(counts(&ada, &number, &before[0]).await && counts(&ada, &number, &after).await);
    orders.report(&first, "running", None).await;
    assert!(!counts(&ada, &number, &before[0]).await && counts(&ada, &number, &after).await);
    assert!(counts(&bob, &number, &before[1]).await);
}

#[tokio::test]
async fn a_challenge_that_no_longer_has_a_flag_for_all_gives_each_team_one() {
    let front = start().await;
    let (runner, master) = (front.runner().await, front.master().await);
    let (orders, admin) = (Orders { runner: &runner }, front.site.browser("ida", Role::Admin).await);
    let (path, number) = deployed(&master, &admin, &orders, config("web:1", Some(OLD))).await;
    let ada = player(&front, &admin, "ada", 1).await;
    assert_eq!(master.put(&path, json!({"config": config("web:1", None)})).await.status, 200);
    master.deploy(&path).await;
    let first = orders.with_fence(2, 1).await;
    let own = flag_in(&first[0]);
    assert!(own != OLD && counts(&ada, &number, OLD).await);
    orders.report(&first, "running", None).await;
    assert!(!counts(&ada, &number, OLD).await && counts(&ada, &number, &own).await);
}
