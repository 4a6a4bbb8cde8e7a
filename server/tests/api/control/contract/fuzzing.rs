//! Schemathesis generates valid and invalid requests from the descriptions of the APIs and checks every answer against
//! them, with the exceptions of a file of `tests/schemathesis`. `scripts/tools.sh schemathesis` installs it. The number
//! of requests is bounded and they are the same each time; `API_EXAMPLES` sets a larger number.

use super::matrix::{Asks, MATRIX};
use crate::control::uploads::upload;
use crate::site::{Browser, Runner, Site};
use challengectl_coordinator::Role;
use challengectl_server::config::{PlayMode, WhoRegisters};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Output;
use tokio::process::Command;

/// Routes that end the login, the runner and the server. Tested in `auth.rs`, `runners.rs` and `system.rs`.
const ENDINGS: [&str; 4] =
    ["/api/auth/logout", "/api/runners/{runner_id}/signout", "/api/control/stop", "/api/play/logout"];

/// Routes that need a secret or an assignment that cannot be guessed; random requests are refused as described. Their
/// success is tested in `auth.rs` and `runners.rs`.
const SECRET: [&str; 9] = [
    ENDINGS[0],
    ENDINGS[1],
    ENDINGS[2],
    ENDINGS[3],
    "/api/play/password",
    "/api/play/team/join",
    "/api/auth/change-password",
    "/api/auth/recovery-codes",
    "/api/runners/{runner_id}/complete",
];

const TWO: &str = "challenges:
  - {name: MORSE_1, modulation: cw, frequency: 145550000, text: CQ FLAG}
  - {name: MORSE_2, modulation: cw, frequency: 145650000, text: CQ FLAG}
";

fn tool(name: &str) -> Command {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/schemathesis/bin");
    Command::new(place.join(name))
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemathesis")
}

fn is_success(output: &Output) {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
}

/// Starts a server with one of everything.
async fn furnished() -> Site {
    furnished_for(PlayMode::Teams).await
}

async fn furnished_for(mode: PlayMode) -> Site {
    let folder = tempfile::tempdir().unwrap();
    let event = folder.path().join("event.yml");
    std::fs::write(&event, TWO).unwrap();
    let site = Site::start_with(folder, |config| {
        config.event_file = Some(event);
        config.players.registration = WhoRegisters::Open;
        config.players.mode = mode;
        config.trusted_proxies = vec!["127.0.0.1".to_owned()];
    });
    let site = site.await;
    site.import(TWO).await;
    let paul = site.player("paul").await;
    let is_in_team = paul.post("/api/play/team", json!({"name": "Rotor"})).await.status == 201;
    assert_eq!(is_in_team, matches!(mode, PlayMode::Teams));
    for name in ["ada", "bob"] {
        site.browser(name, Role::Viewer).await;
    }
    let admin = site.browser("admin", Role::Admin).await;
    // Its digest is the example in the description.
    assert_eq!(upload(&admin, "abc.bin", b"abc").await.status, 200);
    let worth = json!({"points": 10, "parts": [{"flags": [{"mode": "text", "content": "flag{morse}"}]}]});
    assert_eq!(admin.put("/api/challenges/1/flags", worth).await.status, 200);
    for name in ["Guest book", "Other"] {
        let new = json!({"name": name, "spec": {"containers": [{"image": "web:1", "ports": ["80/http"]}]}});
        assert_eq!(admin.post("/api/instance-challenges", new).await.status, 201);
    }
    site.runner("runner-2").await;
    for key in ["venue", "other"] {
        assert_eq!(admin.post("/api/provisioning/keys", json!({"key_id": key})).await.status, 201);
    }
    assert_eq!(admin.post("/api/enrollment/token", json!({"runner_id": "runner-3"})).await.status, 201);
    let tokens = admin.get("/api/enrollment/tokens?limit=1").await.body;
    std::fs::write(site.folder.path().join("token_id"), tokens["tokens"][0]["token_id"].as_str().unwrap()).unwrap();
    site
}

/// Requests every route except `without`. Returns those that succeeded at least once.
async fn run(site: &Site, headers: &[(&str, &str)], without: &[&str]) -> BTreeSet<String> {
    let control = Front { path: "/docs/control.json", url: &site.url, config: "schemathesis.toml" };
    run_on(site, control, headers, without).await
}

