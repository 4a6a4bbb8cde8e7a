//! The API of players, and the credentials of the engine front.

use crate::people::PASSWORD;
use crate::site::{ANY_PORT, Answer, Player, Site, fields, is_timestamp};
use challengectl_coordinator::Role;
use challengectl_coordinator::session::Owner;
use challengectl_server::Config;
use challengectl_server::config::{PlayMode, WhoRegisters};
use reqwest::{Client, Method};
use serde_json::{Value, json};

async fn with(set: impl FnOnce(&mut Config)) -> Site {
    Site::start_with(tempfile::tempdir().unwrap(), set).await
}

fn credentials(name: &str, password: &str) -> Value {
    json!({"username": name, "password": password})
}

#[tokio::test]
async fn whoever_registers_has_tokens_at_once_and_nothing_else_is_shown() {
    let site = Site::open().await;
    let answer = site.post("/api/play/register", credentials("ada", PASSWORD)).await;
    assert_eq!(answer.status, 201);
    let expected =
        ["access_token", "device_token", "expires_in", "refresh_token", "status", "team", "token_type", "username"];
    assert_eq!(fields(&answer.body), expected);
    assert_eq!((&answer.body["token_type"], &answer.body["expires_in"]), (&json!("Bearer"), &json!(900)));
    let player = Player {
        site: &site,
        access: answer.body["access_token"].as_str().unwrap().to_owned(),
        refresh: answer.body["refresh_token"].as_str().unwrap().to_owned(),
    };
    let me = player.get("/api/play/me").await;
    assert_eq!(me.body, json!({"username": "ada", "mode": "teams", "team": null}));
    let known = json!({"username": "ADA", "password": PASSWORD, "device_token": answer.body["device_token"]});
    let login = site.post("/api/play/login", known).await;
    assert_eq!((login.status, login.body.get("device_token")), (200, None), "this client is known");
}

#[tokio::test]
async fn registration_is_closed_by_default_and_may_need_a_code() {
    let closed = Site::start().await;
    let rules = json!({"registration": "closed", "mode": "teams", "team_size": 4});
    assert_eq!(closed.get("/api/play").await.body, rules);
    closed.post("/api/play/register", credentials("ada", PASSWORD)).await.is_error(403, "forbidden");
    let code = "the code of the camp";
    let site = with(|config| {
        config.players.registration = WhoRegisters::Code;
        config.players.registration_code = Some(code.to_owned());
    });
    let site = site.await;
    assert_eq!(site.get("/api/play").await.body["registration"], "code");
    let mut body = credentials("ada", PASSWORD);
    site.post("/api/play/register", body.clone()).await.is_error(401, "invalid credentials");
    body["registration_code"] = json!(code);
    assert_eq!(site.post("/api/play/register", body.clone()).await.status, 201);
    site.post("/api/play/register", body).await.is_error(409, "conflict");
}

#[tokio::test]
async fn names_and_passwords_that_players_choose_are_checked() {
    let site = Site::open().await;
    for (name, password) in [
        ("", PASSWORD),
        ("a b", PASSWORD),
        ("a\u{202e}b", PASSWORD),
        ("a\u{0}b", PASSWORD),
        (&"x".repeat(65), PASSWORD),
        ("ada", "short"),
        ("ada", &"x".repeat(257)),
    ] {
        let answer = site.post("/api/play/register", credentials(name, password)).await;
        answer.is_error(400, "invalid request");
    }
    let mut more = credentials("ada", PASSWORD);
    more["role"] = json!("master");
    site.post("/api/play/register", more).await.is_error(400, "invalid request");
    let large = credentials("ada", &"x".repeat(5_000));
    site.post("/api/play/register", large).await.is_error(413, "body too large");
    let ada = site.player("ada").await;
    for name in ["", "a\u{202e}b", "a\nb", "a/b", &"x".repeat(65)] {
        ada.post("/api/play/team", json!({"name": name})).await.is_error(400, "invalid request");
    }
}

