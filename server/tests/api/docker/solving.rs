//! By which submissions a challenge is solved, and what players may read then.

use super::{Holder, admin, data, error, player, site, with};
use crate::site::Answer;
use challengectl_server::config::PlayMode;
use reqwest::Method;
use serde_json::{Value, json};

async fn attempt(who: &Holder<'_>, challenge: i64, text: &str) -> Value {
    let body = json!({"challenge_id": challenge, "submission": text});
    data(&who.post("/api/v1/challenges/attempt", body).await).clone()
}

async fn to_team(who: &Holder<'_>, path: &str, body: Value) -> Answer {
    let answer = Answer::of(who.request(Method::POST, path).json(&body)).await;
    assert_eq!(answer.status / 100, 2, "{}", answer.body);
    answer
}

#[tokio::test]
async fn each_member_of_a_team_submits_a_flag_if_the_challenge_asks_for_it() {
    let site = with(|config| config.players.mode = PlayMode::Teams).await;
    let admin = admin(&site).await;
    let id = admin.challenge(json!({"type": "standard", "logic": "team"})).await;
    for flag in ["flag{one}", "flag{two}"] {
        admin.post("/api/v1/flags", json!({"challenge_id": id, "content": flag, "type": "static"})).await;
    }
    let path = format!("/api/v1/challenges/{id}");
    assert_eq!(data(&admin.get(&path).await)["logic"], "team");
    let (ada, bob, eve) = (player(&site, "ada").await, player(&site, "bob").await, player(&site, "eve").await);
    let made = to_team(&ada, "/api/play/team", json!({"name": "Rotor"})).await;
    for member in [&bob, &eve] {
        to_team(member, "/api/play/team/join", json!({"join_code": made.body["join_code"]})).await;
    }
    let carl = player(&site, "carl").await;
    to_team(&carl, "/api/play/team", json!({"name": "Stator"})).await;

    assert_eq!(attempt(&ada, id, "flag{three}").await["status"], "incorrect");
    let first = attempt(&ada, id, "flag{one}").await;
    assert_eq!(first["status"], "partial");
    assert_eq!(first["message"], "Correct; 2 more members of your team have to submit a flag");
    assert_eq!(attempt(&ada, id, "flag{two}").await["status"], "partial", "she is one member");
    let second = attempt(&bob, id, "flag{one}").await;
    assert_eq!(second["message"], "Correct; one more member of your team has to submit a flag");
    assert_eq!(data(&ada.get(&path).await)["solved_by_me"], false);
    assert_eq!(attempt(&carl, id, "flag{two}").await["status"], "correct", "a team of one");
    assert_eq!(attempt(&eve, id, "flag{two}").await["status"], "correct");
    assert_eq!(attempt(&ada, id, "flag{one}").await["status"], "already_solved");
    assert_eq!(data(&ada.get(&path).await)["solves"], 2);
    let told = site.browser("oli", challengectl_coordinator::Role::Operator).await.get("/api/submissions").await.body;
    let results: Vec<_> = told["submissions"].as_array().unwrap().iter().map(|it| &it["result"]).collect();
    assert_eq!(json!(results), json!(["repeated", "right", "right", "member", "member", "member", "wrong"]));
}

#[tokio::test]
async fn players_read_a_solution_and_its_files_when_its_state_says_so() {
    let site = site().await;
    let admin = admin(&site).await;
    let id = admin.challenge(json!({"type": "standard"})).await;
    admin.post("/api/v1/flags", json!({"challenge_id": id, "content": "flag{f}", "type": "static"})).await;
    let made = admin.post("/api/v1/solutions", json!({"challenge_id": id, "content": "Read the source."})).await;
    let number = data(&made)["id"].clone();
    let own = format!("/api/v1/solutions/{number}");
    let parts =
        [("solution_id", None, &*number.to_string()), ("type", None, "solution"), ("file", Some("solve.py"), "abc")];
    let made = admin.parts("/api/v1/files", &parts).await;
    assert_eq!(data(&made)[0]["sha1sum"], "a9993e364706816aba3e25717850c26c9cd0d89d");
    let file = format!("/files/{}", data(&made)[0]["location"].as_str().unwrap());
    let (ada, bob) = (player(&site, "ada").await, player(&site, "bob").await);
    assert_eq!(attempt(&ada, id, "flag{f}").await["status"], "correct");
    let path = format!("/api/v1/challenges/{id}");
    for (state, of_ada, of_bob) in [("hidden", 404, 404), ("solved", 200, 404), ("visible", 200, 200)] {
        admin.patch(&own, json!({"state": state})).await;
        for (who, status) in [(&ada, of_ada), (&bob, of_bob)] {
            let answer = who.get(&own).await;
            assert_eq!(answer.status, status, "{state}: {}", answer.body);
            assert_eq!(who.request(Method::GET, &file).send().await.unwrap().status(), status, "{state}");
            let shown = who.get(&path).await;
            let expected = if status == 200 { Some(&number) } else { None };
            assert_eq!(data(&shown).get("solution_id"), expected, "{state}");
        }
    }
    assert_eq!(data(&bob.get(&own).await)["content"], "Read the source.");
    admin.patch(&path, json!({"state": "hidden"})).await;
    assert_eq!(error(&bob.get(&own).await), (404, "Solution not found"), "the challenge is hidden");
}

#[tokio::test]
async fn no_flag_is_judged_while_the_event_is_paused() {
    let site = site().await;
    let admin = admin(&site).await;
    let id = admin.challenge(json!({"type": "standard", "max_attempts": 1})).await;
    admin.post("/api/v1/flags", json!({"challenge_id": id, "content": "flag{one}", "type": "static"})).await;
    let operator = site.browser("oli", challengectl_coordinator::Role::Operator).await;
    let ada = player(&site, "ada").await;
    let submit = async |who: &Holder<'_>, path: &str, text: &str| {
        who.post(path, json!({"challenge_id": id, "submission": text})).await
    };
    const ATTEMPT: &str = "/api/v1/challenges/attempt";

    assert_eq!(operator.post("/api/control/pause", json!({})).await.status, 200);
    for (who, text) in [(&ada, "flag{one}"), (&ada, "flag{two}"), (&admin, "flag{one}")] {
        let answer = submit(who, ATTEMPT, text).await;
        let expected = json!({"success": true, "data": {"status": "paused", "message": "The event is paused"}});
        assert_eq!((answer.status, answer.body), (403, expected));
    }
    let tried = submit(&admin, "/api/v1/challenges/attempt?preview=true", "flag{one}").await;
    assert_eq!(data(&tried)["status"], "correct", "an organiser tries a flag also now");

    assert_eq!(operator.post("/api/control/resume", json!({})).await.status, 200);
    assert_eq!(data(&submit(&ada, ATTEMPT, "flag{one}").await)["status"], "correct", "no attempt was counted");
    assert_eq!(operator.post("/api/control/emergency-stop", json!({})).await.status, 200);
    let bob = player(&site, "bob").await;
    assert_eq!(attempt(&bob, id, "flag{one}").await["status"], "correct", "a stop concerns the air alone");
}
