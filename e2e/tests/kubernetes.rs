//! Instances in a real cluster of Kubernetes, by a runner that may do no more than what is documented.

use anyhow::{Context, Result, ensure};
use challengectl_e2e::containers::network;
use challengectl_e2e::kubernetes::{Faulty, IMAGE, NODE, Place};
use challengectl_e2e::operator::Operator;
use challengectl_e2e::site::wait_until;
use serde_json::{Value, json};
use std::time::Duration;

/// Time for what takes a few seconds.
const SOON: Duration = Duration::from_secs(120);
/// The sample challenge.
const SAMPLE: &str = "web-basic-xss";
/// Instances that live through a faulty API.
const USERS: usize = 6;

fn text<'a>(body: &'a Value, field: &str) -> Result<&'a str> {
    body[field].as_str().with_context(|| format!("no {field} in {body}"))
}

/// Starts the sample challenge for a user.
fn started(place: &Place, user: &str) -> Result<Value> {
    let (status, session) = place.start_instance(SAMPLE, user)?;
    ensure!(status == 200 || status == 201, "{session}\n{}", place.log("runner.log"));
    Ok(session)
}

/// Solves the sample challenge, as a player does, and returns its flag.
fn solve(place: &Place, session: &Value) -> Result<String> {
    let url = format!("{}/cgi-bin/sign?entry=%3Cscript%3Ealert(1)%3C%2Fscript%3E", text(session, "access_url")?);
    let page = place.page(&url)?;
    let begin = page.find("flag{").with_context(|| page.clone())?;
    let end = page[begin..].find('}').context("the flag does not end")?;
    Ok(page[begin..=begin + end].to_owned())
}

fn is_empty(place: &Place) -> Result<bool> {
    Ok(place.objects()?.is_empty())
}

/// Makes a challenge of these containers, as an operator.
fn challenge(place: &Place, id: &'static str, containers: Value) -> Result<()> {
    let (url, log) = (place.url(), place.log("server.log"));
    let made = place.cluster().thread(move || async move {
        let operator = Operator::at(network::client(SOON)?, &url, &log).await?;
        let body = json!({"id": id, "name": id, "spec": {"containers": containers}});
        operator.send("/api/instance-challenges", &body).await
    })?;
    network::join(made).map(drop)
}

/// Starts an instance over the engine front, in its network.
async fn start(front: &str, body: &Value) -> Result<()> {
    for _ in 0..20 {
        let answer = network::client(SOON)?.post(format!("{front}/api/challenges")).json(body).send().await?;
        match answer.status().as_u16() {
            201 => return Ok(()),
            // Still starting: this was a long poll.
            503 => {}
            status => anyhow::bail!("{status} {}", answer.text().await?),
        }
    }
    anyhow::bail!("it does not start")
}

/// The pods of a place, with their names and ids.
fn pods(place: &Place) -> Result<String> {
    let columns = "custom-columns=:metadata.name,:metadata.uid";
    place.cluster().kubectl(&["get", "pods", "-A", "-l", &place.selector(), "--no-headers", "-o", columns])
}

#[test]
#[ignore = "needs a cluster; make test-kubernetes"]
fn a_challenge_is_started_solved_and_stopped() -> Result<()> {
    let place = Place::start()?;
    let session = started(&place, "ada")?;
    ensure!(text(&session, "access_url")?.starts_with(&format!("http://{NODE}:")), "{session}");
    let other = started(&place, "bob")?;
    let (flag, of_bob) = (solve(&place, &session)?, solve(&place, &other)?);
    ensure!(flag != of_bob, "both have {flag}");
    let submitted = json!({"flag": flag, "session_id": session["session_id"]});
    let (status, right) = place.request("POST", "/api/flags", Some(&submitted))?;
    ensure!(status == 200 && right["valid"] == true, "{right}");
    let variables =
        place.cluster().kubectl(&["get", "deployments,pods", "-A", "-l", &place.selector(), "-o", "yaml"])?;
    ensure!(!variables.contains(&flag), "the flag is where more people may read it");
    for session in [&session, &other] {
        let path = format!("/api/challenges/{}", text(session, "session_id")?);
        ensure!(place.request("DELETE", &path, None)?.0 == 200);
    }
    wait_until("nothing is left", SOON, || is_empty(&place)).with_context(|| place.log("runner.log"))
}

#[test]
#[ignore = "needs a cluster; make test-kubernetes"]
fn instances_outlive_the_server_and_the_runner_with_all_that_it_has_kept() -> Result<()> {
    let mut place = Place::start()?;
    let session = started(&place, "ada")?;
    let (flag, before) = (solve(&place, &session)?, pods(&place)?);
    place.kill_server()?;
    place.kill_runner()?;
    place.start_server()?;
    place.start_runner()?;
    let again = started(&place, "ada")?;
    for field in ["session_id", "container_id", "container_port", "expires_at"] {
        ensure!(again[field] == session[field], "{field}: {again}");
    }
    ensure!(pods(&place)? == before && solve(&place, &again)? == flag);

    place.kill_runner()?;
    place.wipe_runner()?;
    place.start_runner()?;
    ensure!(solve(&place, &again)? == flag);
    let path = format!("/api/challenges/{}", text(&session, "session_id")?);
    ensure!(place.request("DELETE", &path, None)?.0 == 200);
    wait_until("nothing is left", SOON, || is_empty(&place)).with_context(|| place.log("runner.log"))
}