#[tokio::test]
async fn a_refresh_token_is_used_once_and_used_again_it_ends_the_login() {
    let site = Site::open().await;
    let ada = site.player("ada").await;
    let refresh = |token: &str| {
        let body = json!({"refresh_token": token});
        let site = &site;
        async move { site.post("/api/play/refresh", body).await }
    };
    let second = refresh(&ada.refresh).await;
    assert_eq!(fields(&second.body), ["access_token", "expires_in", "refresh_token", "token_type"]);
    ada.get("/api/play/me").await.is_error(401, "authentication required");
    let access = second.body["access_token"].as_str().unwrap().to_owned();
    let now = Player { site: &site, access, refresh: String::new() };
    assert_eq!(now.get("/api/play/me").await.status, 200);
    refresh(&ada.refresh).await.is_error(409, "conflict");
    assert_eq!(now.get("/api/play/me").await.status, 200, "another window may have sent it at the same time");
    let third = refresh(second.body["refresh_token"].as_str().unwrap()).await;
    refresh(&ada.refresh).await.is_error(401, "invalid credentials");
    let access = third.body["access_token"].as_str().unwrap().to_owned();
    let now = Player { site: &site, access, refresh: String::new() };
    now.get("/api/play/me").await.is_error(401, "authentication required");
    refresh(third.body["refresh_token"].as_str().unwrap()).await.is_error(401, "invalid credentials");
    for nonsense in ["", "cctl_refresh_", "cctl_refresh_0_0", "\u{0}"] {
        refresh(nonsense).await.is_error(401, "invalid credentials");
    }
}

#[tokio::test]
async fn after_a_logout_and_a_new_password_the_old_ones_are_refused() {
    let site = Site::open().await;
    let (ada, new) = (site.player("ada").await, "another horse battery");
    let wrong = json!({"current_password": "wrong", "new_password": new});
    ada.post("/api/play/password", wrong).await.is_error(401, "invalid credentials");
    let change = json!({"current_password": PASSWORD, "new_password": new});
    assert_eq!(ada.post("/api/play/password", change).await.status, 200);
    site.post("/api/play/login", credentials("ada", PASSWORD)).await.is_error(401, "invalid credentials");
    assert_eq!(site.post("/api/play/login", credentials("ada", new)).await.status, 200);
    assert_eq!(ada.post("/api/play/logout", json!({})).await.status, 200);
    ada.get("/api/play/me").await.is_error(401, "authentication required");
}

#[tokio::test]
async fn a_team_is_joined_by_its_code_up_to_its_size() {
    let site = with(|config| {
        config.players.registration = WhoRegisters::Open;
        config.players.team_size = 2;
    });
    let site = site.await;
    let (ada, bob, eve) = (site.player("ada").await, site.player("bob").await, site.player("eve").await);
    let created = ada.post("/api/play/team", json!({"name": "Rotor Ärger"})).await;
    assert_eq!(created.status, 201);
    assert_eq!(fields(&created.body), ["join_code", "status", "team"]);
    let team = ada.get("/api/play/me").await.body["team"].clone();
    assert_eq!(fields(&team), ["active", "banned", "members", "name", "team_id", "zone"], "never a join code");
    bob.post("/api/play/team", json!({"name": "rotor ärger"})).await.is_error(409, "conflict");
    let join = |code: &Value| json!({"join_code": code});
    bob.post("/api/play/team/join", join(&json!("aaaa-bbbb-cccc-dddd"))).await.is_error(404, "not found");
    let joined = bob.post("/api/play/team/join", join(&created.body["join_code"])).await;
    assert_eq!((joined.status, &joined.body["team"]["members"]), (200, &json!(["ada", "bob"])));
    eve.post("/api/play/team/join", join(&created.body["join_code"])).await.is_error(409, "conflict");
    eve.post("/api/play/team/leave", json!({})).await.is_error(409, "conflict");
    let renewed = ada.post("/api/play/team/code", json!({})).await.body["join_code"].clone();
    assert_eq!(bob.post("/api/play/team/leave", json!({})).await.status, 200);
    eve.post("/api/play/team/join", join(&created.body["join_code"])).await.is_error(404, "not found");
    assert_eq!(eve.post("/api/play/team/join", join(&renewed)).await.status, 200);
}

#[tokio::test]
async fn where_each_plays_alone_there_are_no_teams() {
    let site = with(|config| {
        config.players.registration = WhoRegisters::Open;
        config.players.mode = PlayMode::Users;
    });
    let site = site.await;
    let ada = site.player("ada").await;
    ada.post("/api/play/team", json!({"name": "Rotor"})).await.is_error(409, "not possible now");
    assert_eq!(ada.get("/api/play/me").await.body["mode"], "users");
}

