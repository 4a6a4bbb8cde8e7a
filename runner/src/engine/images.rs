//! The images of an engine, with the ports that they expose.

use super::EngineError;
use super::docker::Docker;
use bollard::query_parameters::ListImagesOptions;
use challengectl_common::instance::Port;
use challengectl_common::wire::inventories::{ImageInfo, MAX_IMAGE_NAME, MAX_IMAGE_PORTS, MAX_IMAGES};
use std::collections::{BTreeMap, HashMap};

/// The ports of images by their ids, which never change: an engine lists images without them, and asking takes it
/// milliseconds each.
pub(crate) type KnownPorts = HashMap<String, Vec<Port>>;

impl Docker {
    /// Returns the images that have a name, each name once, by name; of very many, the first. `known` is what was learned
    /// before, and is brought up to date.
    pub(crate) async fn images(&self, known: &mut KnownPorts) -> Result<Vec<ImageInfo>, EngineError> {
        let listed = self.api.list_images(None::<ListImagesOptions>).await.map_err(|error| self.error(error))?;
        known.retain(|id, _| listed.iter().any(|image| image.id == *id));
        let mut named = BTreeMap::new();
        for image in listed {
            for name in image.repo_tags.into_iter().filter(|name| is_name(name)) {
                named.insert(name, image.id.clone());
            }
        }
        let mut images = Vec::new();
        for (name, id) in named.into_iter().take(MAX_IMAGES) {
            let ports = match known.get(&id) {
                Some(ports) => ports.clone(),
                None => known.entry(id.clone()).or_insert(self.ports_of(&id).await?).clone(),
            };
            images.push(ImageInfo { name, ports });
        }
        Ok(images)
    }

    async fn ports_of(&self, id: &str) -> Result<Vec<Port>, EngineError> {
        let image = self.api.inspect_image(id).await.map_err(|error| self.error(error))?;
        let exposed = image.config.and_then(|config| config.exposed_ports).unwrap_or_default();
        let mut ports: Vec<Port> = exposed.iter().filter_map(|port| port.parse().ok()).collect();
        ports.sort_unstable();
        ports.truncate(MAX_IMAGE_PORTS);
        Ok(ports)
    }
}

/// Returns whether this is the name of an image: images without one are listed as `<none>:<none>`.
fn is_name(name: &str) -> bool {
    name.len() <= MAX_IMAGE_NAME && !name.contains('<') && !name.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_without_a_name_are_none() {
        assert!(is_name("nginx:alpine") && is_name("localhost:5000/ctf/web:1"));
        assert!(!is_name("<none>:<none>") && !is_name("web@sha256:0000") && !is_name(&"a".repeat(256)));
    }
}
