//! The Docker front with real container engines: the document's endpoints in the order in which an organiser uses them.
#![expect(clippy::indexing_slicing, reason = "a field that is missing is none of those that are expected")]

use anyhow::{Context, Result, ensure};
use challengectl_e2e::containers::{Kind, Place, network};
use challengectl_e2e::on_both_engines;
use challengectl_e2e::operator::Operator;
use challengectl_e2e::site::wait_until;
use serde_json::{Value, json};
use std::time::Duration;

/// Time for what takes a few seconds.
const SOON: Duration = Duration::from_secs(60);
/// The image of the sample challenge.
const IMAGE: &str = "localhost/challengectl/web-basic-xss:1";

on_both_engines!(a_container_is_made_of_an_image_that_the_engine_has_and_is_killed);

/// What the requests have shown.
struct Seen {
    ports: Value,
    status: Value,
    page: String,
}

/// Makes requests in the network of the engine, as the first admin.
async fn requests(log: String) -> Result<Seen> {
    let operator = Operator::at(network::client(SOON)?, "http://127.0.0.1:8443", &log).await?;
    let has_image = |list: &Value| list["data"].as_array().is_some_and(|all| all.contains(&json!({"name": IMAGE})));
    let mut listed = Value::Null;
    // The runner says what its engine has a moment after it is registered; until then the list fails.
    for _ in 0..60 {
        listed = operator.get("/api/v1/docker").await.unwrap_or_default();
        if has_image(&listed) {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    ensure!(has_image(&listed), "{listed}");
    let ports = operator.get(&format!("/api/v1/image_ports?image={IMAGE}")).await?;
    let form = json!({
        "name": "Guest book", "category": "web", "description": "", "value": 100, "type": "docker", "docker_image": IMAGE,
        "exposed_ports": "8080/tcp"
    });
    let made = operator.send("/api/v1/challenges", &form).await?;
    let started = operator.send("/api/v1/container", &json!({"id": made["data"]["id"]})).await?;
    let status = operator.get("/api/v1/docker_status").await?;
    let page = page(&started["data"]["ports"][0]).await?;
    operator.send("/api/v1/nuke", &json!({"all": true})).await?;
    Ok(Seen { ports, status, page })
}

/// Loads the page of a container, whose program may need a moment.
async fn page(port: &Value) -> Result<String> {
    let port = port.as_str().and_then(|text| text.strip_suffix("/tcp-> 8080")).with_context(|| port.to_string())?;
    let (client, url) = (network::client(SOON)?, format!("http://localhost:{port}/"));
    for _ in 0..60 {
        if let Ok(answer) = client.get(&url).send().await {
            return Ok(answer.text().await?);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    anyhow::bail!("nobody answers at {url}")
}

fn a_container_is_made_of_an_image_that_the_engine_has_and_is_killed(kind: Kind) -> Result<()> {
    let place = Place::start(kind)?;
    let log = place.log("server.log");
    let seen = network::join(network::inside(place.engine().process(), move || requests(log))?);
    let Seen { ports, status, page } = seen.with_context(|| place.log("runner.log"))?;
    ensure!(ports["success"] == true && ports["ports"].is_array(), "{ports}");
    ensure!(status["data"][0]["docker_image"] == IMAGE && status["data"][0]["timestamp"].is_i64(), "{status}");
    ensure!(page.contains("Guest book"), "{page}");
    let is_gone = || Ok(place.containers()?.is_empty());
    wait_until("the container is gone", SOON, is_gone).with_context(|| place.log("runner.log"))
}