#[tokio::test]
async fn a_personal_token_is_taken_as_bearer_and_as_token_and_cannot_do_what_a_login_can() {
    let site = Site::open().await;
    let ada = site.player("ada").await;
    let made = ada.post("/api/play/tokens", json!({"name": "solver", "expires_days": 2})).await;
    assert_eq!((made.status, fields(&made.body)), (201, vec!["expires_at", "status", "token", "token_id"]));
    let token = made.body["token"].as_str().unwrap();
    assert!(token.starts_with("cctl_token_") && is_timestamp(&made.body["expires_at"]));
    for scheme in ["Bearer", "Token", "bearer", "TOKEN"] {
        let request = site.request(Method::GET, "/api/play/me").header("Authorization", format!("{scheme} {token}"));
        assert_eq!(Answer::of(request).await.body["username"], "ada", "{scheme}");
    }
    for header in [format!("Basic {token}"), token.to_owned(), "Bearer".to_owned(), "Bearer \u{e9}".to_owned()] {
        let request = site.request(Method::GET, "/api/play/me").header("Authorization", header.as_bytes());
        Answer::of(request).await.is_error(401, "authentication required");
    }
    let program = Player { site: &site, access: token.to_owned(), refresh: String::new() };
    program.post("/api/play/tokens", json!({"name": "more"})).await.is_error(403, "forbidden");
    program.post("/api/play/logout", json!({})).await.is_error(403, "forbidden");
    let change = json!({"current_password": PASSWORD, "new_password": "another horse battery"});
    program.post("/api/play/password", change).await.is_error(403, "forbidden");
    let list = program.get("/api/play/tokens").await.body;
    assert_eq!(fields(&list["tokens"][0]), ["created_at", "expires_at", "name", "token_id"], "never the token");
    let path = format!("/api/play/tokens/{}", made.body["token_id"]);
    site.player("eve").await.delete(&path).await.is_error(404, "not found");
    assert_eq!(ada.delete(&path).await.status, 200);
    program.get("/api/play/me").await.is_error(401, "authentication required");
    ada.delete("/api/play/tokens/x").await.is_error(404, "not found");
    for days in [0, 367] {
        let body = json!({"name": "solver", "expires_days": days});
        ada.post("/api/play/tokens", body).await.is_error(400, "invalid request");
    }
}

#[tokio::test]
async fn two_credentials_of_different_people_are_refused_and_no_cookie_counts_here() {
    let site = Site::open().await;
    let (ada, bob) = (site.player("ada").await, site.player("bob").await);
    let both = |first: &Player<'_>, second: &Player<'_>| {
        first.request(Method::GET, "/api/play/me").header("Authorization", format!("Token {}", second.access))
    };
    Answer::of(both(&ada, &bob)).await.is_error(401, "authentication required");
    assert_eq!(Answer::of(both(&ada, &ada)).await.status, 200);
    let master = site.browser("root", Role::Master).await;
    master.get("/api/play/me").await.is_error(401, "authentication required");
    let request = master.request(Method::GET, "/api/play/me").bearer_auth(&ada.access);
    assert_eq!(Answer::of(request).await.body["username"], "ada");
}

#[tokio::test]
async fn operators_set_zones_and_ban_and_a_banned_player_is_out_at_once() {
    let site = Site::open().await;
    let (ada, operator) = (site.player("ada").await, site.browser("oli", Role::Operator).await);
    let created = ada.post("/api/play/team", json!({"name": "Rotor"})).await;
    let team = format!("/api/teams/{}", created.body["team"]["team_id"]);
    let teams = operator.get("/api/teams").await.body;
    assert_eq!((&teams["total"], &teams["zones"], &teams["teams"][0]["members"]), (&json!(1), &json!([]), &json!(1)));
    let mut whole = teams["teams"][0].clone();
    (whole["zone"], whole["name"]) = (json!("north"), json!("Stator"));
    assert_eq!(operator.put(&team, whole.clone()).await.status, 200);
    whole["members"] = json!(7);
    operator.put(&team, whole).await.is_error(400, "invalid request");
    assert_eq!(operator.put("/api/players/Ada", json!({"zone": "south"})).await.status, 200);
    let listed = operator.get("/api/players").await.body;
    let shown = &listed["players"][0];
    assert_eq!((&shown["zone"], &shown["team"], &shown["banned"]), (&json!("south"), &json!("Stator"), &json!(false)));
    assert_eq!(operator.get("/api/teams").await.body["zones"], json!(["north", "south"]));
    assert_eq!(operator.put("/api/players/ada", json!({"zone": null, "banned": true})).await.status, 200);
    ada.get("/api/play/me").await.is_error(401, "authentication required");
    site.post("/api/play/refresh", json!({"refresh_token": ada.refresh})).await.is_error(401, "invalid credentials");
    site.post("/api/play/login", credentials("ada", PASSWORD)).await.is_error(403, "forbidden");
    let back = json!({"banned": false, "password": "another horse battery"});
    assert_eq!(operator.put("/api/players/ada", back).await.status, 200);
    assert_eq!(site.post("/api/play/login", credentials("ada", "another horse battery")).await.status, 200);
    operator.put("/api/players/oli", json!({"banned": true})).await.is_error(404, "user not found");
    operator.put("/api/teams/999", json!({"banned": true})).await.is_error(404, "not found");
    operator.put("/api/teams/x", json!({"banned": true})).await.is_error(404, "not found");
    let audit = site.browser("root", Role::Master).await.get("/api/audit?limit=1").await.body;
    let entry = &audit["entries"][0];
    assert_eq!((&entry["what"], &entry["target"]), (&json!("player.change"), &json!("ada")));
    assert!(entry["details"].as_str().unwrap().starts_with("new password, zone none"), "{entry}");
}

