//! Who may do what on this front, and the form of its errors.

use super::{Holder, admin, browser, data, error, player, site};
use crate::site::{Answer, Site};
use challengectl_coordinator::Role;
use challengectl_server::http::documents;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Anybody,
    Account,
    Login,
    Admin,
}

use Who::{Account, Admin, Anybody, Login};

const MATRIX: &[(&str, &str, Who)] = &[
    ("GET", "/api/v1/docker", Admin),
    ("GET", "/api/v1/image_ports", Admin),
    ("POST", "/api/v1/container", Account),
    ("GET", "/api/v1/docker_status", Account),
    ("POST", "/api/v1/nuke", Admin),
    ("GET", "/api/v1/secret", Admin),
    ("POST", "/api/v1/secret", Admin),
    ("DELETE", "/api/v1/secret/all", Admin),
    ("DELETE", "/api/v1/secret/{secret_id}", Admin),
    ("GET", "/api/v1/challenges", Account),
    ("POST", "/api/v1/challenges", Admin),
    ("GET", "/api/v1/challenges/types", Admin),
    ("POST", "/api/v1/challenges/attempt", Anybody),
    ("GET", "/api/v1/challenges/{challenge_id}", Account),
    ("PATCH", "/api/v1/challenges/{challenge_id}", Admin),
    ("DELETE", "/api/v1/challenges/{challenge_id}", Admin),
    ("GET", "/api/v1/challenges/{challenge_id}/flags", Admin),
    ("GET", "/api/v1/challenges/{challenge_id}/tags", Admin),
    ("GET", "/api/v1/challenges/{challenge_id}/topics", Admin),
    ("GET", "/api/v1/challenges/{challenge_id}/hints", Admin),
    ("GET", "/api/v1/challenges/{challenge_id}/files", Admin),
    ("GET", "/api/v1/challenges/{challenge_id}/requirements", Admin),
    ("GET", "/api/v1/challenges/{challenge_id}/solves", Account),
    ("GET", "/api/v1/flags", Admin),
    ("POST", "/api/v1/flags", Admin),
    ("GET", "/api/v1/flags/types", Admin),
    ("GET", "/api/v1/flags/types/{flag_type}", Admin),
    ("GET", "/api/v1/flags/{flag_id}", Admin),
    ("PATCH", "/api/v1/flags/{flag_id}", Admin),
    ("DELETE", "/api/v1/flags/{flag_id}", Admin),
    ("GET", "/api/v1/tags", Admin),
    ("POST", "/api/v1/tags", Admin),
    ("GET", "/api/v1/tags/{tag_id}", Admin),
    ("PATCH", "/api/v1/tags/{tag_id}", Admin),
    ("DELETE", "/api/v1/tags/{tag_id}", Admin),
    ("GET", "/api/v1/topics", Admin),
    ("POST", "/api/v1/topics", Admin),
    ("DELETE", "/api/v1/topics", Admin),
    ("GET", "/api/v1/hints", Admin),
    ("POST", "/api/v1/hints", Admin),
    ("GET", "/api/v1/hints/{hint_id}", Account),
    ("PATCH", "/api/v1/hints/{hint_id}", Admin),
    ("DELETE", "/api/v1/hints/{hint_id}", Admin),
    ("POST", "/api/v1/unlocks", Account),
    ("GET", "/api/v1/solutions", Admin),
    ("POST", "/api/v1/solutions", Admin),
    ("GET", "/api/v1/solutions/{solution_id}", Account),
    ("PATCH", "/api/v1/solutions/{solution_id}", Admin),
    ("DELETE", "/api/v1/solutions/{solution_id}", Admin),
    ("GET", "/api/v1/files", Admin),
    ("POST", "/api/v1/files", Admin),
    ("DELETE", "/api/v1/files/{file_id}", Admin),
    ("GET", "/files/{digest}/{file_name}", Account),
    ("GET", "/api/v1/users/me", Account),
    ("GET", "/api/v1/configs", Admin),
    ("GET", "/api/v1/modules", Admin),
    ("GET", "/api/v1/tokens", Login),
    ("POST", "/api/v1/tokens", Login),
    ("DELETE", "/api/v1/tokens/{api_token_id}", Login),
];

