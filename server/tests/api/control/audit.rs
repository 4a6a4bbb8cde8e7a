//! Every state-changing route leaves exactly one row in the audit log if it succeeds.

use crate::control::contract::matrix::MATRIX;
use crate::control::uploads::form;
use crate::obedient::obey;
use crate::pacstar::Front;
use crate::people::{Authenticator, PASSWORD, browser, verify};
use crate::site::{Answer, Browser, MORSE, Site};
use challengectl_coordinator::audit::Whose;
use challengectl_coordinator::session::Owner;
use challengectl_coordinator::views::history::Page;
use challengectl_coordinator::{Accounts, Role};
use challengectl_server::config::WhoRegisters;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The routes without an audit row, with the reason.
const WITHOUT_A_ROW: &[(&str, &str)] = &[
    ("POST /api/auth/login", "a password alone is not a login; the TOTP code after it leaves the row"),
    ("POST /api/play/login", "a player's own act, which the login itself records; thousands would hide the operators'"),
    ("POST /api/play/refresh", "a player's own act, every quarter of an hour"),
    ("POST /api/play/logout", "a player's own act"),
    ("POST /api/play/challenges/{challenge_id}/flag", "the submission is on record itself"),
    ("POST /api/play/challenges/{challenge_id}/instance", "the session is on record itself"),
    ("POST /api/play/challenges/{challenge_id}/instance/extend", "a player's own act, which the session shows"),
    ("POST /api/play/challenges/{challenge_id}/instance/heartbeat", "a player's own act, which the session shows"),
    ("DELETE /api/play/challenges/{challenge_id}/instance", "a player's own act, which the session records"),
    ("POST /api/challenges/check", "nothing changes"),
    ("POST /api/challenges/preview", "nothing changes"),
    ("POST /api/instance-challenges/import", "nothing changes"),
    ("POST /api/runners/register", "a runner's own act, which its record shows"),
    ("POST /api/runners/{runner_id}/heartbeat", "a runner's own act, every few seconds"),
    ("POST /api/runners/{runner_id}/signout", "a runner's own act, which its record shows"),
    ("POST /api/runners/{runner_id}/complete", "a runner's own act, which the transmission records"),
    ("POST /api/runners/{runner_id}/instances", "a runner's own act, which the session records"),
    ("POST /api/runners/{runner_id}/inventory", "a runner's own act, every minute"),
    ("POST /api/runners/{runner_id}/inspections", "a runner's own act, for an operator who is on record"),
    ("POST /api/runners/{runner_id}/log", "a line of the log is its own record"),
    ("POST /api/runners/{runner_id}/logs", "lines of the log are their own record"),
];

/// Requests the routes one by one, and counts the audit rows of each.
struct Walk {
    accounts: Accounts,
    taken: BTreeSet<String>,
    wrong: Vec<String>,
}

impl Walk {
    async fn rows(&self) -> u64 {
        self.accounts.audit(Whose::Staff, Page { limit: 1, offset: 0 }).await.unwrap().1
    }

    async fn take(&mut self, route: &str, request: RequestBuilder) -> Value {
        let before = self.rows().await;
        let Answer { status, body } = Answer::of(request).await;
        assert!((200..300).contains(&status), "{route}: {status} {body}");
        self.count(route, before).await;
        body
    }

    async fn count(&mut self, route: &str, before: u64) {
        let left = self.rows().await - before;
        if left != 1 {
            self.wrong.push(format!("{route}: {left} rows"));
        }
        self.taken.insert(route.to_owned());
    }

    /// Requests a route whose part in braces is replaced by `named`.
    async fn of(&mut self, person: &Browser<'_>, route: &str, named: &str, body: Value) -> Value {
        let (method, path) = route.split_once(' ').unwrap();
        let path = match path.split_once('{') {
            Some((before, after)) => format!("{before}{named}{}", after.split_once('}').unwrap().1),
            None => path.to_owned(),
        };
        let request = person.request(method.parse().unwrap(), &path);
        self.take(route, if body.is_null() { request } else { request.json(&body) }).await
    }
}

