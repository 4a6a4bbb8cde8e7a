//! Tokens: what they are, how long they count, and what ends them.

use super::{Front, PASSWORD, refused, text};
use crate::people::{self, set_up};
use crate::site::Answer;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use challengectl_coordinator::accounts::{Changes, Manager};
use reqwest::Method;
use serde_json::{Value, json};

fn claims(token: &str) -> Value {
    let body = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap()
}

#[tokio::test]
async fn a_token_says_who_and_until_when_and_nothing_of_rights() {
    let front = Front::start().await;
    let master = front.master().await;
    let access = claims(&master.token);
    assert_eq!((&access["sub"], &access["kind"]), (&json!(master.id), &json!("access")));
    assert_eq!(access["exp"].as_i64().unwrap() - access["iat"].as_i64().unwrap(), 15 * 60);
    let refresh = claims(&master.refresh);
    assert_eq!(refresh["exp"].as_i64().unwrap() - refresh["iat"].as_i64().unwrap(), 7 * 86_400);
    for claims in [access, refresh] {
        let names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["exp", "iat", "jti", "kind", "sub"]);
    }
}

#[tokio::test]
async fn no_other_token_counts() {
    let front = Front::start().await;
    let master = front.master().await;
    let (head, signature) = master.token.rsplit_once('.').unwrap();
    let body = head.split('.').nth(1).unwrap();
    let none = BASE64_URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"none"}"#);
    let others = [
        String::new(),
        "nonsense".to_owned(),
        format!("{none}.{body}."),
        format!("{none}.{body}.{signature}"),
        format!("{head}."),
        format!("{head}.{}", "A".repeat(43)),
        master.refresh.clone(),
    ];
    for token in others {
        let answer = Answer::of(front.request(Method::GET, "/api/v1/challenges").bearer_auth(&token)).await;
        refused(&answer, 401, "log in");
    }
    let basic = front.request(Method::GET, "/api/v1/challenges").header("Authorization", "Basic YTpi");
    refused(&Answer::of(basic).await, 401, "Bearer");
    let twice = master.request(Method::GET, "/api/v1/challenges").header("Authorization", "Bearer a");
    refused(&Answer::of(twice).await, 401, "");
    let player = front.site.get("/api/play/me").await;
    assert_eq!(player.status, 401);
    let there = front.site.request(Method::GET, "/api/play/me").bearer_auth(&master.token);
    assert_eq!(Answer::of(there).await.status, 401, "a token of this front has no right elsewhere");
}

#[tokio::test]
async fn a_refresh_token_counts_once_and_used_again_ends_its_login() {
    let front = Front::start().await;
    let master = front.master().await;
    let refresh = |token: &str| front.post("/api/v1/auth/refresh", json!({"refresh_token": token}));
    let next = refresh(&master.refresh).await;
    assert_eq!(next.status, 200, "{}", next.body);
    assert_eq!(master.get("/api/v1/challenges").await.status, 401, "the access token is replaced as well");
    refused(&refresh(&master.refresh).await, 401, "used before");
    refused(&refresh(&text(&next.body["refresh_token"])).await, 401, "log in again");
    refused(&refresh(&text(&next.body["access_token"])).await, 401, "");
    refused(&refresh("nonsense").await, 401, "");
}

#[tokio::test]
async fn whatever_is_wrong_with_a_login_the_answer_is_the_same() {
    let front = Front::start().await;
    let (master, john) = (front.master().await, front.person("john_doe").await);
    let path = format!("/api/v1/users/{}", john.id);
    assert_eq!(master.put(&path, json!({"is_active": false})).await.status, 200);
    assert_eq!(john.get("/api/v1/challenges").await.status, 401, "at once");
    let mut answers = Vec::new();
    for (name, password) in [("nobody", PASSWORD), ("master_admin", "wrong password"), ("john_doe", PASSWORD), ("", "")]
    {
        let answer = front.post("/api/v1/auth/login", json!({"username": name, "password": password})).await;
        assert_eq!(answer.status, 401, "{}", answer.body);
        answers.push(answer.body);
    }
    assert!(answers.windows(2).all(|two| two[0] == two[1]), "{answers:?}");
    refused(&front.post("/api/v1/auth/refresh", json!({"refresh_token": john.refresh})).await, 401, "");
}

#[tokio::test]
async fn guesses_lock_a_name_for_the_guesser_and_not_for_its_owner() {
    let front = Front::start_with(|config| config.trusted_proxies = vec!["127.0.0.1".to_owned()]).await;
    let login = |password: &str, from: &str| {
        let body = json!({"username": "john_doe", "password": password});
        Answer::of(front.request(Method::POST, "/api/v1/auth/login").header("X-Forwarded-For", from).json(&body))
    };
    front.person("john_doe").await;
    for _ in 0..5 {
        assert_eq!(login("wrong password", "203.0.113.7").await.status, 401);
    }
    refused(&login(PASSWORD, "203.0.113.7").await, 429, "try again");
    assert_eq!(login(PASSWORD, "198.51.100.1").await.status, 200);
}

#[tokio::test]
async fn an_account_with_a_second_factor_gives_its_code_here_too() {
    let front = Front::start().await;
    let (authenticator, _) = set_up(&front.site).await;
    let login = |code: Option<String>| {
        let body = json!({"username": "alice", "password": people::PASSWORD, "totp_code": code});
        front.post("/api/v1/auth/login", body)
    };
    refused(&login(None).await, 401, "totp_code");
    refused(&login(Some(authenticator.wrong_code())).await, 401, "totp_code");
    let code = authenticator.next_code();
    let entered = login(Some(code.clone())).await;
    assert_eq!(entered.status, 200, "{}", entered.body);
    refused(&login(Some(code)).await, 401, "totp_code");
    let alice = super::Person {
        front: &front,
        id: String::new(),
        token: text(&entered.body["access_token"]),
        refresh: String::new(),
    };
    assert_eq!(alice.get("/api/v1/users").await.body[0]["role"], "Master");
    let accounts = front.site.accounts().await;
    let renewed = Changes { password: Some("another long password".to_owned()), ..Changes::default() };
    accounts.change_user(Manager::CommandLine, "alice", renewed).await.unwrap();
    assert_eq!(alice.get("/api/v1/users").await.status, 401, "another password ends this login too");
}
