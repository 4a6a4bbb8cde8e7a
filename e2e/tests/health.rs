//! Health checks, images that are missing, and warm instances, in real container engines.
#![expect(clippy::indexing_slicing, reason = "a field that is missing is none of those that are expected")]

use anyhow::{Context, Result, ensure};
use challengectl_e2e::containers::Kind;
use challengectl_e2e::containers::hostile::{Hostile, container};
use challengectl_e2e::on_both_engines;
use challengectl_e2e::site::wait_until;
use serde_json::{Value, json};
use std::time::Duration;

/// Time for what takes a few seconds.
const SOON: Duration = Duration::from_secs(60);
/// Time for three failures in a row, and a start.
const LATER: Duration = Duration::from_secs(120);

on_both_engines!(
    a_container_starts_when_the_one_before_it_answers,
    what_never_answers_fails_and_says_what_was_asked_and_what_came,
    what_stops_answering_is_started_again_and_others_go_on,
    a_stop_does_not_wait_for_an_answer,
    an_image_that_is_missing_is_named_at_once,
    a_warm_instance_is_there_at_once_and_another_one_takes_its_place,
);

/// Returns a container with more fields.
fn with(mut container: Value, fields: &Value) -> Value {
    if let (Some(all), Some(more)) = (container.as_object_mut(), fields.as_object()) {
        all.extend(more.clone());
    }
    container
}

fn started(site: &Hostile) -> Result<(u16, Value)> {
    site.place.start_instance("ada")
}

fn a_container_starts_when_the_one_before_it_answers(kind: Kind) -> Result<()> {
    let store = container("store", "sleep 3; httpd -f -p 9000 -h /www");
    let store = with(store, &json!({"health": {"port": "9000/tcp", "path": "/"}}));
    let main = container("main", "wget -q -O /tmp/page http://store:9000/ && httpd -f -p 8080 -h /www");
    let main = with(main, &json!({"health": {"port": "8080/tcp"}}));
    let site = Hostile::of(kind, &json!([store, main]))?;
    let team = site.team("ada")?;
    let url = format!("http://127.0.0.1:{}/", team.port);
    let page = site.place.page(&url)?;
    ensure!(page.contains("hostile"), "{page}");
    ensure!(!site.place.log("server.log").contains("an instance failed"), "it was tried again");
    Ok(())
}

fn what_never_answers_fails_and_says_what_was_asked_and_what_came(kind: Kind) -> Result<()> {
    let check = json!({"health": {"port": "8080/tcp", "path": "/missing", "start_seconds": 2}});
    let main = with(container("main", "httpd -f -p 8080 -h /www"), &check);
    let site = Hostile::of(kind, &json!([main]))?;
    let (status, body) = started(&site)?;
    ensure!(status == 500, "{body}");
    let why = "main was not well within 2 seconds: GET /missing at 8080/tcp: 404 Not Found";
    ensure!(site.place.log("server.log").contains(why), "{}", site.place.log("server.log"));
    ensure!(site.place.containers()?.is_empty());
    Ok(())
}

/// A page that can be made to hang.
fn pausable() -> Value {
    let main = container("main", "httpd -f -p 8080 -h /www & echo $! > /tmp/pid; wait");
    with(main, &json!({"health": {"port": "8080/tcp", "path": "/"}}))
}

fn what_stops_answering_is_started_again_and_others_go_on(kind: Kind) -> Result<()> {
    let site = Hostile::of(kind, &json!([pausable()]))?;
    let (hanging, other) = (site.team("ada")?, site.team("bob")?);
    site.attack(&hanging, &["sh", "-c", "kill -STOP $(cat /tmp/pid)"])?;
    let is_new = || Ok(!site.place.containers()?.contains(&hanging.main) && site.answers(&hanging));
    wait_until("another container answers at the same address", LATER, is_new)
        .with_context(|| site.place.log("runner.log"))?;
    ensure!(site.place.containers()?.contains(&other.main), "another team's was ended");
    let log = site.place.log("server.log");
    ensure!(log.contains("GET / at 8080/tcp: no answer within 3 seconds; 3 times in a row"), "{log}");
    Ok(())
}

fn a_stop_does_not_wait_for_an_answer(kind: Kind) -> Result<()> {
    let check = json!({"health": {"port": "9/tcp", "start_seconds": 600}});
    let site = Hostile::of(kind, &json!([with(container("main", "sleep 1000"), &check)]))?;
    let body = json!({"challenge_id": "web-basic-xss", "user_id": "ada"});
    std::thread::scope(|scope| {
        let starting = scope.spawn(|| site.place.request("POST", "/api/challenges", Some(&body)));
        wait_until("the container waits for its health", SOON, || Ok(site.place.containers()?.len() == 1))?;
        let (_, running) = site.place.request("GET", "/api/challenges/running?user_id=ada", None)?;
        let id = running["sessions"][0]["session_id"].as_str().context("no session")?;
        let (status, stopped) = site.place.request("DELETE", &format!("/api/challenges/{id}"), None)?;
        ensure!(status == 200 && site.place.containers()?.is_empty(), "{stopped}");
        let answer = starting.join().map_err(|_| anyhow::anyhow!("the request has panicked"))??;
        ensure!(answer.0 == 500, "{answer:?}");
        Ok(())
    })
}

fn an_image_that_is_missing_is_named_at_once(kind: Kind) -> Result<()> {
    let image = json!({"image": "localhost/challengectl/none:1"});
    let site = Hostile::of(kind, &json!([pausable(), with(container("store", "sleep 1000"), &image)]))?;
    let (status, body) = started(&site)?;
    ensure!(status == 500, "{body}");
    let log = site.place.log("server.log");
    let why = "reason=\"the engine has no image localhost/challengectl/none:1";
    ensure!(log.matches(why).count() == 1, "tried once: {log}");
    ensure!(site.place.containers()?.is_empty() && !site.place.docker(&["network", "ls"])?.contains("ctf-"));
    Ok(())
}

fn a_warm_instance_is_there_at_once_and_another_one_takes_its_place(kind: Kind) -> Result<()> {
    let site = Hostile::of(kind, &json!([pausable()]))?;
    site.set_policy(&json!({"warm": 2}))?;
    let metrics = || site.place.page("http://127.0.0.1:8443/metrics");
    let are_warm = || Ok(metrics()?.contains("challengectl_sessions_warm 2"));
    wait_until("two are warm", SOON, are_warm).with_context(|| site.place.log("runner.log"))?;
    let before = site.place.containers()?;
    let team = site.team("ada")?;
    let metrics = metrics()?;
    let took = metrics.lines().find(|line| line.starts_with("challengectl_session_start_seconds_sum"));
    println!("{kind:?}: {}", took.context("no time of the start")?);
    ensure!(before.contains(&team.main) && site.answers(&team), "it was started anew");
    let flag = site.attack(&team, &["sh", "-c", "echo $CHALLENGE_FLAG"])?;
    let submission = json!({"flag": flag, "session_id": team.session});
    let (_, judged) = site.place.request("POST", "/api/flags", Some(&submission))?;
    ensure!(judged["valid"] == true, "{judged}");
    wait_until("the pool is full again", SOON, || Ok(site.place.containers()?.len() == 3))?;
    site.set_policy(&json!({"warm": 0}))?;
    wait_until("the pool is empty", SOON, || Ok(site.place.containers()?.len() == 1))?;
    Ok(())
}
