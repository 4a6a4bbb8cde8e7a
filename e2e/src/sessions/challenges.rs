//! Challenges, made by an operator.

use crate::containers::network;
use crate::operator::Operator;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::time::Duration;

/// Where operators are, in the engine's network.
const SERVER: &str = "http://127.0.0.1:8443";
const ANSWER: Duration = Duration::from_secs(30);

/// Makes the first account of a new server, whose log has the token. Call it in the engine's network.
pub(crate) async fn operator(log: &str) -> Result<Operator> {
    Operator::at(network::client(ANSWER)?, SERVER, log).await
}

/// Makes challenges of the image of the sample, and returns their ids. Call it in the engine's network.
pub(super) async fn make(operator: &Operator, count: usize, policy: &Value) -> Result<Vec<String>> {
    let container =
        json!({"image": "localhost/challengectl/web-basic-xss:1", "ports": ["8080/http"], "read_only": true});
    let mut ids = Vec::new();
    for number in 0..count {
        let id = format!("challenge-{number}");
        let body = json!({
            "id": id, "name": format!("Challenge {number}"), "policy": policy, "points": 100,
            "spec": {"containers": [container]},
        });
        operator.send("/api/instance-challenges", &body).await.with_context(|| id.clone())?;
        ids.push(id);
    }
    Ok(ids)
}
