//! The keys of a service that are not taken over, and why.

/// The keys that are taken over.
pub const SUPPORTED: &[&str] = &[
    "image",
    "build",
    "ports",
    "environment",
    "command",
    "entrypoint",
    "working_dir",
    "user",
    "read_only",
    "tmpfs",
    "mem_limit",
    "cpus",
    "cpu_quota",
    "pids_limit",
    "deploy",
    "healthcheck",
    "depends_on",
    "cap_add",
];

/// The keys that are left out; the challenge works without them.
pub const IGNORED: &[(&str, &str)] = &[
    ("annotations", FOR_PROGRAMS),
    ("attach", FOR_PROGRAMS),
    ("cap_drop", "a container has no capabilities but those of `cap_add`"),
    ("container_name", "a container is named by its service"),
    ("cpu_period", "it counts with `cpu_quota`"),
    ("cpu_percent", BY_LIMITS),
    ("cpu_shares", BY_LIMITS),
    ("cpuset", BY_LIMITS),
    ("develop", FOR_PROGRAMS),
    ("domainname", "a container is reached by the name of its service"),
    ("expose", "containers of an instance reach each other at every port"),
    ("hostname", "a container is reached by the name of its service"),
    ("init", "processes that have ended are collected in any case"),
    ("label_file", FOR_PROGRAMS),
    ("labels", FOR_PROGRAMS),
    ("links", "containers of an instance reach each other by name"),
    ("logging", "a log has 2 MiB"),
    ("mem_reservation", BY_LIMITS),
    ("mem_swappiness", BY_LIMITS),
    ("memswap_limit", "there is no swap"),
    ("oom_kill_disable", BY_LIMITS),
    ("oom_score_adj", BY_LIMITS),
    ("platform", "an image is for one platform"),
    ("pull_policy", "an image is pulled if it is not there"),
    ("restart", "an instance that ends is started again up to three times"),
    ("scale", "an instance has each container once"),
    ("stdin_open", FOR_PROGRAMS),
    ("stop_grace_period", "an instance is removed at once"),
    ("stop_signal", "an instance is removed at once"),
    ("tty", FOR_PROGRAMS),
    ("ulimits", "they are the same for all: 1,024 open files, no core dumps"),
];

const FOR_PROGRAMS: &str = "it is for other programs";
const BY_LIMITS: &str = "`limits` of the container says what it may use";

/// The keys that would let a container reach its host or other instances, or take more than its share.
pub const REFUSED: &[(&str, &str)] = &[
    ("blkio_config", TO_HOST),
    ("cgroup", TO_HOST),
    ("cgroup_parent", TO_HOST),
    ("cpu_rt_period", TO_HOST),
    ("cpu_rt_runtime", TO_HOST),
    ("credential_spec", TO_HOST),
    ("device_cgroup_rules", TO_HOST),
    ("devices", TO_HOST),
    ("external_links", "containers of other instances are not reached"),
    ("gpus", TO_HOST),
    ("ipc", TO_HOST),
    ("isolation", TO_HOST),
    ("network_mode", "each instance has a network of its own"),
    ("pid", TO_HOST),
    ("privileged", "it is as good as root on the host; name single capabilities in `cap_add`"),
    ("runtime", TO_HOST),
    ("security_opt", "the rules for system calls are the same for all"),
    ("storage_opt", TO_HOST),
    ("use_api_socket", "the engine is as good as root on the host"),
    ("userns_mode", TO_HOST),
    ("uts", TO_HOST),
    ("volumes_from", TO_HOST),
];

const TO_HOST: &str = "it reaches the host";

/// The keys that need a change of the challenge.
pub const UNSUPPORTED: &[(&str, &str)] = &[
    ("configs", INTO_IMAGE),
    ("dns", NO_RESOLVER),
    ("dns_opt", NO_RESOLVER),
    ("dns_search", NO_RESOLVER),
    ("env_file", "write its variables under `environment`"),
    ("extends", "write the keys of that service here"),
    ("extra_hosts", "there are no other names than those of the containers; let the program use these"),
    ("group_add", "give the groups to the user in the image"),
    ("mac_address", "addresses are given by the engine"),
    ("networks", "all containers of an instance share one network"),
    ("post_start", INTO_IMAGE),
    ("pre_stop", INTO_IMAGE),
    ("profiles", "make a challenge of its own of it"),
    ("provider", INTO_IMAGE),
    ("secrets", "name a secret of the server under `secrets` of the container, or put it into the image"),
    ("shm_size", "/dev/shm has 8 MiB; let the program use a folder of `tmpfs`"),
    ("sysctls", "they are those of the host"),
    ("volumes", "COPY the files into the image"),
];

const INTO_IMAGE: &str = "put it into the image";
const NO_RESOLVER: &str = "there is no resolver: names outside of the instance are not looked up";

/// Returns what a table says about a key.
pub(super) fn about(table: &[(&str, &'static str)], key: &str) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == key).map(|(_, why)| *why)
}
