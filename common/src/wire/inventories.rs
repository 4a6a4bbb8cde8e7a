//! The messages about inventories: what the engine of a runner has, for those who write challenges.

use crate::EngineId;
use crate::instance::Port;
use serde::{Deserialize, Serialize};

/// Images of one inventory.
pub const MAX_IMAGES: usize = 2_000;
/// Bytes of the name of an image.
pub const MAX_IMAGE_NAME: usize = 255;
/// Ports of one image.
pub const MAX_IMAGE_PORTS: usize = 100;

/// What an engine has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Inventory {
    /// The engine.
    pub engine_id: EngineId,
    /// Whether it manages a swarm.
    #[serde(default)]
    pub swarm: bool,
    /// Its images that have a name, each name once.
    #[cfg_attr(feature = "openapi", schema(max_items = 2000))]
    pub images: Vec<ImageInfo>,
}

/// An image of an engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ImageInfo {
    /// As the engine names it, with its tag.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[!-~]{1,255}$"))]
    pub name: String,
    /// The ports that it exposes.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 100))]
    pub ports: Vec<Port>,
}

impl Inventory {
    /// Checks what the types do not. The error names the place.
    pub fn check(&self) -> Result<(), String> {
        if self.images.len() > MAX_IMAGES {
            return Err(format!("images: more than {MAX_IMAGES}"));
        }
        let is_name =
            |name: &str| (1..=MAX_IMAGE_NAME).contains(&name.len()) && name.chars().all(|c| c.is_ascii_graphic());
        match self.images.iter().find(|image| !is_name(&image.name) || image.ports.len() > MAX_IMAGE_PORTS) {
            Some(image) => Err(format!(
                "images: {:?}: a name has 1 to {MAX_IMAGE_NAME} visible ASCII characters, and an image at most \
                 {MAX_IMAGE_PORTS} ports",
                image.name
            )),
            None => Ok(()),
        }
    }
}
