//! An event whose challenges are deployed for all teams, over the front for that.
#![expect(clippy::indexing_slicing, reason = "a field that is missing is none of those that are expected")]

use super::Place;
use crate::site::wait_until;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::Duration;

/// Time for what takes some seconds at a cluster that does nothing else.
pub const SOON: Duration = Duration::from_secs(300);

/// A site with a Master.
pub struct Event {
    pub place: Place,
    token: String,
}

impl Event {
    /// Starts a server and a runner, and registers the Master.
    pub fn start() -> Result<Self> {
        let mut place = Place::prepare()?;
        place.deploys();
        let access = place.cluster().access();
        place.begin(&access)?;
        Self::of(place)
    }

    /// Registers the Master of a server that runs.
    pub fn of(place: Place) -> Result<Self> {
        let account = json!({
            "username": "master_admin", "email": "admin@pacstar.com", "password": "AdminPass123", "zone": "master_zone",
        });
        let made = place.deployments("", "POST", "/auth/register", Some(&account))?;
        ensure!(made.0 == 201, "{}", made.1);
        let mut event = Self { place, token: String::new() };
        event.log_in()?;
        Ok(event)
    }

    /// Takes an access token, which is valid for 15 minutes.
    pub fn log_in(&mut self) -> Result<()> {
        let account = json!({"username": "master_admin", "password": "AdminPass123"});
        let (_, tokens) = self.place.deployments("", "POST", "/auth/login", Some(&account))?;
        self.token = tokens["access_token"].as_str().with_context(|| tokens.to_string())?.to_owned();
        Ok(())
    }

    /// Sends a request of the Master, which has to succeed.
    pub fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let (status, answer) = self.place.deployments(&self.token, method, path, body)?;
        ensure!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        Ok(answer)
    }

    /// Returns a request of the Master as it is sent.
    pub fn request(&self, method: &str, path: &str, body: &Value) -> String {
        let body = body.to_string();
        format!(
            "{method} /api/v1{path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            self.place.deployments_address(),
            self.token,
            body.len(),
        )
    }

    /// Returns the name of a challenge that no other test has: tests share a cluster, and namespaces have these names.
    pub fn name(&self) -> String {
        format!("guest-book-{}", self.place.installation())
    }

    /// Creates a challenge, and returns its path.
    pub fn create(&self, name: &str, image: &str, port: u16, teams: usize) -> Result<String> {
        let challenge = json!({
            "name": name, "description": "A guest book for each team.", "total_teams": teams,
            "config": {
                "challenge_type": "web", "image": image, "ports": [port], "environment_vars": {"FLAG": "CTF{guests}"},
                "resources": {"requests": {"cpu": "5m", "memory": "8Mi"}, "limits": {"cpu": "200m", "memory": "64Mi"}},
                "health_check_path": "/",
            },
        });
        let made = self.send("POST", "/challenges/", Some(&challenge))?;
        Ok(format!("/challenges/{}", made["id"].as_str().context("no id")?))
    }

    /// Deploys a challenge.
    pub fn deploy(&self, path: &str) -> Result<Value> {
        self.send("POST", &format!("{path}/deploy"), Some(&json!({"force_redeploy": false})))
    }

    /// Waits until a challenge is so, and returns it.
    pub fn becomes(&self, path: &str, status: &str) -> Result<Value> {
        self.becomes_within(SOON, path, status)
    }

    /// Waits for so long until a challenge is so, and returns it.
    pub fn becomes_within(&self, limit: Duration, path: &str, status: &str) -> Result<Value> {
        let mut seen = Value::Null;
        wait_until(&format!("it is {status}"), limit, || {
            seen = self.send("GET", path, None)?;
            Ok(seen["status"] == status)
        })
        .with_context(|| format!("{seen}\n{}", self.place.log("runner.log")))?;
        Ok(seen)
    }

    /// Loads the page of a team where it is told to look.
    pub fn page(&self, path: &str, team: usize) -> Result<String> {
        let access = self.send("GET", &format!("{path}/teams/team-{team:03}/access"), None)?;
        self.place.page(access["access_url"].as_str().with_context(|| access.to_string())?)
    }

    /// Returns whether the cluster has nothing of this event.
    pub fn is_empty(&self) -> Result<bool> {
        let of_event = self.place.selector();
        let namespaces = self.place.cluster().kubectl(&["get", "namespaces", "-l", &of_event, "-o", "name"])?;
        Ok(self.place.objects()?.is_empty() && namespaces.trim().is_empty())
    }

    /// Waits until nothing is left in the cluster, and no address is leased.
    pub fn ends(&self, limit: Duration) -> Result<()> {
        let is_over = || Ok(self.place.leased()? == 0 && self.is_empty()?);
        wait_until("nothing is left", limit, is_over)
            .with_context(|| format!("{:?}\n{}", self.place.objects(), self.place.log("runner.log")))
    }
}
