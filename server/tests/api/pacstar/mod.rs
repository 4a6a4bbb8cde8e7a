//! The pacstar front, with a runner that reports what a cluster would. `e2e` has a cluster.

mod accounts;
mod admission;
mod authoring;
mod deploying;
mod document;
mod faults;
mod flags;
mod images;
mod logins;
mod operators;
mod roles;
mod rollout;

use crate::obedient::obey;
use crate::site::{ANY_PORT, Answer, Runner, Site};
use challengectl_server::Config;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::task::JoinHandle;

/// The password of everybody here.
pub const PASSWORD: &str = "AdminPass123";

/// A server with the front on a free port.
pub struct Front {
    pub site: Site,
    pub url: String,
}

impl Front {
    pub async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    pub async fn start_with(set: impl FnOnce(&mut Config)) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), set).await
    }

    pub async fn start_in(folder: tempfile::TempDir, set: impl FnOnce(&mut Config)) -> Self {
        let site = Site::start_with(folder, |config| {
            config.pacstar.listen = Some(ANY_PORT);
            set(config);
        })
        .await;
        let url = site.pacstar.clone();
        Self { site, url }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.site.client.request(method, format!("{}{path}", self.url))
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    /// Registers somebody, and logs in.
    pub async fn person(&self, name: &str) -> Person<'_> {
        let body = json!({
            "username": name, "email": format!("{name}@example.com"), "password": PASSWORD, "zone": "zone1"
        });
        let made = self.post("/api/v1/auth/register", body).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let mut person = self.log_in(name).await;
        person.id = text(&made.body["id"]);
        person
    }

    pub async fn log_in(&self, name: &str) -> Person<'_> {
        let login = self.post("/api/v1/auth/login", json!({"username": name, "password": PASSWORD})).await;
        assert_eq!(login.status, 200, "{}", login.body);
        let (token, refresh) = (text(&login.body["access_token"]), text(&login.body["refresh_token"]));
        Person { front: self, id: String::new(), token, refresh }
    }

    /// The first Master.
    pub async fn master(&self) -> Person<'_> {
        self.person("master_admin").await
    }

    /// Adds a runner with a cluster, which does what it is ordered.
    pub async fn cluster(&self) -> (Runner<'_>, JoinHandle<()>) {
        let runner = self.runner().await;
        let obeys = obey(&runner);
        (runner, obeys)
    }

    /// Adds a runner with a cluster, which does nothing yet.
    pub async fn runner(&self) -> Runner<'_> {
        let runner = self.site.enroll("cluster").await;
        let engine = json!({
            "id": "k8s", "kind": "kubernetes", "host": "cluster.example.com", "ports": {"first": 1, "last": 65_535},
            "capacity": 1000
        });
        let body = json!({"runner_id": runner.id, "assignments": [], "engines": [engine]});
        let answer = runner.post("register", body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        runner
    }
}

/// Somebody with the tokens of a login.
pub struct Person<'a> {
    pub front: &'a Front,
    pub id: String,
    pub token: String,
    pub refresh: String,
}

impl Person<'_> {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.front.request(method, path).bearer_auth(&self.token)
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::PUT, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> u16 {
        self.request(Method::DELETE, path).send().await.unwrap().status().as_u16()
    }

    /// Creates a challenge. Returns its path.
    pub async fn challenge(&self, name: &str, image: &str, teams: u32) -> String {
        let made = self.post("/api/v1/challenges/", challenge(name, image, teams)).await;
        assert_eq!(made.status, 201, "{}", made.body);
        format!("/api/v1/challenges/{}", text(&made.body["id"]))
    }

    pub async fn deploy(&self, path: &str) -> Value {
        self.deploy_with(path, false).await
    }

    pub async fn deploy_with(&self, path: &str, force: bool) -> Value {
        let answer = self.post(&format!("{path}/deploy"), json!({"force_redeploy": force})).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    pub async fn stop(&self, path: &str, remove: bool) -> Value {
        let answer = self.post(&format!("{path}/stop"), json!({"remove_instances": remove})).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    /// Waits until a challenge is as it should be, and returns it.
    pub async fn until(&self, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        for _ in 0..600 {
            last = self.get(path).await.body;
            if is_so(&last) {
                return last;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{path} did not become as expected: {last}");
    }

    pub async fn until_status(&self, path: &str, status: &str) -> Value {
        self.until(path, |it| it["status"] == status).await
    }
}

/// The body of a new challenge.
pub fn challenge(name: &str, image: &str, teams: u32) -> Value {
    json!({
        "name": name, "description": "A challenge for all teams",
        "config": {"challenge_type": "web", "image": image, "ports": [80], "environment_vars": {"FLAG": "CTF{secret_of_all}"}},
        "total_teams": teams, "is_active": true
    })
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// A field of each instance.
pub fn each(challenge: &Value, field: &str) -> Vec<String> {
    let instances = challenge["instances"].as_array().unwrap();
    instances.iter().map(|instance| instance[field].as_str().unwrap_or_default().to_owned()).collect()
}

pub fn refused(answer: &Answer, status: u16, word: &str) {
    assert_eq!(answer.status, status, "{}", answer.body);
    let detail = answer.body["detail"].as_str().unwrap_or_default();
    assert!(detail.contains(word), "{:?} is not in {}", word, answer.body);
    assert!(!answer.body.to_string().contains("secret_of_all"), "{}", answer.body);
}
