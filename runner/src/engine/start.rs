//! Starting instances.

use super::EngineError;
use super::docker::{Docker, Found};
use super::health::IsWanted;
use super::networks::Net;
use super::subnets;
use bollard::errors::Error;
use bollard::models::{HostConfig, NetworkingConfig};
use bollard::query_parameters::CreateContainerOptionsBuilder;
use challengectl_common::instance::ContainerSpec;
use challengectl_common::wire::instances::{Order, RunOrder};
use std::collections::{BTreeSet, HashMap};

impl Docker {
    /// Starts the instance of an order, of which nothing is there: its containers one after the other, each when the one
    /// before it is well. Returns the id of the first.
    pub(crate) async fn start(
        &self,
        order: &Order,
        run: &RunOrder,
        is_wanted: IsWanted<'_>,
    ) -> Result<String, EngineError> {
        if let Some(service) = &run.service {
            return self.start_service(order, run, service, is_wanted).await;
        }
        self.check_images(run).await?;
        let network = {
            // Never closed.
            let _permit = self.starts.acquire().await;
            self.keep_firewall().await?;
            self.make_network(order).await?
        };
        let mut first = None;
        for (position, container) in run.containers.iter().enumerate() {
            let id = self.start_container(order, run, position, &network).await?;
            if first.is_none() && self.firewall.is_some() {
                network.check()?;
            }
            self.check_layer(&id).await?;
            self.wait_until_well(&id, container, network.address(position), is_wanted).await?;
            first.get_or_insert(id);
        }
        first.ok_or_else(|| EngineError::Refused("the order has no container".to_owned()))
    }

    /// Takes over an instance that was started before the runner was: waits until it is well, unless it was. Returns the
    /// id of its first container.
    pub(crate) async fn resume(
        &self,
        order: &Order,
        run: &RunOrder,
        found: &[Found],
        is_wanted: IsWanted<'_>,
    ) -> Result<String, EngineError> {
        let id = |container: &ContainerSpec| {
            let found = found.iter().find(|it| it.name == container.name.as_str());
            found.map(|it| it.id.clone()).unwrap_or_default()
        };
        if !run.is_running && run.containers.iter().any(|it| it.health.is_some()) {
            let network = self.numbers_of_networks().await?.get(&order.session_id).copied();
            for (position, container) in run.containers.iter().enumerate() {
                let address = network.and_then(|network| subnets::address(network, position));
                self.wait_until_well(&id(container), container, address, is_wanted).await?;
            }
        }
        Ok(run.containers.first().map(id).unwrap_or_default())
    }

    /// Returns an error if the engine lacks an image. It is not pulled.
    async fn check_images(&self, run: &RunOrder) -> Result<(), EngineError> {
        let images: BTreeSet<&str> = run.containers.iter().map(|container| container.image.as_str()).collect();
        for image in images {
            match self.api.inspect_image(image).await {
                Ok(_) => {}
                Err(Error::DockerResponseServerError { status_code: 404, .. }) => {
                    return Err(EngineError::NoImage(image.to_owned()));
                }
                Err(error) => return Err(self.error(error)),
            }
        }
        Ok(())
    }

    async fn start_container(
        &self,
        order: &Order,
        run: &RunOrder,
        position: usize,
        network: &Net,
    ) -> Result<String, EngineError> {
        let Some(container) = run.containers.get(position) else {
            return Err(EngineError::Refused(format!("the order has no container {position}")));
        };
        // Never closed. Not held while a container is waited for, which may take minutes.
        let _permit = self.starts.acquire().await;
        let name = format!("{}-{}-{}", network.name, container.name.as_str(), order.fence);
        let options = CreateContainerOptionsBuilder::new().name(&name).build();
        let mut body = self.body(order, run, container);
        let endpoint = network.endpoint(position);
        body.networking_config =
            Some(NetworkingConfig { endpoints_config: Some(HashMap::from([(network.name.clone(), endpoint)])) });
        body.host_config = body.host_config.map(|config| HostConfig {
            network_mode: Some(network.name.clone()),
            extra_hosts: Some(network.hosts(&run.containers)),
            ..config
        });
        let made = self.api.create_container(Some(options), body).await.map_err(|error| self.error(error))?;
        self.api.start_container(&made.id, None).await.map_err(|error| self.error(error))?;
        Ok(made.id)
    }
}
