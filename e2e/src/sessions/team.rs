//! A team at the engine front: starts instances, reads their flags, submits them, and stops them.

use crate::containers::network;
use anyhow::{Context, Result, bail};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The engine front, in the engine's network.
const FRONT: &str = "http://127.0.0.1:5000";
/// Time for one answer: a stop waits for up to 15 s, a start for up to 30.
const ANSWER: Duration = Duration::from_secs(60);
/// Time in which a start has to be over, whatever was killed meanwhile.
const PATIENCE: Duration = Duration::from_secs(900);
/// What is told of a start that has failed.
const FAILED: &str = "the instance could not be started";
const PAUSE: Duration = Duration::from_millis(500);

/// A team.
pub(super) struct Team {
    pub(super) name: String,
    client: Client,
}

/// An instance as its team knows it.
#[derive(Debug, Clone)]
pub(super) struct Instance {
    pub(super) session: String,
    pub(super) challenge: String,
    pub(super) url: String,
    pub(super) flag: String,
}

/// What a team was told.
pub(super) enum Told {
    Runs(Value),
    /// It has as many as it may have.
    Quota,
    /// It could not be started in four tries, each of which was killed.
    Fails,
}

impl Team {
    pub(super) fn new(name: String) -> Result<Self> {
        Ok(Self { name, client: network::client(ANSWER)? })
    }

    /// Starts an instance of a challenge, and asks again as long as the server is away or the instance is starting.
    pub(super) async fn start(&self, challenge: &str) -> Result<Told> {
        let body = json!({"challenge_id": challenge, "user_id": self.name});
        let begin = Instant::now();
        loop {
            match self.request(Method::POST, "/api/challenges", Some(&body)).await {
                Ok((200 | 201, answer)) => return Ok(Told::Runs(answer)),
                Ok((429, _)) => return Ok(Told::Quota),
                Ok((500, answer)) if answer.get("error").is_some_and(|it| it == FAILED) => return Ok(Told::Fails),
                Ok((503, _)) | Err(_) if begin.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
                Ok((status, answer)) => bail!("{} starts {challenge}: {status} {answer}", self.name),
                Err(error) => return Err(error.context("the server stays away")),
            }
        }
    }

    /// Reads the flag of an instance by solving its challenge.
    pub(super) async fn solve(&self, url: &str) -> Result<String> {
        // The name of the host is looked up where there is no resolver.
        let address = url.replace("localhost", "127.0.0.1");
        let page = format!("{address}/cgi-bin/sign?entry=%3Cscript%3Ealert(1)%3C%2Fscript%3E");
        let text = self.client.get(page).timeout(Duration::from_secs(10)).send().await?.text().await?;
        let flag = text.find("flag{").and_then(|begin| text.get(begin..)?.split_inclusive('}').next());
        flag.map(str::to_owned).with_context(|| format!("no flag in {text}"))
    }

    /// Starts an instance, and solves it as soon as it answers. `None`: the team has as many as it may have.
    pub(super) async fn take(&self, challenge: &str) -> Result<Option<Instance>> {
        let begin = Instant::now();
        loop {
            let Told::Runs(answer) = self.start(challenge).await? else { return Ok(None) };
            let text = |field: &str| answer.get(field).and_then(Value::as_str).map(str::to_owned);
            let (session, url) = (text("session_id"), text("access_url"));
            let (session, url) = session.zip(url).with_context(|| answer.to_string())?;
            match self.solve(&url).await {
                Ok(flag) => return Ok(Some(Instance { session, challenge: challenge.to_owned(), url, flag })),
                Err(error) if begin.elapsed() > PATIENCE => {
                    return Err(error.context(format!("{answer} never answers")));
                }
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Submits the flag of an instance; `None` if its session has ended.
    pub(super) async fn submit(&self, instance: &Instance) -> Result<Option<bool>> {
        let body = json!({"flag": instance.flag, "session_id": instance.session});
        match self.insist(Method::POST, "/api/flags", Some(&body)).await? {
            (200, answer) => Ok(answer.get("valid").and_then(Value::as_bool)),
            (404, _) => Ok(None),
            (status, answer) => bail!("{} submits: {status} {answer}", self.name),
        }
    }

    /// Stops an instance. Returns `false` if it had ended.
    pub(super) async fn stop(&self, instance: &Instance) -> Result<bool> {
        self.stop_session(&instance.session).await
    }

    /// Stops a session. Returns `false` if it had ended.
    pub(super) async fn stop_session(&self, session: &str) -> Result<bool> {
        match self.insist(Method::DELETE, &format!("/api/challenges/{session}"), None).await? {
            (200, _) => Ok(true),
            (404, _) => Ok(false),
            (status, answer) => bail!("{} stops: {status} {answer}", self.name),
        }
    }

    /// Returns the sessions of this team.
    pub(super) async fn sessions(&self) -> Result<Vec<Value>> {
        let path = format!("/api/challenges/running?user_id={}", self.name);
        let (_, answer) = self.insist(Method::GET, &path, None).await?;
        Ok(answer.get("sessions").and_then(Value::as_array).with_context(|| answer.to_string())?.clone())
    }

    /// Sends a request again until the server answers.
    async fn insist(&self, method: Method, path: &str, body: Option<&Value>) -> Result<(u16, Value)> {
        let begin = Instant::now();
        loop {
            match self.request(method.clone(), path, body).await {
                Ok((503, _)) | Err(_) if begin.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
                answered => return answered,
            }
        }
    }

    async fn request(&self, method: Method, path: &str, body: Option<&Value>) -> Result<(u16, Value)> {
        let mut request = self.client.request(method, format!("{FRONT}{path}"));
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        Ok((answer.status().as_u16(), answer.json().await?))
    }
}