#[tokio::test]
async fn every_change_leaves_one_row_in_the_audit_log() {
    let folder = tempfile::tempdir().unwrap();
    let event = folder.path().join("event.yml");
    std::fs::write(&event, MORSE).unwrap();
    let front = Front::start_in(folder, |config| {
        config.event_file = Some(event);
        config.players.registration = WhoRegisters::Open;
    })
    .await;
    let site = &front.site;
    let accounts = site.accounts().await;
    let mut walk = Walk { accounts, taken: BTreeSet::new(), wrong: Vec::new() };

    logins(&mut walk, site).await;
    let admin = site.browser("ada", Role::Admin).await;
    users(&mut walk, &admin).await;
    runners(&mut walk, site, &admin).await;
    challenges(&mut walk, &admin).await;
    players(&mut walk, site, &admin).await;
    deployments(&mut walk, &front, &admin).await;
    control(&mut walk, &admin).await;

    let changing = |(method, path, _): &(&str, &str, _)| (*method != "GET").then(|| format!("{method} {path}"));
    let mut expected: BTreeSet<String> = MATRIX.iter().filter_map(changing).collect();
    expected.insert("GET /api/challenges/export".to_owned());
    for (route, _) in WITHOUT_A_ROW {
        assert!(expected.remove(*route), "{route} is not a route");
    }
    assert_eq!(walk.taken, expected);
    assert!(walk.wrong.is_empty(), "{}", walk.wrong.join("\n"));
}

async fn logins(walk: &mut Walk, site: &Site) {
    let body = json!({"setup_token": site.setup_token, "username": "eve", "password": PASSWORD});
    let made = walk.take("POST /api/auth/setup", site.request(Method::POST, "/api/auth/setup").json(&body)).await;
    let authenticator = Authenticator::of(&made);
    let before = walk.rows().await;
    let entered = verify(site, &made["temp_token"], &authenticator.code()).await;
    assert_eq!(entered.status(), 200);
    walk.count("POST /api/auth/verify-totp", before).await;
    let person = browser(site, &entered);
    let code = json!({"totp_code": authenticator.next_code()});
    walk.of(&person, "POST /api/auth/recovery-codes", "", code).await;
    let change = json!({"current_password": PASSWORD, "new_password": format!("{PASSWORD} 2")});
    walk.of(&person, "POST /api/auth/change-password", "", change).await;
    let leaving = site.browser("viola", Role::Viewer).await;
    walk.of(&leaving, "POST /api/auth/logout", "", Value::Null).await;
}

async fn users(walk: &mut Walk, admin: &Browser<'_>) {
    let user = json!({"username": "bob", "password": PASSWORD, "role": "viewer"});
    walk.of(admin, "POST /api/users", "", user).await;
    walk.of(admin, "PUT /api/users/{username}", "bob", json!({"role": "operator"})).await;
    walk.of(admin, "POST /api/users/{username}/reset-totp", "bob", Value::Null).await;
    let password = json!({"new_password": format!("{PASSWORD} 3")});
    walk.of(admin, "POST /api/users/{username}/reset-password", "bob", password).await;
    walk.of(admin, "DELETE /api/users/{username}", "bob", Value::Null).await;
}

/// A key that is used on another machine raises one.
async fn alarms(walk: &mut Walk, site: &Site, admin: &Browser<'_>) {
    let token = site.token("shed").await;
    let at = |path: &str, machine: &str| site.request(Method::POST, path).header("X-Runner-Machine-ID", machine);
    let enroll = at("/api/enrollment/enroll", "here").json(&json!({"enrollment_token": token}));
    let key = Answer::of(enroll).await.body["api_key"].as_str().unwrap().to_owned();
    Answer::of(at("/api/runners/shed/heartbeat", "elsewhere").header("X-API-Key", key)).await;
    let alarm = json!({"alarm_id": "runner_moved:shed"});
    walk.of(admin, "POST /api/alarms/acknowledge", "", alarm.clone()).await;
    let shelving = json!({"alarm_id": "runner_moved:shed", "minutes": 30, "reason": "known"});
    walk.of(admin, "POST /api/alarms/shelve", "", shelving).await;
    let shown = admin.get("/api/alarms").await.body["alarms"][0].clone();
    assert_eq!((&shown["shelved_reason"], shown["acknowledged_by"].is_string()), (&json!("known"), true), "{shown}");
    walk.of(admin, "POST /api/alarms/unshelve", "", alarm).await;
    let shown = admin.get("/api/alarms").await.body["alarms"][0].clone();
    assert_eq!(shown["shelved_until"], Value::Null, "{shown}");
}

