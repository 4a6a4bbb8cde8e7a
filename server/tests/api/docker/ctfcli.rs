//! `ctfcli`, as it is published. `scripts/tools.sh ctfcli` installs it.

use super::{admin, data, player, site};
use crate::site::Answer;
use reqwest::Method;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::Command;

const CHALLENGE: &str = "name: Guest book
author: us
category: web
description: Make it run a script.
attribution: Written for the camp
value: 150
type: docker
extra:
  docker_image: nginx:alpine
  exposed_ports: 80/tcp
attempts: 5
connection_info: Start it
flags:
  - flag{guest}
  - {type: regex, content: 'flag\\{[0-9]+\\}', data: case_insensitive}
tags: [xss, html]
topics: [injection]
files: [dist/notes.txt]
hints:
  - Look at the brackets
  - {content: Look at the page, title: Where, cost: 10}
requirements: [Warm up]
state: visible
version: '0.1'
";

const WARM_UP: &str = "name: Warm up
author: us
category: misc
description: Read the rules.
attribution: ''
value: 10
type: standard
flags: ['flag{warm}']
state: visible
version: '0.1'
";

/// A project of `ctfcli` for a server.
struct Project(tempfile::TempDir);

impl Project {
    fn new(url: &str, token: &str) -> Self {
        let project = Self(tempfile::tempdir().unwrap());
        let config = format!(
            "[config]\nurl = {url}\naccess_token = {token}\n\n[challenges]\nguest-book = guest-book\nwarm-up = warm-up\n"
        );
        for (path, text) in [
            (".ctf/config", config.as_str()),
            ("guest-book/challenge.yml", CHALLENGE),
            ("guest-book/dist/notes.txt", "notes"),
            ("warm-up/challenge.yml", WARM_UP),
        ] {
            project.write(path, text);
        }
        project
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Runs `ctf challenge …`. Returns what it prints.
    async fn challenge(&self, words: &[&str]) -> String {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/ctfcli/bin/ctf");
        let mut command = Command::new(program);
        command.arg("challenge").args(words).current_dir(self.0.path()).stdin(Stdio::null()).env("HOME", self.0.path());
        let output = command.output().await.expect("scripts/tools.sh ctfcli installs it");
        let printed = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        assert!(output.status.success(), "{words:?}: {printed}");
        printed
    }
}

#[tokio::test]
async fn ctfcli_installs_verifies_and_synchronises_challenges() {
    let site = site().await;
    let admin = admin(&site).await;
    let project = Project::new(&site.url, &format!("ctfd_{}", admin.token));
    project.challenge(&["install", "warm-up"]).await;
    let printed = project.challenge(&["install", "guest-book"]).await;
    assert!(printed.contains("Success"), "{printed}");
    let listed = admin.get("/api/v1/challenges?view=admin").await;
    let all = data(&listed).as_array().unwrap();
    let names: Vec<_> = all.iter().map(|it| (it["name"].as_str().unwrap(), it["state"].as_str().unwrap())).collect();
    assert_eq!(names, [("Warm up", "visible"), ("Guest book", "visible")]);
    let path = format!("/api/v1/challenges/{}", all[1]["id"]);
    let shown = admin.get(&path).await;
    let book = data(&shown);
    for (field, value) in [
        ("type", json!("docker")),
        ("docker_image", json!("nginx:alpine")),
        ("exposed_ports", json!("80/tcp")),
        ("value", json!(150)),
        ("max_attempts", json!(5)),
        ("connection_info", json!("Start it")),
        ("attribution", json!("Written for the camp")),
        ("tags", json!(["xss", "html"])),
    ] {
        assert_eq!(book[field], value, "{field}");
    }
    assert_eq!(book["requirements"]["prerequisites"], json!([all[0]["id"]]));
    let file = book["files"][0].as_str().unwrap().to_owned();
    let loaded = admin.request(Method::GET, &file).send().await.unwrap().text().await.unwrap();
    assert_eq!(loaded, "notes");
    project.challenge(&["verify", "guest-book"]).await;
    project.challenge(&["verify", "warm-up"]).await;

    project
        .write("guest-book/challenge.yml", &CHALLENGE.replace("value: 150", "value: 200").replace("xss, html", "xss"));
    project.write("guest-book/dist/notes.txt", "other notes");
    project.challenge(&["sync", "guest-book"]).await;
    let shown = admin.get(&path).await;
    assert_eq!((&data(&shown)["value"], &data(&shown)["tags"]), (&json!(200), &json!(["xss"])));
    assert_eq!(data(&admin.get(&format!("{path}/flags")).await).as_array().unwrap().len(), 2, "none is there twice");
    assert_ne!(data(&shown)["files"][0], file.as_str(), "the file has another content");
    project.challenge(&["verify", "guest-book"]).await;

    let printed = project.challenge(&["deploy", "guest-book"]).await;
    assert!(printed.contains("Success! All deployable challenges deployed and installed or synced."), "{printed}");

    let ada = player(&site, "ada").await;
    let warm = json!({"challenge_id": all[0]["id"], "submission": "flag{warm}"});
    assert_eq!(data(&ada.post("/api/v1/challenges/attempt", warm).await)["status"], "correct");
    let solve = json!({"challenge_id": all[1]["id"], "submission": "FLAG{7}"});
    assert_eq!(data(&ada.post("/api/v1/challenges/attempt", solve).await)["status"], "correct");

    std::fs::remove_dir_all(project.path("guest-book")).unwrap();
    project.write("guest-book/challenge.yml", "name: Guest book\n");
    project.challenge(&["mirror", "guest-book", "--skip-verify"]).await;
    let mirrored = std::fs::read_to_string(project.path("guest-book/challenge.yml")).unwrap();
    for text in ["flag{guest}", "Look at the brackets", "injection", "Warm up", "dist/notes.txt"] {
        assert!(mirrored.contains(text), "{text}: {mirrored}");
    }
    assert_eq!(std::fs::read_to_string(project.path("guest-book/dist/notes.txt")).unwrap(), "other notes");
    assert_eq!(Answer::of(admin.request(Method::DELETE, &path)).await.status, 200);
}
