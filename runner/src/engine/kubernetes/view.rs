//! What a cluster has of this runner, by watches: lists that are kept up to date.

use super::names;
use crate::engine::Owner;
use futures_util::StreamExt;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{LoadBalancerIngress, Namespace, Pod, Service};
use kube::runtime::reflector::{Store, store};
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt, watcher as watch_all};
use kube::{Api, Client, ResourceExt};
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::{OnceCell, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

/// How often everything is listed anew: a watch that has closed may have missed a deletion (kube-rs 1615).
const LIST_PERIOD: Duration = Duration::from_secs(300);

/// What a cluster has.
pub(crate) struct View {
    deployments: Store<Deployment>,
    pods: Store<Pod>,
    services: Store<Service>,
    namespaces: Store<Namespace>,
    changes: Arc<Changes>,
    /// Set when everything has been listed.
    is_complete: OnceCell<()>,
    /// Ended with the view.
    _watches: JoinSet<()>,
}

/// What has changed since it was asked for.
#[derive(Default)]
struct Changes {
    sessions: Mutex<Changed>,
    news: watch::Sender<()>,
}

/// The sessions of which something has changed.
#[derive(Debug, Default)]
pub(crate) struct Changed {
    /// Whether anything may have.
    pub(crate) is_all: bool,
    pub(crate) sessions: BTreeSet<i64>,
}

/// The objects of a session.
pub(super) struct Objects {
    pub(super) deployment: Option<Arc<Deployment>>,
    pub(super) pods: Vec<Arc<Pod>>,
    pub(super) services: Vec<Arc<Service>>,
}

impl Objects {
    fn is_empty(&self) -> bool {
        self.deployment.is_none() && self.pods.is_empty() && self.services.is_empty()
    }
}

impl View {
    pub(super) fn open(client: &Client, owner: &Owner) -> Self {
        let (changes, mut watches) = (Arc::new(Changes::default()), JoinSet::new());
        Self {
            deployments: follow(Api::all(client.clone()), owner, &changes, &mut watches),
            pods: follow(Api::all(client.clone()), owner, &changes, &mut watches),
            services: follow(Api::all(client.clone()), owner, &changes, &mut watches),
            namespaces: follow(Api::all(client.clone()), owner, &changes, &mut watches),
            changes,
            is_complete: OnceCell::new(),
            _watches: watches,
        }
    }

    /// Waits until everything has been listed. Any number may wait.
    pub(crate) async fn is_complete(&self) {
        // One after the other: of several that wait for a store, kube (5.0) wakes the last only.
        let all_listed = async || {
            // They fail only when the watches have ended, which they do with the view.
            let _ = self.deployments.wait_until_ready().await;
            let _ = self.pods.wait_until_ready().await;
            let _ = self.services.wait_until_ready().await;
            let _ = self.namespaces.wait_until_ready().await;
        };
        self.is_complete.get_or_init(all_listed).await;
    }

    /// Tells when something changes.
    pub(crate) fn news(&self) -> watch::Receiver<()> {
        self.changes.news.subscribe()
    }

    /// Waits until nothing is there of a session.
    pub(super) async fn is_without(&self, session: i64) {
        let mut news = self.news();
        while !self.objects(session).is_empty() {
            // Fails when the watches have ended, which they do with the view.
            let _ = news.changed().await;
        }
    }

    /// Takes what has changed.
    pub(crate) fn take_changed(&self) -> Changed {
        std::mem::take(&mut *self.changes.sessions.lock())
    }

    /// Returns the sessions of which anything is there.
    pub(crate) fn sessions(&self) -> BTreeSet<i64> {
        let mut sessions = BTreeSet::new();
        sessions.extend(self.deployments.state().iter().filter_map(|it| names::read(it.as_ref())).map(|it| it.0));
        sessions.extend(self.services.state().iter().filter_map(|it| names::read(it.as_ref())).map(|it| it.0));
        sessions.extend(self.pods.state().iter().filter_map(|it| names::read(it.as_ref())).map(|it| it.0));
        sessions
    }

    /// Returns whether a session has a Deployment and so many Services.
    pub(super) fn has(&self, session: i64, services: usize) -> bool {
        let objects = self.objects(session);
        objects.deployment.is_some() && objects.services.len() >= services
    }

    /// Returns the fences of what is there of a session.
    pub(crate) fn fences(&self, session: i64) -> BTreeSet<i64> {
        let Objects { deployment, pods, services } = self.objects(session);
        let of_pods = pods.iter().filter_map(|it| names::read(it.as_ref()));
        let of_services = services.iter().filter_map(|it| names::read(it.as_ref()));
        let of_deployment = deployment.iter().filter_map(|it| names::read(it.as_ref()));
        of_pods.chain(of_services).chain(of_deployment).map(|(_, fence)| fence).collect()
    }

    pub(super) fn objects(&self, session: i64) -> Objects {
        Objects {
            deployment: of(&self.deployments, session).next(),
            pods: of(&self.pods, session).collect(),
            services: of(&self.services, session).collect(),
        }
    }

    /// Returns the pods of a session that have ended and are not being removed.
    pub(super) fn dead_pods(&self, session: i64) -> Vec<Arc<Pod>> {
        of(&self.pods, session).filter(|pod| is_dead(pod)).collect()
    }

    /// Returns the Services of a session that have waited for an address for longer than this.
    pub(super) fn services_without_address(&self, session: i64, limit: Duration) -> Vec<Arc<Service>> {
        let now = SystemTime::now();
        of(&self.services, session).filter(|it| waits_for_address(it, limit, now)).collect()
    }

    /// Returns the namespaces that are there, without those that are ending.
    pub(super) fn namespaces(&self) -> Vec<String> {
        let there = self.namespaces.state().into_iter().filter(|it| it.metadata.deletion_timestamp.is_none());
        there.map(|it| it.name_any()).collect()
    }

    /// Returns a namespace, which may be ending.
    pub(super) fn namespace(&self, name: &str) -> Option<Arc<Namespace>> {
        self.namespaces.state().into_iter().find(|it| it.name_any() == name)
    }

    /// Returns whether a namespace has anything of a session.
    pub(crate) fn is_in_use(&self, namespace: &str) -> bool {
        let is_in = |it: Option<String>| it.as_deref() == Some(namespace);
        self.deployments.state().iter().any(|it| is_in(it.namespace()))
            || self.services.state().iter().any(|it| is_in(it.namespace()))
            || self.pods.state().iter().any(|it| is_in(it.namespace()))
    }

    #[cfg(test)]
    pub(super) fn ends_namespace(&self, name: &str) -> bool {
        self.namespace(name).is_some()
    }

    pub(super) fn has_namespace(&self, name: &str) -> bool {
        self.namespaces().iter().any(|it| it == name)
    }
}

fn of<K>(all: &Store<K>, session: i64) -> impl Iterator<Item = Arc<K>>
where
    K: kube::Resource<DynamicType = ()> + Clone,
{
    all.state().into_iter().filter(move |it| names::read(it.as_ref()).is_some_and(|(own, _)| own == session))
}

fn is_dead(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    phase == Some("Failed") && pod.metadata.deletion_timestamp.is_none()
}

fn waits_for_address(service: &Service, limit: Duration, now: SystemTime) -> bool {
    let made = service.metadata.creation_timestamp.as_ref().map(|made| SystemTime::from(made.0));
    let age = made.and_then(|made| now.duration_since(made).ok());
    is_balanced(service) && ingress(service).is_empty() && age.is_some_and(|age| age > limit)
}

/// Returns whether a Service gets an address from a load balancer.
pub(super) fn is_balanced(service: &Service) -> bool {
    service.spec.as_ref().and_then(|spec| spec.type_.as_deref()) == Some("LoadBalancer")
}

/// Returns what the load balancer has given a Service.
pub(super) fn ingress(service: &Service) -> Vec<LoadBalancerIngress> {
    let balancer = service.status.as_ref().and_then(|status| status.load_balancer.as_ref());
    balancer.and_then(|it| it.ingress.clone()).unwrap_or_default()
}

/// Watches all objects of a kind.
fn follow<K>(api: Api<K>, owner: &Owner, changes: &Arc<Changes>, watches: &mut JoinSet<()>) -> Store<K>
where
    K: kube::Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + Sync + 'static,
{
    let (reader, mut writer) = store();
    let (config, changes) = (watcher::Config::default().labels(&names::all(owner)), Arc::clone(changes));
    watches.spawn(async move {
        loop {
            let until = Instant::now() + LIST_PERIOD;
            let mut events = Box::pin(watch_all(api.clone(), config.clone()).default_backoff());
            while let Ok(Some(event)) = timeout_at(until, events.next()).await {
                match event {
                    Ok(event) => {
                        writer.apply_watcher_event(&event);
                        changes.record(&event);
                    }
                    // Others say that the cluster is away; here it is asked again after a pause.
                    Err(error) => tracing::debug!("watching {}: {error}", K::plural(&())),
                }
            }
        }
    });
    reader
}

impl Changes {
    fn record<K: kube::Resource<DynamicType = ()>>(&self, event: &Event<K>) {
        {
            let mut changed = self.sessions.lock();
            match event {
                Event::Apply(object) | Event::Delete(object) => {
                    changed.sessions.extend(names::read(object).map(|(session, _)| session));
                }
                Event::InitDone => changed.is_all = true,
                Event::Init | Event::InitApply(_) => return,
            }
        }
        self.news.send_replace(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_service_that_waits_too_long_for_an_address_is_made_anew() {
        let made = SystemTime::from("2026-01-01T00:00:00Z".parse::<k8s_openapi::jiff::Timestamp>().unwrap());
        let waits = |status: Value, kind: &str, seconds: u64| {
            let metadata = json!({"creationTimestamp": "2026-01-01T00:00:00Z"});
            let service = json!({"metadata": metadata, "spec": {"type": kind}, "status": status});
            let service: Service = serde_json::from_value(service).unwrap();
            waits_for_address(&service, Duration::from_secs(120), made + Duration::from_secs(seconds))
        };
        assert!(!waits(json!({}), "LoadBalancer", 100) && waits(json!({}), "LoadBalancer", 130));
        let given = json!({"loadBalancer": {"ingress": [{"ip": "192.168.250.101"}]}});
        assert!(!waits(given, "LoadBalancer", 130), "it has one");
        assert!(!waits(json!({}), "NodePort", 130), "it gets none");
    }

    #[test]
    fn what_was_evicted_is_removed_and_what_ends_is_left_to_end() {
        let pod = |metadata: Value, phase: &str| -> Pod {
            serde_json::from_value(json!({"metadata": metadata, "status": {"phase": phase, "reason": "Evicted"}}))
                .unwrap()
        };
        assert!(is_dead(&pod(json!({}), "Failed")));
        assert!(!is_dead(&pod(json!({}), "Running")));
        assert!(!is_dead(&pod(json!({"deletionTimestamp": "2026-01-01T00:00:00Z"}), "Failed")));
    }
}
