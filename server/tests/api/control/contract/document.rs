//! The requests of the API's main document, word for word, one after another. Only its placeholders are filled in:
//! keys, cookies, tokens, digests and codes. Each answer has the fields of the document's example, with values of the
//! same type.

use crate::control::uploads::form;
use crate::people::{Authenticator, PASSWORD, cookie};
use crate::site::{Answer, Site, write_wav};
use challengectl_coordinator::Role;
use reqwest::Method;
use serde_json::{Value, json};

/// The examples of the document: a request, `--- answered`, and the answer.
const EXAMPLES: &str = include_str!("document.txt");

const EVENT: &str = "challenges:
  - {name: NBFM_FLAG_1, modulation: nbfm, frequency: 146550000, file: voice.wav}
";

struct Example<'a> {
    method: Method,
    path: &'a str,
    headers: Vec<(&'a str, &'a str)>,
    body: &'a str,
    answer: Option<Value>,
}

fn examples() -> Vec<Example<'static>> {
    EXAMPLES.split("=====\n").filter(|text| !text.is_empty()).map(example).collect()
}

fn example(text: &'static str) -> Example<'static> {
    let (request, answer) = text.split_once("--- answered\n").map_or((text, None), |(a, b)| (a, Some(b)));
    let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
    let mut lines = head.lines();
    let mut first = lines.next().unwrap().split(' ');
    Example {
        method: first.next().unwrap().parse().unwrap(),
        path: first.next().unwrap(),
        headers: lines.map(|line| line.split_once(": ").unwrap()).collect(),
        body: body.trim(),
        answer: answer.map(|text| serde_json::from_str(text).unwrap()),
    }
}

/// The values for the document's placeholders.
struct Walk<'a> {
    site: &'a Site,
    login: String,
    key: String,
    temp_token: Value,
    authenticator: Option<Authenticator>,
}

impl Walk<'_> {
    async fn answer(&mut self, example: &Example<'_>) -> Answer {
        let digest = challengectl_common::Digest::of(&std::fs::read(self.voice()).unwrap()).to_string();
        let path = example.path.replace("abc123def456...", &digest);
        let mut request = self.site.request(example.method.clone(), &path);
        for (name, value) in &example.headers {
            request = match (*name, *value) {
                ("Cookie", "session=...") => request.header("Cookie", format!("session={}", self.login)),
                ("X-API-Key", "ck_abc123...") => request.header("X-API-Key", &self.key),
                ("Content-Type", "multipart/form-data") => {
                    assert_eq!(example.body, "file=<binary data>");
                    form(request, &[("file", "voice.wav", &std::fs::read(self.voice()).unwrap())])
                }
                (name, value) => request.header(name, value),
            };
        }
        if path == "/api/auth/verify-totp" {
            let code = self.authenticator.as_ref().unwrap().code();
            let token = self.temp_token.as_str().unwrap();
            let body = example.body.replace("temp_abc123...", token).replace("123456", &code);
            request = request.body(body);
        } else if !example.body.starts_with("file=") {
            request = request.body(example.body.to_owned());
        }
        let response = request.send().await.unwrap();
        if example.answer.is_none() {
            assert_eq!(response.headers()["content-type"], "audio/wav");
            return Answer { status: response.status().as_u16(), body: Value::Null };
        }
        if path == "/api/auth/verify-totp" {
            self.login = cookie(&response, "session").0;
        }
        Answer::read(response).await
    }

    /// Enrolls and registers a new runner.
    async fn runner(&self) -> String {
        let runner = self.site.enroll("runner-1").await;
        let limits = json!({"runner_id": "runner-1", "frequency_limits": ["144000000-148000000"]});
        assert_eq!(runner.post("register", limits).await.status, 200);
        runner.key
    }

    fn voice(&self) -> std::path::PathBuf {
        self.site.folder.path().join("voice.wav")
    }

    /// Restores the state that a request of the document needs, since earlier ones have logged out, removed a user or a
    /// runner, or sent every challenge.
    async fn prepare(&mut self, example: &Example<'_>) {
        let site = self.site;
        match (example.method.as_str(), example.path) {
            ("POST", "/api/auth/login") => {
                let master = site.browser("root", Role::Master).await;
                let made = master.post("/api/users", json!({"username": "admin", "password": "password123"})).await;
                assert_eq!(made.status, 201, "{}", made.body);
                self.authenticator = Some(Authenticator::of(&made.body));
            }
            ("POST", "/api/auth/change-password") => {
                let master = site.browser("root", Role::Master).await;
                let reset = json!({"new_password": "oldpassword"});
                assert_eq!(master.post("/api/users/admin/reset-password", reset).await.status, 200);
                self.login = site.browser("admin", Role::Admin).await.login;
            }
            ("DELETE", "/api/users/operator") | ("POST", "/api/users/operator/reset-password") => {
                site.browser("operator", Role::Operator).await;
                self.login = site.browser("admin", Role::Admin).await.login;
            }
            ("POST", "/api/runners/register") => self.key = site.enroll("runner-1").await.key,
            ("POST", "/api/runners/runner-1/signout") | ("GET", "/api/runners/runner-1/task") => {
                self.key = self.runner().await;
            }
            ("POST", "/api/runners/runner-1/enable") => self.key = self.runner().await,
            _ => {}
        }
    }

    async fn step(&mut self, example: &Example<'_>) {
        self.prepare(example).await;
        let answer = self.answer(example).await;
        let request = format!("{} {}", example.method, example.path);
        assert!(matches!(answer.status, 200 | 201), "{request}: {}", answer.body);
        if let Some(expected) = &example.answer {
            is_like(expected, &answer.body, &request);
        }
        if let Some(token) = answer.body.get("temp_token") {
            self.temp_token = token.clone();
        }
    }
}

