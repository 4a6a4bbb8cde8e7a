//! What people and programs see of challenges and their instances.

use super::{DeployedChallenge, Deployments, Desired, Status, canary, find};
use crate::CoreError;
use crate::instances::{Instances, team_name};
use crate::session::SessionState;
use crate::store::Connection;
use crate::store::deployments;
use crate::store::deployments::slots::{self, Seen, Slot};
use challengectl_common::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::{Instant as Moment, timeout_at};

const NO_RUNNER: &str = "no Kubernetes runner is online";
const OLD_NAMESPACE: &str = "waits until the namespace of a deleted challenge of this name is removed";
const OLD_INSTANCE: &str = "waits until the instance before it is removed";

/// A challenge with its instances.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// The challenge.
    pub challenge: DeployedChallenge,
    /// How it stands.
    pub status: Status,
    /// By team.
    pub instances: Vec<Instance>,
}

/// The instance of a team.
#[derive(Debug, Clone)]
pub struct Instance {
    /// Its names and its address, and what its runner has last said.
    pub slot: Slot,
    /// Such as `team-001`.
    pub team: String,
    /// How it stands.
    pub status: Status,
    /// What was ordered.
    pub desired: Desired,
    /// Why it does not run.
    pub message: Option<String>,
    /// When its cluster was last seen; `None` before it was.
    pub seen_at: Option<Timestamp>,
}

impl Deployment {
    /// Returns whether the next deploy would change what runs.
    #[must_use]
    pub fn has_pending_changes(&self) -> bool {
        let it = &self.challenge;
        let differs = it.goal.is_some_and(|goal| goal.version != it.version || goal.teams != it.teams);
        differs && !self.instances.is_empty()
    }
}

impl Instance {
    /// Leaves of the message nothing after the cluster's word for the reason, such as `ErrImagePull`: what follows names images,
    /// which not everybody sees.
    pub fn hide_details(&mut self) {
        if let Some(message) = &mut self.message {
            message.truncate(end_of_reason(message));
        }
    }
}

/// Returns where the first part of a message ends that is one word which begins with a capital.
fn end_of_reason(message: &str) -> usize {
    let is_reason = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_uppercase()) && part.chars().all(|c| c.is_ascii_alphanumeric())
    };
    let mut end = 0;
    for part in message.split(": ") {
        end += part.len();
        if is_reason(part) {
            return end;
        }
        end += ": ".len();
    }
    message.len()
}

impl Deployments {
    /// Returns all challenges, the oldest first.
    pub async fn all(&self) -> Result<Vec<Deployment>, CoreError> {
        let mut connection = self.context.store.read().await?;
        let challenges = deployments::all(&mut connection, None).await?;
        let mut slots: BTreeMap<i64, Vec<Seen>> = BTreeMap::new();
        for seen in slots::seen(&mut connection, None).await? {
            slots.entry(seen.slot.challenge_id).or_default().push(seen);
        }
        let mut view =
            |it: DeployedChallenge| deployment(&self.instances, slots.remove(&it.id).unwrap_or_default(), it);
        Ok(challenges.into_iter().map(&mut view).collect())
    }

    /// Returns one challenge.
    ///
    /// # Errors
    /// [`CoreError::NotFound`].
    pub async fn get(&self, key: &str) -> Result<Deployment, CoreError> {
        let mut connection = self.context.store.read_for_players().await?;
        let it = find(&mut connection, key).await?;
        view(&self.instances, &mut connection, it).await
    }

    /// Returns one challenge as soon as none of its instances is on its way, or after `wait`.
    ///
    /// # Errors
    /// [`CoreError::NotFound`].
    pub async fn settled(&self, key: &str, wait: Duration) -> Result<Deployment, CoreError> {
        let deadline = Moment::now() + wait;
        let mut news = self.instances.watch();
        loop {
            let seen = self.get(key).await?;
            let is_settled = !matches!(seen.status, Status::Deploying | Status::Stopping);
            if is_settled || self.context.revision.is_stopping() || Moment::now() >= deadline {
                return Ok(seen);
            }
            let _ = timeout_at(deadline, news.changed()).await;
        }
    }

