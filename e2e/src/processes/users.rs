//! The users of the sessions API, each by a name in the header.

use super::{Answer, answer, text};
use crate::site::Site;
use anyhow::{Context, Result, ensure};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::time::Duration;

/// Longer than any answer takes.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// All users.
pub(super) struct Users {
    client: reqwest::Client,
    url: String,
}

impl Users {
    /// Those of a site whose server has been started; its address stays.
    pub(super) fn new(site: &Site) -> Result<Self> {
        Ok(Self { client: site.client()?, url: site.url().to_owned() })
    }

    pub(super) fn request(&self, user: &str, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.url);
        self.client.request(method, url).header("x-user-id", user).timeout(ANSWER_TIMEOUT)
    }

    /// Sends a request of a user without a body.
    pub(super) async fn ask(&self, user: &str, method: Method, path: &str) -> Result<Answer> {
        answer(self.request(user, method, path)).await
    }

    /// Starts a session, which has to be ready. Returns its id.
    pub(super) async fn open(&self, user: &str) -> Result<String> {
        let made = self.ask(user, Method::POST, "/api/sessions").await?;
        ensure!(made.status == 201, "{made:?}");
        let session = made.session();
        ensure!(session.get("status") == Some(&json!("ready")), "{made:?}");
        Ok(session.get("id").and_then(Value::as_str).context("no id")?.to_owned())
    }

    /// Runs a command in a session of a user. Returns its standard output, and then its standard error.
    pub(super) async fn run(&self, user: &str, id: &str, command: &str) -> Result<String> {
        let path = format!("/api/sessions/{id}/proxy/run");
        let ran = answer(self.request(user, Method::POST, &path).body(command.to_owned())).await?;
        ensure!(ran.status == 200, "{command}: {ran:?}");
        let part = |name: &str| text(ran.body.get(name)).to_owned();
        Ok(part("output") + &part("errors"))
    }
}
