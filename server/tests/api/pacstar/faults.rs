//! Clients that hang up, runners that are away, servers that are restarted.

use super::rollout::Orders;
use super::{Front, each, text};
use challengectl_coordinator::Role;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

#[tokio::test]
async fn a_client_that_hangs_up_a_hundred_times_blocks_nobody() {
    let front = Front::start().await;
    let _cluster = front.cluster().await;
    let master = front.master().await;
    let path = master.challenge("hung-up", "web:1", 4).await;
    let address = front.url.trim_start_matches("http://").to_owned();
    let request = format!(
        "POST {path}/deploy?wait=60 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: 24\r\n\r\n{{\"force_redeploy\": true}}",
        master.token
    );
    for _ in 0..100 {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
    }
    let deployed = master.deploy(&path).await;
    assert_eq!(each(&deployed, "public_ip").len(), 4);
    let running = master.until_status(&path, "running").await;
    assert_eq!(each(&running, "status"), ["running"; 4]);
}

#[tokio::test]
async fn without_a_runner_instances_wait_with_their_addresses_and_say_for_what() {
    let front = Front::start().await;
    let master = front.master().await;
    let path = master.challenge("nobody-there", "web:1", 2).await;
    let deployed = master.deploy(&path).await;
    assert_eq!(each(&deployed, "status"), ["pending", "pending"]);
    assert_eq!(each(&deployed, "message"), ["no Kubernetes runner is online"; 2]);
    assert_eq!(each(&deployed, "public_ip"), ["192.168.250.101", "192.168.250.102"]);
    assert_eq!(deployed["status"], "deploying");
    let _cluster = front.cluster().await;
    master.until_status(&path, "running").await;
}

#[tokio::test]
async fn what_ran_stays_as_it_was_while_the_runner_is_away_and_orders_wait_for_it() {
    let front = Front::start().await;
    let (runner, obeys) = front.cluster().await;
    let master = front.master().await;
    let path = master.challenge("away", "web:1", 2).await;
    master.deploy(&path).await;
    let before = master.until_status(&path, "running").await;
    obeys.abort();
    assert_eq!(runner.post("signout", json!({})).await.status, 200);
    let store = front.site.store().await;
    for _ in 0..600 {
        let lost: i64 = sqlx::query_scalar("SELECT count(*) FROM sessions WHERE state = 'lost'")
            .fetch_one(&mut *store.read().await.unwrap())
            .await
            .unwrap();
        if lost == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    store.close().await;
    let away = master.get(&path).await.body;
    assert_eq!(
        (each(&away, "status"), each(&away, "public_ip")),
        (vec!["running".to_owned(); 2], each(&before, "public_ip"))
    );
    assert!(away["instances"][0]["seen_at"].is_string(), "{away}");
    assert_eq!(each(&master.stop(&path, true).await, "status"), ["stopping", "stopping"]);
    let other = master.challenge("meanwhile", "web:1", 1).await;
    assert_eq!(each(&master.deploy(&other).await, "status"), ["pending"]);
    assert_eq!(each(&master.deploy(&other).await, "public_ip"), ["192.168.250.103"]);
    let engine = json!({
        "id": "k8s", "kind": "kubernetes", "host": "h", "ports": {"first": 1, "last": 65_535}, "capacity": 1000
    });
    let body = json!({"runner_id": runner.id, "assignments": [], "engines": [engine]});
    assert_eq!(runner.post("register", body).await.status, 200);
    crate::obedient::obey(&runner);
    master.until(&path, |it| it["instances"] == json!([])).await;
    master.until_status(&other, "running").await;
}

#[tokio::test]
async fn an_instance_was_last_seen_when_its_cluster_has_last_answered_and_not_its_runner() {
    let front = Front::start().await;
    let (runner, master) = (front.runner().await, front.master().await);
    let viewer = front.site.browser("viola", Role::Viewer).await;
    let orders = Orders { runner: &runner };
    let path = master.challenge("seen", "web:1", 1).await;
    master.deploy(&path).await;
    orders.report(&orders.all().await, "running", None).await;
    let seen = async || text(&viewer.get("/api/deployments").await.body["deployments"][0]["instances"][0]["seen_at"]);
    let heartbeat =
        async |engines: Value| runner.post("heartbeat", json!({"assignments": [], "engines": engines})).await.status;
    let later = async |before: &str| {
        for _ in 0..600 {
            let now = seen().await;
            if now.as_str() > before {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it was not seen after {before}");
    };
    let answers = json!([{"engine_id": "k8s", "seconds": 0}]);
    let reported = seen().await;
    assert_eq!(heartbeat(json!([])).await, 200);
    assert_eq!(heartbeat(answers.clone()).await, 200);
    let answered = later(&reported).await;
    // The runner is online, and its cluster is away since an hour.
    assert_eq!(
        heartbeat(json!([{"engine_id": "k8s", "seconds": 3600}, {"engine_id": "other", "seconds": 0}])).await,
        200
    );
    assert_eq!(heartbeat(json!([])).await, 200);
    assert_eq!(runner.get("task").await.status, 200);
    let engine =
        json!({"id": "k8s", "kind": "kubernetes", "host": "h", "ports": {"first": 1, "last": 9}, "capacity": 9});
    let body = json!({"runner_id": runner.id, "assignments": [], "engines": [engine]});
    assert_eq!(runner.post("register", body).await.status, 200);
    assert_eq!(seen().await, answered);
    assert_eq!(heartbeat(answers.clone()).await, 200);
    later(&answered).await;
    let many = json!(vec![answers[0].clone(); 9]);
    assert_eq!(heartbeat(many).await, 400);
}

#[tokio::test]
async fn everything_is_as_it_was_after_a_restart_of_the_server() {
    let mut front = Front::start().await;
    let (path, before, token) = {
        let _cluster = front.cluster().await;
        let master = front.master().await;
        let path = master.challenge("lasting", "web:1", 2).await;
        master.deploy(&path).await;
        let before = master.until_status(&path, "running").await;
        (path, before, master.token)
    };
    front.site.stop().await;
    let again = Front::start_in(front.site.folder, |_| ()).await;
    let after = again.request(Method::GET, &path).bearer_auth(&token);
    let after = crate::site::Answer::of(after).await;
    assert_eq!(after.status, 200, "the login lasts: {}", after.body);
    for field in ["instance_id", "public_ip", "status", "created_at"] {
        assert_eq!(each(&after.body, field), each(&before, field), "{field}");
    }
}
