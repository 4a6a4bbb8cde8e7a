//! The sessions front without a process: who may do what to a session, and what is answered before one starts.
//! `e2e/tests/processes.rs` has processes.

use crate::obedient::obey;
use crate::site::{Answer, Player, Site};
use challengectl_common::wire::instances::OwnFile;
use challengectl_common::{Digest, EngineId, RunnerId, Timestamp};
use challengectl_coordinator::Role;
use challengectl_coordinator::session::{Owner, SessionState};
use challengectl_coordinator::store::instances::processes;
use challengectl_coordinator::store::instances::sessions::{self, NewSession, Place};
use challengectl_coordinator::store::{Store, commit};
use challengectl_server::config::WhoRegisters;
use challengectl_server::http::documents;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const HOUR: Duration = Duration::from_secs(3600);

/// A site where everybody may register.
pub async fn site() -> Site {
    let set = |config: &mut challengectl_server::Config| {
        config.players.registration = WhoRegisters::Open;
        config.sessions.default_challenge = Some("shell".to_owned());
    };
    Site::start_with(tempfile::tempdir().unwrap(), set).await
}

/// Adds a session of an owner that runs on a runner, as if that had an engine. Returns its id on this front.
async fn session(store: &Store, owner: &Owner, runner: &str) -> String {
    let random = format!("{:032x}", rand::random::<u128>());
    let key = [&random[..8], &random[8..12], "4000", "8000", &random[20..]].join("-");
    let (mut transaction, now) = (store.write().await.unwrap(), Timestamp::now());
    let new = NewSession {
        key: &key,
        front: "sessions",
        challenge_id: 1,
        version: 1,
        owner,
        nonce: "0",
        lifetime: HOUR,
        idle: Some(HOUR),
        requested_at: now,
        reap_at: now.after(HOUR),
        revision: sessions::revision(&mut transaction).await.unwrap() + 1,
        several: true,
    };
    let id = sessions::insert(&mut transaction, &new).await.unwrap();
    let file = OwnFile { digest: Digest::of(b"ATOM"), name: "input.pdb".to_owned() };
    processes::insert(&mut transaction, id, None, Some(&file), now).await.unwrap();
    let mut session = sessions::get(&mut transaction, id).await.unwrap().unwrap();
    session.state = SessionState::Running;
    session.place = Some(Place {
        runner_id: RunnerId::new(runner).unwrap(),
        engine_id: EngineId::new("processes").unwrap(),
        host: "localhost".to_owned(),
    });
    (session.running_at, session.idle_at) = (Some(now), Some(now.after(HOUR)));
    sessions::update(&mut transaction, &session).await.unwrap();
    commit(transaction).await.unwrap();
    key
}

async fn in_team<'a>(site: &'a Site, name: &str, team: &str) -> (Player<'a>, serde_json::Value) {
    let player = site.player(name).await;
    let made = player.post("/api/play/team", json!({"name": team})).await;
    assert_eq!(made.status, 201);
    (player, made.body)
}

