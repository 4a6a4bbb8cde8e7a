//! Managing accounts, and the limits of that.

use crate::people::{Authenticator, PASSWORD, browser, enter, log_in, set_up, verify};
use crate::site::{Answer, Site, disabled, fields, is_timestamp, name};
use challengectl_coordinator::Role;
use challengectl_coordinator::accounts::Manager;
use reqwest::Method;
use serde_json::{Value, json};

const NEW: &str = "a password made anew";

/// Every route that manages accounts, with a valid body.
fn routes(user: &str) -> Vec<(Method, String, Value)> {
    vec![
        (Method::GET, "/api/users".to_owned(), Value::Null),
        (Method::POST, "/api/users".to_owned(), json!({"username": "eve", "password": NEW, "role": "viewer"})),
        (Method::PUT, format!("/api/users/{user}"), json!({"password": NEW})),
        (Method::PUT, format!("/api/users/{user}"), json!({"enabled": false})),
        (Method::PUT, format!("/api/users/{user}"), json!({"role": "viewer"})),
        (Method::DELETE, format!("/api/users/{user}"), Value::Null),
        (Method::POST, format!("/api/users/{user}/reset-totp"), Value::Null),
        (Method::POST, format!("/api/users/{user}/reset-password"), json!({"new_password": NEW})),
    ]
}

#[tokio::test]
async fn the_list_of_accounts_has_no_secrets() {
    let site = Site::start().await;
    let (_, response) = set_up(&site).await;
    let alice = browser(&site, &response);
    alice.post("/api/users", json!({"username": "bob", "password": NEW, "role": "operator"})).await;
    let answer = alice.get("/api/users").await;
    assert_eq!((answer.status, fields(&answer.body)), (200, vec!["users"]));
    let users = answer.body["users"].as_array().unwrap();
    assert_eq!(fields(&users[0]), ["created_at", "enabled", "last_login", "role", "totp_confirmed", "username"]);
    assert!(is_timestamp(&users[0]["created_at"]) && is_timestamp(&users[0]["last_login"]));
    let summary = |user: &Value| json!([user["username"], user["role"], user["enabled"], user["totp_confirmed"]]);
    assert_eq!(summary(&users[0]), json!(["alice", "master", true, true]));
    assert_eq!(summary(&users[1]), json!(["bob", "operator", true, false]));
    assert_eq!(users[1]["last_login"], Value::Null);
}

#[tokio::test]
async fn a_new_user_is_an_admin_by_default_and_confirms_the_code_at_first_login() {
    let site = Site::start().await;
    let master = site.browser("alice", Role::Master).await;
    let answer = master.post("/api/users", json!({"username": "newuser", "password": NEW})).await;
    assert_eq!(answer.status, 201);
    assert_eq!(fields(&answer.body), ["message", "role", "status", "totp_secret", "totp_uri"]);
    assert_eq!((&answer.body["status"], &answer.body["role"]), (&json!("success"), &json!("admin")));
    assert_eq!(answer.body["message"], "User created successfully");
    assert!(answer.body["totp_uri"].as_str().unwrap().starts_with("otpauth://totp/"));

    let login = log_in(&site, "newuser", NEW).await;
    let response = verify(&site, &login.body["temp_token"], &Authenticator::of(&answer.body).code()).await;
    let newuser = browser(&site, &response);
    assert_eq!(Answer::read(response).await.body["recovery_codes"].as_array().unwrap().len(), 10);
    assert_eq!(newuser.get("/api/auth/session").await.body["user"], json!({"username": "newuser", "role": "admin"}));
    assert_eq!(newuser.get("/api/users").await.status, 200);
}

