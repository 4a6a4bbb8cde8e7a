//! The Docker front, with a runner that follows the protocol without an engine. `e2e/tests/docker_front.rs` has engines.

mod admission;
mod challenges;
mod containers;
mod ctfcli;
mod fuzzing;
mod pages;
mod secrets;
mod solving;
mod transfer;

use crate::obedient::obey;
use crate::site::{Answer, Browser, Player, Runner, Site};
use challengectl_coordinator::Role;
use challengectl_server::Config;
use challengectl_server::config::{PlayMode, WhoRegisters};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// A server where everybody plays for themselves.
pub async fn site() -> Site {
    with(|_| ()).await
}

/// The same, with other settings.
pub async fn with(set: impl FnOnce(&mut Config)) -> Site {
    let settings = |config: &mut Config| {
        config.players.registration = WhoRegisters::Open;
        config.players.mode = PlayMode::Users;
        set(config);
    };
    Site::start_with(tempfile::tempdir().unwrap(), settings).await
}

/// Somebody with a token, as `ctfcli` sends it.
pub struct Holder<'a> {
    pub site: &'a Site,
    pub token: String,
}

impl Holder<'_> {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.site.request(method, path).header("Authorization", format!("Token {}", self.token))
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::PATCH, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path)).await
    }

    /// Sends a form, as CTFd's pages do.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.request(Method::POST, path).header("Content-Type", "application/x-www-form-urlencoded");
        Answer::of(request.body(body)).await
    }

    /// Sends a form in parts: name, file name if it is one, and content.
    pub async fn parts(&self, path: &str, parts: &[(&str, Option<&str>, &str)]) -> Answer {
        let part = |(name, file, content): &(&str, Option<&str>, &str)| {
            let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
            format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n")
        };
        let body = parts.iter().map(part).collect::<String>() + "--x--\r\n";
        let request = self.request(Method::POST, path).header("Content-Type", "multipart/form-data; boundary=x");
        Answer::of(request.body(body)).await
    }

    /// Creates a challenge. Returns its number.
    pub async fn challenge(&self, fields: Value) -> i64 {
        let mut body = json!({
            "name": "Web Challenge", "category": "web", "description": "Find the flag", "value": 100, "type": "docker",
            "docker_image": "nginx:alpine", "exposed_ports": "80/tcp"
        });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let made = self.post("/api/v1/challenges", body).await;
        assert_eq!(made.status, 200, "{}", made.body);
        made.body["data"]["id"].as_i64().unwrap()
    }
}

/// Returns an admin with a token that the API has made.
pub async fn admin(site: &Site) -> Holder<'_> {
    let browser = site.browser("admin", Role::Admin).await;
    let made = browser.post("/api/v1/tokens", json!({"description": "ctfcli", "expiration": null})).await;
    assert_eq!(made.status, 200, "{}", made.body);
    Holder { site, token: made.body["data"]["value"].as_str().unwrap().to_owned() }
}

/// Returns a player with the access token of a login.
pub async fn player<'a>(site: &'a Site, name: &str) -> Holder<'a> {
    let Player { access, .. } = site.player(name).await;
    Holder { site, token: access }
}

/// Returns an error of this front.
pub fn error(answer: &Answer) -> (u16, &str) {
    assert_eq!(answer.body["success"], false, "{}", answer.body);
    (answer.status, answer.body["error"].as_str().unwrap())
}

/// Returns what was asked for.
pub fn data(answer: &Answer) -> &Value {
    assert_eq!((answer.status, &answer.body["success"]), (200, &json!(true)), "{}", answer.body);
    &answer.body["data"]
}

/// A runner with an engine of these images, which says that all runs that is ordered. It ends with the runtime of the test.
pub async fn engine<'a>(site: &'a Site, images: Value, swarm: bool) -> (Runner<'a>, JoinHandle<()>) {
    let runner = site.enroll("roof").await;
    let engine = json!({
        "id": "docker", "kind": "docker", "host": "docker.example.com", "ports": {"first": 30_000, "last": 60_000},
        "capacity": 10
    });
    let body = json!({"runner_id": runner.id, "assignments": [], "engines": [engine]});
    let answer = runner.post("register", body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let inventory = json!({"engine_id": "docker", "swarm": swarm, "images": images});
    assert_eq!(runner.post("inventory", inventory).await.status, 200);
    let obeys = obey(&runner);
    (runner, obeys)
}

/// Lets all sessions look as old as this, as if the clock had moved.
pub async fn age(site: &Site, seconds: i64) {
    let store = site.store().await;
    let mut transaction = store.write().await.unwrap();
    let query =
        "UPDATE sessions SET running_at = running_at - $1, requested_at = requested_at - $1, reap_at = reap_at - $1";
    sqlx::query(query).bind(seconds * 1000).execute(&mut *transaction).await.unwrap();
    challengectl_coordinator::store::commit(transaction).await.unwrap();
    store.close().await;
}

/// Returns a browser of an admin.
pub async fn browser(site: &Site) -> Browser<'_> {
    site.browser("admin", Role::Admin).await
}