/// How somebody proves who they are, by a header.
type Proof = Option<(&'static str, String)>;

fn on(request: RequestBuilder, proof: &Proof) -> RequestBuilder {
    match proof {
        Some((name, value)) => request.header(*name, value),
        None => request,
    }
}

#[tokio::test]
async fn a_session_is_used_by_its_team_and_seen_and_ended_by_admins_too() {
    let site = site().await;
    let store = site.store().await;
    let (ada, made) = in_team(&site, "ada", "Rotor").await;
    let mate = site.player("mate").await;
    assert_eq!(mate.post("/api/play/team/join", json!({"join_code": made["join_code"]})).await.status, 200);
    let (eve, _) = in_team(&site, "eve", "Stator").await;
    let runner = site.runner("roof").await;
    obey(&runner);
    let bearer = |token: &str| Some(("Authorization", format!("Bearer {token}")));
    let cookie = |login: &str| Some(("Cookie", format!("session={login}")));
    let mut staff = Vec::new();
    for role in [Role::Viewer, Role::Operator, Role::Admin] {
        staff.push(cookie(&site.browser(&format!("{role}"), role).await.login));
    }
    let [viewer, operator, admin] = <[Proof; 3]>::try_from(staff).unwrap();
    let owner = Owner::team(made["team"]["team_id"].as_i64().unwrap());
    // What they get for showing, a heartbeat, what is passed on (503: the runner of the test does not), and ending.
    let none = [403; 4];
    let everybody: [(&str, Proof, [u16; 4]); 9] = [
        ("nobody", None, [401; 4]),
        ("a runner", Some(("X-API-Key", runner.key.clone())), [401; 4]),
        ("a player of another team", bearer(&eve.access), none),
        ("a name without proof", Some(("x-user-id", "ada".to_owned())), none),
        ("a viewer", viewer, none),
        ("an operator", operator, none),
        ("an admin", admin, [200, 403, 403, 200]),
        ("a team mate", bearer(&mate.access), [200, 200, 503, 200]),
        ("its owner", bearer(&ada.access), [200, 200, 503, 200]),
    ];
    for (who, proof, expected) in everybody {
        let key = session(&store, &owner, "roof").await;
        let client = Client::new();
        let requests = [
            (Method::GET, ""),
            (Method::PUT, "/heartbeat"),
            (Method::GET, "/proxy/run?command=id"),
            (Method::DELETE, ""),
        ];
        let head = on(client.head(format!("{}/api/sessions/{key}", site.url)), &proof).send().await.unwrap();
        assert_eq!((head.status().as_u16(), &*head.text().await.unwrap()), (expected[0], ""), "HEAD by {who}");
        for ((method, action), status) in requests.into_iter().zip(expected) {
            let url = format!("{}/api/sessions/{key}{action}", site.url);
            let answer = Answer::of(on(client.request(method.clone(), url), &proof)).await;
            assert_eq!(answer.status, status, "{method} {action} by {who}: {}", answer.body);
            assert!(status == 200 || answer.body["code"].is_string(), "{}", answer.body);
        }
    }
    let ended = "SELECT who, of_player FROM audit WHERE what = 'instance.stop'";
    let by: Vec<(String, bool)> = sqlx::query_as(ended).fetch_all(&mut *store.read().await.unwrap()).await.unwrap();
    let expected = [("admin", false), ("mate", true), ("ada", true)];
    assert_eq!(by, expected.map(|(who, of_player)| (who.to_owned(), of_player)), "who ended it is on record");
}

#[tokio::test]
async fn credentials_that_name_different_people_are_refused() {
    let site = site().await;
    let (ada, _) = in_team(&site, "ada", "Rotor").await;
    let list = |name: &str| {
        let request = Client::new().get(format!("{}/api/sessions", site.url)).bearer_auth(&ada.access);
        Answer::of(request.header("x-user-id", name))
    };
    assert_eq!(list("ADA").await.body, json!({"status": "success", "data": {"sessions": []}}));
    for name in ["eve", "", " "] {
        let refused = list(name).await;
        assert_eq!((refused.status, &refused.body["code"]), (401, &json!("UNAUTHORIZED")), "{name:?}");
    }
    let everybody = ada.get("/api/sessions?all=true").await;
    assert_eq!((everybody.status, &everybody.body["code"]), (403, &json!("FORBIDDEN")));
}

#[tokio::test]
async fn without_an_engine_nothing_starts_and_the_file_is_forgotten() {
    let site = site().await;
    let admin = site.browser("admin", Role::Admin).await;
    let process = json!({"program": "/bin/true", "port": {"assigned": 49152}});
    let new = json!({"name": "Shell", "id": "shell", "enabled": true, "spec": {"process": process}});
    let made = admin.post("/api/instance-challenges", new).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let new = json!({"name": "Web", "id": "web", "enabled": true, "spec": {"containers": [{"image": "web:1"}]}});
    assert_eq!(admin.post("/api/instance-challenges", new).await.status, 201);
    let (ada, _) = in_team(&site, "ada", "Rotor").await;
    let refused = ada.post("/api/sessions", json!({"pdbId": "1abc"})).await;
    assert_eq!((refused.status, &refused.body["code"]), (503, &json!("SERVICE_UNAVAILABLE")), "{}", refused.body);
    let containers = ada.post("/api/sessions", json!({"challenge_id": "web"})).await;
    assert_eq!((containers.status, &containers.body["code"]), (400, &json!("VALIDATION_ERROR")), "{}", containers.body);
    let unknown = ada.post("/api/sessions", json!({"challenge_id": "none"})).await;
    assert_eq!((unknown.status, &unknown.body["code"]), (404, &json!("NOT_FOUND")), "{}", unknown.body);
    assert_eq!(ada.get("/api/sessions").await.body["data"]["sessions"], json!([]));
    let id = made.body["challenge_id"].to_string();
    let elsewhere = ada.post(&format!("/api/play/challenges/{id}/instance"), json!({})).await;
    assert_eq!(elsewhere.status, 409, "{}", elsewhere.body);
}

#[tokio::test]
async fn a_file_beyond_the_quota_is_refused_before_it_is_sent() {
    let site = site().await;
    let (ada, team) = in_team(&site, "ada", "Rotor").await;
    site.enroll("roof").await;
    let (store, owner) = (site.store().await, Owner::team(team["team"]["team_id"].as_i64().unwrap()));
    for _ in 0..5 {
        session(&store, &owner, "roof").await;
    }
    store.close().await;
    let address = site.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /api/sessions HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\
         Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 10000000\r\n\r\n",
        ada.access
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(std::str::from_utf8(&answer).unwrap(), "HTTP/1.1 429");
}

#[tokio::test]
async fn a_program_that_takes_its_time_is_initializing_and_is_ended_like_any_other() {
    let set = |config: &mut challengectl_server::Config| {
        config.players.registration = WhoRegisters::Open;
        config.players.start_seconds = 0.5;
        config.sessions.default_challenge = Some("shell".to_owned());
    };
    let site = Site::start_with(tempfile::tempdir().unwrap(), set).await;
    let admin = site.browser("admin", Role::Admin).await;
    let process = json!({"program": "/bin/true", "port": {"assigned": 49152}});
    let new = json!({"name": "Shell", "id": "shell", "enabled": true, "spec": {"process": process}});
    assert_eq!(admin.post("/api/instance-challenges", new).await.status, 201);
    // It takes the order, and says nothing of the program.
    let runner = site.enroll("roof").await;
    let ports = json!({"first": 30_000, "last": 30_001});
    let engine = json!({"id": "processes", "kind": "process", "host": "localhost", "ports": ports, "capacity": 10});
    let body = json!({"runner_id": runner.id, "assignments": [], "engines": [engine]});
    assert_eq!(runner.post("register", body).await.status, 200);
    let (ada, _) = in_team(&site, "ada", "Rotor").await;
    let made = ada.post("/api/sessions", json!({})).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let session = &made.body["data"]["session"];
    assert_eq!((&session["status"], &session["port"]), (&json!("initializing"), &json!(null)));
    let path = format!("/api/sessions/{}", session["id"].as_str().unwrap());
    assert_eq!(ada.get(&path).await.body["data"]["session"]["status"], "initializing");
    let _obeys = obey(&runner);
    let ended = ada.delete(&path).await;
    assert_eq!((ended.status, &ended.body["message"]), (200, &json!("Session terminated successfully")));
    assert_eq!(ada.get(&path).await.status, 404);
}

#[tokio::test]
async fn an_admin_lists_all_and_a_heartbeat_takes_any_object() {
    let site = site().await;
    let (ada, made) = in_team(&site, "ada", "Rotor").await;
    site.runner("roof").await;
    let (store, owner) = (site.store().await, Owner::team(made["team"]["team_id"].as_i64().unwrap()));
    let keys = [session(&store, &owner, "roof").await, session(&store, &owner, "roof").await];
    store.close().await;
    let admin = site.browser("admin", Role::Admin).await;
    let ids = async |path: &str| {
        let list = admin.get(path).await.body;
        let all = list["data"]["sessions"].as_array().unwrap().iter();
        all.map(|it| it["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids("/api/sessions?all=true").await, [keys[1].clone(), keys[0].clone()], "the newest first");
    assert!(ids("/api/sessions").await.is_empty(), "of one's own");

    let path = format!("/api/sessions/{}/heartbeat", keys[0]);
    let beat = async |body: &'static str| {
        let request = ada.request(Method::PUT, &path).header("Content-Type", "application/json").body(body);
        let answer = Answer::of(request).await;
        (answer.status, answer.body["code"].as_str().map(str::to_owned))
    };
    assert_eq!(beat(r#"{"active": true}"#).await, (200, None));
    for body in ["{", "[1]"] {
        assert_eq!(beat(body).await, (400, Some("VALIDATION_ERROR".to_owned())), "{body}");
    }
    let nil = ada.get("/api/sessions/00000000-0000-0000-0000-000000000000").await;
    assert_eq!((nil.status, &nil.body["code"]), (404, &json!("NOT_FOUND")));
}

#[test]
fn the_description_names_every_answer_to_a_creation() {
    let document = serde_json::to_value(&documents()["sessions"]).unwrap();
    let answers = document["paths"]["/api/sessions"]["post"]["responses"].as_object().unwrap();
    for status in ["201", "400", "401", "403", "404", "413", "429", "503"] {
        assert!(answers.contains_key(status), "{status}: {:?}", answers.keys());
    }
}