async fn runners(walk: &mut Walk, site: &Site, admin: &Browser<'_>) {
    let issued = walk.of(admin, "POST /api/enrollment/token", "", json!({"runner_id": "roof"})).await;
    let enroll = site.request(Method::POST, "/api/enrollment/enroll");
    let enroll = enroll.json(&json!({"enrollment_token": issued["enrollment_token"]}));
    walk.take("POST /api/enrollment/enroll", enroll).await;
    walk.of(admin, "POST /api/enrollment/re-enroll/{runner_id}", "roof", Value::Null).await;
    let tokens = admin.get("/api/enrollment/tokens").await.body;
    let token = tokens["tokens"][0]["token_id"].as_str().unwrap().to_owned();
    walk.of(admin, "DELETE /api/enrollment/token/{token_id}", &token, Value::Null).await;

    alarms(walk, site, admin).await;
    walk.of(admin, "POST /api/runners/{runner_id}/disable", "roof", Value::Null).await;
    walk.of(admin, "POST /api/runners/{runner_id}/enable", "roof", Value::Null).await;
    walk.of(admin, "DELETE /api/runners/{runner_id}", "roof", Value::Null).await;

    let key = walk.of(admin, "POST /api/provisioning/keys", "", json!({"key_id": "k"})).await;
    let provision = site.request(Method::POST, "/api/provisioning/provision");
    let provision = provision.header("X-API-Key", key["api_key"].as_str().unwrap());
    walk.take("POST /api/provisioning/provision", provision.json(&json!({"runner_id": "barn"}))).await;
    walk.of(admin, "POST /api/provisioning/keys/{key_id}/toggle", "k", json!({"enabled": false})).await;
    walk.of(admin, "DELETE /api/provisioning/keys/{key_id}", "k", Value::Null).await;
}

async fn challenges(walk: &mut Walk, admin: &Browser<'_>) {
    let new = json!({"name": "MORSE_9", "modulation": "cw", "frequency": 146_550_000, "text": "CQ"});
    let id = walk.of(admin, "POST /api/challenges", "", new).await["challenge_id"].to_string();
    walk.of(admin, "PUT /api/challenges/{challenge_id}", &id, json!({"priority": 5})).await;
    walk.of(admin, "POST /api/challenges/{challenge_id}/disable", &id, Value::Null).await;
    walk.of(admin, "POST /api/challenges/{challenge_id}/enable", &id, Value::Null).await;
    walk.of(admin, "POST /api/challenges/{challenge_id}/trigger", &id, Value::Null).await;
    let worth = json!({"points": 10, "parts": [{"flags": [{"mode": "text", "content": "flag{nine}"}]}]});
    walk.of(admin, "PUT /api/challenges/{challenge_id}/flags", &id, worth).await;
    walk.of(admin, "DELETE /api/challenges/{challenge_id}", &id, Value::Null).await;

    let new = json!({"name": "Guest book", "spec": {"containers": [{"image": "web:1"}]}});
    let one = "/api/instance-challenges/{instance_challenge_id}";
    let id = walk.of(admin, "POST /api/instance-challenges", "", new).await["challenge_id"].to_string();
    walk.of(admin, &format!("PUT {one}"), &id, json!({"category": "web"})).await;
    walk.of(admin, &format!("POST {one}/disable"), &id, Value::Null).await;
    walk.of(admin, &format!("POST {one}/enable"), &id, Value::Null).await;
    walk.of(admin, &format!("DELETE {one}"), &id, Value::Null).await;

    let upload = form(admin.request(Method::POST, "/api/files/upload"), &[("file", "note.txt", b"CQ")]);
    walk.take("POST /api/files/upload", upload).await;
    let event = [("yaml_file", "event.yml", MORSE.as_bytes())];
    let import = form(admin.request(Method::POST, "/api/challenges/import"), &event);
    walk.take("POST /api/challenges/import", import).await;
    walk.of(admin, "POST /api/challenges/reload", "", Value::Null).await;
    let before = walk.rows().await;
    assert_eq!(admin.request(Method::GET, "/api/challenges/export").send().await.unwrap().status(), 200);
    walk.count("GET /api/challenges/export", before).await;
}