    /// Returns a challenge, and its instance of the team of this name.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] when there is no such challenge, or the team has no instance.
    pub async fn instance(&self, key: &str, team: &str) -> Result<(DeployedChallenge, Instance), CoreError> {
        let Deployment { challenge, instances, .. } = self.get(key).await?;
        let instance = instances.into_iter().find(|it| it.team == team);
        let instance = instance.ok_or_else(|| CoreError::NotFound("instance of this team".to_owned()))?;
        Ok((challenge, instance))
    }

    /// Returns how many addresses are leased, and how many of the pool are free.
    pub async fn addresses(&self) -> Result<(usize, usize), CoreError> {
        let leased: BTreeSet<_> =
            slots::addresses(&mut *self.context.store.read_for_players().await?).await?.into_iter().collect();
        let free = self.context.rules.pool.map_or(0, |pool| pool.free(&leased));
        Ok((leased.len(), free))
    }
}

/// Returns a challenge with its instances, within a transaction.
pub(super) async fn view(
    all: &Instances,
    connection: &mut Connection,
    challenge: DeployedChallenge,
) -> Result<Deployment, CoreError> {
    let slots = slots::seen(connection, Some(challenge.id)).await?;
    Ok(deployment(all, slots, challenge))
}

fn deployment(all: &Instances, slots: Vec<Seen>, challenge: DeployedChallenge) -> Deployment {
    let canary = canary::awaited(&challenge, &slots).filter(|seen| is_heard(all, seen)).map(|seen| seen.slot.clone());
    let instances: Vec<Instance> = slots.into_iter().map(|seen| instance(all, seen, canary.as_ref())).collect();
    let statuses: Vec<_> = instances.iter().map(|it| it.status).collect();
    let status = Status::of_all(challenge.goal.is_some(), &statuses);
    Deployment { challenge, status, instances }
}

fn is_heard(all: &Instances, seen: &Seen) -> bool {
    seen.runner.as_ref().is_some_and(|runner| all.is_heard(runner))
}

/// `canary`: the slot whose images those without a place wait for.
fn instance(all: &Instances, seen: Seen, canary: Option<&Slot>) -> Instance {
    let canary = canary.filter(|_| seen.state == SessionState::Queued && seen.slot.wanted && !seen.slot.paused);
    let status = match canary {
        _ if seen.waits_for_names => Status::Deploying,
        Some(canary) if canary.message.is_some() => Status::Failed,
        _ => Status::of(&seen.slot, seen.state, is_heard(all, &seen)),
    };
    let Seen { slot, state, answered_at, waits_for_names, .. } = seen;
    let message = match (status, state) {
        _ if waits_for_names => Some(OLD_NAMESPACE.to_owned()),
        _ if canary.is_some() => canary.map(awaits),
        (Status::Pending, _) => Some(NO_RUNNER.to_owned()),
        (Status::Deploying, SessionState::Stopping) => slot.message.clone().or_else(|| Some(OLD_INSTANCE.to_owned())),
        _ => slot.message.clone(),
    };
    // As long as its cluster answers, its runner would say that something has changed.
    let seen_at = slot.seen_at.map(|reported| answered_at.map_or(reported, |answered| answered.max(reported)));
    Instance { team: team_name(slot.team), desired: Desired::of(&slot), slot, status, message, seen_at }
}

fn awaits(canary: &Slot) -> String {
    let why = canary.message.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    format!("waits until {} has the images{why}", team_name(canary.team))
}

#[cfg(test)]
mod tests {
    use super::end_of_reason;

    #[test]
    fn what_follows_the_reason_is_a_detail() {
        for (message, shown) in [
            ("main: ErrImagePull: failed to pull \"private:1\": not found", "main: ErrImagePull"),
            (
                "waits until team-001 has the images: main: ImagePullBackOff: x: y",
                "waits until team-001 has the images: main: ImagePullBackOff",
            ),
            ("FailedCreate: exceeded quota: teams", "FailedCreate"),
            ("main: CrashLoopBackOff", "main: CrashLoopBackOff"),
            ("no Kubernetes runner is online", "no Kubernetes runner is online"),
        ] {
            assert_eq!(&message[..end_of_reason(message)], shown);
        }
    }
}
