//! The authorisation matrix: every route with every kind of client.

use crate::site::{Browser, Site, disabled};
use challengectl_coordinator::Role;
use challengectl_coordinator::accounts::Manager;
use challengectl_server::http::document;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The credentials that a route requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    Nothing,
    /// A runner key; if the path names a runner, its own.
    Key,
    /// A provisioning key.
    ProvisioningKey,
    /// An access token of a player.
    Player,
    Least(Role),
}

use Asks::{Key, Least, Nothing, Player, ProvisioningKey};
use Role::{Admin, Operator, Viewer};

/// The routes. Ids in paths do not exist.
pub const MATRIX: &[(&str, &str, Asks)] = &[
    ("GET", "/health", Nothing),
    ("GET", "/ready", Nothing),
    // Requires an allowed address instead, which the tests have.
    ("GET", "/metrics", Nothing),
    ("GET", "/api/health", Nothing),
    ("GET", "/api/openapi.json", Nothing),
    ("GET", "/api/public/challenges", Nothing),
    ("GET", "/api/public/receiver", Nothing),
    ("GET", "/api/conference", Nothing),
    ("POST", "/api/auth/login", Nothing),
    ("POST", "/api/auth/verify-totp", Nothing),
    ("POST", "/api/auth/setup", Nothing),
    ("GET", "/api/auth/setup", Nothing),
    ("POST", "/api/enrollment/enroll", Nothing),
    ("GET", "/api/play", Nothing),
    ("POST", "/api/play/register", Nothing),
    ("POST", "/api/play/login", Nothing),
    ("POST", "/api/play/refresh", Nothing),
    ("GET", "/api/play/me", Player),
    ("POST", "/api/play/password", Player),
    ("GET", "/api/play/tokens", Player),
    ("POST", "/api/play/tokens", Player),
    ("DELETE", "/api/play/tokens/{personal_token_id}", Player),
    ("GET", "/api/play/scoreboard", Nothing),
    ("GET", "/api/play/ctftime", Nothing),
    ("GET", "/api/play/ctftime/captures", Nothing),
    ("GET", "/api/play/challenges", Player),
    ("POST", "/api/play/challenges/{challenge_id}/flag", Player),
    ("GET", "/api/play/challenges/{challenge_id}/instance", Player),
    ("POST", "/api/play/challenges/{challenge_id}/instance", Player),
    ("POST", "/api/play/challenges/{challenge_id}/instance/extend", Player),
    ("POST", "/api/play/challenges/{challenge_id}/instance/heartbeat", Player),
    ("DELETE", "/api/play/challenges/{challenge_id}/instance", Player),
    ("POST", "/api/play/team", Player),
    ("POST", "/api/play/team/join", Player),
    ("POST", "/api/play/team/leave", Player),
    ("POST", "/api/play/team/code", Player),
    ("POST", "/api/play/logout", Player),
    ("POST", "/api/runners/register", Key),
    ("POST", "/api/runners/{runner_id}/heartbeat", Key),
    ("POST", "/api/runners/{runner_id}/signout", Key),
    ("GET", "/api/runners/{runner_id}/task", Key),
    ("POST", "/api/runners/{runner_id}/complete", Key),
    ("GET", "/api/runners/{runner_id}/instances", Key),
    ("POST", "/api/runners/{runner_id}/instances", Key),
    ("POST", "/api/runners/{runner_id}/inventory", Key),
    ("POST", "/api/runners/{runner_id}/inspections", Key),
    ("POST", "/api/runners/{runner_id}/log", Key),
    ("POST", "/api/runners/{runner_id}/logs", Key),
    ("GET", "/api/files/{digest}", Key),
    ("POST", "/api/provisioning/provision", ProvisioningKey),
    ("GET", "/api/auth/session", Least(Viewer)),
    ("POST", "/api/auth/logout", Least(Viewer)),
    ("POST", "/api/auth/change-password", Least(Viewer)),
    ("POST", "/api/auth/recovery-codes", Least(Viewer)),
    ("GET", "/api/challenges", Least(Viewer)),
    ("GET", "/api/challenges/{challenge_id}", Least(Viewer)),
    ("GET", "/api/frequency-ranges", Least(Viewer)),
    ("GET", "/api/runners", Least(Viewer)),
    ("GET", "/api/runners/{runner_id}", Least(Viewer)),
    ("GET", "/api/transmissions", Least(Viewer)),
    ("GET", "/api/logs", Least(Viewer)),
    ("GET", "/api/dashboard", Least(Viewer)),
    ("GET", "/api/control/status", Least(Viewer)),
    ("GET", "/api/alarms", Least(Viewer)),
    ("GET", "/api/on-air", Least(Viewer)),
    ("GET", "/api/state", Least(Viewer)),
    ("GET", "/api/modulations", Least(Viewer)),
    ("GET", "/api/settings", Least(Viewer)),
    ("GET", "/api/plan", Least(Viewer)),
    ("PUT", "/api/challenges/{challenge_id}", Least(Operator)),
    ("POST", "/api/challenges/{challenge_id}/enable", Least(Operator)),
    ("POST", "/api/challenges/{challenge_id}/disable", Least(Operator)),
    ("POST", "/api/challenges/{challenge_id}/trigger", Least(Operator)),
    ("POST", "/api/runners/{runner_id}/enable", Least(Operator)),
    ("POST", "/api/runners/{runner_id}/disable", Least(Operator)),
    ("PUT", "/api/conference", Least(Operator)),
    ("PUT", "/api/conference/day-times", Least(Operator)),
    ("PUT", "/api/conference/auto-pause", Least(Operator)),
    ("POST", "/api/control/pause", Least(Operator)),
    ("POST", "/api/control/resume", Least(Operator)),
    ("POST", "/api/control/emergency-stop", Least(Operator)),
    ("POST", "/api/control/release", Least(Operator)),
    ("POST", "/api/alarms/acknowledge", Least(Operator)),
    ("POST", "/api/alarms/shelve", Least(Operator)),
    ("POST", "/api/alarms/unshelve", Least(Operator)),
    ("GET", "/api/instances", Least(Viewer)),
    ("DELETE", "/api/instances", Least(Operator)),
    ("DELETE", "/api/instances/{instance_id}", Least(Operator)),
    ("GET", "/api/instances/{instance_id}/output", Least(Operator)),
    ("GET", "/api/instances/{instance_id}/events", Least(Operator)),
    ("POST", "/api/instances/{instance_id}/run", Least(Admin)),
    ("GET", "/api/deployments", Least(Viewer)),
    ("POST", "/api/deployments/{deployment_id}/redeploy", Least(Operator)),
    ("POST", "/api/deployments/{deployment_id}/stop", Least(Operator)),
    ("POST", "/api/deployments/{deployment_id}/teams/{team}/redeploy", Least(Operator)),
    ("POST", "/api/deployments/{deployment_id}/teams/{team}/stop", Least(Operator)),
    ("GET", "/api/submissions", Least(Operator)),
    ("GET", "/api/secrets", Least(Operator)),
    ("PUT", "/api/secrets/{name}", Least(Admin)),
    ("DELETE", "/api/secrets/{name}", Least(Admin)),
    ("GET", "/api/challenges/{challenge_id}/flags", Least(Admin)),
    ("PUT", "/api/challenges/{challenge_id}/flags", Least(Admin)),
    ("GET", "/api/text-challenges", Least(Viewer)),
    ("GET", "/api/instance-challenges", Least(Viewer)),
    ("GET", "/api/instance-challenges/{instance_challenge_id}", Least(Viewer)),
    ("PUT", "/api/instance-challenges/{instance_challenge_id}", Least(Operator)),
    ("POST", "/api/instance-challenges/{instance_challenge_id}/enable", Least(Operator)),
    ("POST", "/api/instance-challenges/{instance_challenge_id}/disable", Least(Operator)),
    ("POST", "/api/instance-challenges", Least(Admin)),
    ("POST", "/api/instance-challenges/import", Least(Admin)),
    ("DELETE", "/api/instance-challenges/{instance_challenge_id}", Least(Admin)),
    ("GET", "/api/teams", Least(Operator)),
    ("PUT", "/api/teams/{team_id}", Least(Operator)),
    ("GET", "/api/players", Least(Operator)),
    ("PUT", "/api/players/{player}", Least(Operator)),
    ("POST", "/api/challenges", Least(Admin)),
    ("POST", "/api/challenges/check", Least(Operator)),
    ("POST", "/api/challenges/preview", Least(Admin)),
    ("DELETE", "/api/challenges/{challenge_id}", Least(Admin)),
    ("POST", "/api/challenges/import", Least(Admin)),
    ("GET", "/api/challenges/export", Least(Admin)),
    ("POST", "/api/challenges/reload", Least(Admin)),
    ("POST", "/api/files/upload", Least(Admin)),
    ("DELETE", "/api/runners/{runner_id}", Least(Admin)),
    ("POST", "/api/enrollment/token", Least(Admin)),
    ("DELETE", "/api/enrollment/token/{token_id}", Least(Admin)),
    ("GET", "/api/enrollment/tokens", Least(Admin)),
    ("POST", "/api/enrollment/re-enroll/{runner_id}", Least(Admin)),
    ("GET", "/api/provisioning/keys", Least(Admin)),
    ("POST", "/api/provisioning/keys", Least(Admin)),
    ("DELETE", "/api/provisioning/keys/{key_id}", Least(Admin)),
    ("POST", "/api/provisioning/keys/{key_id}/toggle", Least(Admin)),
    ("GET", "/api/audit", Least(Admin)),
    ("GET", "/api/users", Least(Admin)),
    ("GET", "/api/backup", Least(Role::Master)),
    ("POST", "/api/users", Least(Admin)),
    ("PUT", "/api/users/{username}", Least(Admin)),
    ("DELETE", "/api/users/{username}", Least(Admin)),
    ("POST", "/api/users/{username}/reset-totp", Least(Admin)),
    ("POST", "/api/users/{username}/reset-password", Least(Admin)),
    // Last: it ends the server.
    ("POST", "/api/control/stop", Least(Admin)),
];

