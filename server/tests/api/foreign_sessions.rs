//! What anybody can do to the session of a team, by every route of every front: nothing, but what its members and
//! operators are there for.

use crate::obedient::obey;
use crate::site::{ANY_PORT, Player, Site};
use challengectl_coordinator::Role;
use challengectl_coordinator::session::Owner;
use challengectl_coordinator::store::{Store, commit};
use challengectl_server::config::WhoRegisters;
use challengectl_server::http::documents;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use sqlx::Row;
use std::collections::BTreeSet;

/// Routes that act on the session of the challenge, or on the one that is named, for those who may.
const OF_MEMBERS: [&str; 3] = [
    "DELETE /api/challenges/{session_id}",
    "DELETE /api/play/challenges/{challenge_id}/instance",
    "POST /api/play/challenges/{challenge_id}/instance/extend",
];
const OF_OPERATORS: [&str; 1] = ["DELETE /api/instances/{instance_id}"];

/// A server with a team that has a session, and with everybody else.
struct Scene {
    site: Site,
    store: Store,
    front: String,
    pacstar: String,
    /// The team's session: its number, and its key on the engine front.
    session: (i64, String),
    owner: Owner,
}

impl Scene {
    async fn new() -> Self {
        let set = |config: &mut challengectl_server::Config| {
            config.players.registration = WhoRegisters::Open;
            (config.engine.listen, config.pacstar.listen) = (Some(ANY_PORT), Some(ANY_PORT));
        };
        let site = Site::start_with(tempfile::tempdir().unwrap(), set).await;
        let (store, front, pacstar) = (site.store().await, site.engine.clone(), site.pacstar.clone());
        Self { site, store, front, pacstar, session: (0, String::new()), owner: Owner::team(0) }
    }

    /// Gives the team a session, if it has none.
    async fn renew(&mut self) {
        if self.row().await.is_none_or(|row| row.state != "running") {
            let key = self.site.session(&self.owner, "roof").await;
            let mut connection = self.store.read().await.unwrap();
            let id = sqlx::query_scalar("SELECT max(id) FROM sessions").fetch_one(&mut *connection).await;
            self.session = (id.unwrap(), key);
            drop(connection);
            // Who asks for one that starts waits for it.
            let mut transaction = self.store.write().await.unwrap();
            let runs = sqlx::query("UPDATE sessions SET state = 'running', running_at = requested_at WHERE id = $1");
            runs.bind(self.session.0).execute(&mut *transaction).await.unwrap();
            commit(transaction).await.unwrap();
        }
    }

    async fn row(&self) -> Option<Look> {
        let query = "SELECT state, owner, fence, reap_at, solved_at, outcome, container_id FROM sessions WHERE id = $1";
        let query = sqlx::query(query).bind(self.session.0);
        let found = query.fetch_optional(&mut *self.store.read().await.unwrap()).await;
        found.unwrap().map(|row| Look {
            state: row.get("state"),
            rest: (row.get("owner"), row.get("fence"), row.get("reap_at"), row.get("solved_at"), row.get("outcome")),
            container_id: row.get("container_id"),
        })
    }

    /// Returns a request with everything in it that could concern the session.
    fn request(&self, front: &str, method: &str, path: &str) -> RequestBuilder {
        let (id, key) = &self.session;
        let path = path.replace("{session_id}", key).replace("{instance_id}", &id.to_string());
        // Deleting the challenge itself ends its sessions, as it should.
        let is_deletion = method == "DELETE" && path.starts_with("/api/v1/");
        let path = path
            .replace("{challenge_id}", if is_deletion { "999" } else { "1" })
            .replace("{runner_id}", "cellar")
            .replace("{name}", "nothing");
        let path =
            path.replace("{personal_token_id}", "999").replace("{team_id}", "999").replace("{key_id}", "nothing");
        let path = path.replace("{player}", "nobody").replace("{username}", "nobody").replace("{token_id}", "nothing");
        let url = format!("{front}{}", path.replace("{digest}", &"0".repeat(64)));
        let method: Method = method.parse().unwrap();
        let request = Client::new().request(method.clone(), url);
        if method == Method::GET {
            return request;
        }
        request.json(&self.body(&path))
    }

    fn body(&self, path: &str) -> Value {
        let (id, key) = &self.session;
        if path.ends_with("/instances") {
            let report = json!({"session_id": id, "fence": 1, "state": "failed", "reason": "not mine"});
            return json!({"reports": [report]});
        }
        let flag = json!({"session_id": key, "flag": "flag{0}"});
        match path {
            "/api/flags" => flag,
            "/api/flags/batch" => json!({"submissions": [flag]}),
            "/api/challenges" => json!({"challenge_id": "web-basic-xss"}),
            "/api/v1/nuke" => json!({"container": key}),
            "/api/v1/challenges/attempt" => json!({"challenge_id": 1, "submission": "flag{0}"}),
            _ if path.ends_with("/flag") => json!({"flag": "flag{0}"}),
            _ => json!({"nonsense": true}),
        }
    }
}

