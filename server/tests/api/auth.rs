//! Logging in and out, and what a session is worth.

use crate::site::{Answer, Site, fields, is_timestamp};
use challengectl_server::core::Role;
use challengectl_server::core::accounts::csrf_token;
use reqwest::Method;

#[tokio::test]
async fn a_session_tells_who_is_logged_in() {
    let site = Site::start().await;
    let alice = site.browser("alice", Role::Viewer).await;
    let answer = alice.get("/api/auth/session").await;
    assert_eq!((answer.status, fields(&answer.body)), (200, vec!["authenticated", "expires_at", "user"]));
    assert_eq!(answer.body["authenticated"], true);
    assert_eq!(answer.body["user"], serde_json::json!({"username": "alice", "role": "viewer"}));
    assert!(is_timestamp(&answer.body["expires_at"]));
}

#[tokio::test]
async fn without_a_session_that_counts_it_is_401() {
    let site = Site::start().await;
    site.get("/api/auth/session").await.is_error(401, "authentication required");
    for session in ["", "x", "é", &"0".repeat(32)] {
        let request = site.request(Method::GET, "/api/auth/session").header("Cookie", format!("session={session}"));
        Answer::of(request).await.is_error(401, "authentication required");
    }
}

#[tokio::test]
async fn logging_out_ends_the_session() {
    let site = Site::start().await;
    let alice = site.browser("alice", Role::Viewer).await;
    let response = alice.request(Method::POST, "/api/auth/logout").send().await.unwrap();
    let cookies: Vec<_> = response.headers().get_all("set-cookie").iter().map(|c| c.to_str().unwrap()).collect();
    assert!(cookies.len() == 2 && cookies.iter().all(|cookie| cookie.contains("Max-Age=0")), "{cookies:?}");
    let answer = Answer::read(response).await;
    assert_eq!(answer.body, serde_json::json!({"status": "success", "message": "Logged out successfully"}));
    alice.get("/api/auth/session").await.is_error(401, "authentication required");
}

#[tokio::test]
async fn a_change_takes_the_csrf_token_of_this_very_session() {
    let site = Site::start().await;
    let (alice, mallory) = (site.browser("alice", Role::Viewer).await, site.browser("mallory", Role::Viewer).await);
    let own = csrf_token(&alice.session);
    let foreign = csrf_token(&mallory.session);
    let tries = [("", ""), (&own, ""), ("", &own), (&foreign, &foreign), (&own, &foreign), ("é", "é")];
    for (cookie, header) in tries {
        let request = site
            .request(Method::POST, "/api/auth/logout")
            .header("Cookie", format!("session={}; csrf_token={cookie}", alice.session))
            .header("X-CSRF-Token", header);
        Answer::of(request).await.is_error(403, "forbidden");
    }
    assert_eq!(alice.get("/api/auth/session").await.status, 200);
}
