//! Replacing what runs: some at a time, and a canary first.

use super::{Front, Person, each};
use crate::site::Runner;
use serde_json::{Value, json};
use std::time::Duration;

/// The orders of a runner that carries them out only when it is told to.
pub(super) struct Orders<'a> {
    pub(super) runner: &'a Runner<'a>,
}

impl Orders<'_> {
    pub(super) async fn all(&self) -> Vec<Value> {
        self.runner.get("instances?since=0").await.body["orders"].as_array().unwrap().clone()
    }

    /// Waits until so many orders have this fence, and returns these.
    pub(super) async fn with_fence(&self, fence: i64, count: usize) -> Vec<Value> {
        for _ in 0..600 {
            let found: Vec<_> = self.all().await.into_iter().filter(|order| order["fence"] == fence).collect();
            if found.len() == count {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("there are not {count} orders with the fence {fence}");
    }

    /// Has the canary of the first deploy run, and waits until all teams have orders.
    pub(super) async fn after_canary(&self, teams: usize) -> Vec<Value> {
        self.report(&self.with_fence(1, 1).await, "running", None).await;
        self.with_fence(1, teams).await
    }

    pub(super) async fn report(&self, orders: &[Value], state: &str, reason: Option<&str>) {
        let report = |order: &Value| {
            let (id, fence) = (&order["session_id"], &order["fence"]);
            json!({"session_id": id, "fence": fence, "state": state, "reason": reason})
        };
        let reports: Vec<_> = orders.iter().map(report).collect();
        assert_eq!(self.runner.post("instances", json!({"reports": reports})).await.status, 200);
    }
}

async fn running(master: &Person<'_>, orders: &Orders<'_>, teams: u8) -> (String, Value) {
    let path = master.challenge("rolling", "web:1", teams.into()).await;
    master.deploy(&path).await;
    orders.report(&orders.after_canary(teams.into()).await, "running", None).await;
    let seen = master.until_status(&path, "running").await;
    (path, seen)
}

#[tokio::test]
async fn a_forced_redeploy_replaces_all_pods_three_at_a_time_at_their_addresses() {
    let front = Front::start().await;
    let (runner, master) = (front.runner().await, front.master().await);
    let orders = Orders { runner: &runner };
    let (path, before) = running(&master, &orders, 7).await;
    master.deploy_with(&path, true).await;
    let first = orders.with_fence(2, 3).await;
    master.deploy(&path).await;
    assert_eq!(orders.with_fence(2, 3).await.len(), 3, "no more before these run");
    orders.report(&first, "running", None).await;
    let second = orders.with_fence(2, 6).await;
    orders.report(&second, "running", None).await;
    orders.report(&orders.with_fence(2, 7).await, "running", None).await;
    let after = master.until_status(&path, "running").await;
    assert_eq!(each(&after, "public_ip"), each(&before, "public_ip"));
    let replaced = each(&after, "instance_id").into_iter().zip(each(&before, "instance_id"));
    assert!(replaced.clone().count() == 7 && replaced.clone().all(|(after, before)| after != before));
}

#[tokio::test]
async fn another_image_goes_to_one_team_first_and_no_further_if_it_fails() {
    let front = Front::start().await;
    let (runner, master) = (front.runner().await, front.master().await);
    let orders = Orders { runner: &runner };
    let (path, _) = running(&master, &orders, 4).await;
    let config = |image: &str| json!({"config": {"challenge_type": "web", "image": image, "ports": [80]}});
    assert_eq!(master.put(&path, config("web:broken")).await.status, 200);
    master.deploy(&path).await;
    let canary = orders.with_fence(2, 1).await;
    assert_eq!(canary[0]["run"]["containers"][0]["image"], "web:broken");
    orders.report(&canary, "pending", Some("ErrImagePull: web:broken: not found")).await;
    let failed = master.until_status(&path, "failed").await;
    assert_eq!(each(&failed, "status"), ["failed", "running", "running", "running"]);
    assert!(each(&failed, "message")[0].contains("ErrImagePull"), "{failed}");
    assert_eq!(master.get(&format!("{path}/stats")).await.body["failed_instances"], 1);

    assert_eq!(master.put(&path, config("web:2")).await.status, 200);
    master.deploy(&path).await;
    let canary = orders.with_fence(3, 1).await;
    orders.report(&canary, "running", None).await;
    let rest = orders.with_fence(2, 3).await;
    assert!(rest.iter().all(|order| order["run"]["containers"][0]["image"] == "web:2"), "{rest:?}");
    orders.report(&rest, "running", None).await;
    master.until_status(&path, "running").await;
}

#[tokio::test]
async fn a_team_that_fails_says_why_and_goes_back_by_itself() {
    let front = Front::start().await;
    let (runner, master) = (front.runner().await, front.master().await);
    let orders = Orders { runner: &runner };
    let (path, _) = running(&master, &orders, 3).await;
    let all = orders.all().await;
    orders.report(&all[..1], "pending", Some("CrashLoopBackOff: back-off 10s")).await;
    let failed = master.until_status(&path, "failed").await;
    assert_eq!(each(&failed, "status"), ["failed", "running", "running"]);
    assert_eq!(each(&failed, "message")[0], "CrashLoopBackOff: back-off 10s");
    let access = master.get(&format!("{path}/teams/team-001/access")).await;
    assert_eq!((access.status, &access.body["status"]), (200, &json!("failed")));
    orders.report(&all[..1], "running", None).await;
    let back = master.until_status(&path, "running").await;
    assert_eq!(
        (each(&back, "instance_id"), &back["instances"][0]["message"]),
        (each(&failed, "instance_id"), &Value::Null)
    );
}

#[tokio::test]
async fn a_deploy_builds_what_has_failed_anew() {
    let front = Front::start().await;
    let (runner, master) = (front.runner().await, front.master().await);
    let orders = Orders { runner: &runner };
    let (path, before) = running(&master, &orders, 2).await;
    let all = orders.all().await;
    orders.report(&all[..1], "failed", Some("quota exceeded")).await;
    master.until_status(&path, "failed").await;
    let after = master.deploy(&path).await;
    assert_eq!(each(&after, "status"), ["deploying", "running"]);
    assert_ne!(each(&after, "instance_id")[0], each(&before, "instance_id")[0]);
    assert_eq!(each(&after, "instance_id")[1], each(&before, "instance_id")[1]);
    orders.report(&all[..1], "running", None).await;
    assert_eq!(master.get(&path).await.body["status"], "deploying", "a report about the pods before counts no more");
    orders.report(&orders.with_fence(2, 1).await, "running", None).await;
    master.until_status(&path, "running").await;
}