/// A front with the path of its document, its own URL, and the file of its exceptions.
pub struct Front<'a> {
    pub path: &'a str,
    pub url: &'a str,
    pub config: &'a str,
}

pub async fn run_on(site: &Site, front: Front<'_>, headers: &[(&str, &str)], without: &[&str]) -> BTreeSet<String> {
    let Front { path, url, config } = front;
    let mut command = tool("schemathesis");
    let examples = std::env::var("API_EXAMPLES").unwrap_or_else(|_| "10".to_owned());
    command.arg("--config-file").arg(here().join(config));
    command.args(["run", &format!("{}{path}", site.url), "--url", url, "--no-color", "--continue-on-failure"]);
    command.args(["--max-examples", &examples]);
    command.args(["--generation-deterministic", "--request-timeout", "30"]);
    command.env("SCHEMATHESIS_HOOKS", "hooks").env("PYTHONPATH", here()).current_dir(site.folder.path());
    if !headers.is_empty() {
        // Generated credentials would replace the valid ones.
        command.args(["--generation-with-security-parameters", "false"]);
    }
    for (name, value) in headers {
        command.arg("--header").arg(format!("{name}: {value}"));
    }
    for path in without {
        command.args(["--exclude-path", path]);
    }
    is_success(&command.output().await.expect("run scripts/tools.sh schemathesis"));
    assert_eq!(site.get("/ready").await.status, 200, "the server is not ready any more");
    let successful = std::fs::read_to_string(site.folder.path().join("successful")).unwrap();
    successful.lines().map(str::to_owned).collect()
}

/// Generated requests hardly succeed here: there is no alarm in force, no instance, no deployment and no secret, and the radios of a configuration are checked
/// against rules that the schema cannot express.
const RARE: [&str; 16] = [
    "/api/alarms/acknowledge",
    "/api/alarms/shelve",
    "/api/alarms/unshelve",
    "/api/enrollment/token",
    "/api/instances/{instance_id}",
    "/api/instances/{instance_id}/output",
    "/api/instances/{instance_id}/events",
    "/api/instances/{instance_id}/run",
    "/api/deployments/{deployment_id}/redeploy",
    "/api/deployments/{deployment_id}/stop",
    "/api/deployments/{deployment_id}/teams/{team}/redeploy",
    "/api/deployments/{deployment_id}/teams/{team}/stop",
    "/api/secrets/{name}",
    "/api/play/challenges/{challenge_id}/instance",
    "/api/play/challenges/{challenge_id}/instance/extend",
    "/api/play/challenges/{challenge_id}/instance/heartbeat",
];

/// Asserts that every route for which `may` holds has succeeded, since refusals alone prove little.
fn went_well(successful: &BTreeSet<String>, may: impl Fn(Asks) -> bool) {
    let asked = MATRIX.iter().filter(|(_, path, asks)| may(*asks) && !SECRET.contains(path) && !RARE.contains(path));
    let missing: Vec<_> =
        asked.map(|(method, path, _)| format!("{method} {path}")).filter(|it| !successful.contains(it)).collect();
    assert!(missing.is_empty(), "never answered with success: {missing:?}");
}

async fn run_as(name: &str, role: Role) {
    let site = furnished().await;
    site.runner("runner-1").await;
    let Browser { login, .. } = site.browser(name, role).await;
    let successful = run(&site, &[("Cookie", &format!("session={login}"))], &ENDINGS).await;
    went_well(&successful, |asks| matches!(asks, Asks::Least(least) if least <= role));
}

#[tokio::test]
async fn the_documents_are_valid() {
    let site = Site::start().await;
    let document = site.folder.path().join("openapi.json");
    for path in ["/docs/control.json", "/docs/docker.json", "/docs/engine.json", "/docs/sessions.json"] {
        std::fs::write(&document, site.get(path).await.body.to_string()).unwrap();
        is_success(&tool("openapi-spec-validator").arg(&document).output().await.unwrap());
    }
}

/// Without an engine nothing starts; `e2e/tests/instances.rs` has one.
#[tokio::test]
async fn the_engine_front_answers_as_described() {
    let (site, url) = crate::engine::front().await;
    std::fs::write(site.folder.path().join("token_id"), "").unwrap();
    let front = Front { path: "/docs/engine.json", url: &url, config: "engine.toml" };
    let successful = run_on(&site, front, &[], &[]).await;
    let open =
        ["GET /api", "GET /api/challenges", "GET /api/challenges/running", "GET /api/health", "POST /api/flags/batch"];
    assert_eq!(successful, open.map(str::to_owned).into());
}