async fn players(walk: &mut Walk, site: &Site, admin: &Browser<'_>) {
    let own = |player: &str, route: &str, body: Value| {
        let (method, path) = route.split_once(' ').unwrap();
        let request = site.request(method.parse().unwrap(), path).bearer_auth(player);
        if body.is_null() { request } else { request.json(&body) }
    };
    let mut tokens = Vec::new();
    for name in ["paul", "paula"] {
        let register = site.request(Method::POST, "/api/play/register");
        let register = register.json(&json!({"username": name, "password": PASSWORD}));
        let made = walk.take("POST /api/play/register", register).await;
        tokens.push(made["access_token"].as_str().unwrap().to_owned());
    }
    let [paul, paula] = [&tokens[0], &tokens[1]];
    let (create, code) = ("POST /api/play/team", "POST /api/play/team/code");
    let made = walk.take(create, own(paul, create, json!({"name": "Rotor"}))).await;
    let join_code = walk.take(code, own(paul, code, Value::Null)).await["join_code"].clone();
    let join = "POST /api/play/team/join";
    walk.take(join, own(paula, join, json!({"join_code": join_code}))).await;
    let leave = "POST /api/play/team/leave";
    walk.take(leave, own(paula, leave, Value::Null)).await;
    let password = "POST /api/play/password";
    let change = json!({"current_password": PASSWORD, "new_password": format!("{PASSWORD} 2")});
    walk.take(password, own(paul, password, change)).await;
    let create = "POST /api/play/tokens";
    let token = walk.take(create, own(paul, create, json!({"name": "script"}))).await;
    let revoke = own(paul, &format!("DELETE /api/play/tokens/{}", token["token_id"]), Value::Null);
    walk.take("DELETE /api/play/tokens/{personal_token_id}", revoke).await;

    let team = made["team"]["team_id"].to_string();
    walk.of(admin, "PUT /api/teams/{team_id}", &team, json!({"zone": "north", "active": false})).await;
    let change = json!({"zone": "north", "password": PASSWORD, "banned": true});
    walk.of(admin, "PUT /api/players/{player}", "paul", change).await;

    // Sessions of runners that are not there are abandoned, and those of excluded teams are stopped.
    let runner = site.runner("roof").await;
    site.session(&Owner::anonymous("ada").unwrap(), "roof").await;
    let instances = admin.get("/api/instances").await.body;
    let instance = instances["instances"][0]["instance_id"].to_string();
    let roof = obey(&runner);
    let command = json!({"command": ["id"]});
    walk.of(admin, "POST /api/instances/{instance_id}/run", &instance, command).await;
    roof.abort();
    walk.of(admin, "DELETE /api/instances/{instance_id}", &instance, Value::Null).await;
    let request = admin.request(Method::DELETE, "/api/instances?front=play");
    walk.take("DELETE /api/instances", request).await;

    walk.of(admin, "PUT /api/secrets/{name}", "key", json!({"value": "of the database"})).await;
    walk.of(admin, "DELETE /api/secrets/{name}", "key", Value::Null).await;
}

async fn deployments(walk: &mut Walk, front: &Front, admin: &Browser<'_>) {
    let master = front.master().await;
    let path = master.challenge("shop", "web:1", 1).await;
    master.deploy(&path).await;
    let id = path.rsplit('/').next().unwrap();
    for act in ["stop", "redeploy"] {
        walk.of(admin, &format!("POST /api/deployments/{{deployment_id}}/{act}"), id, Value::Null).await;
        let route = format!("POST /api/deployments/{{deployment_id}}/teams/{{team}}/{act}");
        let request = admin.request(Method::POST, &format!("/api/deployments/{id}/teams/team-001/{act}"));
        walk.take(&route, request).await;
    }
}

async fn control(walk: &mut Walk, admin: &Browser<'_>) {
    walk.of(admin, "POST /api/control/pause", "", Value::Null).await;
    walk.of(admin, "POST /api/control/resume", "", Value::Null).await;
    walk.of(admin, "POST /api/control/emergency-stop", "", Value::Null).await;
    walk.of(admin, "POST /api/control/release", "", Value::Null).await;
    walk.of(admin, "PUT /api/conference", "", json!({"name": "Camp"})).await;
    let hours = json!({"day_start": "08:00", "day_end": "20:00"});
    walk.of(admin, "PUT /api/conference/day-times", "", hours).await;
    walk.of(admin, "PUT /api/conference/auto-pause", "", json!({"auto_pause": true})).await;
    walk.of(admin, "POST /api/control/stop", "", Value::Null).await;
}