#[test]
fn every_route_is_in_the_matrix() {
    let document = serde_json::to_value(&documents()["docker"]).unwrap();
    let routes = document["paths"].as_object().unwrap().iter().flat_map(|(path, item)| {
        item.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
    });
    let matrix = MATRIX.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned()));
    assert_eq!(routes.collect::<BTreeSet<_>>(), matrix.collect());
}

/// Returns a request of a route, with nothing in it that is valid.
fn request(site: &Site, method: &str, path: &str) -> RequestBuilder {
    let path = path.replace("{digest}", &"0".repeat(64)).replace("{file_name}", "none");
    let path =
        path.split('/').map(|part| if part.starts_with('{') { "999" } else { part }).collect::<Vec<_>>().join("/");
    let request = site.request(method.parse().unwrap(), &path);
    if matches!(method, "GET" | "HEAD") { request } else { request.json(&json!({"nonsense": true})) }
}

#[tokio::test]
async fn every_route_admits_exactly_those_who_may() {
    let site = site().await;
    let (admin, ada) = (admin(&site).await, player(&site, "ada").await);
    let (login, viewer) = (browser(&site).await.login, site.browser("viola", Role::Viewer).await.login);
    let operator = site.browser("oli", Role::Operator).await.login;
    for (method, path, who) in MATRIX {
        let status = async |request: RequestBuilder| {
            let answer = Answer::of(request).await;
            assert!(answer.status < 500 || *path == "/api/v1/docker", "{method} {path}: {}", answer.body);
            answer.status
        };
        let of_token = |token: &str| request(&site, method, path).header("Authorization", format!("Token {token}"));
        let of_cookie = |login: &str| request(&site, method, path).header("Cookie", format!("session={login}"));
        let admitted = |status: u16| status != 401 && status != 403;
        assert_eq!(
            status(request(&site, method, path)).await == 403,
            *who != Anybody || path.ends_with("attempt"),
            "{path}"
        );
        for wrong in ["", "nonsense", "ctfd_0", "cctl_staff_0", "cctl_token_0"] {
            assert_eq!(status(of_token(wrong)).await, 401, "{method} {path} with the token {wrong:?}");
        }
        assert_eq!(status(of_cookie("nonsense")).await, 401, "{method} {path}");
        assert_eq!(
            admitted(status(of_token(&ada.token)).await),
            matches!(who, Anybody | Account),
            "{method} {path} by a player"
        );
        for login in [&viewer, &operator] {
            assert_eq!(admitted(status(of_cookie(login)).await), *who != Admin, "{method} {path} by a viewer");
        }
        assert!(admitted(status(of_cookie(&login)).await), "{method} {path} by an admin with a cookie");
        for token in [admin.token.clone(), format!("ctfd_{}", admin.token)] {
            assert_eq!(
                admitted(status(of_token(&token)).await),
                *who != Login,
                "{method} {path} by an admin with a token"
            );
        }
        let both = of_token(&ada.token).header("Cookie", format!("session={login}"));
        assert_eq!(status(both).await, 401, "{method} {path} by two people");
        if *method == "GET" {
            let token = format!("Token {}", ada.token);
            let head = request(&site, "HEAD", path).header("Authorization", token).send().await.unwrap();
            let expected = status(of_token(&ada.token)).await;
            assert_eq!((head.status().as_u16(), &*head.text().await.unwrap()), (expected, ""), "HEAD {path}");
        }
    }
}

