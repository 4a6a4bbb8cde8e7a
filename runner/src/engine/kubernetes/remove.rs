//! Removes sessions, by their labels alone: neither what they were made of nor what this runner remembers is needed.

use super::Cluster;
use super::names;
use crate::engine::{EngineError, IsWanted};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Namespace, Pod, Secret, Service};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::api::{DeleteParams, ListParams};
use kube::{Api, ResourceExt};
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use std::time::Duration;
use tokio::time::timeout;

/// How long the watches are waited for before the cluster is asked again what is left: they may have missed something.
const PAUSE: Duration = Duration::from_secs(5);
/// How long a Service waits for an address before it is made anew.
const ADDRESS_TIMEOUT: Duration = Duration::from_secs(120);

impl Cluster {
    /// Removes everything of a session, and waits until nothing is left: an address must not be given to others while it
    /// answers.
    ///
    /// # Errors
    /// [`EngineError::Superseded`] if another order has come meanwhile.
    pub(crate) async fn remove(&self, session: i64, is_wanted: IsWanted<'_>) -> Result<(), EngineError> {
        self.applied.lock().remove(&session);
        while self.remove_once(session).await? > 0 {
            if !is_wanted() {
                return Err(EngineError::Superseded);
            }
            let _ = timeout(PAUSE, self.view.is_without(session)).await;
        }
        Ok(())
    }

    /// Orders the removal of what is there. Returns how many objects that are. The Deployment is the last, since leftovers
    /// are found by it; the Service is the first, since its address has to be free.
    async fn remove_once(&self, session: i64) -> Result<usize, EngineError> {
        // Never closed.
        let _permit = self.removals.acquire().await;
        let mut left = self.remove_all::<Service>(session).await?;
        left += self.remove_secrets(session).await?;
        left += self.remove_all::<NetworkPolicy>(session).await?;
        left += self.remove_all::<Deployment>(session).await?;
        left += self.remove_all::<Pod>(session).await?;
        Ok(left)
    }

    async fn remove_all<K>(&self, session: i64) -> Result<usize, EngineError>
    where
        K: kube::Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Debug,
    {
        let own = ListParams::default().labels(&names::of_session(&self.owner, session));
        let found = self.call(Api::<K>::all(self.client.clone()).list_metadata(&own)).await?;
        for object in &found {
            // It is on its way, or somebody's finalizer holds it, which is never taken off.
            if object.metadata.deletion_timestamp.is_some() || is_kept(object) {
                continue;
            }
            let namespace = object.namespace().unwrap_or_default();
            let api = Api::<K>::namespaced(self.client.clone(), &namespace);
            self.remove_by(api.delete(&object.name_any(), &DeleteParams::background())).await?;
        }
        Ok(found.items.len())
    }

    /// Removes Secrets without a look at them, which would need the right to read those of all others.
    async fn remove_secrets(&self, session: i64) -> Result<usize, EngineError> {
        let own = ListParams::default().labels(&names::of_session(&self.owner, session));
        let mut left = 0;
        for namespace in self.view.namespaces() {
            let api = Api::<Secret>::namespaced(self.client.clone(), &namespace);
            let removed = self.call(api.delete_collection(&DeleteParams::background(), &own)).await?;
            left += removed.left().map_or(0, |removed| removed.items.len());
        }
        Ok(left)
    }

    /// Removes a namespace of deployments that no order wants any more.
    pub(crate) async fn remove_namespace(&self, name: &str) -> Result<(), EngineError> {
        self.namespaces.lock().await.remove(name);
        let api = Api::<Namespace>::all(self.client.clone());
        self.remove_by(api.delete(name, &DeleteParams::background())).await
    }

    /// Removes pods of a session that have ended and stay, as those do that were evicted.
    pub(crate) async fn remove_dead_pods(&self, session: i64) -> Result<(), EngineError> {
        for pod in self.view.dead_pods(session) {
            let api = Api::<Pod>::namespaced(self.client.clone(), &pod.namespace().unwrap_or_default());
            self.remove_by(api.delete(&pod.name_any(), &DeleteParams::default())).await?;
        }
        Ok(())
    }

    /// Removes Services of a session that have waited for an address for too long, to be made anew: MetalLB may pass over one
    /// that waits when an address becomes free (metallb 1586).
    pub(crate) async fn remake_services(&self, session: i64) -> Result<(), EngineError> {
        for service in self.view.services_without_address(session, ADDRESS_TIMEOUT) {
            tracing::info!(session, service = service.name_any(), "making a Service anew that has no address");
            let api = Api::<Service>::namespaced(self.client.clone(), &service.namespace().unwrap_or_default());
            self.remove_by(api.delete(&service.name_any(), &DeleteParams::background())).await?;
        }
        Ok(())
    }

    /// Returns the namespaces of deployments that are there, without that of players and without those that are ending.
    pub(crate) fn deployment_namespaces(&self) -> Vec<String> {
        self.view.namespaces().into_iter().filter(|name| *name != self.players).collect()
    }
}

/// Returns whether an object is kept by another one: a pod by its `ReplicaSet`, with which it goes, and which would make one more
/// for each that is removed before it.
fn is_kept(object: &impl ResourceExt) -> bool {
    object.owner_references().iter().any(|owner| owner.controller == Some(true))
}
