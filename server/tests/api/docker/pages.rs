//! The calls of CTFd's admin pages, of the plugin's forms and of its view of a challenge, as browsers send them: with the
//! login cookie, CTFd's nonce in `CSRF-Token`, the headers of the same site, and numbers as the forms give them.

use super::{data, engine, site};
use crate::site::{Answer, Browser};
use challengectl_coordinator::Role;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

/// What CTFd's pages write into `CSRF-Token`.
const NONCE: &str = "c5ac7b1e0e3f6e1d9c3a7a50d5c4c9e2f9a2c4a9f0a1b2c3d4e5f60718293a4b";

/// A page of a site.
struct Page<'a>(Browser<'a>);

impl Page<'_> {
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.0.request(method, path).header("Accept", "application/json").header("CSRF-Token", NONCE);
        request.header("Origin", &self.0.site.url).header("Sec-Fetch-Site", "same-origin")
    }

    /// Sends a call with a body of JSON, which has to succeed. Returns what it is answered with.
    async fn send(&self, method: Method, path: &str, body: Value) -> Value {
        let call = format!("{method} {path} {body}");
        let answer = Answer::of(self.request(method, path).json(&body)).await;
        assert!(answer.status < 300 && answer.body["success"] == true, "{call}: {} {}", answer.status, answer.body);
        answer.body["data"].clone()
    }

    /// Reads something; pages send a content type with it, and no body.
    async fn get(&self, path: &str) -> Value {
        let request = self.request(Method::GET, path).header("Content-Type", "application/json");
        data(&Answer::of(request).await).clone()
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.send(Method::POST, path, body).await
    }

    async fn patch(&self, path: &str, body: Value) -> Value {
        self.send(Method::PATCH, path, body).await
    }

    async fn delete(&self, path: &str) {
        self.send(Method::DELETE, path, json!({})).await;
    }

    /// Uploads a file, as the form of a challenge does.
    async fn upload(&self, challenge: &str) -> Value {
        let fields = [("nonce", NONCE), ("challenge_id", challenge), ("challenge", challenge), ("type", "challenge")];
        let part =
            |head: String, text: &str| format!("--x\r\nContent-Disposition: form-data; {head}\r\n\r\n{text}\r\n");
        let mut body: String = fields.iter().map(|(name, text)| part(format!("name=\"{name}\""), text)).collect();
        body += &part("name=\"file\"; filename=\"notes.txt\"".to_owned(), "notes");
        let request = self.request(Method::POST, "/api/v1/files");
        let request = request.header("Content-Type", "multipart/form-data; boundary=x").body(body + "--x--\r\n");
        data(&Answer::of(request).await)[0].clone()
    }
}

