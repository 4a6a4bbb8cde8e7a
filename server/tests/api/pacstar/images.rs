//! Images: one team gets them first, and all get the same.

use super::rollout::Orders;
use super::{Front, each};
use serde_json::{Value, json};

/// Reports orders with the image that their nodes have.
async fn report(orders: &Orders<'_>, some: &[Value], state: &str, image: &str) {
    let report = |order: &Value| {
        let deployed = json!({"images": [{"container": "main", "image": image}]});
        let (id, fence) = (&order["session_id"], &order["fence"]);
        json!({"session_id": id, "fence": fence, "state": state, "deployed": deployed})
    };
    let reports: Vec<_> = some.iter().map(report).collect();
    assert_eq!(orders.runner.post("instances", json!({"reports": reports})).await.status, 200);
}

fn image(order: &Value) -> &str {
    order["run"]["containers"][0]["image"].as_str().unwrap()
}

/// What a node has of `web:1`, by the beginning of its digest.
fn web(digest: char) -> String {
    format!("docker.io/library/web@sha256:{}", digest.to_string().repeat(64))
}

#[tokio::test]
async fn a_first_deploy_goes_to_one_team_until_its_node_has_the_image() {
    let front = Front::start().await;
    let (runner, master) = (front.runner().await, front.master().await);
    let orders = Orders { runner: &runner };
    let path = master.challenge("careful", "web:missing", 3).await;
    let deployed = master.deploy(&path).await;
    assert_eq!(each(&deployed, "status"), ["deploying", "pending", "pending"]);
    assert_eq!(each(&deployed, "message")[1..], ["waits until team-001 has the images"; 2]);
    let canary = orders.all().await;
    assert_eq!(canary.len(), 1);
    orders.report(&canary, "pending", Some("ErrImagePull: not found")).await;
    let failed = master.until_status(&path, "failed").await;
    assert_eq!(each(&failed, "status"), ["failed"; 3]);
    assert_eq!(each(&failed, "message")[2], "waits until team-001 has the images: ErrImagePull: not found");

    let config = json!({"config": {"challenge_type": "web", "image": "web:1", "ports": [80]}});
    assert_eq!(master.put(&path, config).await.status, 200);
    master.deploy(&path).await;
    report(&orders, &orders.with_fence(2, 1).await, "pending", &web('a')).await;
    let others = orders.with_fence(1, 2).await;
    assert!(others.iter().all(|order| image(order) == "web:1"), "{others:?}");
    let building = master.get(&path).await.body;
    assert_eq!(each(&building, "status"), ["deploying"; 3], "before the first is ready");
}

#[tokio::test]
async fn all_teams_get_the_image_that_the_first_one_has() {
    let front = Front::start().await;
    let (runner, master) = (front.runner().await, front.master().await);
    let orders = Orders { runner: &runner };
    let path = master.challenge("alike", "web:1", 4).await;
    master.deploy(&path).await;
    report(&orders, &orders.with_fence(1, 1).await, "running", &web('a')).await;
    let all = orders.with_fence(1, 4).await;
    report(&orders, &all[1..2], "running", &web('a')).await;
    report(&orders, &all[2..3], "running", &web('b')).await;
    report(&orders, &all[3..], "running", &format!("sha256:{}", "c".repeat(64))).await;
    let seen = master.get(&path).await.body;
    assert_eq!(
        each(&seen, "status"),
        ["running", "running", "deploying", "running"],
        "one that was loaded is not compared"
    );
    let again = orders.with_fence(2, 1).await;
    assert_eq!(
        (&again[0]["session_id"], image(&again[0])),
        (&all[2]["session_id"], format!("web@sha256:{}", "a".repeat(64)).as_str())
    );
    report(&orders, &again, "running", &web('a')).await;
    master.until_status(&path, "running").await;

    // The tag has moved, and the node of the first team is lost: the next one has other bits.
    report(&orders, &all[..1], "running", &web('b')).await;
    let first = orders.with_fence(2, 2).await;
    assert!(first.iter().all(|order| image(order).ends_with(&"a".repeat(64))), "{first:?}");

    master.deploy_with(&path, true).await;
    let replaced = orders.with_fence(3, 2).await;
    assert!(replaced.iter().all(|order| image(order) == "web:1"), "who replaces all wants what the tag is now");
    report(&orders, &replaced, "running", &web('b')).await;
    let rest = orders.with_fence(2, 2).await;
    report(&orders, &rest, "running", &web('b')).await;
    let seen = master.until_status(&path, "running").await;
    assert_eq!(each(&seen, "message"), [""; 4]);
}

#[tokio::test]
async fn an_image_that_fails_for_all_is_looked_up_again_by_the_next_deploy() {
    let front = Front::start().await;
    let (runner, master) = (front.runner().await, front.master().await);
    let orders = Orders { runner: &runner };
    let path = master.challenge("mended", "web:1", 2).await;
    master.deploy(&path).await;
    report(&orders, &orders.with_fence(1, 1).await, "pending", &web('a')).await;
    orders.report(&orders.with_fence(1, 2).await, "pending", Some("CrashLoopBackOff")).await;
    master.until_status(&path, "failed").await;
    master.deploy(&path).await;
    let again = orders.with_fence(2, 2).await;
    report(&orders, &again, "running", &web('b')).await;
    let seen = master.until_status(&path, "running").await;
    assert_eq!(each(&seen, "status"), ["running"; 2], "nobody is taken back to what has failed");
}
