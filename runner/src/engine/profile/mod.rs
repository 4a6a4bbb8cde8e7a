//! What a container may use of its host.

mod service;

use bollard::models::{HostConfig, HostConfigLogConfig, PortBinding, ResourcesUlimits};
use challengectl_common::instance::ContainerSpec;
use challengectl_common::wire::instances::Published;
use nix::sys::resource::{Resource, getrlimit};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The system calls that containers are refused. The engines' own profiles allow `AF_VSOCK` and, Docker's, `io_uring`.
///
/// It lists what is refused, and not what is allowed: with a list of what is allowed, libseccomp cannot tell the
/// address families of 32-bit programs apart (their `socketcall` has its arguments in memory), and allows all; with this
/// one it refuses all of `socketcall`'s sockets. 32-bit programs get sockets by `socket`, as newer C libraries do.
pub(crate) const SECCOMP: &str = include_str!("seccomp.json");

/// Size of the memory file system beside a read-only root.
const TMP_MIB: u32 = 16;
/// Memory file systems. What is in them counts as the container's memory.
const TMPFS: &str = "mode=1777,nosuid,nodev";
/// Files in it. Podman refuses the option; there, the memory limit ends them, since the kernel counts them as memory.
const TMPFS_FILES: &str = "nr_inodes=1024";
/// Bytes of shared memory.
const SHM_BYTES: i64 = 8 << 20;
/// Open files of a process.
const MAX_OPEN_FILES: i64 = 1024;
/// Bytes of a file in a writable root.
const MAX_FILE_BYTES: i64 = 64 << 20;
/// The weight against the other programs of the host, which have 1024. Beside four containers that use all they get, a
/// program had 1.29 s of processor time in 3 s with it, and 0.47 s without.
const CPU_SHARES: i64 = 128;
/// The resolver, where nobody answers. The ones of the engines ask the host's, by which data leaves: containers of one
/// instance know each other's addresses instead ([`hosts`](super::networks::Net::hosts)).
const NO_RESOLVER: &str = "127.0.0.1";

/// How one engine is told what containers may use.
pub(super) struct Profile {
    is_podman: bool,
    seccomp: String,
    /// The file with the list of system calls.
    seccomp_file: PathBuf,
    /// The control group of all containers; `None` where the engine's own is used.
    group: Option<String>,
}

impl Profile {
    /// Returns the profile for an engine. Docker takes the list of system calls itself, Podman the file with it.
    pub(super) fn new(is_podman: bool, seccomp_file: &Path, group: Option<String>) -> Self {
        let seccomp = if is_podman { seccomp_file.display().to_string() } else { SECCOMP.to_owned() };
        Self { is_podman, seccomp: format!("seccomp={seccomp}"), seccomp_file: seccomp_file.to_owned(), group }
    }

    pub(super) fn is_podman(&self) -> bool {
        self.is_podman
    }

    /// Returns the file with the list of system calls.
    pub(super) fn file(&self) -> &Path {
        &self.seccomp_file
    }

    /// Returns what a container may use. Capabilities: none but those of its spec.
    pub(super) fn host_config(&self, container: &ContainerSpec, published: &[&Published]) -> HostConfig {
        let memory = i64::from(container.limits.memory_mib) << 20;
        HostConfig {
            memory: Some(memory),
            // No swap.
            memory_swap: Some(memory),
            nano_cpus: Some((container.limits.cpus * 1e9) as i64),
            cpu_shares: Some(CPU_SHARES),
            pids_limit: Some(container.limits.pids.into()),
            cgroup_parent: self.group.clone(),
            cap_drop: Some(vec!["ALL".to_owned()]),
            cap_add: Some(container.capabilities.iter().map(|it| it.as_str().to_owned()).collect()),
            security_opt: Some(self.security(container)),
            ipc_mode: Some("private".to_owned()),
            readonly_rootfs: Some(container.read_only),
            tmpfs: Some(self.all_tmpfs(container)).filter(|all| !all.is_empty()),
            shm_size: Some(SHM_BYTES),
            ulimits: Some(self.ulimits(container)),
            log_config: Some(self.log_config()),
            // Ends at once when it is stopped, also if the program ignores signals as the first process.
            init: Some(true),
            sysctls: Some(sysctls()),
            dns: Some(vec![NO_RESOLVER.to_owned()]),
            // Docker's resolver stays before it and does not answer: 1 s, and not 10.
            dns_options: Some(vec!["timeout:1".to_owned(), "attempts:1".to_owned()]),
            port_bindings: Some(published.iter().map(|it| (it.port.to_string(), Some(vec![binding(it)]))).collect()),
            ..HostConfig::default()
        }
    }

    fn security(&self, container: &ContainerSpec) -> Vec<String> {
        let mut options = vec![self.seccomp.clone()];
        options.extend((!container.privilege_escalation).then(|| "no-new-privileges".to_owned()));
        options
    }

