//! Instances: what a challenge of kind `instance` starts for each owner.

mod container;
mod container_name;
mod image;
mod limits;
mod policy;
mod port;
mod process;

pub use container::{ContainerSpec, HealthCheck, MAX_TMPFS, MAX_VARIABLE, MAX_VARIABLES, Tmpfs};
pub use container_name::ContainerName;
pub use image::{is_same_image, repository};
pub use limits::{Capability, Limits, MIN_MEMORY_MIB};
pub use policy::{LIFETIMES, OnExisting, Policy};
pub use port::{ParsePortError, Port, PortName, PortSpec, Transport};
pub use process::{ProcessPort, ProcessSpec};

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Containers of one instance.
pub const MAX_CONTAINERS: usize = 16;
/// Ports of one instance that players reach.
pub const MAX_PORTS: usize = 32;

/// What an instance consists of: containers, or one process. A running instance keeps the spec that it was started with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct InstanceSpec {
    /// The containers. They share a network of their own, in which each is reached by its name. They are started one
    /// after the other, in this order. None if there is a process.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true, max_items = 16))]
    pub containers: Vec<ContainerSpec>,
    /// The process, in the place of containers: a program of the runner's host, which only its owner reaches, through the
    /// server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<ProcessSpec>,
}

impl InstanceSpec {
    /// Returns the ports that players reach, each with the container that has it, in the order of the spec.
    pub fn ports(&self) -> impl Iterator<Item = (&ContainerName, Port)> {
        self.containers.iter().flat_map(|container| container.ports.iter().map(|it| (&container.name, it.port)))
    }

    /// Returns the variables and the secrets of each part, to be completed.
    pub fn environments_mut(
        &mut self,
    ) -> impl Iterator<Item = (&mut BTreeMap<String, String>, &mut BTreeMap<String, String>)> {
        let of_containers = self.containers.iter_mut().map(|it| (&mut it.environment, &mut it.secrets));
        of_containers.chain(self.process.iter_mut().map(|it| (&mut it.environment, &mut it.secrets)))
    }

    /// Returns the names of the secrets that its parts get.
    pub fn secrets(&self) -> impl Iterator<Item = &String> {
        let of_containers = self.containers.iter().flat_map(|it| it.secrets.values());
        of_containers.chain(self.process.iter().flat_map(|it| it.secrets.values()))
    }

    /// Checks what the types do not. The error names the place.
    pub fn check(&self) -> Result<(), String> {
        let count = self.containers.len();
        if let Some(process) = &self.process {
            if count > 0 {
                return Err("process: an instance has either containers or a process".to_owned());
            }
            return process.check().map_err(|why| format!("process: {why}"));
        }
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
        let process = serde_json::json!({"program": "/bin/a", "port": {"assigned": 5000}});
        assert!(spec(serde_json::json!({"process": process})).is_ok());
        let both = serde_json::json!({"containers": [{"image": "a"}], "process": process});
        assert!(spec(both).unwrap_err().starts_with("process: an instance has either"));
    }
}
