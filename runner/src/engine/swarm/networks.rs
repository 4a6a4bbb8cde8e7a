//! The networks of services. Services join networks of the swarm alone; these are such that each node makes of a configuration
//! of its own, so that they have the addresses and bridges that networks of containers have.
//!
//! An engine that was killed while a service ran (Docker 20.10) keeps its part of the network for as long as it runs, under the
//! network's name, and counts the configuration as used for ever. So each start has a network with a name of its own, and there
//! is a configuration for each number, which the next network of this number uses again.

use super::super::docker::Docker;
use super::super::{EngineError, labels, subnets};
use bollard::models::{ConfigReference, Ipam, IpamConfig, Network, NetworkCreateRequest};
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The scope of networks that the swarm knows, and the driver of all.
const SWARM: &str = "swarm";
const DRIVER: &str = "bridge";
/// What the name of a configuration has before its number.
const NUMBER: &str = "number-";
/// Time for the swarm to remove the container of a service that is gone, before its network can be.
const UNUSED_TIMEOUT: Duration = Duration::from_secs(20);
/// Time for the engine to remove its part of a network, before the configuration can be.
const PART_TIMEOUT: Duration = Duration::from_secs(5);
/// Pause before a removal is tried again.
const PAUSE: Duration = Duration::from_millis(100);

/// The network of a service.
pub(in super::super) struct ServiceNetwork {
    pub(in super::super) session: i64,
    pub(in super::super) number: u16,
    id: String,
}

impl Docker {
    /// Makes the network of a service, with this number and bridge.
    pub(in super::super) async fn make_service_network(
        &self,
        name: &str,
        number: u16,
        options: HashMap<String, String>,
    ) -> Result<(), EngineError> {
        let configuration = self.configuration(number);
        let config = IpamConfig { subnet: Some(subnets::cidr(number)), ..IpamConfig::default() };
        let request = NetworkCreateRequest {
            name: configuration.clone(),
            driver: Some(DRIVER.to_owned()),
            config_only: Some(true),
            ipam: Some(Ipam { config: Some(vec![config]), ..Ipam::default() }),
            options: Some(options),
            labels: Some(labels::of_owner(&self.owner)),
            ..NetworkCreateRequest::default()
        };
        match self.api.create_network(request).await.map_err(|error| self.error(error)) {
            Err(EngineError::Refused(why)) if why.contains("already exists") => {}
            made => drop(made?),
        }
        let request = NetworkCreateRequest {
            name: name.to_owned(),
            driver: Some(DRIVER.to_owned()),
            scope: Some(SWARM.to_owned()),
            config_from: Some(ConfigReference { network: Some(configuration) }),
            ..NetworkCreateRequest::default()
        };
        self.api.create_network(request).await.map(drop).map_err(|error| self.error(error))
    }

    /// Returns the networks of services.
    pub(in super::super) async fn networks_of_services(&self) -> Result<Vec<ServiceNetwork>, EngineError> {
        if !self.swarm.is_managed.load(Ordering::Relaxed) {
            return Ok(Vec::new());
        }
        let prefix = self.network_prefix();
        let filter = [("scope", SWARM), ("name", prefix.as_str())];
        let filter = filter.map(|(name, value)| (name.to_owned(), vec![value.to_owned()]));
        let networks = self.networks(&HashMap::from(filter)).await?;
        Ok(networks.into_iter().filter_map(|network| read(network, &prefix)).collect())
    }

    /// Removes the networks of the service of a session. Returns whether there were any.
    pub(in super::super) async fn remove_service_network(&self, session: i64) -> Result<bool, EngineError> {
        let mut networks = self.networks_of_services().await?;
        networks.retain(|network| network.session == session);
        for network in &networks {
            self.remove_when_unused(&network.id, UNUSED_TIMEOUT).await?;
            if let Err(error) = self.remove_when_unused(&self.configuration(network.number), PART_TIMEOUT).await {
                tracing::debug!("{error}");
            }
            self.subnets.free(network.number);
        }
        Ok(!networks.is_empty())
    }

    async fn remove_when_unused(&self, network: &str, limit: Duration) -> Result<(), EngineError> {
        let deadline = Instant::now() + limit;
        loop {
            match self.gone(self.api.remove_network(network).await) {
                Err(EngineError::Refused(why)) if why.contains("in use") && Instant::now() < deadline => {
                    sleep(PAUSE).await;
                }
                done => return done,
            }
        }
    }

    fn configuration(&self, number: u16) -> String {
        format!("{}{NUMBER}{number}", self.network_prefix())
    }
}

/// Reads a network. Its number is in the name of its configuration: it has no addresses as long as nothing is in it.
fn read(network: Network, prefix: &str) -> Option<ServiceNetwork> {
    let configuration = network.config_from?.network?;
    let number = configuration.strip_prefix(prefix)?.strip_prefix(NUMBER)?.parse().ok()?;
    let (session, _) = network.name.as_deref()?.strip_prefix(prefix)?.split_once('-')?;
    let session = session.parse().ok()?;
    Some(ServiceNetwork { session, number, id: network.id? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_and_number_of_a_network_are_in_its_name_and_that_of_its_configuration() {
        let network = |name: &str, configuration: &str| Network {
            id: Some("id".to_owned()),
            name: Some(name.to_owned()),
            config_from: Some(ConfigReference { network: Some(configuration.to_owned()) }),
            ..Network::default()
        };
        let read = |name: &str, from: &str| read(network(name, from), "ctf-1-").map(|it| (it.session, it.number));
        assert_eq!(read("ctf-1-12-4", "ctf-1-number-3"), Some((12, 3)));
        for (name, from) in
            [("ctf-2-12-4", "ctf-1-number-3"), ("ctf-1-12-4", ""), ("ingress", ""), ("ctf-1-x-4", "ctf-1-number-3")]
        {
            assert_eq!(read(name, from), None, "{name}");
        }
    }
}
