//! Instances: what a challenge of kind `instance` starts for each owner.

mod container;
mod container_name;
mod limits;
mod policy;
mod port;

pub use container::{ContainerSpec, HealthCheck, MAX_TMPFS, MAX_VARIABLE, MAX_VARIABLES, Tmpfs};
pub use container_name::ContainerName;
pub use limits::{Capability, Limits, MIN_MEMORY_MIB};
pub use policy::{LIFETIMES, OnExisting, Policy};
pub use port::{ParsePortError, Port, PortName, PortSpec, Transport};

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Containers of one instance.
pub const MAX_CONTAINERS: usize = 16;
/// Ports of one instance that players reach.
pub const MAX_PORTS: usize = 32;

/// What an instance consists of. A running instance keeps the spec that it was started with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct InstanceSpec {
    /// The containers. They share a network of their own, in which each is reached by its name. They are started one
    /// after the other, in this order.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 16))]
    pub containers: Vec<ContainerSpec>,
}

impl InstanceSpec {
    /// Returns the ports that players reach, each with the container that has it, in the order of the spec.
    pub fn ports(&self) -> impl Iterator<Item = (&ContainerName, Port)> {
        self.containers.iter().flat_map(|container| container.ports.iter().map(|it| (&container.name, it.port)))
    }

    /// Checks what the types do not. The error names the place.
    pub fn check(&self) -> Result<(), String> {
        let count = self.containers.len();
        if count == 0 || count > MAX_CONTAINERS {
            return Err(format!("containers: {count}, not from 1 to {MAX_CONTAINERS}"));
        }
        let mut names = BTreeSet::new();
        for container in &self.containers {
            let name = container.name.as_str();
            if !names.insert(name) {
                return Err(format!("containers: two have the name {name}"));
            }
            container.check().map_err(|why| format!("containers: {name}: {why}"))?;
        }
        if self.ports().count() > MAX_PORTS {
            return Err(format!("ports: more than {MAX_PORTS}"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_mistake_is_named() {
        let spec = |spec: serde_json::Value| serde_json::from_value::<InstanceSpec>(spec).unwrap().check();
        let of = |container: serde_json::Value| spec(serde_json::json!({"containers": [container]}));
        let why = |mut container: serde_json::Value| {
            container["image"] = "web:1".into();
            of(container).unwrap_err()
        };
        assert!(of(serde_json::json!({"image": "web:1", "ports": ["80/tcp", "web=8080/http"]})).is_ok());
        let twice = why(serde_json::json!({"ports": ["80/tcp", "80/http"]}));
        assert_eq!(twice, "containers: main: ports: 80/tcp is given twice");
        assert_eq!(
            why(serde_json::json!({"limits": {"memory_mib": 5}})),
            "containers: main: memory_mib: 5, not from 6 to 1048576"
        );
        assert!(why(serde_json::json!({"environment": {"A=B": ""}})).contains("environment"));
        assert!(why(serde_json::json!({"environment": {"A": ""}, "secrets": {"A": "key"}})).contains("secrets"));
        assert!(why(serde_json::json!({"tmpfs": [{"path": "/tmp", "size_mib": 1}]})).contains("/tmp is there"));
        assert!(why(serde_json::json!({"tmpfs": [{"path": "/a:exec", "size_mib": 1}]})).contains("tmpfs"));
        assert!(why(serde_json::json!({"health": {"port": "53/udp"}})).contains("53/udp"));
        assert!(why(serde_json::json!({"health": {"port": "80/tcp", "path": "x"}})).contains("path"));
        assert!(why(serde_json::json!({"working_dir": "app"})).contains("working_dir"));
        assert!(spec(serde_json::json!({"containers": []})).is_err());
    }
}
