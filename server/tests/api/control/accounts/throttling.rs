//! Limits on attempts to log in, per address, account and known browser.

use crate::people::{Authenticator, PASSWORD, cookie, enter, log_in, set_up};
use crate::site::{Answer, Site};
use challengectl_coordinator::Role;
use challengectl_coordinator::accounts::Manager;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

fn login(site: &Site, name: &str, password: &str) -> RequestBuilder {
    site.request(Method::POST, "/api/auth/login").json(&json!({"username": name, "password": password}))
}

async fn from(address: &str, request: RequestBuilder) -> Answer {
    Answer::of(request.header("X-Forwarded-For", address)).await
}

#[tokio::test]
async fn an_address_may_send_five_logins_in_a_quarter_of_an_hour() {
    let site = Site::start().await;
    log_in(&site, "alice", PASSWORD).await.is_error(401, "invalid credentials");
    site.post("/api/auth/login", json!({})).await.is_error(400, "invalid request");
    let no_json = site.request(Method::POST, "/api/auth/login").body("x");
    Answer::of(no_json).await.is_error(415, "unsupported media type");
    for _ in 0..2 {
        // A forged header has no effect.
        from("198.51.100.7", login(&site, "bob", PASSWORD)).await.is_error(401, "invalid credentials");
    }
    let response = login(&site, "alice", PASSWORD).header("X-Forwarded-For", "198.51.100.8").send().await.unwrap();
    let wait: u32 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=900).contains(&wait), "{wait}");
    Answer::read(response).await.is_error(429, "too many requests");
    site.post("/api/auth/login", json!({})).await.is_error(429, "too many requests");
    // The second step is counted separately.
    let code = site.post("/api/auth/verify-totp", json!({"temp_token": "x", "totp_code": "000000"})).await;
    code.is_error(401, "invalid credentials");
}

#[tokio::test]
async fn an_address_may_send_five_codes_in_a_quarter_of_an_hour() {
    let site = Site::start().await;
    let body = json!({"temp_token": "x", "totp_code": "000000"});
    for _ in 0..5 {
        site.post("/api/auth/verify-totp", body.clone()).await.is_error(401, "invalid credentials");
    }
    let response = site.request(Method::POST, "/api/auth/verify-totp").json(&body).send().await.unwrap();
    assert!(response.headers().contains_key("retry-after"));
    Answer::read(response).await.is_error(429, "too many requests");
    log_in(&site, "alice", PASSWORD).await.is_error(401, "invalid credentials");
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_has_its_own_count() {
    let site = Site::behind_proxy().await;
    for _ in 0..5 {
        from("198.51.100.1", login(&site, "alice", PASSWORD)).await.is_error(401, "invalid credentials");
    }
    from("198.51.100.1", login(&site, "alice", PASSWORD)).await.is_error(429, "too many requests");
    // An address that the client has forged is before the one of the proxy.
    let forged = from("203.0.113.1, 198.51.100.1", login(&site, "alice", PASSWORD)).await;
    forged.is_error(429, "too many requests");
    from("198.51.100.2", login(&site, "alice", PASSWORD)).await.is_error(401, "invalid credentials");
}

#[tokio::test]
async fn guesses_do_not_lock_out_a_known_browser_behind_the_same_address() {
    let site = Site::start().await;
    let (authenticator, response) = set_up(&site).await;
    let device = cookie(&response, "device").0;
    for _ in 0..5 {
        log_in(&site, "alice", "a guess of someone").await.is_error(401, "invalid credentials");
    }
    log_in(&site, "alice", PASSWORD).await.is_error(429, "too many requests");
    let known = |request: RequestBuilder| request.header("Cookie", format!("device={device}"));
    let answer = Answer::of(known(login(&site, "alice", PASSWORD))).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let body = json!({"temp_token": answer.body["temp_token"], "totp_code": authenticator.next_code()});
    let response = known(site.request(Method::POST, "/api/auth/verify-totp").json(&body)).send().await.unwrap();
    assert_eq!(response.status(), 200);
    // Known to alice's account only, and with its own count.
    Answer::of(known(login(&site, "bob", PASSWORD))).await.is_error(429, "too many requests");
    // Successful logins are not counted.
    for _ in 0..5 {
        Answer::of(known(login(&site, "alice", "a guess of someone"))).await.is_error(401, "invalid credentials");
    }
    Answer::of(known(login(&site, "alice", PASSWORD))).await.is_error(429, "too many requests");
}

#[tokio::test]
async fn colleagues_behind_one_address_can_all_log_in() {
    let site = Site::start().await;
    let accounts = site.accounts().await;
    for n in 0..8 {
        let name = format!("colleague-{n}");
        let (account, password) = (crate::site::name(&name), PASSWORD.to_owned());
        let made = accounts.add_user(Manager::CommandLine, &account, password, Role::Viewer).await;
        let secret = made.unwrap().secret;
        let code = Authenticator::of(&json!({"totp_secret": secret})).code();
        let answer = enter(&site, &name, PASSWORD, &code).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.body);
    }
}

