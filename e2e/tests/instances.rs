//! Instances in real container engines.
#![expect(clippy::indexing_slicing, reason = "a field that is missing is none of those that are expected")]

use anyhow::{Context, Result, ensure};
use challengectl_e2e::containers::{Kind, Place, network};
use challengectl_e2e::on_both_engines;
use challengectl_e2e::operator::Operator;
use challengectl_e2e::site::wait_until;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// Time for what takes a few seconds.
const SOON: Duration = Duration::from_secs(60);

on_both_engines!(
    a_challenge_is_started_solved_and_stopped,
    each_user_has_an_instance_and_a_flag_of_their_own,
    instances_outlive_the_server_and_the_runner,
    what_ends_by_itself_is_started_again_and_what_nobody_knows_is_removed,
    a_network_of_somebody_else_is_not_in_the_way,
    an_instance_that_cannot_be_started_leaves_nothing,
    an_operator_sees_what_an_instance_prints,
);

fn start(place: &Place, user: &str) -> Result<(u16, Value)> {
    place.start_instance(user)
}

fn submit(place: &Place, session: &str, flag: &str) -> Result<(u16, Value)> {
    place.request("POST", "/api/flags", Some(&json!({"flag": flag, "session_id": session})))
}

fn text<'a>(body: &'a Value, field: &str) -> Result<&'a str> {
    body[field].as_str().with_context(|| format!("no {field} in {body}"))
}

/// Solves the sample challenge, as a player does, and returns its flag.
fn solve(place: &Place, session: &Value) -> Result<String> {
    let url = format!("{}/cgi-bin/sign?entry=%3Cscript%3Ealert(1)%3C%2Fscript%3E", text(session, "access_url")?);
    let page = place.page(&url)?;
    let begin = page.find("flag{").with_context(|| page.clone())?;
    let end = page[begin..].find('}').context("the flag does not end")?;
    Ok(page[begin..=begin + end].to_owned())
}

/// The verification of the engine's document, line by line.
fn a_challenge_is_started_solved_and_stopped(kind: Kind) -> Result<()> {
    let place = Place::start(kind)?;
    let (status, list) = place.request("GET", "/api/challenges", None)?;
    ensure!(status == 200 && list["challenges"][0]["id"] == "web-basic-xss", "{list}");

    let (status, session) = start(&place, "test-user")?;
    ensure!(status == 201 && session["status"] == "success", "{session}\n{}", place.log("runner.log"));
    let id = text(&session, "session_id")?;
    ensure!(place.containers()? == [text(&session, "container_id")?]);
    let (status, again) = start(&place, "test-user")?;
    ensure!(status == 200 && again["session_id"] == session["session_id"], "{again}");

    let (status, wrong) = submit(&place, id, "flag{test}")?;
    ensure!(status == 200 && wrong["valid"] == false, "{wrong}");
    let flag = solve(&place, &session)?;
    let (status, right) = submit(&place, id, &format!(" {flag} "))?;
    ensure!(status == 200 && right["valid"] == true && right["points"] == 100, "{right}");
    let (_, twice) = submit(&place, id, &flag)?;
    ensure!(twice["valid"] == true && twice["solved_at"] == right["solved_at"], "{twice}");

    let (status, stopped) = place.request("DELETE", &format!("/api/challenges/{id}"), None)?;
    ensure!(status == 200 && stopped["challenge_id"] == "web-basic-xss", "{stopped}");
    ensure!(place.containers()?.is_empty(), "the container is still there");
    let (status, _) = place.request("DELETE", &format!("/api/challenges/{id}"), None)?;
    ensure!(status == 404);
    let (status, gone) = submit(&place, id, &flag)?;
    ensure!(status == 404 && gone["valid"] == false, "{gone}");
    Ok(())
}

fn each_user_has_an_instance_and_a_flag_of_their_own(kind: Kind) -> Result<()> {
    let place = Place::start(kind)?;
    let (ada, bob) = (start(&place, "ada")?.1, start(&place, "bob")?.1);
    ensure!(ada["session_id"] != bob["session_id"] && ada["container_port"] != bob["container_port"]);
    let (of_ada, of_bob) = (solve(&place, &ada)?, solve(&place, &bob)?);
    ensure!(of_ada != of_bob);
    ensure!(submit(&place, text(&bob, "session_id")?, &of_ada)?.1["valid"] == false);
    ensure!(submit(&place, text(&ada, "session_id")?, &of_ada)?.1["valid"] == true);
    let (_, running) = place.request("GET", "/api/challenges/running?user_id=bob", None)?;
    ensure!(running["count"] == 1 && running["sessions"][0]["user_id"] == "bob", "{running}");
    Ok(())
}

