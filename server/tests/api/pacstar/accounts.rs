//! Registering, and the first Master.

use super::{Front, PASSWORD, refused};
use crate::site::Answer;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

fn named(name: &str) -> Value {
    json!({"username": name, "email": format!("{name}@example.com"), "password": PASSWORD, "zone": "zone1"})
}

async fn role(front: &Front, body: Value) -> Value {
    let answer = front.post("/api/v1/auth/register", body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body["role"].clone()
}

#[tokio::test]
async fn the_first_of_the_bootstrap_names_is_master_and_no_other() {
    let front = Front::start().await;
    assert_eq!(role(&front, named("john_doe")).await, "User", "not one of the names");
    assert_eq!(role(&front, named("admin")).await, "Master");
    assert_eq!(role(&front, named("master_admin")).await, "User", "there is one");
}

#[tokio::test]
async fn of_ten_that_register_at_once_one_is_master() {
    let names: Vec<String> = (0..10).map(|number| format!("first{number}")).collect();
    let known = names.clone();
    let front = Front::start_with(move |config| config.pacstar.bootstrap_masters = known).await;
    let roles = join_all(names.iter().map(|name| role(&front, named(name)))).await;
    assert_eq!(roles.iter().filter(|role| *role == "Master").count(), 1, "{roles:?}");
}

#[tokio::test]
async fn from_another_machine_the_first_master_needs_the_token_of_the_start() {
    let names = ["by.proxy", "by.forwarded", "by.host", "admin", "master_admin"].map(str::to_owned).to_vec();
    let front = Front::start_with(|config| config.pacstar.bootstrap_masters = names).await;
    let from_afar = |body: Value, (name, value): (&'static str, &'static str)| {
        Answer::of(front.request(Method::POST, "/api/v1/auth/register").header(name, value).json(&body))
    };
    for (name, header) in [
        ("by.proxy", ("X-Forwarded-For", "203.0.113.7")),
        ("by.forwarded", ("Forwarded", "for=203.0.113.7")),
        ("by.host", ("Host", "evil.example")),
    ] {
        let answer = from_afar(named(name), header).await;
        assert_eq!((answer.status, &answer.body["role"]), (201, &json!("User")), "{name}");
    }
    let mut body = named("admin");
    body["setup_token"] = json!("setup_0000");
    let answer = from_afar(body, ("X-Forwarded-For", "203.0.113.7")).await;
    assert_eq!((answer.status, &answer.body["role"]), (201, &json!("User")), "a wrong token is none");
    let mut body = named("master_admin");
    body["setup_token"] = json!(front.site.deployer_token.clone().unwrap());
    let answer = from_afar(body, ("X-Forwarded-For", "203.0.113.7")).await;
    assert_eq!((answer.status, &answer.body["role"]), (201, &json!("Master")));
}

#[tokio::test]
async fn names_and_emails_are_unique_whatever_their_capitals() {
    let front = Front::start().await;
    assert_eq!(role(&front, named("john_doe")).await, "User");
    let register = |body: Value| front.post("/api/v1/auth/register", body);
    let mut body = named("John_Doe");
    body["email"] = json!("other@example.com");
    refused(&register(body).await, 400, "username");
    let mut body = named("jane");
    body["email"] = json!("JOHN_DOE@example.com");
    refused(&register(body).await, 400, "email");
}

#[tokio::test]
async fn what_is_wrong_with_a_registration_is_named() {
    let front = Front::start().await;
    let with = |field: &str, value: Value| {
        let mut body = named("john_doe");
        body[field] = value;
        front.post("/api/v1/auth/register", body)
    };
    for (field, value) in [
        ("username", json!("ab")),
        ("username", json!("a".repeat(51))),
        ("username", json!("john doe")),
        ("username", json!(7)),
        ("username", Value::Null),
        ("email", json!("john")),
        ("email", json!("john@@example.com")),
        ("email", json!(format!("{}@example.com", "a".repeat(250)))),
        ("password", json!("1234567")),
        ("password", json!("a".repeat(1025))),
        ("zone", json!("z")),
        ("zone", json!("z".repeat(51))),
    ] {
        refused(&with(field, value).await, 422, field);
    }
    refused(&front.post("/api/v1/auth/register", json!({"username": "john_doe"})).await, 422, "email");
    refused(&front.post("/api/v1/auth/register", json!([])).await, 422, "object");
    let no_json = front.request(Method::POST, "/api/v1/auth/register").header("Content-Type", "application/json");
    refused(&Answer::of(no_json.body("{")).await, 400, "body");
    let no_type = front.request(Method::POST, "/api/v1/auth/register").body("username=john_doe");
    refused(&Answer::of(no_type).await, 415, "application/json");
    let mut body = named("john_doe");
    (body["role"], body["is_active"]) = (json!("Master"), json!(false));
    assert_eq!(role(&front, body).await, "User", "other fields are ignored");
    assert_eq!(with("password", json!("a".repeat(1024))).await.status, 400, "the length is fine, and the name taken");
}
