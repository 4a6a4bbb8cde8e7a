//! Lists of an engine, also when it has lost the files of a container.

use super::EngineError;
use super::docker::Docker;
use bollard::errors::Error;

impl Docker {
    /// Returns a list of the engine. Podman looks at each container for any list, and refuses all of them when it has lost the
    /// files of one, as happens when it is killed: nothing could be started or removed any more. Such a container cannot run,
    /// and is removed.
    pub(super) async fn listed<T, F>(&self, list: impl Fn() -> F) -> Result<T, EngineError>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let error = match list().await {
            Ok(all) => return Ok(all),
            Err(error) => self.error(error),
        };
        let EngineError::Refused(why) = &error else { return Err(error) };
        let Some(container) = without_files(why) else { return Err(error) };
        tracing::warn!(container, "removing a container of which the engine has lost the files");
        self.remove_container(container).await?;
        list().await.map_err(|error| self.error(error))
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
