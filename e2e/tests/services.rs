//! Services of a real swarm, and their secrets.
#![expect(clippy::indexing_slicing, reason = "a field that is missing is none of those that are expected")]

use anyhow::{Context, Result, ensure};
use challengectl_e2e::containers::hostile::{self, IMAGE};
use challengectl_e2e::containers::outside::{self, Outside};
use challengectl_e2e::containers::{Place, network};
use challengectl_e2e::operator::Operator;
use challengectl_e2e::site::wait_until;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// Time for what takes a few seconds.
const SOON: Duration = Duration::from_secs(60);
/// The list of system calls that the runner gives containers.
const LIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../runner/src/engine/profile/seccomp.json");
/// Contents of a secret.
const FIRST: &str = "correct horse battery";
const SECOND: &str = "staple correct horse";

/// A site whose engine manages a swarm, and its first admin.
struct Swarm {
    place: Place,
    cookies: String,
}

impl Swarm {
    fn start(list: Option<&Path>) -> Result<Self> {
        let place = Place::swarm(list, hostile::build)?;
        let (log, certificate) = (place.log("server.log"), std::fs::read(place.certificate())?);
        let logs_in = move || async move {
            let client = network::client_trusting(&certificate, SOON)?;
            Ok(Operator::at(client, "https://localhost:8443", &log).await?.cookies().to_owned())
        };
        let cookies = network::join(network::inside(place.engine().process(), logs_in)?)?;
        let swarm = Self { place, cookies };
        let is_known = || Ok(swarm.ask("GET", "/api/v1/secret", None)?.1["swarm_mode"] == true);
        wait_until("the runner says that its engine manages a swarm", SOON, is_known)?;
        Ok(swarm)
    }

    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<(u16, Value)> {
        self.place.browse(&self.cookies, method, path, body)
    }

    /// Sends a request that succeeds.
    fn send(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let (status, answer) = self.ask(method, path, Some(body))?;
        ensure!((200..300).contains(&status), "{method} {path}: {status} {answer}\n{}", self.place.log("runner.log"));
        Ok(answer)
    }

    /// Creates a secret. Returns its id.
    fn secret(&self, name: &str, content: &str) -> Result<String> {
        let made = self.send("POST", "/api/v1/secret", &json!({"name": name, "data": content}))?;
        Ok(made["data"]["id"].as_str().context("no id")?.to_owned())
    }

    /// Creates a challenge whose service gets these secrets. Returns its number.
    fn challenge(&self, name: &str, image: &str, secrets: &Value) -> Result<Value> {
        let form = json!({
            "name": name, "category": "web", "description": "", "value": 100, "type": "docker_service", "docker_image": image,
            "exposed_ports": "8080/tcp", "docker_secrets_array": secrets.to_string()
        });
        Ok(self.send("POST", "/api/v1/challenges", &form)?["data"]["id"].clone())
    }

    /// Starts the service of a challenge. Returns the port by which players reach it.
    fn service(&self, challenge: &Value) -> Result<String> {
        let made = self.send("POST", "/api/v1/container", &json!({"id": challenge}))?;
        let port = made["data"]["ports"][0].as_str().and_then(|text| text.strip_suffix("/tcp-> 8080"));
        Ok(port.with_context(|| made.to_string())?.to_owned())
    }

    fn page(&self, port: &str) -> Result<String> {
        self.place.page(&format!("http://localhost:{port}/"))
    }

    /// Returns the running container of a challenge, by its slug.
    fn container(&self, slug: &str) -> Result<String> {
        let filter = format!("label=challengectl.challenge={slug}");
        Ok(self.place.docker(&["ps", "-q", "--no-trunc", "--filter", &filter])?.trim().to_owned())
    }

    /// Runs a program in the container of a challenge as this user, and returns what it prints.
    fn run(&self, slug: &str, user: &str, words: &[&str]) -> Result<String> {
        let container = self.container(slug)?;
        let mut arguments = vec!["exec", "-u", user, &container];
        arguments.extend(words);
        Ok(self.place.docker(&arguments)?.trim().to_owned())
    }

    /// Kills all services, and waits until nothing is left of them in the engine.
    fn clear(&self) -> Result<()> {
        self.send("POST", "/api/v1/nuke", &json!({"all": true}))?;
        let is_clear = || Ok(self.left()?.is_empty());
        wait_until("nothing is left of the services", SOON, is_clear)
            .with_context(|| format!("{}\n{}", self.left().unwrap_or_default(), self.place.log("runner.log")))?;
        let has_none = || Ok(self.place.engine().shell("ip -o link | grep -c ' ctf[0-9]*' || true")?.trim() == "0");
        wait_until("no bridge is left", SOON, has_none)
    }

    /// Returns what the engine has of services: they themselves, secrets, containers, networks.
    fn left(&self) -> Result<String> {
        let mut left = String::new();
        for list in [["service", "ls"], ["secret", "ls"]] {
            left += &self.place.docker(&[list[0], list[1], "-q"])?;
        }
        left += &self.place.containers()?.concat();
        left += &self.place.docker(&["network", "ls", "-q", "--filter", "name=ctf-", "--filter", "driver=bridge"])?;
        Ok(left)
    }
}

