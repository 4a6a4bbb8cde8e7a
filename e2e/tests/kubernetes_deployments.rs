//! Challenges that are deployed for all teams in a real cluster, over the front for that.
#![expect(clippy::indexing_slicing, reason = "a field that is missing is none of those that are expected")]

use anyhow::{Context, Result, ensure};
use challengectl_e2e::kubernetes::{Faulty, IMAGE, Place};
use challengectl_e2e::site::wait_until;
use serde_json::{Value, json};
use std::time::Duration;

/// Time for what takes some seconds.
const SOON: Duration = Duration::from_secs(180);
const NAME: &str = "guest-book";
const TEAMS: usize = 3;

/// A site with a Master.
struct Event {
    token: String,
    place: Place,
}

impl Event {
    fn start() -> Result<Self> {
        let mut place = Place::prepare()?;
        place.deploys();
        let access = place.cluster().access();
        place.begin(&access)?;
        Self::of(place)
    }

    fn of(place: Place) -> Result<Self> {
        let account = json!({
            "username": "master_admin", "email": "admin@pacstar.com", "password": "AdminPass123", "zone": "master_zone",
        });
        ensure!(place.deployments("", "POST", "/auth/register", Some(&account))?.0 == 201);
        let (_, tokens) = place.deployments("", "POST", "/auth/login", Some(&account))?;
        let token = tokens["access_token"].as_str().with_context(|| tokens.to_string())?.to_owned();
        Ok(Self { token, place })
    }

    fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let (status, answer) = self.place.deployments(&self.token, method, path, body)?;
        ensure!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        Ok(answer)
    }

    /// Creates the challenge, and returns its path.
    fn create(&self, image: &str) -> Result<String> {
        let challenge = json!({
            "name": NAME, "description": "A guest book for each team.", "total_teams": TEAMS,
            "config": {
                "challenge_type": "web", "image": image, "ports": [8080], "environment_vars": {"FLAG": "CTF{guests}"},
                "resources": {"requests": {"cpu": "20m", "memory": "16Mi"}, "limits": {"cpu": "200m", "memory": "64Mi"}},
                "health_check_path": "/",
            },
        });
        let made = self.send("POST", "/challenges/", Some(&challenge))?;
        Ok(format!("/challenges/{}", made["id"].as_str().context("no id")?))
    }

    fn deploy(&self, path: &str) -> Result<Value> {
        self.send("POST", &format!("{path}/deploy"), Some(&json!({"force_redeploy": false})))
    }

    /// Waits until a challenge is so, and returns it.
    fn becomes(&self, path: &str, status: &str) -> Result<Value> {
        let mut seen = Value::Null;
        wait_until(&format!("it is {status}"), SOON, || {
            seen = self.send("GET", path, None)?;
            Ok(seen["status"] == status)
        })
        .with_context(|| format!("{seen}\n{}", self.place.log("runner.log")))?;
        Ok(seen)
    }

    /// Loads the page of a team at its address.
    fn page(&self, team: usize) -> Result<String> {
        self.place.page(&format!("http://{}.{}/", self.place.network(), 100 + team))
    }

    fn is_empty(&self) -> Result<bool> {
        let namespaces = self.place.cluster().kubectl(&["get", "namespaces", "-o", "name"])?;
        Ok(self.place.objects()?.is_empty() && !namespaces.contains(&format!("challenge-{NAME}")))
    }
}

