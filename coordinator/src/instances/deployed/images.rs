//! The images of a deploy: a tag is what the first of its instances was seen to have. Another node may get other bits by the
//! same tag later; an instance that has is replaced by one that asks for the digest.
//!
//! Tags are not replaced beforehand: images that somebody has loaded onto nodes by hand are there by their tags only, and asked
//! for by digests, a node without a registry would not find them.

use super::super::Session;
use crate::CoreError;
use crate::store::Connection;
use crate::store::deployments::images::{agree, agreed};
use crate::store::deployments::slots::Slot;
use crate::store::instances;
use challengectl_common::instance::{ContainerSpec, is_same_image, repository};
use challengectl_common::wire::deployments::ContainerImage;

/// Characters of the name of an image in a spec.
const MAX_NAME: usize = 255;

/// Returns the images that the instance of a slot must have in the place of its spec's, if that shows others. The images of
/// the first instance of a deploy are recorded.
pub(super) async fn wanted(
    connection: &mut Connection,
    session: &Session,
    slot: &Slot,
) -> Result<Option<Vec<ContainerImage>>, CoreError> {
    let seen = &slot.deployed.images;
    if seen.is_empty() || !session.state.is_live() {
        return Ok(None);
    }
    let challenge = session.challenge_id;
    let Some(first) = agreed(connection, challenge, session.version, slot.generation).await? else { return Ok(None) };
    let spec = instances::spec(connection, challenge, session.version).await?;
    if first.is_empty() {
        // Containers are started one by one.
        if seen.len() >= spec.containers.len() {
            agree(connection, challenge, seen).await?;
        }
        return Ok(None);
    }
    let is_other = spec.containers.iter().any(|it| is_other(it, &first, seen));
    let wanted = || spec.containers.iter().filter_map(|it| pinned(it, &first)).collect();
    Ok(is_other.then(wanted).filter(|wanted| *wanted != slot.images))
}

/// Gives containers these images in the place of their own.
pub(in super::super) fn have(containers: &mut [ContainerSpec], images: Vec<ContainerImage>) {
    for ContainerImage { container, image } in images {
        if let Some(own) = containers.iter_mut().find(|it| it.name == container) {
            own.image = image;
        }
    }
}

/// Returns whether a container was seen with another image than in the first instance. Only digests of the same repository
/// can be compared: of an image that was loaded by hand, nodes show a digest of another kind.
fn is_other(container: &ContainerSpec, first: &[ContainerImage], seen: &[ContainerImage]) -> bool {
    match (digest(container, first), digest(container, seen)) {
        (Some(first), Some(seen)) => first != seen,
        _ => false,
    }
}

/// Returns the image of the first instance, by which nodes get it.
fn pinned(container: &ContainerSpec, first: &[ContainerImage]) -> Option<ContainerImage> {
    let image = format!("{}@{}", repository(&container.image), digest(container, first)?);
    (image.len() <= MAX_NAME).then(|| ContainerImage { container: container.name.clone(), image })
}

/// Returns the digest with which a container was seen, if its own repository has that, and its spec leaves it open.
fn digest<'a>(container: &ContainerSpec, seen: &'a [ContainerImage]) -> Option<&'a str> {
    let seen = seen.iter().find(|it| it.container == container.name)?;
    let (name, digest) = seen.image.split_once('@')?;
    let is_open = !container.image.contains('@') && is_same_image(name, repository(&container.image));
    is_open.then_some(digest)
}