#[test]
fn a_service_has_its_secrets_as_files_and_leaves_nothing() -> Result<()> {
    let mut swarm = Swarm::start(Some(Path::new(LIST)))?;
    let (for_all, for_root) = (swarm.secret("db_password", FIRST)?, swarm.secret("a.key", "kept")?);
    let both = json!([{"id": for_all, "protected": false}, {"id": for_root, "protected": true}]);
    let vault = swarm.challenge("Vault", IMAGE, &both)?;
    let port = swarm.service(&vault)?;
    ensure!(swarm.page(&port)?.contains("hostile"));
    ensure!(swarm.run("vault", "1000", &["cat", "/run/secrets/db_password"])? == FIRST);
    ensure!(swarm.run("vault", "1000", &["cat", "/run/secrets/a.key"]).is_err(), "a protected one is root's alone");
    ensure!(swarm.run("vault", "0", &["cat", "/run/secrets/a.key"])? == "kept");
    let modes = swarm.run("vault", "0", &["stat", "-c", "%a %u", "/run/secrets/a.key", "/run/secrets/db_password"])?;
    ensure!(modes == "400 0\n444 0", "{modes}");
    let (_, status) = swarm.ask("GET", "/api/v1/docker_status", None)?;
    ensure!(status["data"][0]["ports"] == json!([format!("{port}/tcp-> 8080")]), "{status}");

    // As long as it lives, its secrets stay.
    let (code, refused) = swarm.ask("DELETE", &format!("/api/v1/secret/{for_all}"), None)?;
    ensure!(code == 409 && refused["error"] == "Cannot delete secret 'db_password' - in use", "{refused}");
    let (_, refused) = swarm.ask("DELETE", "/api/v1/secret/all", None)?;
    ensure!(refused["deleted"] == 0 && refused["failed"] == 2, "{refused}");

    // It is adopted by a runner and a server that were killed.
    let before = swarm.container("vault")?;
    swarm.place.kill_server()?;
    swarm.place.kill_runner()?;
    swarm.place.start_server()?;
    swarm.place.start_runner()?;
    let (_, again) = swarm.ask("GET", "/api/v1/docker_status", None)?;
    ensure!(again == status && swarm.container("vault")? == before, "{again}");

    // A new content is for new services.
    swarm.send("PUT", "/api/secrets/db_password", &json!({"value": SECOND}))?;
    let other = swarm.challenge("Other vault", IMAGE, &both)?;
    swarm.service(&other)?;
    ensure!(swarm.run("other-vault", "1000", &["cat", "/run/secrets/db_password"])? == SECOND);
    ensure!(swarm.run("vault", "1000", &["cat", "/run/secrets/db_password"])? == FIRST);
    let secrets = swarm.place.docker(&["secret", "ls", "-q"])?.lines().count();
    ensure!(secrets == 3, "both versions, and the other secret: {secrets}");

    // One that ends is started again at its address.
    swarm.place.docker(&["kill", &before])?;
    let is_new = || Ok(swarm.container("vault")?.len() == 64 && swarm.container("vault")? != before);
    wait_until("another container is there", SOON, is_new).with_context(|| swarm.place.log("runner.log"))?;
    ensure!(swarm.page(&port)?.contains("hostile"));

    swarm.clear()?;
    // What the runner has removed, the server learns after that.
    let are_deleted = || Ok(swarm.ask("DELETE", "/api/v1/secret/all", None)?.1["failed"] == 0);
    wait_until("the secrets are deleted", SOON, are_deleted)?;
    let (code, refused) = swarm.ask("POST", "/api/v1/container", Some(&json!({"id": vault})))?;
    ensure!(code == 500 && refused["error"] == "Container creation failed", "{refused}");
    let alarms = swarm.ask("GET", "/api/alarms", None)?.1.to_string();
    ensure!(alarms.contains("one of its secrets was deleted"), "{alarms}");
    Ok(())
}

