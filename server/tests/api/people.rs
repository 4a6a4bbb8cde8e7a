//! Logins by password and TOTP code.

use crate::site::{Answer, Browser, Site};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};
use totp_rs::{Builder, Secret};

pub const PASSWORD: &str = "correct horse battery";

/// The app that generates the codes.
pub struct Authenticator(totp_rs::Totp);

impl Authenticator {
    /// Reads the secret from the answer to a request.
    pub fn of(answer: &Value) -> Self {
        let secret = Secret::try_from_base32(answer["totp_secret"].as_str().unwrap()).unwrap();
        Self(Builder::new().with_secret(secret).build().unwrap())
    }

    /// Returns the code of this time step. Each code is valid once; that of the next step is accepted too.
    pub fn code(&self) -> String {
        self.0.generate(seconds()).to_string()
    }

    /// Returns the code of the next time step.
    pub fn next_code(&self) -> String {
        self.0.generate(seconds() + 30).to_string()
    }

    pub fn wrong_code(&self) -> String {
        let near = [0, 30, 60, 90].map(|later| self.0.generate(seconds() + later - 30).to_string());
        ["000000", "111111", "222222", "333333", "444444"]
            .into_iter()
            .find(|code| !near.contains(&(*code).to_owned()))
            .unwrap()
            .to_owned()
    }
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Creates the first account, `alice`, confirmed with the code of this time step.
pub async fn set_up(site: &Site) -> (Authenticator, Response) {
    let body = json!({"setup_token": site.setup_token, "username": "alice", "password": PASSWORD});
    let made = site.post("/api/auth/setup", body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let authenticator = Authenticator::of(&made.body);
    let response = verify(site, &made.body["temp_token"], &authenticator.code()).await;
    assert_eq!(response.status(), 200);
    (authenticator, response)
}

pub async fn log_in(site: &Site, name: &str, password: &str) -> Answer {
    site.post("/api/auth/login", json!({"username": name, "password": password})).await
}

pub async fn verify(site: &Site, temp_token: &Value, code: &str) -> Response {
    let body = json!({"temp_token": temp_token, "totp_code": code});
    site.request(Method::POST, "/api/auth/verify-totp").json(&body).send().await.unwrap()
}

/// Logs in by password and code; returns the answer to the code.
pub async fn enter(site: &Site, name: &str, password: &str, code: &str) -> Answer {
    let login = log_in(site, name, password).await;
    assert_eq!(login.status, 200, "{}", login.body);
    Answer::read(verify(site, &login.body["temp_token"], code).await).await
}

/// Returns the value of a cookie that a response sets, and its whole line.
pub fn cookie(response: &Response, name: &str) -> (String, String) {
    let lines = response.headers().get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
    let line = lines.into_iter().find(|line| line.starts_with(&format!("{name}="))).unwrap();
    let value = line.split([';', '=']).nth(1).unwrap();
    (value.to_owned(), line.to_owned())
}

/// Returns a browser with the cookies of this response.
pub fn browser<'a>(site: &'a Site, response: &Response) -> Browser<'a> {
    Browser { site, login: cookie(response, "session").0 }
}
