//! Makes of the cluster what an order says.

use super::Cluster;
use super::manifests::{namespace, policy, probes, service, workload};
use super::names::{self, MANAGER, Names};
use crate::engine::EngineError;
use challengectl_common::Digest;
use challengectl_common::wire::instances::{Order, RunOrder};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{LimitRange, Namespace, ResourceQuota, Secret, Service};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::{ClusterResourceScope, NamespaceResourceScope};
use kube::api::{Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Debug;

impl Cluster {
    /// Applies all objects of an order, unless they have been and nothing has changed since. `teams`: those for which the
    /// namespace has room.
    pub(crate) async fn apply(&self, order: &Order, run: &RunOrder, teams: u32) -> Result<(), EngineError> {
        let names = Names::of(order, run, &self.players);
        // Built before anything is made: what is impossible leaves nothing.
        let deployment = workload::deployment(&names, &self.owner, order, run)?;
        // Never closed.
        let _permit = self.starts.acquire().await;
        let namespace = self.keep_namespace(&names.namespace, run, teams).await?;
        let made = Made {
            policy: policy::session(&names, &self.owner, order, run, &self.config.outside, &self.networks().await?),
            secret: workload::secret(&names, &names::labels(&self.owner, order, run), run),
            services: service::services(&names, &self.owner, order, run, self.config.balancer),
            deployment,
        };
        let digest = made.digest(namespace);
        if self.applied.lock().get(&order.session_id) == Some(&digest)
            && self.view.has(order.session_id, made.services.len())
        {
            return Ok(());
        }
        let done = self.apply_all(order.session_id, &names, &made).await;
        if matches!(done, Err(EngineError::Lingers(_))) {
            self.namespaces.lock().await.remove(&names.namespace);
        }
        done?;
        self.applied.lock().insert(order.session_id, digest);
        Ok(())
    }

    /// Applies all objects: policies before pods, and Services before they have any.
    async fn apply_all(&self, session: i64, names: &Names, made: &Made) -> Result<(), EngineError> {
        self.apply_in::<NetworkPolicy>(&names.namespace, &names.policy(), &made.policy).await?;
        self.apply_in::<Secret>(&names.namespace, &names.secret(), &made.secret).await?;
        for (name, service) in &made.services {
            self.apply_in::<Service>(&names.namespace, name, service).await?;
        }
        self.apply_deployment(session, names, &made.deployment).await
    }

    async fn apply_deployment(&self, session: i64, names: &Names, manifest: &Value) -> Result<(), EngineError> {
        let api = Api::<Deployment>::namespaced(self.client.clone(), &names.namespace);
        let name = names.deployment();
        let apply = || self.apply_by(api.clone(), &name, manifest);
        let mut applied = apply().await;
        // What is left of a probe that the manifest lacks may be none, which the cluster refuses.
        if matches!(applied, Err(EngineError::Refused(_)))
            && let Some(found) = self.view.objects(session).deployment
            && self.remove_probes(&api, &found, manifest).await?
        {
            applied = apply().await;
        }
        self.remove_probes(&api, &applied?, manifest).await.map(drop)
    }

    /// Removes probes that a manifest lacks. Returns `false` if there are none.
    async fn remove_probes(
        &self,
        api: &Api<Deployment>,
        found: &Deployment,
        manifest: &Value,
    ) -> Result<bool, EngineError> {
        let Some(patch) = probes::surplus(found, manifest) else { return Ok(false) };
        tracing::info!(deployment = found.name_any(), "removing probes that it should not have");
        let how = PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
        self.call(api.patch(&found.name_any(), &how, &Patch::Strategic(patch))).await?;
        Ok(true)
    }

    /// Makes a namespace with what belongs to it. Returns what it is made of.
    async fn keep_namespace(&self, name: &str, run: &RunOrder, teams: u32) -> Result<Digest, EngineError> {
        let (owner, mut known) = (&self.owner, self.namespaces.lock().await);
        let object = namespace::namespace(owner, name, run);
        let deny = policy::default_deny(owner, name);
        let limits = namespace::limit_range(owner, name);
        // Of players' instances, the engine's capacity is the limit.
        let quota = run.deployment.is_some().then(|| namespace::quota(owner, name, teams, run));
        let digest = digest(&(&object, &deny, &limits, &quota));
        if known.get(name) == Some(&digest) && self.view.has_namespace(name) {
            return Ok(digest);
        }
        self.apply_object::<Namespace>(name, &object).await?;
        self.apply_in::<NetworkPolicy>(name, "deny", &deny).await?;
        self.apply_in::<LimitRange>(name, "containers", &limits).await?;
        if let Some(quota) = &quota {
            self.apply_in::<ResourceQuota>(name, "teams", quota).await?;
        }
        known.insert(name.to_owned(), digest);
        Ok(digest)
    }

    async fn apply_in<K>(&self, namespace: &str, name: &str, object: &Value) -> Result<(), EngineError>
    where
        K: kube::Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Debug,
    {
        self.apply_by(Api::<K>::namespaced(self.client.clone(), namespace), name, object).await.map(drop)
    }

    async fn apply_object<K>(&self, name: &str, object: &Value) -> Result<(), EngineError>
    where
        K: kube::Resource<DynamicType = (), Scope = ClusterResourceScope> + Clone + DeserializeOwned + Debug,
    {
        self.apply_by(Api::<K>::all(self.client.clone()), name, object).await.map(drop)
    }

    async fn apply_by<K>(&self, api: Api<K>, name: &str, object: &Value) -> Result<K, EngineError>
    where
        K: Clone + DeserializeOwned + Debug,
    {
        let how = PatchParams::apply(MANAGER).force();
        self.call(api.patch(name, &how, &Patch::Apply(object))).await
    }

    /// Has everything applied again by the next orders: what others have changed is changed back.
    pub(crate) async fn forget_applied(&self) {
        self.applied.lock().clear();
        self.namespaces.lock().await.clear();
        *self.networks.lock() = None;
    }
}

/// The objects of a session.
struct Made {
    policy: Value,
    secret: Value,
    services: Vec<(String, Value)>,
    deployment: Value,
}

impl Made {
    fn digest(&self, namespace: Digest) -> Digest {
        digest(&(namespace.to_string(), &self.policy, &self.secret, &self.services, &self.deployment))
    }
}

fn digest(of: &impl serde::Serialize) -> Digest {
    Digest::of(&serde_json::to_vec(of).unwrap_or_default())
}