fn instances_outlive_the_server_and_the_runner(kind: Kind) -> Result<()> {
    let mut place = Place::start(kind)?;
    let (_, session) = start(&place, "ada")?;
    let (flag, before) = (solve(&place, &session)?, place.containers()?);
    place.kill_server()?;
    place.kill_runner()?;
    place.start_server()?;
    place.start_runner()?;
    let (_, again) = start(&place, "ada")?;
    for field in ["session_id", "container_id", "container_port", "expires_at"] {
        ensure!(again[field] == session[field], "{field}: {again}");
    }
    ensure!(place.containers()? == before);
    ensure!(solve(&place, &again)? == flag);
    Ok(())
}

fn what_ends_by_itself_is_started_again_and_what_nobody_knows_is_removed(kind: Kind) -> Result<()> {
    let mut place = Place::start(kind)?;
    let (_, session) = start(&place, "ada")?;
    let (url, id) = (text(&session, "access_url")?, text(&session, "container_id")?);
    place.docker(&["kill", id])?;
    let is_new = || Ok(place.containers()?.iter().any(|it| it != id) && place.page(url).is_ok());
    wait_until("another container answers at the same address", SOON, is_new)
        .with_context(|| place.log("runner.log"))?;
    ensure!(start(&place, "ada")?.1["session_id"] == session["session_id"]);

    // A leftover, as of an engine that finished a start that its runner did not hear of.
    place.kill_runner()?;
    let labels = place.docker(&[
        "inspect",
        "-f",
        "{{index .Config.Labels \"challengectl.runner\"}}",
        &place.containers()?[0],
    ])?;
    let label = format!("challengectl.runner={}", labels.trim());
    let image = "localhost/challengectl/web-basic-xss:1";
    let leftover = place.docker(&[
        "run",
        "-d",
        "--label",
        &label,
        "--label",
        "challengectl.session=999",
        "--label",
        "challengectl.fence=1",
        image,
    ])?;
    place.start_runner()?;
    let is_gone = || Ok(!place.containers()?.contains(&leftover.trim().to_owned()));
    wait_until("the leftover is removed", SOON, is_gone).with_context(|| place.log("runner.log"))?;
    ensure!(place.containers()?.len() == 1);
    Ok(())
}

fn a_network_of_somebody_else_is_not_in_the_way(kind: Kind) -> Result<()> {
    let place = Place::start(kind)?;
    place.docker(&["network", "create", "--subnet", "10.203.0.0/27", "other"])?;
    let bridge = "com.docker.network.bridge.name=ctf1";
    place.docker(&["network", "create", "--subnet", "10.204.0.0/27", "-o", bridge, "another"])?;
    let (status, session) = start(&place, "ada")?;
    ensure!(status == 201, "{session}\n{}", place.log("runner.log"));
    ensure!(place.page(text(&session, "access_url")?)?.contains("Guest book"));
    Ok(())
}

fn an_instance_that_cannot_be_started_leaves_nothing(kind: Kind) -> Result<()> {
    let place = Place::start(kind)?;
    place.docker(&["rmi", "-f", "localhost/challengectl/web-basic-xss:1"])?;
    let (status, failed) = start(&place, "ada")?;
    ensure!(status == 500 && failed["code"] == 500 && failed["status"] == "error", "{failed}");
    ensure!(place.containers()?.is_empty());
    ensure!(!place.docker(&["network", "ls"])?.contains("ctf-"));
    let (_, running) = place.request("GET", "/api/challenges/running", None)?;
    ensure!(running["count"] == 0, "{running}");
    Ok(())
}