/// What is looked at before and after.
#[derive(Debug, PartialEq)]
struct Look {
    state: String,
    rest: (String, i64, i64, Option<i64>, Option<String>),
    container_id: Option<String>,
}

/// How somebody proves who they are.
enum Proof {
    None,
    Bearer(String),
    Cookie(String),
    Key(String),
}

impl Proof {
    fn on(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::None => request,
            Self::Bearer(token) => request.bearer_auth(token),
            Self::Cookie(login) => request.header("Cookie", format!("session={login}")),
            Self::Key(key) => request.header("X-API-Key", key),
        }
    }
}

async fn in_team<'a>(site: &'a Site, name: &str, team: &str) -> (Player<'a>, Value) {
    let player = site.player(name).await;
    let made = player.post("/api/play/team", json!({"name": team})).await;
    assert_eq!(made.status, 201);
    (player, made.body)
}

/// Everybody, with the routes by which they may end the session.
async fn everybody(scene: &mut Scene) -> Vec<(&'static str, Proof, BTreeSet<&'static str>)> {
    let site = &scene.site;
    let (ada, made) = in_team(site, "ada", "Rotor").await;
    let mate = site.player("mate").await;
    let join = mate.post("/api/play/team/join", json!({"join_code": made["join_code"]})).await;
    assert_eq!(join.status, 200, "{}", join.body);
    let (eve, _) = in_team(site, "eve", "Stator").await;
    let (banned, _) = in_team(site, "banned", "Brush").await;
    let admin = site.browser("admin", Role::Admin).await;
    assert_eq!(admin.put("/api/players/banned", json!({"banned": true})).await.status, 200);
    obey(&site.runner("roof").await);
    let cellar = site.runner("cellar").await;
    let cookie = |role| async move { Proof::Cookie(site.browser(&format!("{role}"), role).await.login) };
    let (members, operators) = (BTreeSet::from(OF_MEMBERS), BTreeSet::from(OF_OPERATORS));
    let none = BTreeSet::new;
    let all = vec![
        ("nobody", Proof::None, none()),
        ("a player of another team", Proof::Bearer(eve.access), none()),
        ("an excluded player", Proof::Bearer(banned.access), none()),
        ("another runner", Proof::Key(cellar.key), none()),
        ("a viewer", cookie(Role::Viewer).await, none()),
        ("a login made for a player", cookie(Role::Player).await, none()),
        ("an operator", cookie(Role::Operator).await, operators.clone()),
        ("an admin", Proof::Cookie(admin.login), operators),
        ("a team mate", Proof::Bearer(mate.access), members.clone()),
        ("its owner", Proof::Bearer(ada.access), members),
    ];
    scene.owner = Owner::team(made["team"]["team_id"].as_i64().unwrap());
    all
}

/// Every route of every front, with its front's address.
fn routes(scene: &Scene) -> Vec<(String, String, String)> {
    let mut all = Vec::new();
    for (name, document) in documents() {
        let front = match name {
            "engine" => &scene.front,
            "pacstar" => &scene.pacstar,
            _ => &scene.site.url,
        };
        let document = serde_json::to_value(document).unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            for method in item.as_object().unwrap().keys() {
                all.push((front.clone(), method.to_uppercase(), path.clone()));
            }
        }
    }
    // Ends the server.
    all.retain(|(_, _, path)| path != "/api/control/stop");
    // Ends the login of who asks.
    all.sort_by_key(|(_, _, path)| path.ends_with("/logout") || path.ends_with("/team/leave"));
    all
}

#[tokio::test]
async fn nobody_can_do_anything_to_the_session_of_another_team() {
    let mut scene = Scene::new().await;
    let everybody = everybody(&mut scene).await;
    let routes = routes(&scene);
    assert!(routes.len() > 100 && routes.iter().any(|(front, ..)| *front == scene.front), "{}", routes.len());
    for (who, proof, may) in &everybody {
        let mut ended = BTreeSet::new();
        for (front, method, path) in &routes {
            scene.renew().await;
            let before = scene.row().await;
            let response = proof.on(scene.request(front, method, path)).send().await.unwrap();
            let (status, answer) = (response.status().as_u16(), response.text().await.unwrap());
            // No engine has said which images it has; the document has no other status for that.
            let is_documented = status == 503 || path == "/api/v1/docker";
            assert!(status < 500 || is_documented, "{method} {path} by {who}: {status} {answer}");
            let route = format!("{method} {path}");
            let is_own = may.len() == OF_MEMBERS.len();
            assert!(is_own || !answer.contains(&scene.session.1), "{route} tells {who} the key: {answer}");
            if scene.row().await != before {
                ended.insert(route);
            }
        }
        let ended: BTreeSet<&str> = ended.iter().map(String::as_str).collect();
        assert_eq!(ended, *may, "what {who} has changed");
    }
}