#[tokio::test]
async fn the_accounts_of_players_are_not_among_those_of_operators() {
    let site = Site::open().await;
    site.player("ada").await;
    let master = site.browser("root", Role::Master).await;
    assert_eq!(master.get("/api/users").await.body["users"].as_array().unwrap().len(), 1);
    master.put("/api/users/ada", json!({"role": "operator"})).await.is_error(404, "user not found");
    master.delete("/api/users/ada").await.is_error(404, "user not found");
    let player = json!({"username": "eve", "password": PASSWORD, "role": "player"});
    master.post("/api/users", player).await.is_error(400, "invalid request");
    let taken = json!({"username": "ada", "password": PASSWORD, "role": "operator"});
    master.post("/api/users", taken).await.is_error(409, "conflict");
    site.post("/api/auth/login", credentials("ada", PASSWORD)).await.is_error(401, "invalid credentials");
    site.browser("oli", Role::Operator).await;
    site.post("/api/play/register", credentials("Oli", PASSWORD)).await.is_error(409, "conflict");
}

/// A server with the engine front, and the URL of the front.
async fn engine(open_play: bool, mode: PlayMode) -> (Site, String) {
    let site = with(|config| {
        (config.engine.listen, config.engine.open_play) = (Some(ANY_PORT), Some(open_play));
        (config.players.registration, config.players.mode) = (WhoRegisters::Open, mode);
    });
    let site = site.await;
    let url = site.engine.clone();
    (site, url)
}

/// Starts a challenge that does not exist: 404 says that the person may.
async fn spawn(url: &str, credential: Option<String>, user: Option<&str>) -> u16 {
    let mut body = json!({"challenge_id": "none"});
    if let Some(user) = user {
        body["user_id"] = json!(user);
    }
    let mut request = Client::new().post(format!("{url}/api/challenges")).json(&body);
    if let Some(credential) = credential {
        request = request.header("Authorization", credential);
    }
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["code"], status, "{body}");
    status
}

#[tokio::test]
async fn the_engine_front_takes_each_credential_and_never_falls_back_to_nobody() {
    let (site, url) = engine(true, PlayMode::Users).await;
    let ada = site.player("ada").await;
    let made = ada.post("/api/play/tokens", json!({"name": "solver"})).await;
    let personal = made.body["token"].as_str().unwrap();
    assert_eq!(spawn(&url, None, Some("test-user")).await, 404, "open play");
    assert_eq!(spawn(&url, None, None).await, 400);
    for credential in [format!("Bearer {}", ada.access), format!("Bearer {personal}"), format!("Token {personal}")] {
        for (expected, user) in [(404, None), (404, Some("ada")), (404, Some("Ada")), (403, Some("test-user"))] {
            assert_eq!(spawn(&url, Some(credential.clone()), user).await, expected, "{credential} {user:?}");
        }
    }
    for wrong in ["Bearer cctl_access_0", "Token cctl_token_0", "Basic YTpi", "Bearer "] {
        assert_eq!(spawn(&url, Some(wrong.to_owned()), Some("test-user")).await, 401, "{wrong}");
        let list = Client::new().get(format!("{url}/api/challenges")).header("Authorization", wrong);
        assert_eq!(list.send().await.unwrap().status(), 401, "also where nobody is asked who they are");
    }
    let flag = json!({"flag": "flag{test}", "session_id": "0123456789abcdef"});
    let submit = Client::new().post(format!("{url}/api/flags")).json(&flag).bearer_auth("cctl_access_0");
    assert_eq!(submit.send().await.unwrap().status(), 401);
    let oli = site.browser("oli", Role::Operator).await;
    let running = |token: Option<&str>, login: &str| {
        let request = Client::new().get(format!("{url}/api/challenges/running"));
        let request = request.header("Cookie", format!("session={login}"));
        let request = token.map_or(request.try_clone().unwrap(), |token| request.bearer_auth(token));
        async move { request.send().await.unwrap().status().as_u16() }
    };
    assert_eq!(running(None, &oli.login).await, 200);
    assert_eq!(running(None, "0").await, 401, "a login that has ended");
    assert_eq!(running(Some(&ada.access), &oli.login).await, 401, "two people");
}

