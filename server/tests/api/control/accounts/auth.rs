//! Logging in and out.

use crate::people::{Authenticator, PASSWORD, browser, cookie, enter, log_in, set_up, verify};
use crate::site::{Answer, Site, disabled, fields, is_timestamp, name};
use challengectl_coordinator::Role;
use challengectl_coordinator::accounts::Manager;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn the_session_route_shows_who_is_logged_in() {
    let site = Site::start().await;
    let alice = site.browser("alice", Role::Viewer).await;
    let answer = alice.get("/api/auth/session").await;
    assert_eq!((answer.status, fields(&answer.body)), (200, vec!["authenticated", "expires_at", "user"]));
    assert_eq!(answer.body["authenticated"], true);
    assert_eq!(answer.body["user"], json!({"username": "alice", "role": "viewer"}));
    assert!(is_timestamp(&answer.body["expires_at"]));
}

#[tokio::test]
async fn without_a_valid_login_it_is_401() {
    let site = Site::start().await;
    site.get("/api/auth/session").await.is_error(401, "authentication required");
    for session in ["", "x", "é", &"0".repeat(32)] {
        let request = site.request(Method::GET, "/api/auth/session").header("Cookie", format!("session={session}"));
        Answer::of(request).await.is_error(401, "authentication required");
    }
}

#[tokio::test]
async fn logging_out_ends_the_login() {
    let site = Site::start().await;
    let alice = site.browser("alice", Role::Viewer).await;
    let response = alice.request(Method::POST, "/api/auth/logout").send().await.unwrap();
    let cookies: Vec<_> = response.headers().get_all("set-cookie").iter().map(|c| c.to_str().unwrap()).collect();
    assert!(cookies.len() == 1 && cookies.iter().all(|cookie| cookie.contains("Max-Age=0")), "{cookies:?}");
    let answer = Answer::read(response).await;
    assert_eq!(answer.body, json!({"status": "success", "message": "Logged out successfully"}));
    alice.get("/api/auth/session").await.is_error(401, "authentication required");
}

#[tokio::test]
async fn a_change_needs_only_the_cookie_but_cross_site_requests_are_refused() {
    let site = Site::start().await;
    let alice = site.browser("alice", Role::Operator).await;
    let pause = |headers: &[(&'static str, &str)]| {
        let request = alice.request(Method::POST, "/api/control/pause");
        Answer::of(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)))
    };
    let other_port = site.url.replace("127.0.0.1:", "127.0.0.1:1");
    for foreign in [
        &[("Sec-Fetch-Site", "cross-site")][..],
        &[("Sec-Fetch-Site", "same-site")],
        &[("Origin", "https://evil.example")],
        &[("Origin", "null")],
        &[("Origin", &other_port)],
    ] {
        pause(foreign).await.is_error(403, "forbidden");
    }
    assert_eq!(alice.get("/api/control/status").await.body["paused"], false);
    let own = [
        &[][..],
        &[("X-CSRF-Token", "whatever")],
        &[("Sec-Fetch-Site", "same-origin")],
        &[("Sec-Fetch-Site", "none")],
        &[("Origin", &site.url)],
    ];
    for own in own {
        assert_eq!(pause(own).await.status, 200, "{own:?}");
        assert_eq!(alice.get("/api/control/status").await.body["paused"], true);
        alice.post("/api/control/resume", json!({})).await;
    }
    // A page of another site cannot log a visitor in under another account.
    let login = site.request(Method::POST, "/api/auth/login").header("Sec-Fetch-Site", "cross-site");
    Answer::of(login.json(&json!({"username": "a", "password": "b"}))).await.is_error(403, "forbidden");
}