#[tokio::test]
async fn the_admin_pages_make_a_challenge_with_all_that_belongs_to_it_and_remove_it() {
    let site = site().await;
    let images = json!([{"name": "nginx:alpine", "ports": ["80/tcp"]}]);
    let _runner = engine(&site, images, false).await;
    let page = Page(site.browser("admin", Role::Admin).await);

    // The form of a new challenge.
    assert!(page.get("/api/v1/challenges/types").await["docker"]["scripts"]["create"].is_string());
    assert_eq!(page.get("/api/v1/docker").await, json!([{"name": "nginx:alpine"}]));
    let ports = Answer::of(page.request(Method::GET, "/api/v1/image_ports?image=nginx%3Aalpine")).await;
    assert_eq!(ports.body, json!({"success": true, "ports": ["80/tcp"]}));
    assert_eq!(page.get("/api/v1/secret").await, json!([]));
    let form = json!({
        "name": "Guest book", "category": "web", "description": "", "value": "150", "type": "docker",
        "docker_image": "nginx:alpine", "exposed_ports": "80/tcp"
    });
    let made = page.post("/api/v1/challenges", form).await;
    let (id, number) = (made["id"].clone(), made["id"].to_string());
    let flag = json!({"challenge_id": id, "content": "flag{f}", "type": "static", "data": ""});
    page.post("/api/v1/flags", flag).await;
    page.upload(&number).await;
    let path = format!("/api/v1/challenges/{number}");
    assert_eq!(page.patch(&path, json!({"state": "visible"})).await["state"], "visible");

    // The page of the challenge.
    assert_eq!(page.get(&format!("{path}?view=admin")).await["value"], 150);
    let changed = json!({
        "name": "Guest book", "category": "web", "description": "Sign it.", "connection_info": "", "value": "200",
        "max_attempts": "0", "state": "visible", "docker_image": "nginx:alpine", "exposed_ports": "80/tcp"
    });
    assert_eq!(page.patch(&path, changed).await["value"], 200);
    let tag = page.post("/api/v1/tags", json!({"value": "xss", "challenge": id})).await;
    let topic = json!({"value": "injection", "challenge": id, "type": "challenge"});
    let topic = page.post("/api/v1/topics", topic).await;
    let hint = json!({"challenge_id": number, "title": "", "content": "Look.", "cost": "10", "requirements": {"prerequisites": []}});
    let hint = page.post("/api/v1/hints", hint).await;
    page.patch(&format!("/api/v1/hints/{}", hint["id"]), json!({"content": "Look again.", "cost": "20"})).await;
    page.patch(&path, json!({"requirements": {"prerequisites": [], "anonymize": false}})).await;
    page.patch(&path, json!({"next_id": null})).await;
    assert!(page.get("/api/v1/flags/types").await["static"]["templates"]["create"].is_string());
    for (list, field, value) in [
        ("flags", "content", "flag{f}"),
        ("tags", "value", "xss"),
        ("topics", "value", "injection"),
        ("hints", "content", "Look again."),
        ("files", "sha1sum", "3add7b9612102f2a7dbe4ed4fe886e07e847c24d"),
    ] {
        let listed = page.get(&format!("{path}/{list}")).await;
        assert_eq!(listed.as_array().unwrap().len(), 1, "{list}");
        assert_eq!(listed[0][field], value, "{list}");
    }
    assert_eq!(page.get(&format!("{path}/requirements")).await["prerequisites"], json!([]));
    let preview = json!({"challenge_id": id, "submission": "flag{f}"});
    assert_eq!(page.post("/api/v1/challenges/attempt?preview=true", preview).await["status"], "correct");
    assert_eq!(page.get(&format!("{path}/solves")).await, json!([]), "a preview solves nothing");

    for (list, ids) in [("flags", None), ("tags", Some(&tag)), ("hints", Some(&hint)), ("files", None)] {
        let id = match ids {
            Some(made) => made["id"].clone(),
            None => page.get(&format!("{path}/{list}")).await[0]["id"].clone(),
        };
        page.delete(&format!("/api/v1/{list}/{id}")).await;
    }
    page.delete(&format!("/api/v1/topics?type=challenge&target_id={}", topic["id"])).await;
    page.delete(&path).await;
    assert_eq!(page.get("/api/v1/challenges?view=admin").await, json!([]));
}

#[tokio::test]
async fn the_page_of_a_challenge_starts_shows_and_solves_and_that_of_containers_kills() {
    let site = site().await;
    let _runner = engine(&site, json!([]), false).await;
    let page = Page(site.browser("admin", Role::Admin).await);
    let form = json!({
        "name": "Guest book", "category": "web", "description": "", "value": "150", "type": "docker",
        "docker_image": "nginx:alpine", "exposed_ports": "80/tcp"
    });
    let id = page.post("/api/v1/challenges", form).await["id"].clone();
    page.post("/api/v1/flags", json!({"challenge_id": id, "content": "flag{f}", "type": "static", "data": ""})).await;

    // It looks for the row of its challenge, and reads host, ports and the time of the next revert from it.
    assert_eq!(page.get("/api/v1/docker_status").await, json!([]));
    let started = page.post("/api/v1/container", json!({"id": id})).await;
    let rows = page.get("/api/v1/docker_status").await;
    assert_eq!((&rows[0]["challenge_id"], &rows[0]["docker_image"]), (&id, &json!("nginx:alpine")));
    assert_eq!((&rows[0]["host"], &rows[0]["ports"]), (&started["host"], &started["ports"]));
    assert_eq!(rows[0]["revert_time"], rows[0]["timestamp"].as_i64().unwrap() + 300);

    // The page of containers sends both fields.
    let kill = json!({"container": rows[0]["instance_id"], "all": false});
    page.post("/api/v1/nuke", kill).await;
    assert_eq!(page.get("/api/v1/docker_status").await, json!([]));
    page.post("/api/v1/container", json!({"id": id})).await;
    page.post("/api/v1/nuke", json!({"container": null, "all": true})).await;
    assert_eq!(page.get("/api/v1/docker_status").await, json!([]));

    page.post("/api/v1/container", json!({"id": id})).await;
    let tried = page.post("/api/v1/challenges/attempt", json!({"challenge_id": id, "submission": " flag{f} "})).await;
    assert_eq!(tried["status"], "correct");
    assert_eq!(page.get("/api/v1/docker_status").await, json!([]), "it ends when it is solved");
    assert_eq!(page.get(&format!("/api/v1/challenges/{id}/solves")).await, json!([]), "an organiser is on no board");
}