#[tokio::test]
async fn without_open_play_the_engine_front_needs_a_login_and_in_teams_a_team() {
    let (site, url) = engine(false, PlayMode::Teams).await;
    assert_eq!(spawn(&url, None, Some("test-user")).await, 401);
    let ada = site.player("ada").await;
    let bearer = || Some(format!("Bearer {}", ada.access));
    assert_eq!(spawn(&url, bearer(), None).await, 403, "in no team");
    let created = ada.post("/api/play/team", json!({"name": "Rotor"})).await;
    assert_eq!(spawn(&url, bearer(), Some("ada")).await, 404);
    let operator = site.browser("oli", Role::Operator).await;
    let team = format!("/api/teams/{}", created.body["team"]["team_id"]);
    assert_eq!(operator.put(&team, json!({"banned": true})).await.status, 200);
    assert_eq!(spawn(&url, bearer(), None).await, 403, "a banned team");
    assert_eq!(operator.put("/api/players/ada", json!({"banned": true})).await.status, 200);
    assert_eq!(spawn(&url, bearer(), None).await, 401, "a banned player");
}

#[tokio::test]
async fn members_share_the_sessions_of_their_team_and_nobody_else_reaches_them() {
    let (site, url) = engine(true, PlayMode::Teams).await;
    site.runner("roof").await;
    let (ada, bob, eve) = (site.player("ada").await, site.player("bob").await, site.player("eve").await);
    let created = ada.post("/api/play/team", json!({"name": "Rotor"})).await;
    bob.post("/api/play/team/join", json!({"join_code": created.body["join_code"]})).await;
    eve.post("/api/play/team", json!({"name": "Stator"})).await;
    let key = site.session(&Owner::team(created.body["team"]["team_id"].as_i64().unwrap()), "roof").await;
    let anonymous = site.session(&Owner::anonymous("team:1").unwrap(), "roof").await;

    let by = |player: Option<&Player<'_>>, method: Method, path: &str| {
        let request = Client::new().request(method, format!("{url}{path}"));
        player.map_or(request.try_clone().unwrap(), |player| request.bearer_auth(&player.access))
    };
    let running = async |player: Option<&Player<'_>>, query: &str| {
        let request = by(player, Method::GET, &format!("/api/challenges/running{query}"));
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        let sessions = answer["sessions"].as_array().unwrap().iter();
        sessions.map(|it| json!([it["session_id"], it["user_id"]])).collect::<Vec<_>>()
    };
    assert_eq!(running(Some(&ada), "").await, [json!([key, "ada"])]);
    assert_eq!(running(Some(&bob), "?user_id=bob").await, [json!([key, "bob"])]);
    assert!(running(Some(&eve), "").await.is_empty());
    for query in ["", "?user_id=team:1"] {
        assert_eq!(running(None, query).await, [json!([anonymous, "team:1"])], "only those without an account");
    }
    let flag = async |player: Option<&Player<'_>>, key: &str| {
        let body = json!({"flag": "flag{test}", "session_id": key});
        by(player, Method::POST, "/api/flags").json(&body).send().await.unwrap().status().as_u16()
    };
    assert_eq!((flag(Some(&ada), &key).await, flag(Some(&bob), &key).await), (200, 200));
    assert_eq!((flag(Some(&eve), &key).await, flag(None, &key).await), (404, 404));
    assert_eq!((flag(None, &anonymous).await, flag(Some(&ada), &anonymous).await), (200, 404));
    for (player, key) in [(Some(&eve), &key), (None, &key), (Some(&ada), &anonymous)] {
        let stop = by(player, Method::DELETE, &format!("/api/challenges/{key}"));
        assert_eq!(stop.send().await.unwrap().status(), 404);
    }
}
