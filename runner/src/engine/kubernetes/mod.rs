//! Clusters of Kubernetes, over their API.
//!
//! A session is a Deployment with its Secret, its Services and its policy ([`manifests`]), by names that depend on nothing but
//! the order ([`names`]). They are applied on the server's side, with force and as their only owner, so that carrying out an
//! order again changes nothing ([`apply`]), and are removed by their labels alone ([`remove`]). What the cluster makes of them
//! is watched ([`view`]) and put into words ([`condition`]).

mod apply;
mod calls;
mod condition;
mod events;
mod held;
mod inspect;
mod manifests;
mod names;
mod nodes;
mod remove;
#[cfg(test)]
mod tests;
mod view;

use super::{EngineError, Host, Owner};
use crate::config::EngineConfig;
use challengectl_common::Digest;
pub(crate) use condition::Condition;
use ipnet::IpNet;
use kube::client::retry::RetryPolicy;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, client::ClientBuilder};
use parking_lot::Mutex;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tower::buffer::BufferLayer;
use tower::retry::RetryLayer;
use view::View;

/// Requests that wait for the connection to the API.
const QUEUE: usize = 256;
/// Pauses before a request is sent again that the API was too busy for, unless it asks for another, and how often.
const BUSY: (Duration, Duration, u32) = (Duration::from_millis(200), Duration::from_secs(10), 4);

/// A cluster.
pub(crate) struct Cluster {
    client: Client,
    /// Its address, for messages.
    address: String,
    owner: Owner,
    config: EngineConfig,
    /// The namespace of what players start.
    players: String,
    starts: Semaphore,
    removals: Semaphore,
    view: View,
    /// When it has answered last.
    answered: Mutex<Option<Instant>>,
    /// The networks of pods and the addresses of nodes, until everything is applied again.
    networks: Mutex<Option<BTreeSet<IpNet>>>,
    /// What has been applied, by session.
    applied: Mutex<HashMap<i64, Digest>>,
    /// The same of namespaces. Locked while one is applied, so that it is made once and not by each of its teams.
    namespaces: tokio::sync::Mutex<HashMap<String, Digest>>,
}

impl Cluster {
    /// Reads how the cluster is reached, and begins to watch it. Whether it answers shows later.
    ///
    /// # Errors
    /// The file cannot be read or used now.
    pub(crate) async fn connect(config: &EngineConfig, host: &Host) -> Result<Self, EngineError> {
        let unusable = |reason: String| EngineError::Away { socket: place(config), reason };
        let access = match &config.kubeconfig {
            Some(path) => {
                let file = Kubeconfig::read_from(path).map_err(|error| unusable(error.to_string()))?;
                let options = KubeConfigOptions::default();
                let access = kube::Config::from_custom_kubeconfig(file, &options).await;
                access.map_err(|error| unusable(error.to_string()))?
            }
            None => kube::Config::incluster().map_err(|error| unusable(error.to_string()))?,
        };
        let address = access.cluster_url.to_string();
        let (shortest, longest, tries) = BUSY;
        let retry = RetryPolicy::new(shortest, longest, tries, true).map_err(|error| unusable(error.to_string()))?;
        let builder = ClientBuilder::try_from(access).map_err(|error| unusable(error.to_string()))?;
        let client = builder.with_layer(&BufferLayer::new(QUEUE)).with_layer(&RetryLayer::new(retry)).build();
        let owner = config.installation.clone().map_or_else(|| host.owner.clone(), Owner);
        let players = format!("challengectl-{}", owner.0.get(..8).unwrap_or(&owner.0));
        Ok(Self {
            view: View::open(&client, &owner),
            client,
            address,
            owner,
            players,
            starts: Semaphore::new(config.starts),
            removals: Semaphore::new(config.starts),
            config: config.clone(),
            answered: Mutex::default(),
            networks: Mutex::default(),
            applied: Mutex::default(),
            namespaces: tokio::sync::Mutex::default(),
        })
    }

    /// What the cluster shows.
    pub(crate) fn view(&self) -> &View {
        &self.view
    }
}

/// Returns where the access to a cluster is configured.
fn place(config: &EngineConfig) -> String {
    config.kubeconfig.as_ref().map_or_else(|| "this cluster".to_owned(), |path| path.display().to_string())
}
