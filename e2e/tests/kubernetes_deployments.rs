//! Challenges that are deployed for all teams in a real cluster, over the front for that.

use anyhow::{Context, Result, ensure};
use challengectl_e2e::containers::network;
use challengectl_e2e::deployments::be_away;
use challengectl_e2e::kubernetes::{Event, Faulty, IMAGE, PYTHON, Place, SOON, TwoNodes};
use challengectl_e2e::site::wait_until;
use rand::RngExt;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const TEAMS: usize = 3;

fn create(event: &Event, image: &str) -> Result<String> {
    event.create(&event.name(), image, 8080, TEAMS)
}

#[test]
#[ignore = "needs a cluster; make test-kubernetes"]
fn every_team_has_an_address_and_keeps_it_until_it_is_removed() -> Result<()> {
    let event = Event::start()?;
    let path = create(&event, IMAGE)?;
    event.deploy(&path)?;
    let challenge = event.becomes(&path, "running")?;
    for (team, instance) in challenge["instances"].as_array().context("no instances")?.iter().enumerate() {
        let name = format!("{}-team-00{}", event.name(), team + 1);
        ensure!(instance["public_ip"] == format!("{}.{}", event.place.network(), 101 + team), "{instance}");
        ensure!(instance["pod_name"] == format!("{name}-pod") && instance["service_name"] == format!("{name}-svc"));
        ensure!(
            instance["internal_ip"].is_string() && instance["namespace"] == format!("challenge-{}", event.name()),
            "{instance}"
        );
        ensure!(event.page(&path, team + 1)?.contains("Guest book"));
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
    ensure!(event.page(&path, 1)?.contains("Guest book"));

    event.send("POST", &format!("{path}/stop"), Some(&json!({"remove_instances": true})))?;
    let is_over = || Ok(event.send("GET", &path, None)?["instances"] == json!([]) && event.is_empty()?);
    wait_until("nothing is left", SOON, is_over).with_context(|| event.place.log("runner.log"))
}

#[test]
#[ignore = "needs a cluster; make test-kubernetes"]
fn a_challenge_that_is_deleted_can_be_created_again_at_once_while_its_namespace_ends() -> Result<()> {
    let event = Event::start()?;
    let path = create(&event, IMAGE)?;
    event.deploy(&path)?;
    event.becomes(&path, "running")?;
    event.send("DELETE", &path, None)?;
    let path = create(&event, IMAGE)?;
    event.deploy(&path)?;
    event.becomes(&path, "running")?;
    ensure!(event.page(&path, 1)?.contains("Guest book"));
    event.send("DELETE", &path, None)?;
    event.ends(SOON)
}

#[test]
#[ignore = "needs a cluster; make test-kubernetes"]
fn what_fails_says_why_and_what_others_delete_comes_back() -> Result<()> {
    let event = Event::start()?;
    let path = create(&event, "localhost/nobody/has-this:1")?;
    event.deploy(&path)?;
    let failed = event.becomes(&path, "failed")?;
    let message = failed["instances"][0]["message"].as_str().unwrap_or_default();
    ensure!(message.contains("Pull"), "{failed}");
    let config = json!({"config": {"challenge_type": "web", "image": IMAGE, "ports": [8080]}});
    event.send("PUT", &path, Some(&config))?;
    event.deploy(&path)?;
    event.becomes(&path, "running")?;

    let namespace = format!("challenge-{}", event.name());
    event.place.cluster().kubectl(&["delete", "deployments,services", "--all", "-n", &namespace])?;
    let is_back = || Ok((1..=TEAMS).all(|team| event.page(&path, team).is_ok_and(|page| page.contains("Guest book"))));
    wait_until("all teams are back", SOON, is_back).with_context(|| event.place.log("runner.log"))?;
    event.becomes(&path, "running").map(drop)
}

#[test]
#[ignore = "needs a cluster; make test-kubernetes"]
fn a_tag_that_moves_while_teams_are_added_leaves_all_of_them_with_the_image_of_the_first() -> Result<()> {
    let event = Event::start()?;
    let cluster = event.place.cluster();
    let repository = "localhost/moving";
    let first = cluster.pulled(IMAGE, repository)?;
    let path = event.create(&event.name(), &format!("{repository}:1"), 8080, 1)?;
    event.deploy(&path)?;
    event.becomes(&path, "running")?;
    let images = || -> Result<Vec<String>> {
        let namespace = format!("challenge-{}", event.name());
        let each = "jsonpath={.items[*].status.containerStatuses[0].imageID}";
        let all = cluster.kubectl(&["get", "pods", "-n", &namespace, "-o", each])?;
        Ok(all.split_whitespace().map(str::to_owned).collect())
    };
    ensure!(images()? == [first.as_str()], "{:?}", images()?);
    cluster.pulled(PYTHON, repository)?;
    event.send("PUT", &path, Some(&json!({"total_teams": 2})))?;
    event.deploy(&path)?;
    wait_until("the second team has the image of the first", SOON, || {
        let seen = event.send("GET", &path, None)?;
        Ok(seen["status"] == "running" && images()? == [first.clone(), first.clone()])
    })
    .with_context(|| event.place.log("server.log"))?;
    ensure!(event.place.log("server.log").contains("has other images; replaced"), "it had the same from the beginning");
    ensure!(event.page(&path, 2)?.contains("Guest book"));
    event.send("DELETE", &path, None)?;
    event.ends(SOON)
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
    let path = create(&event, IMAGE)?;
    event.deploy(&path)?;
    event.place.kill_runner()?;
    event.place.start_runner()?;
    event.becomes(&path, "running")?;
    event.send("DELETE", &path, None)?;
    event.place.kill_runner()?;
    event.place.start_runner()?;
    event.ends(2 * SOON)?;
    ensure!(api.failed() > 20, "only {} requests have failed", api.failed());
    Ok(())
}

#[test]
#[ignore = "needs a cluster; make test-kubernetes"]
fn a_client_that_hangs_up_a_hundred_times_in_mid_deploy_blocks_nobody() -> Result<()> {
    let event = Event::start()?;
    let path = create(&event, IMAGE)?;
    let request = event.request("POST", &format!("{path}/deploy?wait=60"), &json!({"force_redeploy": false}));
    let address = event.place.deployments_address();
    let hung_up = event.place.cluster().thread(move || async move {
        for _ in 0..100 {
            let mut stream = TcpStream::connect(&address).await?;
            // What is closed without having read is reset.
            stream.set_zero_linger()?;
            stream.write_all(request.as_bytes()).await?;
            let moment = rand::rng().random_range(Duration::ZERO..Duration::from_millis(40));
            tokio::time::sleep(moment).await;
        }
        Ok(())
    })?;
    network::join(hung_up)?;
    let deployed = event.deploy(&path)?;
    ensure!(deployed["instances"].as_array().is_some_and(|all| all.len() == TEAMS), "{deployed}");
    event.becomes(&path, "running")?;
    ensure!(event.page(&path, TEAMS)?.contains("Guest book"));
    event.send("DELETE", &path, None)?;
    event.ends(SOON)
}

#[test]
#[ignore = "needs a cluster; make test-kubernetes"]
fn a_runner_that_has_lost_its_folder_removes_what_it_finds_by_labels() -> Result<()> {
    let mut event = Event::start()?;
    let path = create(&event, IMAGE)?;
    event.deploy(&path)?;
    event.becomes(&path, "running")?;
    event.place.kill_runner()?;
    event.place.wipe_runner()?;
    event.send("DELETE", &path, None)?;
    event.place.start_runner()?;
    event.ends(SOON)
}

#[test]
#[ignore = "needs a cluster; make test-kubernetes"]
fn what_holds_a_removal_is_named_and_keeps_its_address() -> Result<()> {
    let event = Event::start()?;
    let path = create(&event, IMAGE)?;
    event.deploy(&path)?;
    event.becomes(&path, "running")?;
    let (namespace, service) = (format!("challenge-{}", event.name()), format!("{}-team-002-svc", event.name()));
    let finalizers = |list: &str| {
        let patch = format!("{{\"metadata\": {{\"finalizers\": {list}}}}}");
        event.place.cluster().kubectl(&["patch", "service", &service, "-n", &namespace, "--type=merge", "-p", &patch])
    };
    finalizers("[\"example.com/slow\"]")?;
    event.send("POST", &format!("{path}/stop"), Some(&json!({"remove_instances": true})))?;
    let mut seen = json!(null);
    wait_until("the finalizer is named", SOON, || {
        seen = event.send("GET", &path, None)?;
        let message = seen["instances"][0]["message"].as_str().unwrap_or_default();
        Ok(message.contains(&service) && message.contains("example.com/slow"))
    })
    .with_context(|| seen.to_string())?;
    ensure!(seen["instances"].as_array().is_some_and(|all| all.len() == 1), "the others are gone: {seen}");
    ensure!(event.place.leased()? == 1, "{} addresses are leased", event.place.leased()?);
    finalizers("[]")?;
    event.ends(SOON)
}

#[test]
#[ignore = "needs a cluster; make test-kubernetes"]
fn a_lost_node_takes_no_team_off_and_no_address_is_free_before_it_is_given_up() -> Result<()> {
    let nodes = TwoNodes::start()?;
    let mut place = Place::prepare_in(nodes.cluster().clone())?;
    place.deploys();
    place.begin(&nodes.cluster().access())?;
    let event = Event::of(place)?;
    let path = event.create(&event.name(), IMAGE, 8080, 2 * TEAMS)?;
    event.deploy(&path)?;
    let before = event.becomes(&path, "running")?;
    let namespace = format!("challenge-{}", event.name());
    let of_second = ["get", "pods", "-n", &namespace, "--field-selector=spec.nodeName=n2", "-o", "name"];
    let lost = nodes.cluster().kubectl(&of_second)?.lines().count();
    ensure!((1..2 * TEAMS).contains(&lost), "{lost} of {} pods are on the second node", 2 * TEAMS);

    nodes.lose()?;
    wait_until("the cluster gives the node up", SOON, || Ok(event.send("GET", &path, None)?["status"] != "running"))?;
    let after = event.becomes(&path, "running")?;
    let addresses = |it: &Value| {
        let instances = it["instances"].as_array().cloned().unwrap_or_default();
        instances.iter().map(|it| it["public_ip"].clone()).collect::<Vec<_>>()
    };
    ensure!(addresses(&after) == addresses(&before), "{after}");
    for team in 1..=2 * TEAMS {
        ensure!(event.page(&path, team)?.contains("Guest book"));
    }

    event.send("POST", &format!("{path}/stop"), Some(&json!({"remove_instances": true})))?;
    let mut seen = Value::Null;
    wait_until("only those of the lost node are left, and name it", SOON, || {
        seen = event.send("GET", &path, None)?;
        let instances = seen["instances"].as_array().context("no instances")?;
        let names = |it: &Value| it["message"].as_str().is_some_and(|message| message.contains("n2"));
        Ok(instances.len() == lost && instances.iter().all(names))
    })
    .with_context(|| format!("{seen}"))?;
    ensure!(usize::try_from(event.place.leased()?)? == lost, "an address is free before its pod is gone");
    nodes.cluster().kubectl(&["delete", "node", "n2"])?;
    event.ends(SOON)
}

/// Nothing in the program depends on how long an absence is, but the cluster forgets what changed more than five minutes
/// ago: `proof deployments --away 600` takes ten.
#[test]
#[ignore = "needs a cluster; make test-kubernetes"]
fn while_the_cluster_or_the_runner_is_away_answers_stay_true_and_afterwards_all_is_done() -> Result<()> {
    be_away(Duration::from_secs(20)).map(drop)
}
