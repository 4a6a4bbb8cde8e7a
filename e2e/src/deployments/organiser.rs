//! A Master who creates, deploys, changes, stops and deletes challenges all the time, whatever is killed meanwhile.

use crate::containers::network;
use anyhow::{Context, Result, ensure};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Time for an answer: less than a server that is killed is away.
const LIMIT: Duration = Duration::from_secs(10);
/// The longest pause between two requests.
const PAUSE: Duration = Duration::from_millis(1500);

/// Where the organiser is, and what it works with.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The base of the front.
    pub(super) url: String,
    pub(super) names: Vec<String>,
    pub(super) image: &'static str,
    pub(super) port: u16,
    pub(super) seed: u64,
}

/// What the organiser did, and how often there was no answer.
pub(super) type Done = BTreeMap<&'static str, u32>;

/// An act of the organiser.
#[derive(Debug, Clone, Copy)]
enum Act {
    Deploy { force: bool },
    Stop { remove: bool },
    Resize { teams: u32 },
    Delete,
}

struct Organiser {
    client: Client,
    token: String,
    place: Place,
    random: StdRng,
}

/// Works until `ends`. Fails at an answer that the front does not give: one of a server that is broken.
pub(super) async fn work(place: Place, ends: &AtomicBool) -> Result<Done> {
    let random = StdRng::seed_from_u64(place.seed);
    let mut it = Organiser { client: network::client(LIMIT)?, token: String::new(), place, random };
    let mut done = Done::new();
    while !ends.load(Ordering::Relaxed) {
        let what = it.act().await?.unwrap_or("unanswered");
        *done.entry(what).or_default() += 1;
        let pause = it.random.random_range(Duration::ZERO..PAUSE);
        tokio::time::sleep(pause).await;
    }
    Ok(done)
}

impl Organiser {
    /// Does something with one of the challenges. Returns what, or `None` without an answer.
    async fn act(&mut self) -> Result<Option<&'static str>> {
        if self.token.is_empty() && !self.log_in().await? {
            return Ok(None);
        }
        let Some(name) = self.place.names.choose(&mut self.random).cloned() else { return Ok(None) };
        let Some(listed) = self.send(Method::GET, "/challenges/?limit=1000", None).await? else { return Ok(None) };
        let all = listed["challenges"].as_array().context("no challenges")?;
        let Some(id) = all.iter().find(|it| it["name"] == *name).and_then(|it| it["id"].as_str()) else {
            return Ok(self.create(&name).await?.map(|_| "create"));
        };
        let path = format!("/challenges/{id}");
        let act = match self.random.random_range(0..10) {
            0..5 => Act::Deploy { force: self.random.random_range(0..3) == 0 },
            5..7 => Act::Stop { remove: self.random.random_range(0..2) == 0 },
            7..9 => Act::Resize { teams: self.random.random_range(1..6) },
            _ => Act::Delete,
        };
        let (what, method, path, body) = act.request(path);
        Ok(self.send(method, &path, body.as_ref()).await?.map(|_| what))
    }

    async fn log_in(&mut self) -> Result<bool> {
        let account = json!({"username": "master_admin", "password": "AdminPass123"});
        let Some(tokens) = self.send(Method::POST, "/auth/login", Some(&account)).await? else { return Ok(false) };
        self.token = tokens["access_token"].as_str().unwrap_or_default().to_owned();
        Ok(!self.token.is_empty())
    }

    async fn create(&mut self, name: &str) -> Result<Option<Value>> {
        let challenge = json!({
            "name": name, "description": "Comes and goes.", "total_teams": 4,
            "config": {
                "challenge_type": "web", "image": self.place.image, "ports": [self.place.port],
                "resources": {"requests": {"cpu": "5m", "memory": "8Mi"}, "limits": {"cpu": "200m", "memory": "64Mi"}},
            },
        });
        self.send(Method::POST, "/challenges/", Some(&challenge)).await
    }

    /// Sends a request. Returns `None` without an answer.
    async fn send(&mut self, method: Method, path: &str, body: Option<&Value>) -> Result<Option<Value>> {
        let (what, url) = (format!("{method} {path}"), format!("{}{path}", self.place.url));
        let request = self.client.request(method, url).bearer_auth(&self.token);
        let request = if let Some(body) = body { request.json(body) } else { request };
        let Ok(answer) = request.send().await else { return Ok(None) };
        let status = answer.status().as_u16();
        let Ok(text) = answer.text().await else { return Ok(None) };
        if status == 401 {
            // It is 15 minutes old.
            self.token.clear();
            return Ok(None);
        }
        // What an answer that was lost has done already may be refused.
        ensure!(matches!(status, 200..300 | 400 | 404), "{what} {body:?}: {status} {text}");
        Ok(Some(serde_json::from_str(&text).unwrap_or_default()))
    }
}

impl Act {
    fn request(self, path: String) -> (&'static str, Method, String, Option<Value>) {
        match self {
            Self::Deploy { force } => {
                let what = if force { "redeploy" } else { "deploy" };
                (what, Method::POST, format!("{path}/deploy"), Some(json!({"force_redeploy": force})))
            }
            Self::Stop { remove } => {
                let what = if remove { "stop and remove" } else { "stop" };
                (what, Method::POST, format!("{path}/stop"), Some(json!({"remove_instances": remove})))
            }
            Self::Resize { teams } => ("resize", Method::PUT, path, Some(json!({"total_teams": teams}))),
            Self::Delete => ("delete", Method::DELETE, path, None),
        }
    }
}
