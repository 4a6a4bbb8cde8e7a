//! What the nodes of a cluster are and have: addresses, networks of pods, images.

use super::Cluster;
use crate::engine::EngineError;
use challengectl_common::wire::inventories::{ImageInfo, MAX_IMAGE_NAME, MAX_IMAGES};
use ipnet::IpNet;
use k8s_openapi::api::core::v1::Node;
use kube::Api;
use kube::api::ListParams;
use std::collections::BTreeSet;
use std::net::IpAddr;

impl Cluster {
    /// Returns the addresses of nodes and the networks of pods: no part of the world outside, wherever they are.
    pub(super) async fn networks(&self) -> Result<BTreeSet<IpNet>, EngineError> {
        if let Some(known) = self.networks.lock().clone() {
            return Ok(known);
        }
        let mut networks = BTreeSet::new();
        for node in self.nodes().await? {
            let addresses = node.status.and_then(|status| status.addresses).unwrap_or_default();
            networks.extend(addresses.iter().filter_map(|it| it.address.parse::<IpAddr>().ok()).map(IpNet::from));
            let pods = node.spec.and_then(|spec| spec.pod_cidrs).unwrap_or_default();
            networks.extend(pods.iter().filter_map(|net| net.parse::<IpNet>().ok()));
        }
        *self.networks.lock() = Some(networks.clone());
        Ok(networks)
    }

    /// Returns the images that nodes have, each name once. A node tells of 50 at most, and others can be pulled.
    pub(crate) async fn images(&self) -> Result<Vec<ImageInfo>, EngineError> {
        let nodes = self.nodes().await?;
        let images = nodes.into_iter().filter_map(|node| node.status?.images).flatten();
        let names: BTreeSet<String> =
            images.filter_map(|image| image.names).flatten().filter(|it| is_name(it)).collect();
        Ok(names.into_iter().take(MAX_IMAGES).map(|name| ImageInfo { name, ports: Vec::new() }).collect())
    }

    async fn nodes(&self) -> Result<Vec<Node>, EngineError> {
        let nodes = Api::<Node>::all(self.client.clone());
        Ok(self.call(nodes.list(&ListParams::default())).await?.items)
    }
}

/// Returns whether this is a name, and not a digest.
fn is_name(name: &str) -> bool {
    name.len() <= MAX_IMAGE_NAME && !name.contains(['@', '<'])
}
