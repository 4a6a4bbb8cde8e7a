//! Lists of an engine, also when it has lost the files or the layer of a container.

use super::EngineError;
use super::containers::Listed;
use super::docker::Docker;

/// What Podman says, after the id of a layer.
const LOST_LAYER: &str = "layer not known";
/// The oldest API that Podman 4 and 5 have.
const PODMANS_LIST: &str = "/v4.0.0/libpod/containers/json";

impl Docker {
    /// Returns a list of the engine. Podman looks at each container for any list, and refuses all of them when it has lost the
    /// files or the layer of one, as happens when it is killed: nothing could be started or removed any more. Such a container
    /// is removed.
    pub(super) async fn listed<T, F>(&self, list: impl Fn() -> F) -> Result<T, EngineError>
    where
        F: Future<Output = Result<T, EngineError>>,
    {
        let error = match list().await {
            Ok(all) => return Ok(all),
            Err(error) => error,
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
        list().await
    }

    /// Returns a container of this runner whose layer is lost: Podman says only which layer that was.
    async fn without_layer(&self) -> Result<Option<String>, EngineError> {
        // Podman's own list does not look at layers.
        for Listed { id, .. } in self.list_at(PODMANS_LIST, &self.owner.filter()).await? {
            match self.look_at(&id).await {
                Err(EngineError::Refused(why)) if why.contains(LOST_LAYER) => return Ok(Some(id)),
                Err(away @ EngineError::Away { .. }) => return Err(away),
                _ => {}
            }
        }
        Ok(None)
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