#[test]
#[ignore = "needs a cluster; make test-kubernetes"]
fn what_somebody_deletes_is_started_again_and_what_nobody_knows_is_removed() -> Result<()> {
    let place = Place::start()?;
    let session = started(&place, "ada")?;
    let before = pods(&place)?;
    place.cluster().kubectl(&["delete", "deployments", "-A", "-l", &place.selector()])?;
    let is_new = || {
        let now = pods(&place)?;
        Ok(!now.is_empty() && now != before && place.page(text(&session, "access_url")?).is_ok())
    };
    wait_until("another pod answers at the same address", SOON, is_new).with_context(|| place.log("runner.log"))?;

    // As a start that ended without its runner, which was killed.
    let namespace = place.cluster().kubectl(&["get", "namespaces", "-l", &place.selector(), "-o", "name"])?;
    let namespace = namespace.trim().strip_prefix("namespace/").context("no namespace")?.to_owned();
    let in_it = ["-n", namespace.as_str()];
    place.cluster().kubectl(&[&["create", "deployment", "leftover", "--image", IMAGE], &in_it[..]].concat())?;
    let labels = [place.selector(), "challengectl.session=999".to_owned(), "challengectl.fence=1".to_owned()];
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    place.cluster().kubectl(&[&["label", "deployment", "leftover"], &labels[..], &in_it[..]].concat())?;
    let is_gone = || Ok(!place.objects()?.iter().any(|it| it.contains("leftover")));
    wait_until("the leftover is removed", SOON, is_gone).with_context(|| place.log("runner.log"))?;
    ensure!(!is_empty(&place)?, "the instance is gone as well");
    Ok(())
}

#[test]
#[ignore = "needs a cluster; make test-kubernetes"]
fn containers_of_an_instance_reach_each_other_by_name_and_operators_look_into_them() -> Result<()> {
    let place = Place::start()?;
    let busybox = |name: &str, port: u16| {
        json!({
            "name": name, "image": IMAGE, "ports": [format!("{port}/http")], "health": {"port": format!("{port}/tcp")},
            "command": ["/bin/busybox", "httpd", "-f", "-v", "-p", port.to_string(), "-h", "/www"],
        })
    };
    let containers = json!([busybox("store", 9000), busybox("web", 8080)]);
    let (url, front, log) = (place.url(), place.front(), place.log("server.log"));
    let seen = place.cluster().thread(move || async move {
        let operator = Operator::at(network::client(SOON)?, &url, &log).await?;
        let body = json!({"id": "two", "name": "Two", "spec": {"containers": containers}});
        operator.send("/api/instance-challenges", &body).await?;
        start(&front, &json!({"challenge_id": "two", "user_id": "ada"})).await?;
        let id = operator.get("/api/instances").await?["instances"][0]["instance_id"].to_string();
        let words = |line: &str| json!({"container": "web", "command": ["/bin/busybox", "sh", "-c", line]});
        let path = format!("/api/instances/{id}/run");
        let reached = operator.send(&path, &words("/bin/busybox wget -q -O - http://store:9000/")).await?;
        let back =
            json!({"container": "store", "command": ["/bin/busybox", "wget", "-q", "-O", "-", "http://web:8080/"]});
        let back = operator.send(&path, &back).await?;
        let failed = operator.send(&path, &words("exit 3")).await?;
        let output = operator.get(&format!("/api/instances/{id}/output?lines=50&container=store")).await?;
        Ok((reached, back, failed, output))
    })?;
    let seen = network::join(seen).with_context(|| place.log("runner.log"))?;
    let (reached, back, failed, output) = seen;
    ensure!(text(&reached, "output")?.contains("Guest book") && reached["exit_code"] == 0, "{reached}");
    ensure!(text(&back, "output")?.contains("Guest book"), "{back}");
    ensure!(failed["exit_code"] == 3, "{failed}");
    ensure!(text(&output, "output")?.contains("response:200"), "{output}");
    Ok(())
}

#[test]
#[ignore = "needs a cluster; make test-kubernetes"]
fn an_instance_that_cannot_run_says_why_and_leaves_nothing() -> Result<()> {
    let place = Place::start()?;
    challenge(&place, "missing", json!([{"image": "localhost/nobody/has-this:1", "ports": ["80/http"]}]))?;
    let (status, failed) = place.start_instance("missing", "ada")?;
    ensure!(status == 500, "{failed}");
    let log = place.log("server.log");
    ensure!(log.contains("ErrImagePull") || log.contains("ImagePullBackOff"), "{log}");
    wait_until("nothing is left", SOON, || is_empty(&place)).with_context(|| place.log("runner.log"))
}

#[test]
#[ignore = "needs a cluster; make test-kubernetes"]
fn through_an_api_that_fails_everything_comes_to_its_end() -> Result<()> {
    let mut place = Place::prepare()?;
    let api = Faulty::start(place.cluster(), place.api_port(), place.folder())?;
    place.begin(api.access())?;
    api.fail(300);
    let sessions: Vec<Value> =
        (0..USERS).map(|user| started(&place, &format!("user-{user}"))).collect::<Result<_>>()?;
    for session in &sessions {
        solve(&place, session)?;
    }
    for session in &sessions {
        let path = format!("/api/challenges/{}", text(session, "session_id")?);
        let (status, answer) = place.request("DELETE", &path, None)?;
        ensure!(status == 200 || status == 503, "{answer}");
    }
    wait_until("nothing is left", 3 * SOON, || is_empty(&place)).with_context(|| place.log("runner.log"))?;
    ensure!(api.failed() > 20, "only {} requests have failed", api.failed());
    Ok(())
}