#[test]
fn nobody_else_reads_a_secret() -> Result<()> {
    let swarm = Swarm::start(Some(Path::new(LIST)))?;
    let secret = swarm.secret("db_password", FIRST)?;
    let vault = swarm.challenge("Vault", IMAGE, &json!([{"id": secret}]))?;
    swarm.service(&vault)?;
    ensure!(swarm.run("vault", "0", &["cat", "/run/secrets/db_password"])? == FIRST);
    let mut shown = vec![
        ("the server's log", swarm.place.log("server.log")),
        ("the runner's log", swarm.place.log("runner.log")),
        ("the engine's log", swarm.place.engine().log()),
        ("its events", swarm.place.docker(&["events", "--since", "2h", "--until", "0s"])?),
        ("the environment", swarm.run("vault", "0", &["cat", "/proc/1/environ", "/proc/self/environ"])?),
    ];
    for kind in ["service", "secret", "network", "container", "image"] {
        let list = if kind == "container" { vec![kind, "ls", "-aq"] } else { vec![kind, "ls", "-q"] };
        let ids = swarm.place.docker(&list)?;
        for id in ids.lines() {
            shown.push((kind, swarm.place.docker(&[kind, "inspect", id])?));
        }
    }
    ensure!(shown.iter().any(|(kind, text)| *kind == "secret" && text.contains("db_password")), "{shown:?}");
    let challenge = format!("/api/v1/challenges/{vault}");
    for path in
        ["/api/audit", "/api/logs", "/api/instances", "/api/v1/secret", "/api/secrets", "/api/alarms", &challenge]
    {
        let (status, answer) = swarm.ask("GET", path, None)?;
        ensure!(status == 200, "{path}: {status} {answer}");
        shown.push(("the API", answer.to_string()));
    }
    for (place, text) in shown {
        ensure!(!text.contains(FIRST) && !text.is_empty(), "{place}: {text}");
    }
    let kept = |name: &str| std::fs::read(swarm.place.folder().join(name)).unwrap_or_default();
    for file in ["data/challengectl.db", "data/challengectl.db-wal"] {
        let content = kept(file);
        ensure!(!content.windows(FIRST.len()).any(|part| part == FIRST.as_bytes()), "{file} has the secret in clear");
    }
    Ok(())
}

#[test]
fn a_service_reaches_no_more_than_a_container() -> Result<()> {
    let swarm = Swarm::start(Some(Path::new(LIST)))?;
    let _outside = Outside::start(&swarm.place)?;
    let (hostile, other) =
        (swarm.challenge("Hostile", IMAGE, &json!([]))?, swarm.challenge("Other", IMAGE, &json!([]))?);
    swarm.service(&hostile)?;
    let port = swarm.service(&other)?;
    let address = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    let address = swarm.place.docker(&["inspect", "-f", address, &swarm.container("other")?])?;
    let gateway = swarm.run("hostile", "0", &["ip", "route"])?;
    let gateway = gateway.split_whitespace().nth(2).context("no gateway")?.to_owned();
    let tries = [
        (gateway.as_str(), "8443"),
        // The manager of the swarm.
        (gateway.as_str(), "2377"),
        (outside::HOST, "8443"),
        (outside::HOST, &port),
        (address.trim(), "8080"),
        (outside::MACHINE, "80"),
        (outside::METADATA, "80"),
    ];
    for (address, port) in tries {
        let came = swarm.run("hostile", "0", &["probe", "connect", address, port])?;
        ensure!(came == "no answer", "{address}:{port}: {came}");
    }
    ensure!(swarm.page(&port)?.contains("hostile"), "players do not reach it either");
    // AF_VSOCK, AF_ALG, AF_PACKET: EAFNOSUPPORT.
    for family in ["40", "38", "17"] {
        let came = swarm.run("hostile", "0", &["probe", "socket", family, "1"])?;
        ensure!(came == "97", "{family}: {came}");
    }
    let limits = "{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}} {{.HostConfig.NanoCpus}} {{.HostConfig.CapDrop}}";
    let limits = swarm.place.docker(&["inspect", "-f", limits, &swarm.container("hostile")?])?;
    ensure!(limits.trim() == "268435456 128 500000000 [ALL]", "{limits}");
    let shm = swarm.run("hostile", "0", &["grep", " /dev/shm ", "/proc/mounts"])?;
    ensure!(shm.contains("size=8192k"), "{shm}");
    Ok(())
}

#[test]
fn a_service_that_ends_is_reported_and_leaves_nothing() -> Result<()> {
    let swarm = Swarm::start(Some(Path::new(LIST)))?;
    let archive = swarm.place.folder().join("image.tar").display().to_string();
    swarm.place.docker(&["import", "--change", "CMD [\"/bin/nothing\"]", &archive, "broken:1"])?;
    let secret = swarm.secret("db_password", FIRST)?;
    let broken = swarm.challenge("Broken", "broken:1", &json!([{"id": secret}]))?;
    // The engine's init is what runs first, so that the task runs for a moment.
    swarm.ask("POST", "/api/v1/container", Some(&json!({"id": broken})))?;
    let is_told = || Ok(swarm.ask("GET", "/api/alarms", None)?.1.to_string().contains("An instance of Broken failed"));
    wait_until("operators are told", 2 * SOON, is_told).with_context(|| swarm.place.log("runner.log"))?;
    let is_clear = || Ok(swarm.left()?.is_empty());
    wait_until("nothing is left", SOON, is_clear).with_context(|| swarm.place.log("runner.log"))
}

#[test]
fn without_its_list_of_system_calls_an_older_engine_starts_no_service() -> Result<()> {
    let swarm = Swarm::start(None)?;
    let challenge = swarm.challenge("Hostile", IMAGE, &json!([]))?;
    let (status, refused) = swarm.ask("POST", "/api/v1/container", Some(&json!({"id": challenge})))?;
    ensure!(status == 500 && refused["error"] == "Container creation failed", "{refused}");
    let alarms = swarm.ask("GET", "/api/alarms", None)?.1.to_string();
    ensure!(alarms.contains("seccomp-profile") && alarms.contains("roof/seccomp.json"), "{alarms}");
    ensure!(swarm.left()?.is_empty());
    Ok(())
}
