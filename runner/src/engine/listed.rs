//! Lists of an engine, also when it has lost the files or the layer of a container.

use super::EngineError;
use super::docker::Docker;
use bollard::errors::Error;
use serde::Deserialize;

/// What Podman says, after the id of a layer.
const LOST_LAYER: &str = "layer not known";
/// The oldest API that Podman 4 and 5 have. The host of the URL means nothing.
const PODMANS_LIST: &str = "http://podman/v4.0.0/libpod/containers/json";

#[derive(Deserialize)]
struct Listed {
    #[serde(rename = "Id")]
    id: String,
}

impl Docker {
    /// Returns a list of the engine. Podman looks at each container for any list, and refuses all of them when it has lost the
    /// files or the layer of one, as happens when it is killed: nothing could be started or removed any more. Such a container
    /// is removed.
    pub(super) async fn listed<T, F>(&self, list: impl Fn() -> F) -> Result<T, EngineError>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let error = match list().await {
            Ok(all) => return Ok(all),
            Err(error) => self.error(error),
        };
        let EngineError::Refused(why) = &error else { return Err(error) };
        let lost = match without_files(why) {
            Some(container) => Some(container.to_owned()),
            None if why.contains(LOST_LAYER) => self.without_layer().await?,
            None => None,
        };
        let Some(container) = lost else { return Err(error) };
        tracing::warn!(container, "removing a container of which the engine has lost the files");
        self.remove_container(&container).await?;
        list().await.map_err(|error| self.error(error))
    }

    /// Returns a container of this runner whose layer is lost: Podman says only which layer that was.
    async fn without_layer(&self) -> Result<Option<String>, EngineError> {
        for Listed { id } in self.listed_by_podman().await? {
            match self.api.inspect_container(&id, None).await.map_err(|error| self.error(error)) {
                Err(EngineError::Refused(why)) if why.contains(LOST_LAYER) => return Ok(Some(id)),
                Err(away @ EngineError::Away { .. }) => return Err(away),
                _ => {}
            }
        }
        Ok(None)
    }

    /// Returns the containers of this runner, by Podman's own list, which does not look at layers.
    async fn listed_by_podman(&self) -> Result<Vec<Listed>, EngineError> {
        let away = |error: reqwest::Error| self.away(&error.to_string());
        let client = reqwest::Client::builder().unix_socket(&*self.socket).build().map_err(away)?;
        let filter = serde_json::to_string(&self.owner.filter()).unwrap_or_default();
        let url = reqwest::Url::parse_with_params(PODMANS_LIST, [("all", "true"), ("filters", &*filter)])
            .map_err(|error| self.away(&error.to_string()))?;
        client.get(url).send().await.map_err(away)?.error_for_status().map_err(away)?.json().await.map_err(away)
    }
}

/// Returns the container of which Podman has lost the files, if it says so.
fn without_files(refused: &str) -> Option<&str> {
    let (id, rest) = refused.split_once("getting container from store \"")?.1.split_once('"')?;
    rest.contains("container not known").then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_without_files_is_found_in_what_podman_says() {
        // As Podman 4.3.1 says it.
        let said = "getting container from store \"49084dbb\": container not known";
        assert_eq!(without_files(said), Some("49084dbb"));
        assert_eq!(without_files("getting container from store \"49084dbb\": disk full"), None);
        assert_eq!(without_files("Pool overlaps"), None);
    }
}
