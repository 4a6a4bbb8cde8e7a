//! Whether containers are well: after their start, and from then on.

use super::docker::Docker;
use super::{EngineError, subnets};
use challengectl_common::instance::{ContainerSpec, HealthCheck};
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// Pause before a container that has not answered is asked again.
const PAUSE: Duration = Duration::from_millis(250);

/// Returns whether the order that is being carried out is still the newest one.
pub(crate) type IsWanted<'a> = &'a (dyn Fn() -> bool + Send + Sync);

impl Docker {
    /// Waits until a container that was started answers; at once if it has no health check.
    ///
    /// # Errors
    /// [`EngineError::Unwell`] if it has ended, or has not answered in its time, and [`EngineError::Superseded`].
    pub(super) async fn wait_until_well(
        &self,
        id: &str,
        container: &ContainerSpec,
        address: Option<Ipv4Addr>,
        is_wanted: IsWanted<'_>,
    ) -> Result<(), EngineError> {
        let Some(check) = &container.health else { return Ok(()) };
        let address = address.ok_or_else(|| EngineError::Refused("the container has no address".to_owned()))?;
        let deadline = Instant::now() + Duration::from_secs(check.start_seconds.into());
        let mut last = None;
        loop {
            match timeout_at(deadline, self.prober.ask(address, check)).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(why)) => last = Some(why),
                Err(_) => {}
            }
            if !is_wanted() {
                return Err(EngineError::Superseded);
            }
            self.check_runs(id, container).await?;
            if Instant::now() >= deadline {
                return Err(EngineError::Unwell(late(container, check, last.as_deref())));
            }
            sleep(PAUSE).await;
        }
    }

    /// Returns an error if a container has ended.
    async fn check_runs(&self, id: &str, container: &ContainerSpec) -> Result<(), EngineError> {
        let state = self.look_at(id).await?.state;
        if state.running {
            return Ok(());
        }
        let status = state.exit_code;
        Err(EngineError::Unwell(format!("{} ended with status {status} before it answered", container.name.as_str())))
    }

    /// Asks the containers of an instance, one after the other, so that a hostile one holds up no others'. The error says
    /// which is not well, what it was asked, and what came.
    pub(crate) async fn ask(&self, network: u16, containers: &[ContainerSpec]) -> Result<(), String> {
        for (position, container) in containers.iter().enumerate() {
            let (Some(check), Some(address)) = (&container.health, subnets::address(network, position)) else {
                continue;
            };
            let asked = self.prober.ask(address, check).await;
            asked.map_err(|why| format!("{} is not well: {why}", container.name.as_str()))?;
        }
        Ok(())
    }
}

fn late(container: &ContainerSpec, check: &HealthCheck, last: Option<&str>) -> String {
    let (name, seconds) = (container.name.as_str(), check.start_seconds);
    format!("{name} was not well within {seconds} seconds: {}", last.unwrap_or("no answer"))
}