fn an_operator_sees_what_an_instance_prints(kind: Kind) -> Result<()> {
    let place = Place::start(kind)?;
    let (_, session) = start(&place, "ada")?;
    place.page(text(&session, "access_url")?)?;
    let log = place.log("server.log");
    let seen = network::inside(place.engine().process(), move || async move {
        let operator = Operator::at(network::client(SOON)?, "http://127.0.0.1:8443", &log).await?;
        let id = operator.get("/api/instances").await?["instances"][0]["instance_id"].to_string();
        let output = operator.get(&format!("/api/instances/{id}/output?lines=50")).await?;
        let command = json!({"command": ["/bin/busybox", "sh", "-c", "/bin/busybox id; exit 3"]});
        let answer = operator.send(&format!("/api/instances/{id}/run"), &command).await?;
        let missing = operator.get(&format!("/api/instances/{id}/output?container=none")).await?;
        Ok((output, answer, missing))
    })?;
    let (output, answer, missing) = network::join(seen)?;
    ensure!(text(&output, "output")?.contains("response:200"), "{output}");
    ensure!(text(&answer, "output")?.contains("uid=1000") && answer["exit_code"] == 3, "{answer}");
    ensure!(missing["output"].is_null() && text(&missing, "reason")?.contains("no such container"), "{missing}");
    Ok(())
}

/// As a kill leaves it now and then: Podman 4.3 refuses every list then, of containers and of networks.
#[test]
fn a_container_whose_layer_podman_has_lost_is_replaced() -> Result<()> {
    let mut place = Place::start(Kind::Podman)?;
    let (_, session) = start(&place, "ada")?;
    let (url, id) = (text(&session, "access_url")?, text(&session, "container_id")?);
    place.kill_runner()?;
    place.kill_engine()?;
    lose_layer(&place.folder().join("engine/root"), id)?;
    place.start_engine()?;
    ensure!(place.docker(&["ps", "-a"]).is_err_and(|why| why.to_string().contains("layer not known")));
    place.start_runner()?;
    let is_new = || Ok(place.containers().is_ok_and(|all| all.len() == 1 && all[0] != id) && place.page(url).is_ok());
    wait_until("another container answers at the same address", SOON, is_new).with_context(|| place.log("runner.log"))
}

/// As a kill leaves it now and then: Podman has a state for it which the API of Docker does not have.
#[test]
fn a_container_that_has_ended_while_podman_was_killed_is_replaced() -> Result<()> {
    let mut place = Place::start(Kind::Podman)?;
    let (_, session) = start(&place, "ada")?;
    let (url, id) = (text(&session, "access_url")?, text(&session, "container_id")?);
    place.kill_runner()?;
    let process: i32 = place.docker(&["inspect", "--format", "{{.State.Pid}}", id])?.trim().parse()?;
    // Its parent would tell Podman of the end, and clean up.
    for pid in [parent(process)?, process] {
        kill(Pid::from_raw(pid), Signal::SIGKILL)?;
    }
    ensure!(place.docker(&["stop", "--time", "1", id]).is_err(), "Podman waits in vain for the one who would tell it");
    ensure!(place.docker(&["ps", "--all", "--format", "{{.State}}"])?.trim() == "stopped");
    place.start_runner()?;
    let is_new = || Ok(place.containers().is_ok_and(|all| all.len() == 1 && all[0] != id) && place.page(url).is_ok());
    wait_until("another container answers at the same address", SOON, is_new).with_context(|| place.log("runner.log"))
}

fn parent(process: i32) -> Result<i32> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"));
    Ok(line.context("no parent")?.trim().parse()?)
}

/// Takes the layer of a container out of the list of layers.
fn lose_layer(root: &Path, container: &str) -> Result<()> {
    let files = |part: &str| {
        let names = ["overlay", "vfs"]
            .into_iter()
            .flat_map(|driver| ["", "volatile-"].map(|kind| root.join(format!("{driver}-{part}/{kind}{part}.json"))));
        names.filter(|path| path.exists()).collect::<Vec<_>>()
    };
    let read = |path: &Path| anyhow::Ok(serde_json::from_str::<Vec<Value>>(&std::fs::read_to_string(path)?)?);
    let mut layer = None;
    for path in files("containers") {
        layer = layer.or(read(&path)?.into_iter().find(|it| it["id"] == container).map(|it| it["layer"].clone()));
    }
    let layer = layer.context("no such container in the store")?;
    for path in files("layers") {
        let mut layers = read(&path)?;
        layers.retain(|it| it["id"] != layer);
        std::fs::write(&path, serde_json::to_string(&layers)?)?;
    }
    Ok(())
}
