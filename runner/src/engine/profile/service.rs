//! What a service may use of its host: the same as a container, as far as the API of the swarm has it. docs/instances.md lists
//! what it has not.

use super::{NO_RESOLVER, Profile, SECCOMP, SHM_BYTES, TMP_MIB, sysctls};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bollard::models::{
    Limit, Mount, MountTmpfsOptions, MountType, TaskSpecContainerSpec, TaskSpecContainerSpecDnsConfig,
    TaskSpecContainerSpecPrivileges, TaskSpecContainerSpecPrivilegesSeccomp,
    TaskSpecContainerSpecPrivilegesSeccompModeEnum, TaskSpecLogDriver, TaskSpecResources,
};
use challengectl_common::instance::ContainerSpec;

/// The mode of memory file systems, by which everybody may write to them, and delete what is theirs.
const TMPFS_MODE: i64 = 0o1777;

impl Profile {
    /// Returns the container of a service without its image and labels. `lists_system_calls`: whether the engine's API has
    /// them for services.
    pub(in super::super) fn of_service(
        &self,
        container: &ContainerSpec,
        lists_system_calls: bool,
    ) -> TaskSpecContainerSpec {
        let words = |words: &[String]| Some(words.to_vec()).filter(|words| !words.is_empty());
        TaskSpecContainerSpec {
            // Of a service, these are the entry point and the command of an image.
            command: words(&container.entrypoint),
            args: words(&container.command),
            hostname: Some(container.name.as_str().to_owned()),
            env: Some(container.environment.iter().map(|(name, value)| format!("{name}={value}")).collect()),
            dir: container.working_dir.clone(),
            user: container.user.clone(),
            privileges: lists_system_calls.then(|| privileges(container)),
            read_only: Some(container.read_only),
            mounts: Some(mounts(container)),
            // Nothing of an instance is worth waiting for.
            stop_grace_period: Some(0),
            dns_config: Some(TaskSpecContainerSpecDnsConfig {
                nameservers: Some(vec![NO_RESOLVER.to_owned()]),
                options: Some(vec!["timeout:1".to_owned(), "attempts:1".to_owned()]),
                ..TaskSpecContainerSpecDnsConfig::default()
            }),
            init: Some(true),
            sysctls: Some(sysctls()),
            capability_drop: Some(vec!["ALL".to_owned()]),
            capability_add: Some(container.capabilities.iter().map(|it| it.as_str().to_owned()).collect()),
            ulimits: Some(self.ulimits(container)),
            ..TaskSpecContainerSpec::default()
        }
    }

    /// Returns what a service uses at most.
    pub(in super::super) fn resources_of_service(&self, container: &ContainerSpec) -> TaskSpecResources {
        let limits = Limit {
            nano_cpus: Some((container.limits.cpus * 1e9) as i64),
            memory_bytes: Some(i64::from(container.limits.memory_mib) << 20),
            pids: Some(container.limits.pids.into()),
        };
        // Engines older than Docker 29 leave the swap as it is: as much as the memory.
        TaskSpecResources { limits: Some(limits), swap_bytes: Some(0), ..TaskSpecResources::default() }
    }

    /// Returns the log of a service.
    pub(in super::super) fn log_of_service(&self) -> TaskSpecLogDriver {
        let log = self.log_config();
        TaskSpecLogDriver { name: log.typ, options: log.config }
    }
}

fn privileges(container: &ContainerSpec) -> TaskSpecContainerSpecPrivileges {
    let seccomp = TaskSpecContainerSpecPrivilegesSeccomp {
        mode: Some(TaskSpecContainerSpecPrivilegesSeccompModeEnum::CUSTOM),
        profile: Some(BASE64_STANDARD.encode(SECCOMP)),
    };
    TaskSpecContainerSpecPrivileges {
        seccomp: Some(seccomp),
        no_new_privileges: Some(!container.privilege_escalation),
        ..TaskSpecContainerSpecPrivileges::default()
    }
}

/// Returns the memory file systems: beside a read-only root, those of the container, and shared memory, whose size a service
/// cannot be given otherwise.
fn mounts(container: &ContainerSpec) -> Vec<Mount> {
    let beside_root = container.read_only.then(|| tmpfs("/tmp", i64::from(TMP_MIB) << 20));
    let own = container.tmpfs.iter().map(|it| tmpfs(&it.path, i64::from(it.size_mib) << 20));
    beside_root.into_iter().chain(own).chain([tmpfs("/dev/shm", SHM_BYTES)]).collect()
}

fn tmpfs(target: &str, bytes: i64) -> Mount {
    Mount {
        target: Some(target.to_owned()),
        typ: Some(MountType::TMPFS),
        tmpfs_options: Some(MountTmpfsOptions { size_bytes: Some(bytes), mode: Some(TMPFS_MODE), options: None }),
        ..Mount::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn container() -> ContainerSpec {
        let spec = serde_json::json!({
            "image": "web:1", "read_only": true, "capabilities": ["SETUID"], "tmpfs": [{"path": "/run", "size_mib": 2}],
            "limits": {"memory_mib": 64, "cpus": 0.5, "pids": 32}
        });
        serde_json::from_value(spec).unwrap()
    }

    #[test]
    fn a_service_has_the_limits_of_a_container() {
        let profile = Profile::new(false, Path::new(""), None);
        let (of_service, of_container) =
            (profile.of_service(&container(), true), profile.host_config(&container(), &[]));
        assert_eq!(
            (of_service.capability_drop, of_service.capability_add),
            (of_container.cap_drop, of_container.cap_add)
        );
        assert_eq!((of_service.ulimits, of_service.read_only), (of_container.ulimits, of_container.readonly_rootfs));
        let limits = profile.resources_of_service(&container()).limits.unwrap();
        assert_eq!((limits.memory_bytes, limits.pids), (of_container.memory, of_container.pids_limit));
        assert_eq!(limits.nano_cpus, of_container.nano_cpus);
        let targets: Vec<String> = of_service.mounts.into_iter().flatten().filter_map(|it| it.target).collect();
        assert_eq!(targets, ["/tmp", "/run", "/dev/shm"]);
    }

    #[test]
    fn system_calls_are_listed_where_the_engine_can_do_so() {
        let profile = Profile::new(false, Path::new(""), None);
        assert!(profile.of_service(&container(), false).privileges.is_none());
        let privileges = profile.of_service(&container(), true).privileges.unwrap();
        assert_eq!(privileges.no_new_privileges, Some(true));
        let list = BASE64_STANDARD.decode(privileges.seccomp.unwrap().profile.unwrap()).unwrap();
        assert_eq!(list, SECCOMP.as_bytes());
    }
}
