//! Placing: sessions that wait get an engine, and ports there.

use super::super::services::takes;
use super::super::{Instances, Session};
use crate::CoreError;
use crate::session::Happening;
use crate::store::Connection;
use crate::store::instances::engines::{self, Engine};
use crate::store::instances::inventories::{self, StoredInventory};
use crate::store::instances::sessions::{self, Place, queue};
use crate::store::instances::{self, ports, services};
use challengectl_common::instance::{InstanceSpec, Transport, is_same_image};
use challengectl_common::wire::instances::{EngineKind, Published};
use challengectl_common::{EngineId, RunnerId};
use rand::seq::IteratorRandom;
use std::collections::HashSet;
use std::time::Duration;

/// Sessions that one transaction places.
const BATCH: u32 = 50;
/// How long a start may take with all its tries, beside the time that its containers may take until they answer.
const START_TIMEOUT: Duration = Duration::from_secs(180);

impl Instances {
    /// Gives engines with room to sessions that wait, in their turn. Returns how many have got one.
    pub(in super::super) async fn place_waiting(&self, connection: &mut Connection) -> Result<u32, CoreError> {
        let mut placed = 0;
        if queue::length(connection).await? == 0 {
            return Ok(placed);
        }
        let mut engines = self.with_room(connection).await?;
        let room = engines.iter().map(|engine| engine.capacity - engine.used).fold(0, u32::saturating_add);
        for session in queue::next(connection, room.min(BATCH)).await? {
            // One that needs more ports than are left does not keep others waiting.
            placed += u32::from(self.place(connection, session, &mut engines).await?);
        }
        Ok(placed)
    }

    /// Gives a session the least full of these engines that has its ports. Returns whether there is one.
    pub(super) async fn place(
        &self,
        connection: &mut Connection,
        mut session: Session,
        engines: &mut [Engine],
    ) -> Result<bool, CoreError> {
        let Some(next) = session.state.after(Happening::IsPlaced) else { return Ok(false) };
        let spec = instances::spec(connection, session.challenge_id, session.version).await?;
        engines.sort_by(|a, b| fullness(a).total_cmp(&fullness(b)));
        let inventories = inventories::usable(connection).await?;
        let holders = holders(&inventories, &spec);
        let has_images =
            |it: &Engine| holders.is_empty() || holders.contains(&(it.runner_id.clone(), it.engine_id.clone()));
        let service = services::secrets_of(connection, session.id).await?;
        let takes_it = |it: &Engine| match &service {
            Some(secrets) => inventories.iter().any(|stored| is_of(stored, it) && takes(stored, secrets)),
            None => true,
        };
        let fits = |it: &Engine| can_run(it.kind, &spec) && has_room(it) && has_images(it) && takes_it(it);
        for engine in engines.iter_mut().filter(|engine| fits(engine)) {
            let Some(published) = free_ports(connection, engine, &spec).await? else { continue };
            ports::lease(connection, &engine.runner_id, session.id, &published).await?;
            engine.used += 1;
            session.state = next;
            session.place = Some(Place {
                runner_id: engine.runner_id.clone(),
                engine_id: engine.engine_id.clone(),
                host: engine.host.clone(),
            });
            session.reap_at = self.context.clock.now().after(start_timeout(&spec));
            self.renumber(connection, &mut session).await?;
            sessions::update(connection, &session).await?;
            tracing::info!(session = session.id, runner = %engine.runner_id, engine = %engine.engine_id, "placed");
            return Ok(true);
        }
        Ok(false)
    }

    /// Returns the engines with room, of the runners that are heard.
    pub(super) async fn with_room(&self, connection: &mut Connection) -> Result<Vec<Engine>, CoreError> {
        let mut engines = engines::usable(connection).await?;
        engines.retain(|engine| has_room(engine) && self.is_heard(&engine.runner_id));
        Ok(engines)
    }

    pub(crate) fn is_heard(&self, runner: &RunnerId) -> bool {
        self.fleet.presence.last_sign(runner).is_some_and(|sign| !self.fleet.is_silent(sign))
    }
}

/// Returns the engines that are known to have all images of a spec; none for a process, which has no image.
fn holders(inventories: &[StoredInventory], spec: &InstanceSpec) -> HashSet<(RunnerId, EngineId)> {
    if spec.containers.is_empty() {
        return HashSet::new();
    }
    let has_all = |it: &StoredInventory| {
        let has = |image: &str| it.inventory.images.iter().any(|info| is_same_image(&info.name, image));
        spec.containers.iter().all(|container| has(&container.image))
    };
    let known = inventories.iter().filter(|it| has_all(it));
    known.map(|it| (it.runner_id.clone(), it.inventory.engine_id.clone())).collect()
}

fn is_of(stored: &StoredInventory, engine: &Engine) -> bool {
    stored.runner_id == engine.runner_id && stored.inventory.engine_id == engine.engine_id
}

/// Returns whether engines of a kind can run an instance: containers are the same for both kinds that have them.
pub(super) fn can_run(kind: EngineKind, spec: &InstanceSpec) -> bool {
    match kind {
        EngineKind::Process => spec.process.is_some(),
        EngineKind::Docker | EngineKind::Kubernetes => spec.process.is_none(),
    }
}

pub(super) fn has_room(engine: &Engine) -> bool {
    engine.used < engine.capacity
}

fn fullness(engine: &Engine) -> f64 {
    f64::from(engine.used) / f64::from(engine.capacity.max(1))
}

/// Returns how long a start may take.
pub(in super::super) fn start_timeout(spec: &InstanceSpec) -> Duration {
    let health = spec.containers.iter().filter_map(|container| container.health.as_ref());
    let seconds = health.map(|check| check.start_seconds).chain(spec.process.as_ref().map(|it| it.start_seconds));
    START_TIMEOUT + seconds.map(|seconds| Duration::from_secs(seconds.into())).sum::<Duration>()
}

/// Returns a free port of the host for each port of a spec, at random: a neighbour's cannot be guessed from one's own.
/// `None` if too few are free.
pub(in super::super) async fn free_ports(
    connection: &mut Connection,
    engine: &Engine,
    spec: &InstanceSpec,
) -> Result<Option<Vec<Published>>, CoreError> {
    let mut taken_tcp = ports::taken(connection, &engine.runner_id, Transport::Tcp).await?;
    let mut taken_udp = ports::taken(connection, &engine.runner_id, Transport::Udp).await?;
    let mut published = Vec::new();
    for (container, port) in spec.ports() {
        let taken: &mut HashSet<u16> = match port.transport {
            Transport::Tcp => &mut taken_tcp,
            Transport::Udp => &mut taken_udp,
        };
        let (first, last) = engine.ports;
        let free = (first..=last).filter(|port| !taken.contains(port)).choose(&mut rand::rng());
        let Some(host_port) = free else { return Ok(None) };
        taken.insert(host_port);
        published.push(Published { container: container.clone(), port, host_port });
    }
    Ok(Some(published))
}
