//! The sequences of the document of team deployments, word for word, in a real cluster: its commands, its port, its addresses.
#![expect(clippy::indexing_slicing, reason = "a field that is missing is none of those that are expected")]

use anyhow::{Context, Result, ensure};
use challengectl_e2e::kubernetes::{Place, SOON};
use challengectl_e2e::site::wait_until;
use serde_json::Value;

/// `# 1.` and `# 2.` of the quick start, in which `TOKEN` and `CHALLENGE_ID` are to be replaced.
const QUICK_START: [&str; 4] = [
    r#"curl -X POST "http://localhost:8000/api/v1/auth/register" -H "Content-Type: application/json" -d '{"username":"admin","email":"admin@test.com","password":"AdminPass123","zone":"zone1"}'"#,
    r#"curl -X POST "http://localhost:8000/api/v1/auth/login" -H "Content-Type: application/json" -d '{"username":"admin","password":"AdminPass123"}'"#,
    r#"curl -X POST "http://localhost:8000/api/v1/challenges/" -H "Content-Type: application/json" -H "Authorization: Bearer TOKEN" -d '{"name":"test-challenge","description":"Test challenge","config":{"challenge_type":"web","image":"nginx:alpine","ports":[80]},"total_teams":2,"is_active":true}'"#,
    r#"curl -X POST "http://localhost:8000/api/v1/challenges/CHALLENGE_ID/deploy" -H "Content-Type: application/json" -H "Authorization: Bearer TOKEN" -d '{"force_redeploy":false}'"#,
];

/// `# 3.` of the quick start.
const QUICK_ACCESS: [&str; 2] = ["curl http://192.168.250.101/", "curl http://192.168.250.102/"];

/// Steps 1 to 4 of the workflow, in which `YOUR_JWT_TOKEN` and `CHALLENGE_ID` are to be replaced.
const WORKFLOW: [&str; 4] = [
    r#"curl -X POST "http://localhost:8000/api/v1/auth/register" \
  -H "Content-Type: application/json" \
  -d '{
    "username": "master_admin",
    "email": "admin@pacstar.com",
    "password": "AdminPass123",
    "zone": "master_zone"
  }'"#,
    r#"curl -X POST "http://localhost:8000/api/v1/auth/login" \
  -H "Content-Type: application/json" \
  -d '{
    "username": "master_admin",
    "password": "AdminPass123"
  }'"#,
    r#"curl -X POST "http://localhost:8000/api/v1/challenges/" \
  -H "Content-Type: application/json" \
  -H "Authorization: Bearer YOUR_JWT_TOKEN" \
  -d '{
    "name": "flask-hello-world",
    "description": "Flask Hello World challenge for 4 teams",
    "config": {
      "challenge_type": "web",
      "image": "python:3.9-slim",
      "ports": [5000],
      "environment_vars": {
        "FLAG": "CTF{flask_hello_world_flag}",
        "SECRET_KEY": "challenge-secret-key-123"
      },
      "resources": {
        "requests": {"cpu": "100m", "memory": "128Mi"},
        "limits": {"cpu": "500m", "memory": "512Mi"}
      },
      "health_check_path": "/",
      "flag_format": "CTF{}"
    },
    "total_teams": 4,
    "is_active": true
  }'"#,
    r#"curl -X POST "http://localhost:8000/api/v1/challenges/CHALLENGE_ID/deploy" \
  -H "Content-Type: application/json" \
  -H "Authorization: Bearer YOUR_JWT_TOKEN" \
  -d '{
    "force_redeploy": false
  }'"#,
];

/// Step 5 of the workflow.
const TEAMS: [&str; 4] =
    ["http://192.168.250.101/", "http://192.168.250.102/", "http://192.168.250.103/", "http://192.168.250.104/"];

/// Runs one of the document's commands as it stands, but for these words.
fn curl(place: &Place, command: &str, replaced: &[(&str, &str)]) -> Result<String> {
    let line = replaced.iter().fold(command.to_owned(), |line, (word, with)| line.replace(word, with));
    place.shell(&line)
}

fn json(place: &Place, command: &str, replaced: &[(&str, &str)]) -> Result<Value> {
    let answer = curl(place, command, replaced)?;
    serde_json::from_str(&answer).with_context(|| answer)
}

fn text<'a>(answer: &'a Value, field: &str) -> Result<&'a str> {
    answer[field].as_str().with_context(|| format!("no {field} in {answer}"))
}

/// Registers, logs in, creates and deploys by four commands, and waits until all teams are served.
fn deploy(place: &Place, commands: &[&str; 4], token_word: &str) -> Result<Value> {
    let [register, login, create, deploy] = commands;
    let account = json(place, register, &[])?;
    ensure!(account["role"] == "Master", "{account}");
    let tokens = json(place, login, &[])?;
    let token = (token_word, text(&tokens, "access_token")?);
    let created = json(place, create, &[token])?;
    ensure!(created["status"] == "pending" && created["instances"] == serde_json::json!([]), "{created}");
    let id = ("CHALLENGE_ID", text(&created, "id")?);
    let deployed = json(place, deploy, &[token, id])?;
    ensure!(deployed["id"] == created["id"], "{deployed}");
    let mut seen = Value::Null;
    let path = format!("/challenges/{}", id.1);
    wait_until("all teams are served", SOON, || {
        seen = place.deployments(token.1, "GET", &path, None)?.1;
        Ok(seen["status"] == "running")
    })
    .with_context(|| format!("{seen}\n{}", place.log("runner.log")))?;
    Ok(seen)
}

fn start() -> Result<Place> {
    let mut place = Place::prepare()?;
    place.deploys_as_documented()?;
    let access = place.cluster().access();
    place.begin(&access)?;
    Ok(place)
}

#[test]
#[ignore = "needs a cluster; make test-kubernetes"]
fn the_quick_start_leads_to_a_page_for_each_team() -> Result<()> {
    let place = start()?;
    let challenge = deploy(&place, &QUICK_START, "TOKEN")?;
    for (team, command) in QUICK_ACCESS.iter().enumerate() {
        // The node learns of the pod a moment after the API has.
        let answers = || Ok(curl(&place, command, &[]).is_ok_and(|page| page.contains("Welcome to nginx!")));
        wait_until(command, SOON, answers)?;
        let (number, instance) = (team + 1, &challenge["instances"][team]);
        ensure!(instance["team_id"] == format!("team-00{number}"), "{instance}");
        ensure!(instance["public_ip"] == format!("192.168.250.10{number}"), "{instance}");
        ensure!(instance["pod_name"] == format!("test-challenge-team-00{number}-pod"), "{instance}");
        ensure!(instance["service_name"] == format!("test-challenge-team-00{number}-svc"), "{instance}");
        ensure!(instance["namespace"] == "challenge-test-challenge", "{instance}");
    }
    Ok(())
}

#[test]
#[ignore = "needs a cluster; make test-kubernetes"]
fn the_workflow_leads_to_the_addresses_of_four_teams() -> Result<()> {
    let place = start()?;
    let challenge = deploy(&place, &WORKFLOW, "YOUR_JWT_TOKEN")?;
    for (team, url) in TEAMS.iter().enumerate() {
        // At port 80, although the application listens on port 5000.
        let page = place.page(url)?;
        ensure!(page.contains("Guest book"), "{page}");
        ensure!(challenge["instances"][team]["namespace"] == "challenge-flask-hello-world", "{challenge}");
    }
    Ok(())
}