#[test]
#[ignore = "needs a cluster; make test-kubernetes"]
fn every_team_has_an_address_and_keeps_it_until_it_is_removed() -> Result<()> {
    let event = Event::start()?;
    let path = event.create(IMAGE)?;
    event.deploy(&path)?;
    let challenge = event.becomes(&path, "running")?;
    for (team, instance) in challenge["instances"].as_array().context("no instances")?.iter().enumerate() {
        let name = format!("{NAME}-team-00{}", team + 1);
        ensure!(instance["public_ip"] == format!("{}.{}", event.place.network(), 101 + team), "{instance}");
        ensure!(instance["pod_name"] == format!("{name}-pod") && instance["service_name"] == format!("{name}-svc"));
        ensure!(
            instance["internal_ip"].is_string() && instance["namespace"] == format!("challenge-{NAME}"),
            "{instance}"
        );
        ensure!(event.page(team + 1)?.contains("Guest book"));
    }

    event.send("POST", &format!("{path}/stop"), Some(&json!({"remove_instances": false})))?;
    event.becomes(&path, "stopped")?;
    let left = event.place.objects()?;
    ensure!(
        !left.iter().any(|it| it.starts_with("pod/")) && left.iter().any(|it| it.starts_with("service/")),
        "{left:?}"
    );
    event.deploy(&path)?;
    let again = event.becomes(&path, "running")?;
    ensure!(again["instances"][0]["public_ip"] == challenge["instances"][0]["public_ip"], "{again}");
    ensure!(event.page(1)?.contains("Guest book"));

    event.send("POST", &format!("{path}/stop"), Some(&json!({"remove_instances": true})))?;
    let is_over = || Ok(event.send("GET", &path, None)?["instances"] == json!([]) && event.is_empty()?);
    wait_until("nothing is left", SOON, is_over).with_context(|| event.place.log("runner.log"))
}

#[test]
#[ignore = "needs a cluster; make test-kubernetes"]
fn a_challenge_that_is_deleted_can_be_created_again_at_once_while_its_namespace_ends() -> Result<()> {
    let event = Event::start()?;
    let path = event.create(IMAGE)?;
    event.deploy(&path)?;
    event.becomes(&path, "running")?;
    event.send("DELETE", &path, None)?;
    let path = event.create(IMAGE)?;
    event.deploy(&path)?;
    event.becomes(&path, "running")?;
    ensure!(event.page(1)?.contains("Guest book"));
    event.send("DELETE", &path, None)?;
    wait_until("nothing is left", SOON, || event.is_empty()).with_context(|| event.place.log("runner.log"))
}

#[test]
#[ignore = "needs a cluster; make test-kubernetes"]
fn what_fails_says_why_and_what_others_delete_comes_back() -> Result<()> {
    let event = Event::start()?;
    let path = event.create("localhost/nobody/has-this:1")?;
    event.deploy(&path)?;
    let failed = event.becomes(&path, "failed")?;
    let message = failed["instances"][0]["message"].as_str().unwrap_or_default();
    ensure!(message.contains("Pull"), "{failed}");
    let config = json!({"config": {"challenge_type": "web", "image": IMAGE, "ports": [8080]}});
    event.send("PUT", &path, Some(&config))?;
    event.deploy(&path)?;
    event.becomes(&path, "running")?;

    let namespace = format!("challenge-{NAME}");
    event.place.cluster().kubectl(&["delete", "deployments,services", "--all", "-n", &namespace])?;
    let is_back = || Ok((1..=TEAMS).all(|team| event.page(team).is_ok_and(|page| page.contains("Guest book"))));
    wait_until("all teams are back", SOON, is_back).with_context(|| event.place.log("runner.log"))?;
    event.becomes(&path, "running").map(drop)
}

#[test]
#[ignore = "needs a cluster; make test-kubernetes"]
fn deployments_come_to_their_end_through_an_api_that_fails_and_kills_of_the_runner() -> Result<()> {
    let mut place = Place::prepare()?;
    place.deploys();
    let api = Faulty::start(place.cluster(), place.api_port(), place.folder())?;
    place.begin(api.access())?;
    api.fail(300);
    let mut event = Event::of(place)?;
    let path = event.create(IMAGE)?;
    event.deploy(&path)?;
    event.place.kill_runner()?;
    event.place.start_runner()?;
    event.becomes(&path, "running")?;
    event.send("DELETE", &path, None)?;
    event.place.kill_runner()?;
    event.place.start_runner()?;
    wait_until("nothing is left", 2 * SOON, || event.is_empty()).with_context(|| event.place.log("runner.log"))?;
    ensure!(api.failed() > 20, "only {} requests have failed", api.failed());
    Ok(())
}
