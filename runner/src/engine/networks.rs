//! The networks of instances.

use super::docker::Docker;
use super::{EngineError, host, labels, subnets};
use bollard::models::{EndpointIpamConfig, EndpointSettings, Ipam, IpamConfig, Network, NetworkCreateRequest};
use bollard::query_parameters::ListNetworksOptionsBuilder;
use challengectl_common::instance::ContainerSpec;
use challengectl_common::wire::instances::Order;
use std::collections::HashMap;
use std::net::Ipv4Addr;

/// The network of one instance.
pub(super) struct Net {
    pub(super) name: String,
    bridge: String,
    number: u16,
}

impl Net {
    /// Returns the address of a container in it, by its position in the order.
    pub(super) fn address(&self, position: usize) -> Option<Ipv4Addr> {
        subnets::address(self.number, position)
    }

    /// Returns the place of a container in it, by its position in the order.
    pub(super) fn endpoint(&self, position: usize) -> EndpointSettings {
        let ipv4_address = self.address(position).map(|address| address.to_string());
        let ipam_config = EndpointIpamConfig { ipv4_address, ..EndpointIpamConfig::default() };
        EndpointSettings { ipam_config: Some(ipam_config), ..EndpointSettings::default() }
    }

    /// Returns the names of the containers with their addresses, for each of them to know.
    pub(super) fn hosts(&self, containers: &[ContainerSpec]) -> Vec<String> {
        let host = |(position, container): (usize, &ContainerSpec)| {
            Some(format!("{}:{}", container.name.as_str(), self.address(position)?))
        };
        containers.iter().enumerate().filter_map(host).collect()
    }

    /// Returns an error unless its bridge is in the runner's network, as long as a container of it runs: the firewall
    /// rules would be in another one.
    pub(super) fn check(&self) -> Result<(), EngineError> {
        match nix::net::if_::if_nametoindex(self.bridge.as_str()) {
            Ok(_) => Ok(()),
            Err(_) => Err(EngineError::Unable(
                "the engine's networks are not in the network of the runner, so that its firewall rules have no effect: run \
                 the runner on the host of the engine, which must run as root"
                    .to_owned(),
            )),
        }
    }
}

impl Docker {
    /// Returns the bridges of all networks of instances, also of those of other runners.
    pub(crate) async fn bridges(&self) -> Result<Vec<String>, EngineError> {
        let networks = self.networks(&HashMap::new()).await?;
        // Of a configuration no bridge is made yet, or never again.
        let networks = networks.iter().filter(|network| network.config_only != Some(true));
        let numbers = networks.filter_map(|network| subnets::number(subnet(network)?));
        Ok(numbers.map(|number| format!("{}{number}", host::BRIDGES)).collect())
    }

    /// Returns the sessions whose networks are there.
    pub(crate) async fn sessions_of_networks(&self) -> Result<Vec<i64>, EngineError> {
        Ok(self.own_networks().await?.into_iter().map(|(session, _)| session).collect())
    }

    /// Returns the numbers of the networks of sessions.
    pub(crate) async fn numbers_of_networks(&self) -> Result<HashMap<i64, u16>, EngineError> {
        let networks = self.own_networks().await?.into_iter();
        Ok(networks.filter_map(|(session, number)| Some((session, number?))).collect())
    }

    /// Records the networks that are there.
    pub(super) async fn note_networks(&self) -> Result<(), EngineError> {
        let numbers = self.own_networks().await?.into_iter().filter_map(|(_, number)| number);
        numbers.for_each(|number| self.subnets.note(&subnets::cidr(number)));
        Ok(())
    }

    /// Makes the network of a session. A number that somebody else on this engine uses stays taken.
    pub(super) async fn make_network(&self, order: &Order) -> Result<Net, EngineError> {
        loop {
            let number = self.subnets.take(&host::bridges::numbers());
            let number = number.ok_or_else(|| EngineError::Refused("no network is left".to_owned()))?;
            match self.try_network(order, number).await {
                Err(EngineError::Refused(reason)) if is_taken(&reason) => {
                    tracing::info!(network = subnets::cidr(number), "not free: {reason}");
                }
                made => return made,
            }
        }
    }

