//! What the containers of an instance print, and what a command prints in one.

use super::Cluster;
use super::condition::Condition;
use crate::engine::EngineError;
use crate::engine::inspect::Tail;
use challengectl_common::wire::inspections::{Inspection, InspectionAnswer, MAX_OUTPUT, Subject};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{AttachParams, LogParams};
use kube::{Api, ResourceExt};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::{Instant, timeout_at};

/// Time for an inspection, as in Docker.
const LIMIT: Duration = Duration::from_secs(15);

impl Cluster {
    /// Looks at a session: at one of its containers, or at what the cluster has recorded about it.
    pub(crate) async fn inspect(&self, inspection: &Inspection) -> Result<InspectionAnswer, EngineError> {
        let (output, exit_code, is_whole) = match &inspection.subject {
            Subject::Events => (tail(self.events(inspection.session_id).await?.as_bytes()), None, true),
            Subject::Output(lines) => {
                let (api, pod, container) = self.container(inspection)?;
                let how =
                    LogParams { container: Some(container), tail_lines: Some((*lines).into()), ..LogParams::default() };
                (tail(self.call(api.logs(&pod, &how)).await?.as_bytes()), None, true)
            }
            Subject::Command(words) => {
                let (api, pod, container) = self.container(inspection)?;
                self.run(&api, &pod, container, words).await?
            }
        };
        let reason = (!is_whole).then(|| format!("it has not ended after {} seconds", LIMIT.as_secs()));
        Ok(InspectionAnswer { inspection_id: inspection.inspection_id, output: Some(output), exit_code, reason })
    }

    /// Returns the pod and the container that are meant.
    fn container(&self, inspection: &Inspection) -> Result<(Api<Pod>, String, String), EngineError> {
        let pod = self.pod_of(inspection.session_id)?;
        let named = inspection.container.as_ref().map(|name| name.as_str().to_owned());
        let container = container_of(&pod, named)?;
        let api = Api::namespaced(self.client.clone(), &pod.namespace().unwrap_or_default());
        Ok((api, pod.name_any(), container))
    }

    /// Returns the newest pod of a session. If there is none, the error says why.
    fn pod_of(&self, session: i64) -> Result<Arc<Pod>, EngineError> {
        let objects = self.view().objects(session);
        let newest = objects.pods.iter().max_by_key(|pod| pod.metadata.creation_timestamp.clone());
        newest.cloned().ok_or_else(|| {
            let fence = self.view().fences(session).into_iter().next_back().unwrap_or_default();
            let why = match self.condition(session, fence) {
                Condition::NotReady(Some(why)) => format!(": {why}"),
                _ => String::new(),
            };
            EngineError::Refused(format!("the instance has no pod now{why}"))
        })
    }

    async fn run(
        &self,
        api: &Api<Pod>,
        pod: &str,
        container: String,
        words: &[String],
    ) -> Result<(String, Option<i64>, bool), EngineError> {
        let deadline = Instant::now() + LIMIT;
        let how = AttachParams::default().container(container).stdin(false).stdout(true).stderr(true);
        let mut attached = self.call(api.exec(pod, words.iter().map(String::as_str), &how)).await?;
        let (stdout, stderr) = (attached.stdout(), attached.stderr());
        let status = attached.take_status();
        let mut output = Tail::default();
        let (printed, errors) = tokio::join!(read(stdout, deadline), read(stderr, deadline));
        output.push(&printed);
        output.push(&errors);
        let ended = match status {
            Some(status) => timeout_at(deadline, status).await.ok().flatten(),
            None => None,
        };
        attached.abort();
        let Some(ended) = ended else { return Ok((output.text(), None, false)) };
        let causes = ended.details.and_then(|details| details.causes).unwrap_or_default();
        let code = causes.iter().find(|cause| cause.reason.as_deref() == Some("ExitCode"));
        let code = code.and_then(|cause| cause.message.as_ref()?.parse().ok());
        let is_well = ended.status.as_deref() == Some("Success");
        Ok((output.text(), if is_well { Some(0) } else { code }, true))
    }
}

/// Returns the end of a text.
fn tail(text: &[u8]) -> String {
    let mut kept = Tail::default();
    kept.push(text);
    kept.text()
}

/// Reads to the end, or as long as there is time, and keeps the last of it.
async fn read(stream: Option<impl AsyncRead + Unpin>, deadline: Instant) -> Vec<u8> {
    let Some(mut stream) = stream else { return Vec::new() };
    let (mut kept, mut part) = (Vec::new(), [0; 4096]);
    while let Ok(Ok(count @ 1..)) = timeout_at(deadline, stream.read(&mut part)).await {
        kept.extend_from_slice(part.get(..count).unwrap_or_default());
        kept.drain(..kept.len().saturating_sub(MAX_OUTPUT));
    }
    kept
}

/// Returns the container that is meant: without a name the first.
fn container_of(pod: &Pod, named: Option<String>) -> Result<String, EngineError> {
    let mut all = pod.spec.iter().flat_map(|spec| &spec.containers).map(|it| &it.name);
    let found = match named {
        Some(name) => all.find(|it| **it == name),
        None => all.next(),
    };
    found.cloned().ok_or_else(|| EngineError::Refused("the instance has no such container now".to_owned()))
}
