//! An operator at the API: creates the first account of a new server, logs in, and makes requests.

use crate::site::Site;
use anyhow::{Context, Result, ensure};
use reqwest::header::{COOKIE, SET_COOKIE};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Time limit, longer than any answer takes.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// A logged-in operator.
pub struct Operator {
    client: reqwest::Client,
    url: String,
    cookies: String,
}

impl Operator {
    /// Creates the first account with the token that the server printed.
    pub async fn set_up(site: &Site) -> Result<Self> {
        Self::at(site.client()?, site.url(), &site.log("server.log")).await
    }

    /// Creates the first account of the server at an address, whose log has the token.
    pub async fn at(client: reqwest::Client, url: &str, log: &str) -> Result<Self> {
        let token = log.split_whitespace().find(|word| word.starts_with("setup_")).context("no setup token")?;
        let body = json!({"setup_token": token, "username": "operator", "password": "a long enough password"});
        let made: Value = client.post(format!("{url}/api/auth/setup")).json(&body).send().await?.json().await?;
        let body = json!({"temp_token": made.get("temp_token"), "totp_code": code(&made)?});
        let verified = client.post(format!("{url}/api/auth/verify-totp")).json(&body).send().await?;
        ensure!(verified.status().is_success(), "{}", verified.text().await?);
        let lines = verified.headers().get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
        let cookies: Vec<&str> = lines.filter_map(|line| line.split(';').next()).collect();
        Ok(Self { cookies: cookies.join("; "), client, url: url.to_owned() })
    }

    /// Returns the cookies of the login, as the header `Cookie` has them.
    pub fn cookies(&self) -> &str {
        &self.cookies
    }

    /// Gets a resource.
    pub async fn get(&self, path: &str) -> Result<Value> {
        let answer = self.client.get(format!("{}{path}", self.url)).header(COOKIE, &self.cookies).send().await?;
        ensure!(answer.status().is_success(), "{path}: {}", answer.text().await?);
        Ok(answer.json().await?)
    }

    /// Sends a POST without a body.
    pub async fn post(&self, path: &str) -> Result<()> {
        let request = self.client.post(format!("{}{path}", self.url)).header(COOKIE, &self.cookies);
        let answer = request.send().await?;
        ensure!(answer.status().is_success(), "{path}: {}", answer.text().await?);
        Ok(())
    }

    /// Sends a POST without a body; returns the status and the text of any answer.
    pub async fn attempt(&self, path: &str) -> Result<(u16, String)> {
        let request = self.client.post(format!("{}{path}", self.url)).header(COOKIE, &self.cookies);
        let answer = request.timeout(ANSWER_TIMEOUT).send().await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    }

    /// Sends a POST; returns the answer.
    pub async fn send(&self, path: &str, body: &Value) -> Result<Value> {
        let request = self.client.post(format!("{}{path}", self.url)).header(COOKIE, &self.cookies);
        let answer = request.json(body).send().await?;
        ensure!(answer.status().is_success(), "{path}: {}", answer.text().await?);
        Ok(answer.json().await?)
    }
}

fn code(made: &Value) -> Result<String> {
    let secret = made.get("totp_secret").and_then(Value::as_str).with_context(|| made.to_string())?;
    let secret = totp_rs::Secret::try_from_base32(secret).map_err(|_| anyhow::anyhow!("no base32: {secret}"))?;
    let totp = totp_rs::Builder::new().with_secret(secret).build()?;
    Ok(totp.generate(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs()).to_string())
}