#[tokio::test]
async fn an_invalid_user_is_refused() {
    let site = Site::start().await;
    let master = site.browser("alice", Role::Master).await;
    for taken in ["alice", "ALICE", " alice "] {
        master.post("/api/users", json!({"username": taken, "password": NEW})).await.is_error(409, "conflict");
    }
    let bodies = [
        json!({"username": "bob"}),
        json!({"username": "a/b", "password": NEW}),
        json!({"username": "", "password": NEW}),
        json!({"username": "bob", "password": "7 chars"}),
        json!({"username": "bob", "password": "x".repeat(257)}),
        json!({"username": "bob", "password": NEW, "role": "king"}),
        json!({"username": "bob", "password": NEW, "enabled": true}),
        json!({"username": ".", "password": NEW}),
        json!({"username": "..", "password": NEW}),
    ];
    for body in bodies {
        master.post("/api/users", body).await.is_error(400, "invalid request");
    }
    for body in [json!({}), json!({"role": "king"}), json!({"enabled": 1}), json!({"username": "x"})] {
        master.put("/api/users/alice", body).await.is_error(400, "invalid request");
    }
    for unknown in ["nobody", "a%20b", "%00", "%ff", &"x".repeat(1000)] {
        for (method, path, body) in routes(unknown).split_off(2) {
            Answer::of(master.request(method, &path).json(&body)).await.is_error(404, "user not found");
        }
    }
}

#[tokio::test]
async fn changing_a_user_ends_their_logins() {
    let site = Site::start().await;
    let master = site.browser("alice", Role::Master).await;
    for change in [json!({"password": NEW}), json!({"role": "viewer"}), json!({"enabled": false})] {
        let bob = site.browser("bob", Role::Operator).await;
        assert_eq!(bob.get("/api/auth/session").await.status, 200);
        let answer = master.put("/api/users/bob", change.clone()).await;
        assert_eq!(answer.body, json!({"status": "success", "message": "User updated successfully"}), "{change}");
        bob.get("/api/auth/session").await.is_error(401, "authentication required");
    }
    let list = master.get("/api/users").await.body["users"].clone();
    assert_eq!((&list[1]["role"], &list[1]["enabled"]), (&json!("viewer"), &json!(false)));
    // An earlier login of a disabled account is invalid too.
    let bob = site.browser("bob", Role::Operator).await;
    bob.get("/api/auth/session").await.is_error(401, "authentication required");
    master.put("/api/users/bob", json!({"enabled": true})).await;
    let bob = site.browser("bob", Role::Operator).await;
    assert_eq!(bob.get("/api/auth/session").await.body["user"]["role"], "viewer");
}

#[tokio::test]
async fn a_login_under_way_ends_with_a_disabled_account() {
    let site = Site::start().await;
    let accounts = site.accounts().await;
    let totp = accounts.add_user(Manager::CommandLine, &name("bob"), NEW.to_owned(), Role::Viewer).await.unwrap();
    let login = log_in(&site, "bob", NEW).await;
    accounts.change_user(Manager::CommandLine, "bob", disabled()).await.unwrap();
    let code = Authenticator::of(&json!({"totp_secret": totp.secret})).code();
    Answer::read(verify(&site, &login.body["temp_token"], &code).await).await.is_error(401, "invalid credentials");
}

#[tokio::test]
async fn a_deleted_user_has_no_login_and_the_next_of_that_name_inherits_nothing() {
    let site = Site::start().await;
    let (master, bob) = (site.browser("alice", Role::Master).await, site.browser("bob", Role::Admin).await);
    let answer = master.delete("/api/users/bob").await;
    assert_eq!(answer.body, json!({"status": "success", "message": "User deleted successfully"}));
    bob.get("/api/auth/session").await.is_error(401, "authentication required");
    let second = site.browser("bob", Role::Viewer).await;
    bob.get("/api/auth/session").await.is_error(401, "authentication required");
    second.get("/api/users").await.is_error(403, "forbidden");
}