/// Returns method and path of every route, from the document, which has the same source as the routes.
fn route_table() -> BTreeSet<(String, String)> {
    let document = serde_json::to_value(document()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let of = |(path, item): (&String, &Value)| {
        item.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of).collect()
}

#[test]
fn every_route_is_in_the_matrix() {
    let matrix = MATRIX.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(route_table(), matrix);
}

struct Probe<'a> {
    site: &'a Site,
    method: Method,
    path: String,
    asks: Asks,
}

impl Probe<'_> {
    /// Returns the status of a request. Its body is invalid, so that an authorised request changes nothing.
    async fn status(&self, request: RequestBuilder) -> u16 {
        let body = if self.method == Method::GET { request } else { request.json(&json!({"nonsense": true})) };
        body.send().await.unwrap().status().as_u16()
    }

    async fn is(&self, who: &str, request: RequestBuilder, expected: Option<u16>) {
        let status = self.status(request).await;
        let fits = match expected {
            Some(expected) => status == expected,
            // Authorised; the outcome is not part of this test.
            None => !matches!(status, 401 | 403) && status < 500,
        };
        assert!(fits, "{} {} by {who}: {status}, expected {expected:?}", self.method, self.path);
    }

    async fn by(&self, who: &str, browser: &Browser<'_>, expected: Option<u16>) {
        self.is(who, browser.request(self.method.clone(), &self.path), expected).await;
    }
}