#[tokio::test]
async fn the_first_account_is_created_with_the_printed_token_and_valid_after_its_first_code() {
    let site = Site::start().await;
    let token = site.setup_token.clone().unwrap();
    let body = |token: &str| json!({"setup_token": token, "username": "alice", "password": PASSWORD});
    site.post("/api/auth/setup", body("setup_x")).await.is_error(401, "invalid credentials");
    let mut short = body(&token);
    short["password"] = json!("7 chars");
    site.post("/api/auth/setup", short).await.is_error(400, "invalid request");

    let made = site.post("/api/auth/setup", body(&token)).await;
    assert_eq!(made.status, 201);
    assert_eq!(fields(&made.body), ["message", "status", "temp_token", "totp_secret", "totp_uri", "username"]);
    let secret = made.body["totp_secret"].as_str().unwrap();
    let uri = made.body["totp_uri"].as_str().unwrap();
    assert!(uri.starts_with("otpauth://totp/ChallengeCtl:alice?") && uri.contains(secret), "{uri}");

    // The setup can be repeated until the first code.
    let again = site.post("/api/auth/setup", body(&token)).await;
    assert_eq!(again.status, 201);
    let old = Authenticator::of(&made.body).code();
    let response = verify(&site, &made.body["temp_token"], &old).await;
    Answer::read(response).await.is_error(401, "invalid credentials");
    let response = verify(&site, &again.body["temp_token"], &Authenticator::of(&again.body).code()).await;
    assert_eq!(response.status(), 200);
    let alice = browser(&site, &response);
    assert_eq!(alice.get("/api/auth/session").await.body["user"], json!({"username": "alice", "role": "master"}));
    site.post("/api/auth/setup", body(&token)).await.is_error(401, "invalid credentials");
    assert!(site.restart().await.setup_token.is_none());
}

#[tokio::test]
async fn a_restart_replaces_the_setup_token() {
    let site = Site::start().await;
    let first = site.setup_token.clone().unwrap();
    let site = site.restart().await;
    let body = json!({"setup_token": first, "username": "alice", "password": PASSWORD});
    site.post("/api/auth/setup", body).await.is_error(401, "invalid credentials");
    set_up(&site).await;
}

#[tokio::test]
async fn password_and_code_make_a_login() {
    let site = Site::start().await;
    let (authenticator, first) = set_up(&site).await;
    assert_eq!(Answer::read(first).await.body["recovery_codes"].as_array().unwrap().len(), 10);

    let login = log_in(&site, "alice", PASSWORD).await;
    assert_eq!((login.status, fields(&login.body)), (200, vec!["message", "status", "temp_token"]));
    assert_eq!(login.body["status"], "success");
    assert_eq!(login.body["message"], "Password verified, TOTP required");
    let temp_token = login.body["temp_token"].as_str().unwrap();
    assert!(temp_token.starts_with("temp_"));
    // The password alone gives no access.
    let request = site.request(Method::GET, "/api/auth/session").header("Cookie", format!("session={temp_token}"));
    Answer::of(request).await.is_error(401, "authentication required");

    let response = verify(&site, &login.body["temp_token"], &authenticator.next_code()).await;
    let (session, device) = (cookie(&response, "session").1, cookie(&response, "device").1);
    assert!(session.contains("HttpOnly") && session.contains("SameSite=Lax") && session.contains("Path=/"));
    assert!(!session.contains("Secure"));
    assert!(device.contains("HttpOnly"));
    let alice = browser(&site, &response);
    assert_eq!(
        Answer::read(response).await.body,
        json!({"status": "success", "message": "Authentication successful",
               "user": {"username": "alice", "role": "master"}})
    );
    assert_eq!(alice.get("/api/auth/session").await.status, 200);
    let again = verify(&site, &login.body["temp_token"], &authenticator.next_code()).await;
    Answer::read(again).await.is_error(401, "invalid credentials");
}

#[tokio::test]
async fn every_wrong_login_gets_the_same_answer() {
    let site = Site::start().await;
    set_up(&site).await;
    let wrong = log_in(&site, "alice", "wrong horse battery").await;
    wrong.is_error(401, "invalid credentials");
    assert_eq!(log_in(&site, "nobody", PASSWORD).await.body, wrong.body);
    assert_eq!(log_in(&site, "a b\u{0}", PASSWORD).await.body, wrong.body);
    let admins = site.accounts().await;
    let carol = admins.add_user(Manager::CommandLine, &name("carol"), PASSWORD.to_owned(), Role::Viewer).await;
    carol.unwrap();
    admins.change_user(Manager::CommandLine, "carol", disabled()).await.unwrap();
    assert_eq!(log_in(&site, "carol", PASSWORD).await.body, wrong.body);
}

#[tokio::test]
async fn a_code_is_valid_once_even_after_a_restart() {
    let site = Site::start().await;
    let body = json!({"setup_token": site.setup_token, "username": "alice", "password": PASSWORD});
    let made = site.post("/api/auth/setup", body).await;
    // Including the very first, which confirms the account.
    let code = Authenticator::of(&made.body).code();
    assert_eq!(verify(&site, &made.body["temp_token"], &code).await.status(), 200);
    enter(&site, "alice", PASSWORD, &code).await.is_error(401, "invalid credentials");
    let site = site.restart().await;
    enter(&site, "alice", PASSWORD, &code).await.is_error(401, "invalid credentials");
}