#[tokio::test]
async fn a_reset_replaces_the_totp_secret_and_never_removes_it() {
    let site = Site::start().await;
    let (old, first) = set_up(&site).await;
    let alice = browser(&site, &first);
    let recovery = Answer::read(first).await.body["recovery_codes"][0].clone();
    let answer = alice.post("/api/users/alice/reset-totp", Value::Null).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(fields(&answer.body), ["message", "status", "totp_secret", "totp_uri"]);
    assert_eq!(answer.body["message"], "TOTP secret reset successfully");
    alice.get("/api/auth/session").await.is_error(401, "authentication required");

    let login = log_in(&site, "alice", PASSWORD).await;
    assert_eq!(login.body["message"], "Password verified, TOTP required");
    let token = &login.body["temp_token"];
    for code in [&old.next_code(), recovery.as_str().unwrap(), ""] {
        Answer::read(verify(&site, token, code).await).await.is_error(401, "invalid credentials");
    }
    let response = verify(&site, token, &Authenticator::of(&answer.body).code()).await;
    assert_eq!(Answer::read(response).await.body["recovery_codes"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn a_password_reset_ends_the_logins_and_the_old_password() {
    let site = Site::start().await;
    let (authenticator, _) = set_up(&site).await;
    let accounts = site.accounts().await;
    let totp = accounts.add_user(Manager::CommandLine, &name("bob"), PASSWORD.to_owned(), Role::Viewer).await.unwrap();
    let bob = site.browser("bob", Role::Viewer).await;
    let alice = site.browser("alice", Role::Master).await;
    let answer = alice.post("/api/users/bob/reset-password", json!({"new_password": NEW})).await;
    assert_eq!(answer.body, json!({"status": "success", "message": "Password reset successfully"}));
    bob.get("/api/auth/session").await.is_error(401, "authentication required");
    log_in(&site, "bob", PASSWORD).await.is_error(401, "invalid credentials");
    let code = Authenticator::of(&json!({"totp_secret": totp.secret})).code();
    assert_eq!(enter(&site, "bob", NEW, &code).await.status, 200);
    // One's own password too; the current login continues.
    assert_eq!(alice.put("/api/users/alice", json!({"password": NEW})).await.status, 200);
    assert_eq!(alice.get("/api/auth/session").await.status, 200);
    assert_eq!(enter(&site, "alice", NEW, &authenticator.next_code()).await.status, 200);
}

#[tokio::test]
async fn only_admins_manage_accounts() {
    let site = Site::start().await;
    let (viewer, operator) = (site.browser("v", Role::Viewer).await, site.browser("o", Role::Operator).await);
    for target in ["v", "o"] {
        for (method, path, body) in routes(target) {
            for person in [&viewer, &operator] {
                Answer::of(person.request(method.clone(), &path).json(&body)).await.is_error(403, "forbidden");
            }
            let nobody = site.request(method.clone(), &path).json(&body);
            Answer::of(nobody).await.is_error(401, "authentication required");
        }
    }
}

#[tokio::test]
async fn an_account_manages_only_roles_below_its_own() {
    let site = Site::start().await;
    site.browser("master", Role::Master).await;
    site.browser("second", Role::Master).await;
    site.browser("peer", Role::Admin).await;
    let (admin, master) = (site.browser("admin", Role::Admin).await, site.browser("root", Role::Master).await);
    for (person, targets) in [(&admin, ["master", "peer"]), (&master, ["master", "second"])] {
        for target in targets {
            for (method, path, body) in routes(target).split_off(2) {
                Answer::of(person.request(method, &path).json(&body)).await.is_error(403, "forbidden");
            }
        }
    }
    let king = json!({"username": "king", "password": NEW, "role": "master"});
    admin.post("/api/users", king).await.is_error(403, "forbidden");
    site.browser("below", Role::Operator).await;
    admin.put("/api/users/below", json!({"role": "master"})).await.is_error(403, "forbidden");
    // A role that the account could not manage afterwards cannot be given.
    admin.put("/api/users/below", json!({"role": "admin"})).await.is_error(403, "forbidden");
    let peer = json!({"username": "peer-2", "password": NEW, "role": "admin"});
    admin.post("/api/users", peer).await.is_error(403, "forbidden");
    let king = json!({"username": "king", "password": NEW, "role": "master"});
    master.post("/api/users", king).await.is_error(403, "forbidden");
    assert_eq!(master.put("/api/users/below", json!({"role": "admin"})).await.status, 200);
}

#[tokio::test]
async fn an_account_is_managed_by_its_creator_until_its_first_login() {
    let site = Site::start().await;
    let accounts = site.accounts().await;
    let (root, other) = (site.browser("root", Role::Master).await, site.browser("other", Role::Admin).await);
    let made = root.post("/api/users", json!({"username": "bob", "password": NEW})).await;
    let carol = root.post("/api/users", json!({"username": "carol", "password": NEW})).await;
    assert_eq!((made.status, carol.status), (201, 201));
    let lowered = challengectl_coordinator::accounts::Changes { role: Some(Role::Admin), ..Default::default() };
    accounts.change_user(Manager::CommandLine, "root", lowered).await.unwrap();
    let root = site.browser("root", Role::Admin).await;
    let reset = json!({"new_password": PASSWORD});
    other.post("/api/users/bob/reset-password", reset.clone()).await.is_error(403, "forbidden");
    assert_eq!(root.post("/api/users/bob/reset-password", reset.clone()).await.status, 200);
    let code = Authenticator::of(&made.body).code();
    assert_eq!(enter(&site, "bob", PASSWORD, &code).await.status, 200);
    root.post("/api/users/bob/reset-password", reset).await.is_error(403, "forbidden");
    // Not if another has raised it above its creator: that would be a privilege escalation.
    let raised = challengectl_coordinator::accounts::Changes { role: Some(Role::Master), ..Default::default() };
    accounts.change_user(Manager::CommandLine, "carol", raised).await.unwrap();
    root.post("/api/users/carol/reset-totp", Value::Null).await.is_error(403, "forbidden");
}

#[tokio::test]
async fn a_whole_answer_can_be_sent_back_with_a_change() {
    let site = Site::start().await;
    let (master, bob) = (site.browser("alice", Role::Master).await, site.browser("bob", Role::Operator).await);
    let mut whole = master.get("/api/users").await.body["users"][1].clone();
    assert_eq!(master.put("/api/users/bob", whole.clone()).await.status, 200);
    // Without a change the logins stay.
    assert_eq!(bob.get("/api/auth/session").await.status, 200);
    whole["role"] = json!("viewer");
    assert_eq!(master.put("/api/users/bob", whole.clone()).await.status, 200);
    bob.get("/api/auth/session").await.is_error(401, "authentication required");
    for (field, value) in [("username", json!("rob")), ("totp_confirmed", json!(false)), ("last_login", json!("never"))]
    {
        let mut other = whole.clone();
        other[field] = value;
        master.put("/api/users/bob", other).await.is_error(400, "invalid request");
    }
}

#[tokio::test]
async fn an_account_cannot_change_the_role_of_disable_or_delete_itself() {
    let site = Site::start().await;
    for (user, role) in [("root", Role::Master), ("admin", Role::Admin)] {
        let person = site.browser(user, role).await;
        let path = format!("/api/users/{user}");
        for change in [
            json!({"role": if role == Role::Master { "admin" } else { "master" }}),
            json!({"role": "viewer"}),
            json!({"enabled": false}),
            json!({"password": NEW, "role": "operator"}),
        ] {
            person.put(&path, change).await.is_error(403, "forbidden");
        }
        person.delete(&path).await.is_error(403, "forbidden");
        assert_eq!(person.get("/api/auth/session").await.body["user"]["role"], role.as_str());
    }
}

#[tokio::test]
async fn the_command_line_keeps_the_last_admin_too() {
    let site = Site::start().await;
    let root = site.browser("root", Role::Master).await;
    site.browser("bob", Role::Viewer).await;
    let (accounts, manager) = (site.accounts().await, Manager::CommandLine);
    // An unconfirmed account does not count as an admin.
    accounts.add_user(manager, &name("new"), NEW.to_owned(), Role::Admin).await.unwrap();
    assert!(accounts.change_user(manager, "root", disabled()).await.unwrap_err().to_string().contains("last admin"));
    assert!(accounts.delete_user(manager, "root").await.is_err());
    accounts.delete_user(manager, "bob").await.unwrap();
    assert_eq!(root.get("/api/users").await.status, 200);
    site.browser("admin", Role::Admin).await;
    accounts.change_user(manager, "root", disabled()).await.unwrap();
    // The running server notices it.
    root.get("/api/users").await.is_error(401, "authentication required");
}

#[tokio::test]
async fn every_change_is_an_audit_row_without_secrets() {
    let site = Site::behind_proxy().await;
    let root = site.browser("root", Role::Master).await;
    let user = json!({"username": "bob", "password": NEW, "role": "viewer"});
    let request = root.request(Method::POST, "/api/users").header("X-Forwarded-For", "203.0.113.5").json(&user);
    assert_eq!(Answer::of(request).await.status, 201);
    root.put("/api/users/bob", json!({"role": "operator", "enabled": false, "password": PASSWORD})).await;
    root.put("/api/users/bob", json!({"enabled": true})).await;
    root.post("/api/users/bob/reset-password", json!({"new_password": NEW})).await;
    root.post("/api/users/bob/reset-totp", Value::Null).await;
    root.delete("/api/users/bob").await;
    root.delete("/api/users/bob").await.is_error(404, "user not found");
    root.delete("/api/users/root").await.is_error(403, "forbidden");

    let answer = root.get("/api/audit").await;
    assert_eq!(
        (answer.status, fields(&answer.body), &answer.body["total"]),
        (200, vec!["entries", "total"], &json!(8))
    );
    let mut entries = answer.body["entries"].as_array().unwrap().clone();
    entries.reverse();
    assert_eq!(fields(&entries[0]), ["details", "from_address", "id", "target", "timestamp", "what", "who"]);
    let changes: Vec<Value> = entries.iter().map(|entry| json!([entry["what"], entry["details"]])).collect();
    assert_eq!(
        json!(changes),
        json!([
            ["user.create", "viewer"],
            ["user.password", null],
            ["user.role", "operator"],
            ["user.disable", null],
            ["user.enable", null],
            ["user.password", null],
            ["user.reset_totp", null],
            ["user.delete", null],
        ])
    );
    for entry in &entries {
        assert_eq!((&entry["who"], &entry["target"]), (&json!("root"), &json!("bob")));
        assert!(is_timestamp(&entry["timestamp"]));
    }
    assert_eq!(entries[0]["from_address"], "203.0.113.5");
    assert_eq!(entries[1]["from_address"], "127.0.0.1");

    let page = root.get("/api/audit?limit=2&offset=1").await.body;
    assert_eq!((page["entries"].as_array().unwrap().len(), &page["entries"][0]), (2, &entries[6]));
    root.get("/api/audit?limit=1001").await.is_error(400, "invalid request");
    site.browser("o", Role::Operator).await.get("/api/audit").await.is_error(403, "forbidden");
    site.get("/api/audit").await.is_error(401, "authentication required");
}

#[tokio::test]
async fn an_account_deleted_during_a_slow_request_does_not_complete_it() {
    let site = Site::start().await;
    let (ada, eve) = (site.browser("ada", Role::Master).await, site.browser("eve", Role::Admin).await);
    let body = json!({"key_id": "back-door"}).to_string().into_bytes();
    let (begin, rest) = body.split_at(5);
    let (pieces, sent) = tokio::sync::mpsc::channel::<Result<Vec<u8>, std::io::Error>>(1);
    let sent = futures_util::stream::unfold(sent, async |mut sent| Some((sent.recv().await?, sent)));
    let request = eve.request(Method::POST, "/api/provisioning/keys").header("Content-Type", "application/json");
    let request = request.body(reqwest::Body::wrap_stream(sent));
    let answer = async { Answer::of(request).await };
    let meanwhile = async {
        pieces.send(Ok(begin.to_vec())).await.unwrap();
        // By then the server has accepted the head of the request.
        for _ in 0..20 {
            assert_eq!(eve.get("/api/auth/session").await.status, 200);
        }
        assert_eq!(ada.delete("/api/users/eve").await.status, 200);
        pieces.send(Ok(rest.to_vec())).await.unwrap();
        drop(pieces);
    };
    let (answer, ()) = tokio::join!(answer, meanwhile);
    answer.is_error(401, "authentication required");
    assert_eq!(ada.get("/api/provisioning/keys").await.body, json!({"keys": []}));
}
