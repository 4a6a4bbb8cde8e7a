//! What a container is, and may use of its node.

use super::probes::probes;
use crate::engine::EngineError;
use challengectl_common::instance::{Capability, ContainerSpec};
use challengectl_common::wire::deployments::{DeploymentOrder, PodSecurity, Requests};
use serde_json::{Value, json};

/// What a container may write to the disk of its node: to its root, and with what it prints.
const EPHEMERAL: &str = "512Mi";
/// What of it is kept free.
const EPHEMERAL_REQUEST: &str = "64Mi";
/// Size of the memory file system beside a read-only root, as in Docker.
const TMP_MIB: u32 = 16;
/// The part of its processor limit that is kept free for a player's container: most of them wait.
const IDLE_PART: u32 = 10;

/// What common images need whose program begins as root, changes its user and listens on a port below 1024.
const COMMON: [Capability; 4] = [Capability::Chown, Capability::NetBindService, Capability::Setgid, Capability::Setuid];

/// Returns a container of a pod. Its variables come from the secret of this name.
///
/// # Errors
/// Its user is a name, which no cluster takes.
pub(super) fn container(
    spec: &ContainerSpec,
    deployment: Option<&DeploymentOrder>,
    secret: &str,
) -> Result<Value, EngineError> {
    let mut made = json!({
        "name": spec.name.as_str(),
        "image": spec.image,
        "imagePullPolicy": "IfNotPresent",
        "env": spec.environment.keys().map(|name| variable(spec, secret, name)).collect::<Vec<_>>(),
        "resources": resources(spec, deployment),
        "securityContext": security(spec, deployment)?,
        "volumeMounts": folders(spec).map(|(name, path, _)| json!({"name": name, "mountPath": path})).collect::<Vec<_>>(),
    });
    let mut set = |field: &str, value: Value| {
        if let Some(object) = made.as_object_mut() {
            object.insert(field.to_owned(), value);
        }
    };
    if !spec.entrypoint.is_empty() {
        set("command", json!(spec.entrypoint));
    }
    if !spec.command.is_empty() {
        set("args", json!(spec.command));
    }
    if let Some(folder) = &spec.working_dir {
        set("workingDir", json!(folder));
    }
    for (field, probe) in spec.health.iter().flat_map(probes) {
        set(field, probe);
    }
    Ok(made)
}

/// Returns the key of a variable in the secret of all containers.
pub(super) fn key(container: &ContainerSpec, variable: &str) -> String {
    format!("{}.{variable}", container.name.as_str())
}

fn variable(spec: &ContainerSpec, secret: &str, name: &str) -> Value {
    json!({"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key(spec, name)}}})
}

/// Returns the volumes of the folders in memory of a container.
pub(super) fn volumes(spec: &ContainerSpec) -> impl Iterator<Item = Value> {
    folders(spec)
        .map(|(name, _, mib)| json!({"name": name, "emptyDir": {"medium": "Memory", "sizeLimit": format!("{mib}Mi")}}))
}

/// Returns name, path and size of each folder in memory. The position is enough for a name: names of containers are as long
/// as names of volumes may be.
fn folders(spec: &ContainerSpec) -> impl Iterator<Item = (String, &str, u32)> {
    let beside_root = spec.read_only.then_some(("/tmp", TMP_MIB));
    let all = beside_root.into_iter().chain(spec.tmpfs.iter().map(|it| (it.path.as_str(), it.size_mib)));
    let short: String = spec.name.as_str().chars().take(50).collect();
    all.enumerate()
        .map(move |(position, (path, mib))| (format!("{}-{position}", short.trim_end_matches('-')), path, mib))
}

fn resources(spec: &ContainerSpec, deployment: Option<&DeploymentOrder>) -> Value {
    let Requests { cpu_millis, memory_bytes, .. } = requests(spec, deployment);
    let limits = limits(spec);
    json!({
        "limits": {"cpu": millis(limits.cpu_millis), "memory": limits.memory_bytes.to_string(), "ephemeral-storage": EPHEMERAL},
        "requests": {"cpu": millis(cpu_millis), "memory": memory_bytes.to_string(), "ephemeral-storage": EPHEMERAL_REQUEST},
    })
}

/// Returns the limits of a container.
pub(super) fn limits(spec: &ContainerSpec) -> Requests {
    Requests {
        container: spec.name.clone(),
        cpu_millis: (spec.limits.cpus * 1000.0).ceil() as u32,
        memory_bytes: u64::from(spec.limits.memory_mib) << 20,
    }
}

/// Returns what the cluster keeps free for a container.
pub(super) fn requests(spec: &ContainerSpec, deployment: Option<&DeploymentOrder>) -> Requests {
    let limits = limits(spec);
    match deployment {
        Some(deployment) => deployment.requests.iter().find(|it| it.container == spec.name).cloned().unwrap_or(limits),
        None => Requests { cpu_millis: limits.cpu_millis.div_ceil(IDLE_PART), ..limits },
    }
}

/// Writes thousandths of a core.
pub(super) fn millis(count: u32) -> String {
    format!("{count}m")
}

fn security(spec: &ContainerSpec, deployment: Option<&DeploymentOrder>) -> Result<Value, EngineError> {
    let profile = deployment.map(|it| it.security);
    let mut added = spec.capabilities.clone();
    match profile {
        Some(PodSecurity::Baseline) => added.extend(COMMON),
        // Clusters refuse any other under this profile.
        Some(PodSecurity::Restricted) => added.retain(|it| *it == Capability::NetBindService),
        // Docker leaves all ports to everybody.
        None => drop(added.insert(Capability::NetBindService)),
    }
    let is_restricted = profile == Some(PodSecurity::Restricted);
    let mut made = json!({
        "allowPrivilegeEscalation": spec.privilege_escalation && !is_restricted,
        "capabilities": {"drop": ["ALL"], "add": added.iter().map(|it| it.as_str()).collect::<Vec<_>>()},
        "readOnlyRootFilesystem": spec.read_only,
        "seccompProfile": {"type": "RuntimeDefault"},
    });
    let user = spec.user.as_deref().map(user).transpose()?;
    if let Some(object) = made.as_object_mut() {
        if is_restricted {
            object.insert("runAsNonRoot".to_owned(), true.into());
        }
        let (user, group) = user.map_or((None, None), |(user, group)| (Some(user), group));
        object.extend(user.map(|number| ("runAsUser".to_owned(), number.into())));
        object.extend(group.map(|number| ("runAsGroup".to_owned(), number.into())));
    }
    Ok(made)
}

/// Reads the numbers of a user and its group.
fn user(text: &str) -> Result<(u32, Option<u32>), EngineError> {
    let (user, group) = text.split_once(':').map_or((text, None), |(user, group)| (user, Some(group)));
    let number = |text: &str| text.parse::<u32>().ok();
    match (number(user), group.map(number)) {
        (Some(user), None) => Ok((user, None)),
        (Some(user), Some(Some(group))) => Ok((user, Some(group))),
        _ => Err(EngineError::Impossible(format!(
            "user {text:?} is no number, which is all that a cluster takes; give the number that it has in the image"
        ))),
    }
}
