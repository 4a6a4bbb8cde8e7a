//! What a runner answers to orders that its engines cannot carry out.

use crate::support::runner::Runner;
use crate::support::server::{Answer, Server};
use crate::support::until;
use serde_json::{Value, json};

/// An engine that does not answer: the order is refused before it is asked.
const ENGINE: &str = "engines: [{id: local, socket: away.sock, host: play.example, ports: {first: 30000, last: 30010}, \
                      firewall: none}]";

fn deployment() -> Value {
    json!({
        "session_id": 7, "fence": 1, "engine_id": "local",
        "run": {
            "challenge": "shop", "is_running": false, "expires_at": "2126-01-01T00:00:00.000Z",
            "containers": [{"name": "main", "image": "shop:1", "ports": ["80/tcp"]}],
            "published": [{"container": "main", "port": "80/tcp", "host_port": 80}],
            "deployment": {
                "namespace": "challenge-shop", "name": "shop-team-001", "team": "team-001", "teams": 1,
                "address": "192.168.250.101",
            },
        },
    })
}

#[test]
fn the_deployment_of_a_team_is_refused_by_an_engine_that_is_no_cluster() {
    let server = Server::start(|request| {
        let asks = request.path.contains("/instances?");
        let orders =
            json!({"revision": 1, "complete": true, "orders": [deployment()], "inspections": [], "connections": []});
        asks.then(|| Answer::json(200, &orders))
    });
    let _runner = Runner::start_with(&server, ENGINE);
    let reports = || {
        let all = server.seen("/instances").into_iter().flat_map(|it| it.body["reports"].as_array().cloned());
        all.flatten().collect::<Vec<_>>()
    };
    until("it reports", || !reports().is_empty());
    let report = reports().remove(0);
    assert_eq!(
        (&report["session_id"], &report["state"], &report["permanent"]),
        (&json!(7), &json!("failed"), &json!(true))
    );
    let reason = report["reason"].as_str().unwrap();
    assert_eq!(reason, "engine local is no cluster, and keeps no deployments of teams");
}