    async fn try_network(&self, order: &Order, number: u16) -> Result<Net, EngineError> {
        let is_service = order.run.as_ref().is_some_and(|run| run.service.is_some());
        let mut name = format!("{}{}", self.network_prefix(), order.session_id);
        if is_service {
            name = format!("{name}-{}", order.fence);
        }
        // The rules of the host's firewall recognise it. By its number, and not by the session: two runners on one engine
        // may have the same session of two servers, but never the same addresses.
        let bridge = format!("{}{number}", host::BRIDGES);
        let options = HashMap::from([("com.docker.network.bridge.name".to_owned(), bridge.clone())]);
        let made = match is_service {
            true => self.make_service_network(&name, number, options).await,
            false => self.make_container_network(&name, number, options, order).await,
        };
        if made.as_ref().is_err_and(|error| !matches!(error, EngineError::Refused(reason) if is_taken(reason))) {
            self.subnets.free(number);
        }
        made.map(|()| Net { name, bridge, number })
    }

    async fn make_container_network(
        &self,
        name: &str,
        number: u16,
        options: HashMap<String, String>,
        order: &Order,
    ) -> Result<(), EngineError> {
        let config = IpamConfig { subnet: Some(subnets::cidr(number)), ..IpamConfig::default() };
        let request = NetworkCreateRequest {
            name: name.to_owned(),
            driver: Some("bridge".to_owned()),
            ipam: Some(Ipam { config: Some(vec![config]), ..Ipam::default() }),
            options: Some(options),
            labels: Some(self.owner.labels(order.session_id, order.fence)),
            ..NetworkCreateRequest::default()
        };
        self.api.create_network(request).await.map(drop).map_err(|error| self.error(error))
    }

    /// Removes the networks of a session that are of containers.
    pub(super) async fn remove_networks(&self, session: i64) -> Result<(), EngineError> {
        for network in self.networks(&labels::only(self.owner.filter(), session)).await? {
            let Some(id) = &network.id else { continue };
            // While the network is there, since its number goes to another one when it is not.
            if let Some(name) = network.name.as_deref().filter(|_| self.profile.is_podman()) {
                host::netavark::forget(name).await;
            }
            self.gone(self.api.remove_network(id).await)?;
            subnet(&network).and_then(subnets::number).into_iter().for_each(|number| self.subnets.free(number));
        }
        Ok(())
    }

    /// Returns the sessions that have networks, with the numbers of these, of which one of another program has none.
    async fn own_networks(&self) -> Result<Vec<(i64, Option<u16>)>, EngineError> {
        let of_services = self.networks_of_services().await?.into_iter().map(|it| (it.session, Some(it.number)));
        let labelled = self.networks(&self.owner.filter()).await?;
        let number = |network: &Network| subnets::number(subnet(network)?);
        let of_containers = labelled.iter().filter_map(|it| Some((labels::read(it.labels.as_ref())?.0, number(it))));
        Ok(of_services.chain(of_containers).collect())
    }

    /// Returns what the names of all networks of this installation begin with; the session follows.
    pub(super) fn network_prefix(&self) -> String {
        format!("ctf-{}-", self.owner.short())
    }

    pub(super) async fn networks(&self, filter: &HashMap<String, Vec<String>>) -> Result<Vec<Network>, EngineError> {
        let options = ListNetworksOptionsBuilder::new().filters(filter).build();
        let list = || async { self.api.list_networks(Some(options.clone())).await.map_err(|error| self.error(error)) };
        self.listed(list).await
    }
}

/// Returns whether an engine refuses a network since its addresses or its bridge are in use: the words of Docker, and of
/// Podman.
fn is_taken(reason: &str) -> bool {
    ["Pool overlaps", "same bridge name", "already used", "already in use"].iter().any(|words| reason.contains(words))
}

fn subnet(network: &Network) -> Option<&str> {
    network.ipam.as_ref()?.config.as_ref()?.first()?.subnet.as_deref()
}