/// Without an engine nothing starts; `e2e/tests/processes.rs` has one.
#[tokio::test]
async fn the_sessions_front_answers_as_described() {
    let site = crate::sessions::site().await;
    std::fs::write(site.folder.path().join("token_id"), "").unwrap();
    let front = Front { path: "/docs/sessions.json", url: &site.url, config: "sessions.toml" };
    let successful = run_on(&site, front, &[("x-user-id", "ada")], &[]).await;
    assert_eq!(successful, BTreeSet::from(["GET /api/sessions".to_owned()]));
}

#[tokio::test]
async fn public_routes_answer_as_described() {
    let mut successful = run(&furnished().await, &[], &[]).await;
    // Possible with what registering has answered.
    successful.retain(|it| !["POST /api/play/login", "POST /api/play/refresh"].contains(&it.as_str()));
    let open = [
        "/health",
        "/ready",
        "/metrics",
        "/api/openapi.json",
        "/api/auth/setup",
        "/api/health",
        "/api/conference",
        "/api/public/challenges",
        "/api/public/receiver",
        "/api/play",
        "/api/play/scoreboard",
        "/api/play/ctftime",
        "/api/play/ctftime/captures",
    ];
    let mut expected: BTreeSet<_> = open.map(|path| format!("GET {path}")).into();
    expected.insert("POST /api/play/register".to_owned());
    assert_eq!(successful, expected);
}

#[tokio::test]
async fn the_routes_of_a_runner_answer_as_described() {
    let site = furnished().await;
    let Runner { key, .. } = site.runner("runner-1").await;
    let successful = run(&site, &[("X-API-Key", &key)], &ENDINGS).await;
    went_well(&successful, |asks| asks == Asks::Key);
}

#[tokio::test]
async fn the_routes_of_a_provisioning_key_answer_as_described() {
    let site = furnished().await;
    let admin = site.browser("admin", Role::Admin).await;
    let key = admin.post("/api/provisioning/keys", json!({"key_id": "fuzz"})).await.body["api_key"].clone();
    let successful = run(&site, &[("X-API-Key", key.as_str().unwrap())], &ENDINGS).await;
    went_well(&successful, |asks| asks == Asks::ProvisioningKey);
}

#[tokio::test]
async fn the_routes_of_a_player_answer_as_described() {
    let site = furnished().await;
    let player = site.player("grace").await;
    assert_eq!(player.post("/api/play/tokens", json!({"name": "script"})).await.body["token_id"], 1);
    let mut successful = run(&site, &[("Authorization", &format!("Bearer {}", player.access))], &ENDINGS).await;
    // Some requests leave the team, after which nothing can be played.
    let played = MATRIX.iter().filter(|(_, path, _)| path.starts_with(PLAYED));
    successful.extend(played.map(|(method, path, _)| format!("{method} {path}")));
    went_well(&successful, |asks| asks == Asks::Player);
}

/// The routes that need a team, if teams play.
const PLAYED: &str = "/api/play/challenges";

#[tokio::test]
async fn what_is_played_is_answered_as_described() {
    let site = furnished_for(PlayMode::Users).await;
    let player = site.player("grace").await;
    let paths: BTreeSet<_> = MATRIX.iter().map(|(_, path, _)| *path).collect();
    let others: Vec<_> = paths.into_iter().filter(|path| !path.starts_with(PLAYED)).collect();
    let successful = run(&site, &[("Authorization", &format!("Bearer {}", player.access))], &others).await;
    for route in ["GET /api/play/challenges", "POST /api/play/challenges/{challenge_id}/flag"] {
        assert!(successful.contains(route), "{route}: never answered with success");
    }
}

#[tokio::test]
async fn the_routes_of_a_viewer_answer_as_described() {
    run_as("grace", Role::Viewer).await;
}

#[tokio::test]
async fn the_routes_of_an_operator_answer_as_described() {
    run_as("grace", Role::Operator).await;
}

#[tokio::test]
async fn the_routes_of_an_admin_answer_as_described() {
    run_as("grace", Role::Admin).await;
}
