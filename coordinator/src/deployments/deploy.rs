//! Deploying: writes what is wanted. What runs already and is as wanted stays untouched.

use super::view::{Deployment, view};
use super::{DeployedChallenge, Deployments, FRONT, find};
use crate::CoreError;
use crate::address_pool::AddressPool;
use crate::audit::Actor;
use crate::context::command::{Command, Done};
use crate::instances::{Session, team_name};
use crate::secrets::random_hex;
use crate::session::{Owner, SessionState};
use crate::store::deployments::slots::{self, Slot};
use crate::store::deployments::{self, Goal, images};
use crate::store::instances::sessions::{self, NewSession};
use crate::store::{Connection, commit};
use challengectl_common::Timestamp;
use challengectl_common::wire::deployments::Deployed;
use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

/// How long the session of a slot lives: until it is removed. A hundred years.
const LIFE: Duration = Duration::from_secs(100 * 365 * 86_400);
/// The outcome of the sessions of teams that a challenge no longer has.
const SURPLUS: &str = "surplus";

impl Deployments {
    /// Makes all teams have an instance of the challenge as it is now, and returns at once. With `force` all pods are
    /// replaced, some at a time.
    ///
    /// # Errors
    /// [`CoreError::NotFound`]; [`CoreError::Conflict`] when it is inactive, or too few addresses are free: nothing is
    /// changed then.
    pub async fn deploy(self: &Arc<Self>, key: String, force: bool, actor: Actor) -> Result<Deployment, CoreError> {
        let this = Arc::clone(self);
        self.context
            .command(actor, "deployment.deploy", move |mut command| async move {
                let mut it = find(&mut command, &key).await?;
                refuse_inactive(&it)?;
                this.settle(&mut command).await?;
                let before = it.goal;
                let generation = before.map_or(0, |goal| goal.generation) + i64::from(force);
                let goal = Goal { version: it.version, teams: it.teams, generation };
                deployments::set_goal(&mut command, it.id, goal).await?;
                images::forget_failed(&mut command, it.id).await?;
                it.goal = Some(goal);
                this.reach(&mut command, &it, goal).await?;
                this.tend_in(&mut command).await?;
                let (name, teams) = (it.name.clone(), goal.teams);
                let view = view(&this.instances, &mut command, it).await?;
                let details = format!("{teams} teams{}", if force { ", all pods replaced" } else { "" });
                Ok(this.commit(command, &name, Some(&details)).await?.with(view))
            })
            .await
    }

    /// Makes the slots of a challenge those of its goal.
    async fn reach(&self, connection: &mut Connection, it: &DeployedChallenge, goal: Goal) -> Result<(), CoreError> {
        let mut known = slots::of_challenge(connection, it.id).await?;
        let surplus = known.iter().position(|slot| slot.team > goal.teams).map_or(Vec::new(), |at| known.split_off(at));
        let changes_room = !surplus.is_empty();
        for slot in surplus {
            self.remove(connection, slot, SURPLUS).await?;
        }
        let present: BTreeSet<u32> = known.iter().map(|slot| slot.team).collect();
        for slot in known {
            self.restore(connection, slot, goal).await?;
        }
        let new: Vec<u32> = (1..=goal.teams).filter(|team| !present.contains(team)).collect();
        if new.is_empty() && !changes_room {
            return Ok(());
        }
        let addresses = self.lease(connection, &new).await?;
        for (team, address) in new.into_iter().zip(addresses) {
            self.add_slot(connection, it, team, address, goal).await?;
        }
        self.resend(connection, it.id).await
    }

    /// Builds what has failed, resumes what is paused, and keeps what was about to go. What runs stays.
    async fn restore(&self, connection: &mut Connection, mut slot: Slot, goal: Goal) -> Result<(), CoreError> {
        slot.wanted = true;
        let was_paused = std::mem::take(&mut slot.paused);
        let session = sessions::get(connection, slot.session_id).await?;
        let has_failed = |it: &Session| it.state == SessionState::Starting && slot.message.is_some();
        match session.filter(|session| session.state.is_live()) {
            Some(session) if was_paused || has_failed(&session) => self.renew(connection, slot, session, goal).await,
            // Nobody has built it yet, so that it need not be replaced afterwards.
            Some(session) if session.state == SessionState::Queued => {
                slot.generation = goal.generation;
                slots::set_version(connection, session.id, goal.version).await?;
                Ok(slots::update(connection, &slot).await?)
            }
            _ => Ok(slots::update(connection, &slot).await?),
        }
    }

