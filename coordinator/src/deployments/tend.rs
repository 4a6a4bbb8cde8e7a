//! What becomes of slots by time: those that are removed free their addresses, and those that wait get an engine.

use super::{DeployedChallenge, Deployments, canary};
use crate::CoreError;
use crate::secrets::random_hex;
use crate::session::Happening;
use crate::store::Connection;
use crate::store::deployments::slots::{self, Slot};
use crate::store::deployments::{self, Goal};
use crate::store::fleet::runners;
use crate::store::instances::engines::{self, Engine};
use crate::store::instances::sessions::{self, Place, Session};
use challengectl_common::wire::deployments::Deployed;
use challengectl_common::wire::instances::EngineKind;
use std::collections::{BTreeMap, BTreeSet};

impl Deployments {
    /// Returns whether there is something to do.
    pub(super) async fn is_due(&self, connection: &mut Connection) -> Result<bool, CoreError> {
        Ok(!slots::over(connection).await?.is_empty()
            || !slots::waiting(connection).await?.is_empty()
            || !slots::behind(connection).await?.is_empty())
    }

    /// Brings about what is due, within a transaction.
    pub(super) async fn tend_in(&self, connection: &mut Connection) -> Result<(), CoreError> {
        self.settle(connection).await?;
        self.place(connection).await?;
        for challenge in slots::behind(connection).await? {
            self.roll(connection, challenge).await?;
        }
        Ok(())
    }

    /// Frees the slots of which nothing is left, and gives those that are wanted another session.
    pub(super) async fn settle(&self, connection: &mut Connection) -> Result<(), CoreError> {
        let over = slots::over(connection).await?;
        if over.is_empty() {
            return Ok(());
        }
        let goals = challenges(connection).await?;
        for slot in over {
            match goals.get(&slot.challenge_id).and_then(|it| it.goal).filter(|_| slot.wanted) {
                Some(goal) => self.replace(connection, slot, goal).await?,
                None => slots::delete(connection, &slot).await?,
            }
        }
        Ok(())
    }

    /// Gives a slot whose session is over another one; names and address stay.
    async fn replace(&self, connection: &mut Connection, mut slot: Slot, goal: Goal) -> Result<(), CoreError> {
        let now = self.context.clock.now();
        slot.session_id = self.enqueue(connection, slot.challenge_id, slot.team, goal, now).await?;
        slot.key = random_hex::<12>();
        (slot.created_at, slot.generation) = (now, goal.generation);
        (slot.message, slot.deployed, slot.ready_version) = (None, Deployed::default(), None);
        slot.images.clear();
        Ok(slots::update(connection, &slot).await?)
    }

    /// Gives slots that wait the engine of their challenge. They wait as long as another challenge has something in their
    /// namespace: one of the same name was deleted, and is not yet removed. Then the canary gets its place, and later the others.
    async fn place(&self, connection: &mut Connection) -> Result<(), CoreError> {
        let waiting = slots::waiting(connection).await?;
        if waiting.is_empty() {
            return Ok(());
        }
        let challenges = challenges(connection).await?;
        let mut engines = engines::usable(connection).await?;
        engines.retain(|engine| engine.kind == EngineKind::Kubernetes && self.instances.is_heard(&engine.runner_id));
        let mut chosen: BTreeMap<i64, Option<Place>> = BTreeMap::new();
        let mut held = BTreeSet::new();
        for slot in waiting {
            let Some(challenge) = challenges.get(&slot.challenge_id) else { continue };
            if !held.contains(&challenge.id) && !slot.paused && challenge.images.is_empty() {
                let slots = slots::seen(connection, Some(challenge.id)).await?;
                held.extend(canary::awaited(challenge, &slots).map(|_| challenge.id));
            }
            if held.contains(&challenge.id) {
                continue;
            }
            let place = match chosen.get(&challenge.id) {
                Some(place) => place.clone(),
                None if slots::is_shared(connection, &slot.namespace, challenge.id).await? => None,
                None => choose(connection, challenge, &engines).await?,
            };
            chosen.insert(challenge.id, place.clone());
            if let (Some(place), Some(session)) = (place, sessions::get(connection, slot.session_id).await?) {
                self.put(connection, session, place).await?;
            }
        }
        Ok(())
    }

    async fn put(&self, connection: &mut Connection, mut session: Session, place: Place) -> Result<(), CoreError> {
        let Some(next) = session.state.after(Happening::IsPlaced) else { return Ok(()) };
        session.state = next;
        session.place = Some(place);
        self.instances.renumber(connection, &mut session).await?;
        Ok(sessions::update(connection, &session).await?)
    }
}

/// Returns the challenges by id.
pub(super) async fn challenges(connection: &mut Connection) -> Result<BTreeMap<i64, DeployedChallenge>, CoreError> {
    Ok(deployments::all(connection, None).await?.into_iter().map(|it| (it.id, it)).collect())
}

/// Returns the place of the slots of a challenge: on its engine, and before the first on the one with most room. One whose
/// engine was removed from the event gets another one.
async fn choose(
    connection: &mut Connection,
    it: &DeployedChallenge,
    engines: &[Engine],
) -> Result<Option<Place>, CoreError> {
    let is_own = |engine: &&Engine| {
        it.engine.as_ref().is_some_and(|(runner, id)| engine.runner_id == *runner && engine.engine_id == *id)
    };
    let place = |engine: &Engine| Place {
        runner_id: engine.runner_id.clone(),
        engine_id: engine.engine_id.clone(),
        host: engine.host.clone(),
    };
    if let Some(own) = engines.iter().find(is_own) {
        return Ok(Some(place(own)));
    }
    if let Some((runner, _)) = &it.engine
        && runners::is_known(connection, runner).await?
    {
        return Ok(None);
    }
    let Some(best) = engines.iter().max_by_key(|engine| engine.capacity.saturating_sub(engine.used)) else {
        return Ok(None);
    };
    deployments::set_engine(connection, it.id, &best.runner_id, &best.engine_id).await?;
    Ok(Some(place(best)))
}
