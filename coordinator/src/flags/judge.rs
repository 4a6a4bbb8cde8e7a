//! Judging a submission.

use super::shares::{is_whole, points_of};
use super::{Flag, Flags};
use crate::CoreError;
use crate::bus::alarms::AlarmKind;
use crate::session::Owner;
use crate::store::Connection;
use crate::store::catalog::{self, Logic};
use crate::store::flags::solves::{self, Solve};
use crate::store::flags::submissions::{self, NewSubmission, Outcome};
use crate::store::flags::{self, StoredFlag, board};
use crate::store::instances::sessions::{self, Session};
use challengectl_common::Timestamp;
use std::net::IpAddr;

/// The newest sessions of other owners whose flags a wrong submission is compared with: 2 µs each.
const MAX_COMPARED: u32 = 2_000;

/// Who sends a submission, and from where.
#[derive(Debug, Clone, Default)]
pub struct Sender {
    /// The account, if there is one.
    pub name: Option<String>,
    /// The address of the client.
    pub address: Option<IpAddr>,
}

/// A submission.
#[derive(Debug)]
pub(crate) struct Try<'a> {
    pub challenge: i64,
    pub owner: &'a Owner,
    pub sender: &'a Sender,
    /// The session that it is for; `None`: for a challenge whose flags are the same for everybody, or are those of pods.
    pub session: Option<&'a Session>,
    /// What counts besides.
    pub pods: &'a PodFlags,
    pub text: &'a str,
}

/// What counts for an owner beside the flags of a challenge, where this is deployed for teams.
#[derive(Debug, Default)]
pub(crate) struct PodFlags {
    /// The owner of the sessions of the owner's team, also of those that have ended.
    pub slot: Option<Owner>,
    /// The session of the owner's team.
    pub session: Option<Session>,
    /// The flags of pods that are still to be replaced.
    pub old: Vec<OldFlag>,
}

/// A flag that a challenge no longer has, and a pod still has.
#[derive(Debug)]
pub(crate) struct OldFlag {
    pub flag: Flag,
    /// As it was when the pod was started.
    pub session: Option<Session>,
}

/// What a submission is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Right.
    Right {
        /// What its part is worth.
        points: u32,
        /// When the owner solved this part first.
        solved_at: Timestamp,
        /// Whether this submission was the first.
        is_new: bool,
        /// Whether the owner has solved all parts now.
        is_whole: bool,
    },
    /// Wrong.
    Wrong {
        /// How many wrong submissions are left; `None`: any number.
        attempts_left: Option<u32>,
    },
    /// Right; the challenge is solved when other members of the team have submitted a flag as well.
    Awaits {
        /// How many of them.
        members: u32,
    },
}

/// A verdict that is not yet committed.
#[derive(Debug)]
pub(crate) struct Pending {
    pub verdict: Verdict,
    /// What operators are told of a flag that is another owner's.
    shared: Option<String>,
}

impl Flags {
    /// Checks that an owner may submit now.
    ///
    /// # Errors
    /// [`CoreError::TooMany`] after too many wrong submissions within a minute. A right one is refused as well, so that
    /// guessing does not pay.
    pub(crate) fn check_rate(&self, challenge: i64, owner: &Owner) -> Result<(), CoreError> {
        match self.tries.wait(owner, challenge, self.context.clock.instant()) {
            Some(wait) => Err(CoreError::TooMany(wait)),
            None => Ok(()),
        }
    }

    /// Judges a submission and records it, within a transaction. [`conclude`](Self::conclude) follows its commit.
    pub(crate) async fn judge_in(&self, transaction: &mut Connection, it: &Try<'_>) -> Result<Pending, CoreError> {
        let score = flags::score(transaction, it.challenge).await?;
        let score = score.ok_or_else(|| CoreError::NotFound("flag of this challenge".to_owned()))?;
        let stored = flags::of(transaction, it.challenge).await?;
        let solved = solves::of(transaction, it.challenge, it.owner).await?;
        let left = submissions::left(transaction, it.challenge, it.owner, score.max_attempts).await?;
        if left == Some(0) && !is_whole(&stored, &solved) {
            return Err(CoreError::Forbidden("no attempt is left for this challenge".to_owned()));
        }
        let matching = self.keys.matching(&stored, it.session, it.text)?.map(|flag| flag.part);
        // What is deployed has one part.
        let is_old = matching.is_none() && self.keys.is_old(&stored, &it.pods.old, it.text)?;
        if let Some(part) = matching.or(is_old.then_some(0)) {
            let awaited = if is_whole(&stored, &solved) { 0 } else { members_awaited(transaction, it).await? };
            if awaited > 0 {
                self.record(transaction, it, Outcome::Member, Some(part), None).await?;
                return Ok(Pending { verdict: Verdict::Awaits { members: awaited }, shared: None });
            }
            return self.take_right(transaction, it, part, (score.points, &stored, solved)).await;
        }
        let flag_of = self.other_owner(transaction, it, &stored).await?;
        let outcome = if flag_of.is_some() { Outcome::Shared } else { Outcome::Wrong };
        self.record(transaction, it, outcome, None, flag_of.as_ref()).await?;
        let attempts_left = submissions::left(transaction, it.challenge, it.owner, score.max_attempts).await?;
        let shared = match flag_of {
            Some(other) => Some(told(transaction, it, &other).await?),
            None => None,
        };
        Ok(Pending { verdict: Verdict::Wrong { attempts_left }, shared })
    }

