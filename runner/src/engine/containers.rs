//! What an engine says of containers.
//!
//! Not by bollard: a state is a text here. Podman has one more than the API of Docker, `stopped`, of a container that has ended
//! while nobody was there to clean up after it, as when Podman is killed. bollard refuses a list with one such container, and
//! nothing would be started or removed any more.

use super::EngineError;
use super::docker::Docker;
use reqwest::{Client, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::time::Duration;

/// The state of a container whose process runs.
const RUNNING: &str = "running";

/// Requests to an engine, of which each has a connection of its own: one that was kept would be that of a killed engine.
#[derive(Debug, Clone)]
pub(super) struct Plain(Client);

/// A container of a list.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Listed {
    pub id: String,
    pub labels: Option<HashMap<String, String>>,
    #[serde(default)]
    state: String,
}

/// A container, looked at.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Inspected {
    pub state: State,
    pub host_config: HostConfig,
    pub graph_driver: Option<GraphDriver>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct State {
    pub running: bool,
    /// 0 when it does not run.
    pub pid: i64,
    pub exit_code: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct HostConfig {
    #[serde(default)]
    pub readonly_rootfs: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GraphDriver {
    pub data: Option<HashMap<String, String>>,
}

#[derive(Deserialize)]
struct Refusal {
    message: String,
}

impl Listed {
    pub fn is_running(&self) -> bool {
        self.state == RUNNING
    }
}

impl Plain {
    /// Makes the client of the engine at this socket.
    pub fn new(socket: &str, timeout: Duration) -> reqwest::Result<Self> {
        Client::builder().unix_socket(socket).timeout(timeout).pool_max_idle_per_host(0).build().map(Self)
    }
}

impl Docker {
    /// Returns the containers with these labels.
    pub(super) async fn containers(&self, filter: &HashMap<String, Vec<String>>) -> Result<Vec<Listed>, EngineError> {
        self.list_at("/containers/json", filter).await
    }

    /// Returns the containers with these labels from a list of this path.
    pub(super) async fn list_at(
        &self,
        path: &str,
        filter: &HashMap<String, Vec<String>>,
    ) -> Result<Vec<Listed>, EngineError> {
        let filter = serde_json::to_string(filter).unwrap_or_default();
        self.get(path, &[("all", "true"), ("filters", &filter)]).await
    }

    /// Looks at a container.
    pub(super) async fn look_at(&self, id: &str) -> Result<Inspected, EngineError> {
        self.get(&format!("/containers/{id}/json"), &[]).await
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T, EngineError> {
        let away = |error: reqwest::Error| self.away(&error.to_string());
        // The host means nothing.
        let url = Url::parse_with_params(&format!("http://engine{path}"), query);
        let answer =
            self.plain.0.get(url.map_err(|error| self.away(&error.to_string()))?).send().await.map_err(away)?;
        if answer.status().is_success() {
            return answer.json().await.map_err(away);
        }
        let Refusal { message } = answer.json().await.map_err(away)?;
        Err(EngineError::Refused(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_of_any_state_is_read() {
        let list = r#"[{"Id": "a", "Labels": null, "State": "stopped"}, {"Id": "b", "State": "running"}, {"Id": "c"}]"#;
        let all: Vec<Listed> = serde_json::from_str(list).unwrap();
        assert_eq!(all.iter().map(Listed::is_running).collect::<Vec<_>>(), [false, true, false]);
    }
}
