//! Pods as others see them, and pods of nobody's instances.

use super::{Cluster, IMAGE, Party};
use crate::programs::output_of;
use anyhow::{Context, Result};
use serde_json::Value;
use std::net::IpAddr;
use std::process::Command;

/// A pod that runs.
#[derive(Debug, Clone)]
pub struct Pod {
    pub address: IpAddr,
    pub party: Party,
}

impl Cluster {
    /// Returns the pod of a namespace that has these labels; an error unless there is one, and it runs.
    pub fn pod(&self, namespace: &str, labels: &str) -> Result<Pod> {
        let running = "--field-selector=status.phase=Running";
        let listed = self.kubectl(&["get", "pods", "-n", namespace, "-l", labels, running, "-o", "json"])?;
        let listed: Value = serde_json::from_str(&listed)?;
        let [pod] = listed.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default() else {
            anyhow::bail!("not one pod in {namespace} with {labels}: {listed}")
        };
        let field = |path: &str| pod.pointer(path).and_then(Value::as_str).with_context(|| format!("no {path}: {pod}"));
        let address = field("/status/podIP")?.parse()?;
        let container = field("/status/containerStatuses/0/containerID")?;
        let id = container.strip_prefix("containerd://").context("a container of something else")?;
        Ok(Pod { address, party: Party::of(self.process_of_container(id)?) })
    }

    fn process_of_container(&self, id: &str) -> Result<u32> {
        let socket = self.folder.join("containerd/sock");
        let tasks = output_of(Command::new("ctr").arg("-a").arg(socket).args(["-n", "k8s.io", "tasks", "list"]))?;
        let process = tasks.lines().find_map(|line| line.strip_prefix(id)?.split_whitespace().next());
        Ok(process.with_context(|| format!("no process of {id}:\n{tasks}"))?.parse()?)
    }
}

/// A pod that belongs to no instance. It is deleted when this value is dropped.
pub struct Bystander {
    cluster: Cluster,
    namespace: &'static str,
    name: String,
    pub pod: Pod,
}

impl Bystander {
    /// Starts a pod, with the command of the image unless there is one here, and waits until it runs.
    pub fn start(
        cluster: &Cluster,
        namespace: &'static str,
        name: String,
        labels: &str,
        command: &[&str],
    ) -> Result<Self> {
        let (label, image) = (format!("challengectl.bystander={name}"), format!("--image={IMAGE}"));
        let all = format!("--labels={label},{labels}");
        let mut words =
            vec!["run", &name, "-n", namespace, &image, &all, "--image-pull-policy=Never", "--restart=Never"];
        if !command.is_empty() {
            words.extend(["--command", "--"].iter().chain(command));
        }
        cluster.kubectl(&words)?;
        let started = cluster
            .kubectl(&["wait", "--for=condition=Ready", "--timeout=120s", "pod", &name, "-n", namespace])
            .and_then(|_| cluster.pod(namespace, &label));
        let pod = started.inspect_err(|_| delete(cluster, namespace, &name))?;
        Ok(Self { cluster: cluster.clone(), namespace, name, pod })
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        delete(&self.cluster, self.namespace, &self.name);
    }
}

fn delete(cluster: &Cluster, namespace: &str, name: &str) {
    let _ = cluster.kubectl(&["delete", "pod", name, "-n", namespace, "--wait=false", "--grace-period=1"]);
}