    fn all_tmpfs(&self, container: &ContainerSpec) -> HashMap<String, String> {
        let beside_root = container.read_only.then(|| ("/tmp".to_owned(), self.tmpfs(TMP_MIB)));
        let own = container.tmpfs.iter().map(|it| (it.path.clone(), self.tmpfs(it.size_mib)));
        beside_root.into_iter().chain(own).collect()
    }

    fn tmpfs(&self, size_mib: u32) -> String {
        let options = format!("size={size_mib}m,{TMPFS}");
        if self.is_podman { options } else { format!("{options},{TMPFS_FILES}") }
    }

    fn ulimits(&self, container: &ContainerSpec) -> Vec<ResourcesUlimits> {
        // Core dumps are written to the disk.
        let mut limits = vec![("core", 0), ("nofile", MAX_OPEN_FILES)];
        limits.extend((!container.read_only).then_some(("fsize", MAX_FILE_BYTES)));
        // Podman completes limits that it is given by its own for processes, which it may not be allowed to set.
        limits.extend(self.is_podman.then(|| ("nproc", process_limit())));
        let both = |(name, limit): (&str, i64)| ResourcesUlimits {
            name: Some(name.to_owned()),
            soft: Some(limit),
            hard: Some(limit),
        };
        limits.into_iter().map(both).collect()
    }

    /// Returns the log, of 2 MB at most; each engine has another driver that bounds it.
    fn log_config(&self) -> HostConfigLogConfig {
        let mut options = HashMap::from([("max-size".to_owned(), "1m".to_owned())]);
        if !self.is_podman {
            options.insert("max-file".to_owned(), "2".to_owned());
        }
        let driver = if self.is_podman { "k8s-file" } else { "local" };
        HostConfigLogConfig { typ: Some(driver.to_owned()), config: Some(options) }
    }
}

/// Returns the kernel's settings in a container: no IPv6, which Podman leaves on, and ports below 1024 for everybody,
/// which Docker gives by itself.
fn sysctls() -> HashMap<String, String> {
    let settings = [
        ("net.ipv6.conf.all.disable_ipv6", "1"),
        ("net.ipv6.conf.default.disable_ipv6", "1"),
        ("net.ipv4.ip_unprivileged_port_start", "0"),
    ];
    settings.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn binding(published: &Published) -> PortBinding {
    PortBinding { host_ip: None, host_port: Some(published.host_port.to_string()) }
}

/// Returns the number of processes of one user that Podman may set: this host's, and at most what its service allows
/// itself. Of a container, `pids_limit` is the limit.
fn process_limit() -> i64 {
    const OF_SERVICE: i64 = 32_768;
    let hard = getrlimit(Resource::RLIMIT_NPROC).map(|(_, hard)| i64::try_from(hard).unwrap_or(OF_SERVICE));
    hard.unwrap_or(OF_SERVICE).min(OF_SERVICE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(read_only: bool) -> ContainerSpec {
        serde_json::from_value(serde_json::json!({"image": "web:1", "read_only": read_only})).unwrap()
    }

    #[test]
    fn the_list_of_system_calls_names_each_once() {
        let profile: serde_json::Value = serde_json::from_str(SECCOMP).unwrap();
        let rules = profile["syscalls"].as_array().unwrap().iter().filter(|rule| rule.get("args").is_none());
        let mut names: Vec<&str> =
            rules.flat_map(|rule| rule["names"].as_array().unwrap()).map(|name| name.as_str().unwrap()).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(["io_uring_setup", "unshare", "mount", "bpf", "keyctl"].iter().all(|name| names.contains(name)));
    }

    #[test]
    fn each_engine_is_told_in_its_own_way() {
        let file = Path::new("/state/seccomp.json");
        let (docker, podman) = (Profile::new(false, file, None), Profile::new(true, file, None));
        let options = |profile: &Profile| profile.host_config(&container(true), &[]).security_opt.unwrap();
        assert!(options(&docker)[0].starts_with("seccomp={"));
        assert_eq!(options(&podman)[0], "seccomp=/state/seccomp.json");
        assert!(docker.tmpfs(1).contains("nr_inodes") && !podman.tmpfs(1).contains("nr_inodes"));
    }

    #[test]
    fn a_writable_root_bounds_its_files_and_a_read_only_one_gets_a_place_to_write() {
        let profile = Profile::new(false, Path::new(""), None);
        let of = |read_only: bool| profile.host_config(&container(read_only), &[]);
        let has_fsize =
            |config: &HostConfig| config.ulimits.iter().flatten().any(|limit| limit.name.as_deref() == Some("fsize"));
        assert!(has_fsize(&of(false)) && of(false).tmpfs.is_none());
        assert!(!has_fsize(&of(true)) && of(true).tmpfs.is_some());
    }
}