#[tokio::test]
async fn every_route_admits_exactly_the_authorised_clients() {
    let site = Site::open().await;
    let accounts = site.accounts().await;
    let paula = site.player("paula").await;
    assert_eq!(paula.post("/api/play/team", json!({"name": "Rotor"})).await.status, 201);
    let player = paula.access.clone();
    let (own, other) = (site.runner("own").await, site.runner("other").await);
    let made = site.browser("admin", Admin).await.post("/api/provisioning/keys", json!({"key_id": "k"})).await;
    let provisioning = made.body["api_key"].as_str().unwrap();
    for (method, path, asks) in MATRIX {
        let path = path.replace("{runner_id}", if *asks == Key { "own" } else { "nobody" });
        let path = path.replace("{personal_token_id}", "999").replace("{team_id}", "999").replace("{player}", "nobody");
        let path = path
            .replace("{instance_challenge_id}", "999")
            .replace("{challenge_id}", "999")
            .replace("{username}", "nobody");
        let path = path.replace("{deployment_id}", "nothing").replace("{team}", "team-001");
        let path = path.replace("{token_id}", "nothing").replace("{key_id}", "nothing").replace("{name}", "nothing");
        let probe = Probe {
            site: &site,
            method: method.parse().unwrap(),
            path: path.replace("{digest}", &"0".repeat(64)),
            asks: *asks,
        };
        let bearer = |token: &str| site.request(probe.method.clone(), &probe.path).bearer_auth(token);
        if *asks == Nothing {
            probe
                .is("an anonymous client", site.request(probe.method.clone(), &probe.path), anonymous_answer(&probe))
                .await;
            continue;
        }
        probe.is("an anonymous client", site.request(probe.method.clone(), &probe.path), Some(401)).await;
        let keyed = |key: &str| site.request(probe.method.clone(), &probe.path).header("X-API-Key", key);
        probe.is("an unknown key", keyed("ck_0_0"), Some(401)).await;
        if *asks == Player {
            probe.is("a runner", bearer(&own.key), Some(401)).await;
            for role in [Role::Player, Viewer, Operator, Admin] {
                probe.by("a cookie", &site.browser(&format!("{role}-cookie"), role).await, Some(401)).await;
            }
            probe.is("an unknown token", bearer("cctl_access_0"), Some(401)).await;
            probe.is("a player", bearer(&player), None).await;
            continue;
        }
        probe.is("a player", bearer(&player), Some(401)).await;
        probe.is("a player", keyed(&player), Some(401)).await;
        probe.by("a login made for a player", &site.browser("player", Role::Player).await, Some(401)).await;
        if *asks == Key {
            let names_a_runner = path.contains("/own/");
            probe.is("another runner", keyed(&other.key), names_a_runner.then_some(403)).await;
            probe.is("a provisioning key", keyed(provisioning), Some(401)).await;
            probe.by("an admin", &site.browser("admin", Admin).await, Some(401)).await;
            probe.is("the runner", keyed(&own.key), None).await;
            continue;
        }
        probe.is("a runner", keyed(&own.key), Some(401)).await;
        if *asks == ProvisioningKey {
            probe.by("an admin", &site.browser("admin", Admin).await, Some(401)).await;
            probe.is("the owner of the key", keyed(provisioning), None).await;
            continue;
        }
        probe.is("a provisioning key", keyed(provisioning), Some(401)).await;
        people(&probe, &accounts).await;
    }
}