    async fn take_right(
        &self,
        transaction: &mut Connection,
        it: &Try<'_>,
        part: u16,
        (points, stored, mut solved): (u32, &[StoredFlag], Vec<Solve>),
    ) -> Result<Pending, CoreError> {
        let before = solved.iter().find(|solve| solve.part == part).cloned();
        let is_new = before.is_none();
        let solve = before.unwrap_or_else(|| Solve {
            challenge_id: it.challenge,
            owner: it.owner.clone(),
            part,
            session_id: it.session.map(|session| session.id),
            points: points_of(part, points, stored),
            solved_at: self.context.clock.now(),
        });
        if is_new {
            solves::record(transaction, &solve).await?;
            solved.push(solve.clone());
        }
        let outcome = if is_new { Outcome::Right } else { Outcome::Repeated };
        self.record(transaction, it, outcome, Some(part), None).await?;
        let Solve { points, solved_at, .. } = solve;
        let is_whole = is_whole(stored, &solved);
        Ok(Pending { verdict: Verdict::Right { points, solved_at, is_new, is_whole }, shared: None })
    }

    /// Returns whose flag a wrong submission is.
    async fn other_owner(
        &self,
        transaction: &mut Connection,
        it: &Try<'_>,
        stored: &[StoredFlag],
    ) -> Result<Option<Owner>, CoreError> {
        let Some(code) = self.keys.code_in(stored, it.text)? else { return Ok(None) };
        let others = sessions::of_others(transaction, it.challenge, it.owner, MAX_COMPARED).await?;
        let mut others = others.into_iter().filter(|session| it.pods.slot.as_ref() != Some(&session.owner));
        Ok(others.find(|session| self.keys.is_code_of(session, code)).map(|session| session.owner))
    }

    async fn record(
        &self,
        transaction: &mut Connection,
        it: &Try<'_>,
        outcome: Outcome,
        part: Option<u16>,
        flag_of: Option<&Owner>,
    ) -> Result<(), CoreError> {
        let from_address = it.sender.address.map(|address| address.to_string());
        let new = NewSubmission {
            at: self.context.clock.now(),
            challenge: it.challenge,
            owner: it.owner,
            who: it.sender.name.as_deref(),
            from_address: from_address.as_deref(),
            session: it.session.map(|session| session.id),
            outcome,
            part,
            flag_of,
            text_digest: &self.keys.digest(it.text),
        };
        Ok(submissions::insert(transaction, &new).await?)
    }

    /// Does what follows a committed verdict: counts wrong submissions, and raises the alarm of a shared flag.
    pub(crate) fn conclude(&self, it: &Try<'_>, pending: Pending) -> Verdict {
        let owner = it.owner;
        match pending.verdict {
            Verdict::Wrong { .. } => self.tries.count(owner, it.challenge, self.context.clock.instant()),
            Verdict::Right { is_new: true, .. } => tracing::info!(challenge = it.challenge, %owner, "solved"),
            Verdict::Right { .. } | Verdict::Awaits { .. } => {}
        }
        if let Some(message) = pending.shared {
            self.context.raise(AlarmKind::FlagShared, owner.as_str(), message);
        }
        pending.verdict
    }
}

/// Returns how many other members of a team have still to submit a flag, if each has to.
async fn members_awaited(connection: &mut Connection, it: &Try<'_>) -> Result<u32, CoreError> {
    let Some(team) = it.owner.team_id() else { return Ok(0) };
    if catalog::card(connection, it.challenge).await?.logic != Logic::Team {
        return Ok(0);
    }
    let besides = it.sender.name.as_deref();
    Ok(submissions::members_without(connection, team, it.challenge, it.owner, besides).await?)
}

/// Describes a shared flag, with the names of both.
async fn told(connection: &mut Connection, it: &Try<'_>, other: &Owner) -> Result<String, CoreError> {
    let who = name(connection, it.owner).await?;
    let whose = name(connection, other).await?;
    let challenge = flags::challenge_name(connection, it.challenge).await?.unwrap_or_default();
    Ok(format!(
        "{who} has submitted the flag that the instance of {whose} got for {challenge}: look at the submissions, and ask both"
    ))
}

async fn name(connection: &mut Connection, owner: &Owner) -> Result<String, CoreError> {
    Ok(board::name(connection, owner).await?.unwrap_or_else(|| owner.name().to_owned()))
}