#[tokio::test]
async fn a_token_is_made_by_a_login_works_on_this_front_alone_and_can_be_revoked() {
    let site = site().await;
    let admin = admin(&site).await;
    let me = admin.get("/api/v1/users/me").await;
    assert_eq!((&data(&me)["name"], &data(&me)["type"]), (&json!("admin"), &json!("admin")));
    let bearer = site.request(Method::GET, "/api/v1/users/me").bearer_auth(&admin.token);
    assert_eq!(Answer::of(bearer).await.status, 200);
    for path in ["/api/challenges", "/api/users", "/api/play/me"] {
        assert_eq!(admin.get(path).await.status, 401, "{path}");
    }
    let browser = browser(&site).await;
    let listed = browser.get("/api/v1/tokens").await;
    assert!(data(&listed)[0].get("value").is_none(), "{}", listed.body);
    for (body, field) in [
        (json!({"expiration": "tomorrow"}), "expiration"),
        (json!({"expiration": "2020-01-01"}), "expiration"),
        (json!({"expiration": "2999-01-01"}), "expiration"),
        (json!({"description": "a\nb"}), "description"),
    ] {
        let refused = browser.post("/api/v1/tokens", body).await;
        assert_eq!(error(&refused).0, 400);
        assert!(refused.body["errors"][field][0].is_string(), "{}", refused.body);
    }
    let path = format!("/api/v1/tokens/{}", data(&listed)[0]["id"]);
    assert_eq!(browser.delete(&path).await.body, json!({"success": true}));
    assert_eq!(error(&admin.get("/api/v1/users/me").await).0, 401);
}

#[tokio::test]
async fn a_token_ends_with_the_password_and_the_account() {
    let site = site().await;
    let (master, admin) = (site.browser("master", Role::Master).await, admin(&site).await);
    assert_eq!(admin.get("/api/v1/users/me").await.status, 200);
    assert_eq!(master.put("/api/users/admin", json!({"enabled": false})).await.status, 200);
    assert_eq!(admin.get("/api/v1/users/me").await.status, 401);
    assert_eq!(master.put("/api/users/admin", json!({"enabled": true})).await.status, 200);
    assert_eq!(admin.get("/api/v1/users/me").await.status, 401, "a login of the account ended as well");
}

#[tokio::test]
async fn every_error_has_the_form_of_this_front() {
    let site = site().await;
    let admin = admin(&site).await;
    let get = |path: &str| admin.request(Method::GET, path);
    let post = |path: &str| admin.request(Method::POST, path);
    for (expected, request) in [
        (404, get("/api/v1/nothing")),
        (404, get("/api/v1")),
        (405, admin.request(Method::PUT, "/api/v1/challenges/1")),
        (405, get("/api/v1/nuke")),
        (404, get("/api/v1/challenges/999")),
        (404, get("/api/v1/challenges/x")),
        (400, post("/api/v1/nuke").header("Content-Type", "application/json").body("{")),
        (400, post("/api/v1/nuke").json(&json!([]))),
        (400, post("/api/v1/nuke").body("all=true")),
        (400, post("/api/v1/nuke").header("Content-Type", "text/plain").body("x")),
        (400, post("/api/v1/nuke").header("Content-Type", "application/json")),
        (413, post("/api/v1/nuke").json(&json!({"container": "x".repeat(1 << 20)}))),
        (403, post("/api/v1/nuke").header("Origin", "http://evil.example").json(&json!({"all": true}))),
        (400, admin.request(Method::DELETE, "/api/v1/topics?type=other&target_id=1")),
        (404, get("/files/none/none")),
    ] {
        let answer = Answer::of(request).await;
        let (status, text) = error(&answer);
        assert!(status == expected && !text.is_empty(), "{expected}: {}", answer.body);
    }
    let methods = admin.request(Method::PUT, "/api/v1/challenges").send().await.unwrap();
    let allowed = methods.headers()["allow"].to_str().unwrap();
    assert!(allowed.contains("GET") && allowed.contains("POST"), "{allowed}");
    let deep = format!("{}{}", "[".repeat(70), "]".repeat(70));
    let body: Value = serde_json::from_str(&format!("{{\"a\": {deep}}}")).unwrap();
    assert_eq!(error(&admin.post("/api/v1/nuke", body).await).0, 400);
    let slashed = Holder { site: &site, token: admin.token.clone() };
    assert_eq!(slashed.get("/api/v1/challenges/").await.status, 200);
    site.get("/api/v10").await.is_error(404, "not found");
}