/// Returns 400 for the public routes that answer 401 to wrong credentials in the body: a request without a body gets
/// 400.
fn anonymous_answer(probe: &Probe<'_>) -> Option<u16> {
    let has_body = probe.method != Method::GET;
    let checks_credentials =
        ["login", "verify-totp", "setup", "enroll", "register", "refresh"].iter().any(|end| probe.path.ends_with(end));
    (has_body && checks_credentials).then_some(400)
}

async fn people(probe: &Probe<'_>, accounts: &challengectl_coordinator::Accounts) {
    let Least(least) = probe.asks else { return };
    let site = probe.site;
    let ended = Browser { site, login: "0".repeat(32) };
    probe.by("a login that has ended", &ended, Some(401)).await;
    let former = site.browser("former", Operator).await;
    accounts.change_user(Manager::CommandLine, "former", disabled()).await.unwrap();
    probe.by("a disabled account", &former, Some(401)).await;
    if probe.method != Method::GET {
        let misled = site.browser("admin", Admin).await.request(probe.method.clone(), &probe.path);
        probe.is("a page of another site", misled.header("Sec-Fetch-Site", "same-site"), Some(403)).await;
    }
    for (name, role) in [("viewer", Viewer), ("operator", Operator), ("admin", Admin)] {
        let browser = site.browser(name, role).await;
        probe.by(name, &browser, (role < least).then_some(403)).await;
    }
}