#[tokio::test]
async fn of_two_concurrent_logins_with_one_code_one_succeeds() {
    let site = Site::start().await;
    let (authenticator, _) = set_up(&site).await;
    let (one, two) = (log_in(&site, "alice", PASSWORD).await, log_in(&site, "alice", PASSWORD).await);
    let code = authenticator.next_code();
    let (one, two) =
        tokio::join!(verify(&site, &one.body["temp_token"], &code), verify(&site, &two.body["temp_token"], &code));
    let mut statuses = [one.status().as_u16(), two.status().as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
}

#[tokio::test]
async fn a_wrong_code_is_refused_and_the_right_one_stays_valid() {
    let site = Site::start().await;
    let (authenticator, _) = set_up(&site).await;
    let login = log_in(&site, "alice", PASSWORD).await;
    let token = &login.body["temp_token"];
    for code in [&authenticator.wrong_code(), "é"] {
        Answer::read(verify(&site, token, code).await).await.is_error(401, "invalid credentials");
    }
    let unknown = verify(&site, &json!("temp_x"), &authenticator.next_code()).await;
    Answer::read(unknown).await.is_error(401, "invalid credentials");
    assert_eq!(verify(&site, token, &authenticator.next_code()).await.status(), 200);
}

#[tokio::test]
async fn a_recovery_code_stands_in_for_a_code_once() {
    let site = Site::start().await;
    let (_, response) = set_up(&site).await;
    let codes = Answer::read(response).await.body["recovery_codes"].clone();
    let code = codes[0].as_str().unwrap();
    assert_eq!(enter(&site, "alice", PASSWORD, &code.to_uppercase()).await.status, 200);
    enter(&site, "alice", PASSWORD, code).await.is_error(401, "invalid credentials");
    assert_eq!(enter(&site, "alice", PASSWORD, codes[1].as_str().unwrap()).await.status, 200);
}

#[tokio::test]
async fn invalid_bodies_are_refused() {
    let site = Site::behind_proxy().await;
    let bodies = [
        ("login", json!({"username": "alice"})),
        ("login", json!({"username": 1, "password": "x"})),
        ("login", json!([])),
        ("login", json!({"username": "a", "password": "b", "role": "admin"})),
        ("verify-totp", json!({"temp_token": "x"})),
        ("verify-totp", json!({"temp_token": null, "totp_code": 123_456})),
        ("setup", json!({"setup_token": "x", "username": "a b", "password": "y"})),
    ];
    for (action, body) in bodies {
        site.post(&format!("/api/auth/{action}"), body).await.is_error(400, "invalid request");
    }
}

#[tokio::test]
async fn new_recovery_codes_need_a_code_and_replace_the_old_ones() {
    let site = Site::start().await;
    let (authenticator, first) = set_up(&site).await;
    let alice = browser(&site, &first);
    let old = Answer::read(first).await.body["recovery_codes"][0].clone();
    let renew = |code: String| alice.post("/api/auth/recovery-codes", json!({"totp_code": code}));
    renew(authenticator.wrong_code()).await.is_error(401, "invalid credentials");
    let code = authenticator.next_code();
    let answer = renew(code.clone()).await;
    assert_eq!((answer.status, fields(&answer.body)), (200, vec!["message", "recovery_codes", "status"]));
    let new = answer.body["recovery_codes"].as_array().unwrap();
    assert_eq!(new.len(), 10);
    renew(code).await.is_error(401, "invalid credentials");
    enter(&site, "alice", PASSWORD, old.as_str().unwrap()).await.is_error(401, "invalid credentials");
    assert_eq!(enter(&site, "alice", PASSWORD, new[9].as_str().unwrap()).await.status, 200);
}

#[tokio::test]
async fn texts_of_any_size_and_kind_are_refused_as_wrong() {
    let site = Site::behind_proxy().await;
    set_up(&site).await;
    let texts = ["", "\u{0}", "'; DROP TABLE accounts; --", "\u{202e}\u{1f4fb}", &"é".repeat(500)];
    for (n, text) in texts.iter().enumerate() {
        let post = |action: &str, body: Value| {
            let request = site.request(Method::POST, &format!("/api/auth/{action}")).json(&body);
            Answer::of(request.header("X-Forwarded-For", format!("198.51.100.{n}")))
        };
        post("login", json!({"username": text, "password": PASSWORD})).await.is_error(401, "invalid credentials");
        post("login", json!({"username": "alice", "password": text})).await.is_error(401, "invalid credentials");
        post("verify-totp", json!({"temp_token": text, "totp_code": text})).await.is_error(401, "invalid credentials");
        let body = json!({"setup_token": text, "username": "bob", "password": PASSWORD});
        post("setup", body).await.is_error(401, "invalid credentials");
    }
    // Bodies without credentials have a low limit.
    for step in ["login", "verify-totp", "setup"] {
        let body = json!({"username": "x".repeat(5_000)});
        site.post(&format!("/api/auth/{step}"), body).await.is_error(413, "body too large");
    }
}

#[tokio::test]
async fn changing_the_password_needs_the_old_one_and_ends_the_other_logins() {
    let site = Site::start().await;
    let (authenticator, first) = set_up(&site).await;
    let (here, elsewhere) = (browser(&site, &first), site.browser("alice", Role::Master).await);
    let change = |current: &str, new: &str| {
        here.post("/api/auth/change-password", json!({"current_password": current, "new_password": new}))
    };
    change("wrong horse battery", "another horse battery").await.is_error(401, "invalid credentials");
    change(PASSWORD, "7 chars").await.is_error(400, "invalid request");
    change(PASSWORD, &"x".repeat(257)).await.is_error(400, "invalid request");
    assert_eq!(elsewhere.get("/api/auth/session").await.status, 200);
    // All of it is significant, far beyond 72 bytes.
    let long = format!("{}1", "é".repeat(255));
    let answer = change(PASSWORD, &long).await;
    assert_eq!(answer.body, json!({"status": "success", "message": "Password changed successfully"}));
    assert_eq!(here.get("/api/auth/session").await.status, 200);
    elsewhere.get("/api/auth/session").await.is_error(401, "authentication required");
    log_in(&site, "alice", PASSWORD).await.is_error(401, "invalid credentials");
    log_in(&site, "alice", &format!("{}2", "é".repeat(255))).await.is_error(401, "invalid credentials");
    assert_eq!(enter(&site, "alice", &long, &authenticator.next_code()).await.status, 200);
}

#[tokio::test]
async fn with_a_stolen_login_the_password_cannot_be_guessed() {
    let site = Site::start().await;
    let alice = site.browser("alice", Role::Viewer).await;
    let body = json!({"current_password": "a guess of someone", "new_password": "another horse battery"});
    for _ in 0..5 {
        alice.post("/api/auth/change-password", body.clone()).await.is_error(401, "invalid credentials");
    }
    alice.post("/api/auth/change-password", body).await.is_error(429, "too many requests");
}

#[tokio::test]
async fn cookies_are_secure_if_a_trusted_proxy_reports_tls() {
    let site = Site::behind_proxy().await;
    let body = json!({"setup_token": site.setup_token, "username": "alice", "password": PASSWORD});
    let made = site.post("/api/auth/setup", body).await;
    let code = Authenticator::of(&made.body).code();
    let body = json!({"temp_token": made.body["temp_token"], "totp_code": code});
    let request = site.request(Method::POST, "/api/auth/verify-totp").header("X-Forwarded-Proto", "https");
    let response = request.json(&body).send().await.unwrap();
    for name in ["session", "device"] {
        assert!(cookie(&response, name).1.contains("Secure"), "{name}");
    }
}

#[tokio::test]
async fn the_database_contains_no_secret_in_clear_text() {
    let site = Site::start().await;
    let setup_token = site.setup_token.clone().unwrap();
    let body = json!({"setup_token": setup_token, "username": "alice", "password": PASSWORD});
    let made = site.post("/api/auth/setup", body).await.body;
    let response = verify(&site, &made["temp_token"], &Authenticator::of(&made).code()).await;
    let cookies = ["session", "device"].map(|name| cookie(&response, name).0);
    let codes = Answer::read(response).await.body["recovery_codes"].clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let secret = totp_rs::Secret::try_from_base32(text(&made["totp_secret"])).unwrap();
    let mut secrets: Vec<Vec<u8>> = cookies.into_iter().map(String::into_bytes).collect();
    secrets.extend([PASSWORD.into(), setup_token.into(), text(&made["totp_secret"]).into(), secret.as_bytes().into()]);
    secrets.extend([text(&made["temp_token"]).into(), text(&codes[0]).into(), text(&codes[0]).replace('-', "").into()]);
    for file in ["challengectl.db", "challengectl.db-wal"] {
        let bytes = std::fs::read(site.data_dir().join(file)).unwrap();
        for secret in &secrets {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{}", String::from_utf8_lossy(secret));
        }
    }
}