/// Asserts that an answer has every field of the example, with a value of the same type; messages of success must be
/// equal.
fn is_like(example: &Value, answer: &Value, place: &str) {
    match (example, answer) {
        (Value::Object(fields), Value::Object(answer)) => {
            for (name, value) in fields {
                let place = format!("{place}.{name}");
                let there = answer.get(name).unwrap_or_else(|| panic!("{place} is missing"));
                let is_words = name == "message" && !place.contains("logs") || value == "success";
                assert!(!is_words || value == there, "{place}: {there}, not {value}");
                is_like(value, there, &place);
            }
        }
        (Value::Array(example), Value::Array(answer)) => {
            assert!(!answer.is_empty(), "{place} is empty");
            for value in answer {
                is_like(&example[0], value, &format!("{place}[]"));
            }
        }
        // Null, since nothing is or was on air.
        (Value::String(_), Value::Null) => {
            assert!(["last_run", "current_task"].iter().any(|name| place.ends_with(name)));
        }
        (Value::Null, _) => {}
        (example, answer) => assert_eq!(std::mem::discriminant(example), std::mem::discriminant(answer), "{place}"),
    }
}

#[tokio::test]
async fn every_request_of_the_main_document_works_word_for_word() {
    let folder = tempfile::tempdir().unwrap();
    let event = folder.path().join("challenges.yml");
    write_wav(&folder.path().join("voice.wav"));
    std::fs::write(&event, EVENT).unwrap();
    let mut site = Site::start_with(folder, |config| config.event_file = Some(event)).await;
    site.import(EVENT).await;
    let mut walk = Walk {
        login: site.browser("admin-of-old", Role::Admin).await.login,
        key: String::new(),
        temp_token: Value::Null,
        authenticator: None,
        site: &site,
    };
    let (stop, others): (Vec<_>, Vec<_>) =
        examples().into_iter().partition(|example| example.path == "/api/control/stop");
    assert_eq!((stop.len(), others.len()), (1, 37));
    for example in others.iter().chain(&stop) {
        walk.step(example).await;
    }
    site.ended().await;
}

#[tokio::test]
async fn an_admin_manages_the_accounts_that_they_created_with_the_documents_requests() {
    let site = Site::start().await;
    let admin = site.browser("admin", Role::Admin).await;
    let made = admin.post("/api/users", json!({"username": "newuser", "password": PASSWORD})).await;
    assert_eq!((made.status, &made.body["role"]), (201, &json!("operator")));
    assert_eq!(admin.put("/api/users/newuser", json!({"password": "newpassword123"})).await.status, 200);
    assert_eq!(admin.post("/api/users/newuser/reset-totp", Value::Null).await.status, 200);
    let reset = json!({"new_password": "resetpassword123"});
    assert_eq!(admin.post("/api/users/newuser/reset-password", reset).await.status, 200);
    assert_eq!(admin.delete("/api/users/newuser").await.status, 200);
}