    /// Gives a slot another incarnation: its runner replaces the pods, and reports about those before change nothing.
    pub(super) async fn renew(
        &self,
        connection: &mut Connection,
        mut slot: Slot,
        mut session: Session,
        goal: Goal,
    ) -> Result<(), CoreError> {
        slot.key = random_hex::<12>();
        slot.created_at = self.context.clock.now();
        slot.generation = goal.generation;
        slot.message = None;
        slot.deployed = Deployed::default();
        slot.images.clear();
        slots::update(connection, &slot).await?;
        slots::set_version(connection, session.id, goal.version).await?;
        self.instances.refence(connection, &mut session).await
    }

    /// Sends the orders of a challenge again: each says how many slots there are.
    async fn resend(&self, connection: &mut Connection, challenge: i64) -> Result<(), CoreError> {
        for slot in slots::of_challenge(connection, challenge).await? {
            if let Some(mut session) =
                sessions::get(connection, slot.session_id).await?.filter(|it| !it.state.is_over())
            {
                self.instances.renumber(connection, &mut session).await?;
                sessions::update(connection, &session).await?;
            }
        }
        Ok(())
    }

    /// Returns an address for each of these teams, or `None` for each where the cluster chooses.
    async fn lease(&self, connection: &mut Connection, teams: &[u32]) -> Result<Vec<Option<Ipv4Addr>>, CoreError> {
        let Some(pool) = &self.context.rules.pool else { return Ok(vec![None; teams.len()]) };
        let mut taken: BTreeSet<Ipv4Addr> = slots::addresses(connection).await?.into_iter().collect();
        too_few(pool, &taken, teams.len())?;
        let mut pick = |team: &u32| {
            let address = pool.pick(*team, &taken);
            taken.extend(address);
            address
        };
        Ok(teams.iter().map(&mut pick).collect())
    }

    async fn add_slot(
        &self,
        connection: &mut Connection,
        it: &DeployedChallenge,
        team: u32,
        address: Option<Ipv4Addr>,
        goal: Goal,
    ) -> Result<(), CoreError> {
        let now = self.context.clock.now();
        let session_id = self.enqueue(connection, it.id, team, goal, now).await?;
        let slot = Slot {
            challenge_id: it.id,
            team,
            session_id,
            namespace: format!("challenge-{}", it.name),
            name: format!("{}-{}", it.name, team_name(team)),
            address,
            key: random_hex::<12>(),
            created_at: now,
            generation: goal.generation,
            wanted: true,
            paused: false,
            message: None,
            deployed: Deployed::default(),
            seen_at: None,
            ready_version: None,
            images: Vec::new(),
        };
        Ok(slots::insert(connection, &slot).await?)
    }

    /// Adds a session for a slot, which waits for its place.
    pub(super) async fn enqueue(
        &self,
        connection: &mut Connection,
        challenge_id: i64,
        team: u32,
        goal: Goal,
        now: Timestamp,
    ) -> Result<i64, CoreError> {
        let new = NewSession {
            key: &random_hex::<16>(),
            front: FRONT,
            challenge_id,
            version: goal.version,
            owner: &Owner::slot(challenge_id, team),
            nonce: &random_hex::<16>(),
            lifetime: LIFE,
            idle: None,
            requested_at: now,
            reap_at: now.after(LIFE),
            revision: sessions::revision(connection).await? + 1,
            several: false,
        };
        Ok(sessions::insert(connection, &new).await?)
    }

    /// Commits a command that changes sessions, and wakes their runners.
    pub(super) async fn commit(
        &self,
        mut command: Command,
        subject: &str,
        details: Option<&str>,
    ) -> Result<Done<()>, CoreError> {
        let newest = sessions::revision(&mut command).await?;
        let done = command.commit(subject, details).await?;
        self.instances.wake(newest);
        Ok(done)
    }

    /// Brings about what is due; a job does so each second.
    pub async fn tend(&self) -> Result<(), CoreError> {
        if !self.is_due(&mut *self.context.store.read_for_players().await?).await? {
            return Ok(());
        }
        let mut transaction = self.context.store.write().await?;
        self.tend_in(&mut transaction).await?;
        let newest = sessions::revision(&mut transaction).await?;
        commit(transaction).await?;
        self.instances.wake(newest);
        Ok(())
    }
}

/// Refuses to deploy what its author has switched off.
pub(super) fn refuse_inactive(it: &DeployedChallenge) -> Result<(), CoreError> {
    if it.active {
        return Ok(());
    }
    Err(CoreError::Conflict(format!("challenge {} is inactive; set is_active to deploy it", it.name)))
}

fn too_few(pool: &AddressPool, taken: &BTreeSet<Ipv4Addr>, needed: usize) -> Result<(), CoreError> {
    let free = pool.free(taken);
    if needed <= free {
        return Ok(());
    }
    let why = format!(
        "{needed} addresses are needed, and {free} of the pool are free; stop a challenge with \
                       remove_instances, or enlarge the pool"
    );
    Err(CoreError::Conflict(why))
}