#[tokio::test]
async fn pages_of_other_sites_are_told_nothing() {
    let site = site().await;
    let admin = admin(&site).await;
    for path in ["/api/v1/challenges", "/api/v1/docker_status"] {
        let shown = admin.request(Method::GET, path).header("Origin", "http://localhost:3000").send().await.unwrap();
        assert_eq!(shown.status(), 200, "{path}");
        assert_eq!(shown.headers()["x-content-type-options"], "nosniff");
        assert!(shown.headers().keys().all(|name| !name.as_str().starts_with("access-control-")), "{path}");
        let preflight = admin.request(Method::OPTIONS, path).header("Access-Control-Request-Method", "GET");
        assert_eq!(error(&Answer::of(preflight).await).0, 405, "{path}");
    }
    assert_eq!(error(&admin.post("/api/v1/docker_status", json!({})).await).0, 405);
}

#[tokio::test]
async fn every_change_of_an_organiser_is_on_record() {
    let site = site().await;
    let (admin, browser) = (admin(&site).await, browser(&site).await);
    let id = admin.challenge(json!({})).await;
    let of = |more: Value| {
        let mut body = json!({"challenge_id": id});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let flag = admin.post("/api/v1/flags", of(json!({"content": "flag{secret}", "type": "static"}))).await;
    let hint = admin.post("/api/v1/hints", of(json!({"content": "Look."}))).await;
    let tag = admin.post("/api/v1/tags", of(json!({"value": "web"}))).await;
    admin.patch(&format!("/api/v1/flags/{}", data(&flag)["id"]), json!({"content": "flag{other}"})).await;
    admin.patch(&format!("/api/v1/hints/{}", data(&hint)["id"]), json!({"cost": 5})).await;
    admin.delete(&format!("/api/v1/tags/{}", data(&tag)["id"])).await;
    admin.patch(&format!("/api/v1/challenges/{id}"), json!({"value": 5})).await;
    admin.post("/api/v1/nuke", json!({"all": true})).await;
    admin.delete(&format!("/api/v1/challenges/{id}")).await;
    let audit = browser.get("/api/audit").await.body;
    let actions: Vec<_> = audit["entries"].as_array().unwrap().iter().map(|it| it["what"].as_str().unwrap()).collect();
    let expected = [
        "challenge.delete",
        "instance.stop_all",
        "challenge.update",
        "tag.delete",
        "hint.update",
        "flag.update",
        "tag.create",
        "hint.create",
        "flag.create",
        "challenge.create",
        "token.create",
    ];
    assert_eq!(actions, expected);
    assert!(!audit.to_string().contains("flag{"), "{audit}");
}

#[tokio::test]
async fn what_is_refused_to_others_than_admins_is_on_record() {
    let site = site().await;
    let (ada, browser) = (player(&site, "ada").await, browser(&site).await);
    assert_eq!(ada.post("/api/v1/nuke", json!({"all": true})).await.status, 403);
    assert_eq!(Answer::of(site.request(Method::DELETE, "/api/v1/secret/flag{path}")).await.status, 403);
    let wrong = Holder { site: &site, token: "cctl_staff_0".to_owned() };
    assert_eq!(wrong.get("/api/v1/flags").await.status, 401);
    let audit = browser.get("/api/audit").await.body;
    let rows = audit["entries"].as_array().unwrap().iter().filter(|row| row["what"] == "request.refused");
    let rows: Vec<_> = rows.map(|row| [&row["who"], &row["target"], &row["from_address"]]).collect();
    let expected = [
        ["(nobody)", "GET /api/v1/flags", "127.0.0.1"],
        ["(nobody)", "DELETE /api/v1/secret/{secret_id}", "127.0.0.1"],
        ["ada", "POST /api/v1/nuke", "127.0.0.1"],
    ];
    assert_eq!(json!(rows), json!(expected));
    assert!(!audit.to_string().contains("flag{") && !audit.to_string().contains("cctl_staff_0"), "{audit}");
}