#[tokio::test]
async fn all_addresses_of_an_ipv6_site_count_together() {
    let site = Site::behind_proxy().await;
    let mut admitted = 0;
    for n in 0..40 {
        let name = format!("nobody-{n}");
        let request = site.request(Method::POST, "/api/auth/login").json(&json!({"username": name, "password": "x"}));
        let answer = from(&format!("2001:db8:0:{n:x}::1"), request).await;
        admitted += usize::from(answer.status == 401);
    }
    assert_eq!(admitted, 20);
    from("2001:db8:1::1", login(&site, "alice", PASSWORD)).await.is_error(401, "invalid credentials");
}

#[tokio::test]
async fn guesses_from_many_addresses_lock_the_account_but_not_a_known_browser() {
    let site = Site::behind_proxy().await;
    let (_, response) = set_up(&site).await;
    let device = cookie(&response, "device").0;
    let guess = |n: usize, name: &'static str| {
        let request = login(&site, name, "a guess of someone");
        async move { from(&format!("198.51.100.{n}"), request).await }
    };
    for n in 0..10 {
        guess(n, if n % 2 == 0 { "alice" } else { "Alice" }).await.is_error(401, "invalid credentials");
        guess(n, "nobody").await.is_error(401, "invalid credentials");
    }
    // An unknown name behaves the same.
    guess(100, "nobody").await.is_error(429, "too many requests");
    from("198.51.100.101", login(&site, "alice", PASSWORD)).await.is_error(429, "too many requests");
    let known = login(&site, "alice", PASSWORD).header("Cookie", format!("device={device}"));
    assert_eq!(from("198.51.100.102", known).await.status, 200);
}

#[tokio::test]
async fn guesses_at_the_code_count_too() {
    let site = Site::behind_proxy().await;
    let (authenticator, _) = set_up(&site).await;
    let mut tokens: Vec<Value> = Vec::new();
    for n in 0..2 {
        let answer = from(&format!("198.51.100.{n}"), login(&site, "alice", PASSWORD)).await;
        tokens.push(answer.body["temp_token"].clone());
    }
    let code = |n: usize, token: &Value, code: String| {
        let body = json!({"temp_token": token, "totp_code": code});
        let request = site.request(Method::POST, "/api/auth/verify-totp").json(&body);
        async move { from(&format!("203.0.113.{n}"), request).await }
    };
    for n in 0..10 {
        code(n, &tokens[n % 2], authenticator.wrong_code()).await.is_error(401, "invalid credentials");
    }
    code(100, &tokens[0], authenticator.next_code()).await.is_error(429, "too many requests");
}

#[tokio::test]
async fn setup_cannot_be_flooded() {
    let site = Site::start().await;
    let body = json!({"setup_token": "x", "username": "alice", "password": PASSWORD});
    for _ in 0..20 {
        site.post("/api/auth/setup", body.clone()).await.is_error(401, "invalid credentials");
    }
    site.post("/api/auth/setup", body).await.is_error(429, "too many requests");
}
