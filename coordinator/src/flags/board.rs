//! What players see: the challenges with their own progress, and the scoreboard.

use super::Flags;
use crate::CoreError;
use crate::session::Owner;
use crate::store::flags::board::{self, Solvable};
use crate::store::flags::solves::{self, Capture, Solve};
use crate::store::flags::submissions;
use crate::store::flags::unlocks::{self, Unlock};
use challengectl_common::Timestamp;
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

/// A challenge with the progress of one owner.
#[derive(Debug, Clone)]
pub struct Progress {
    /// The challenge.
    pub challenge: Solvable,
    /// How many of its parts the owner has solved.
    pub solved_parts: u32,
    /// How many teams, or players, have solved all of it.
    pub solves: u32,
    /// How many wrong submissions the owner has left; `None`: any number.
    pub attempts_left: Option<u32>,
}

/// A solve as feeds tell it: the submission, and the names of who solved what.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub struct NamedCapture {
    pub capture: Capture,
    pub competitor: String,
    pub challenge: Solvable,
}

/// Solves of one answer of a feed.
const MAX_CAPTURES: u32 = 1000;

/// A line of the scoreboard.
#[derive(Debug, Clone)]
pub struct Standing {
    /// From 1. Of equal scores the one that was reached first is ahead.
    pub place: u32,
    /// The team, or the player.
    pub name: String,
    /// The sum of what was solved, less what hints have cost.
    pub points: u32,
    /// When the last of it was solved.
    pub last_solve: Timestamp,
    /// What was solved, the first one first.
    pub solves: Vec<Solve>,
}

impl Flags {
    /// Returns the challenges that players see, with the progress of an owner.
    pub async fn progress(&self, owner: &Owner) -> Result<Vec<Progress>, CoreError> {
        let mut connection = self.context.store.read().await?;
        let challenges = board::solvable(&mut connection, None).await?;
        let own = solves::of_owner(&mut connection, owner).await?;
        let competitors = board::competitors(&mut connection).await?;
        let mut parts: HashMap<i64, HashMap<Owner, u32>> = HashMap::new();
        for solve in solves::all(&mut connection).await? {
            if competitors.contains_key(&solve.owner) {
                *parts.entry(solve.challenge_id).or_default().entry(solve.owner).or_default() += 1;
            }
        }
        let mut progress = Vec::new();
        for challenge in challenges {
            let of_others = parts.get(&challenge.id);
            let whole = of_others.map_or(0, |of| of.values().filter(|solved| **solved >= challenge.parts).count());
            let solved = own.iter().filter(|solve| solve.challenge_id == challenge.id).count();
            let attempts_left = submissions::left(&mut connection, challenge.id, owner, challenge.max_attempts).await?;
            let [solved_parts, solves] = [solved, whole].map(|count| u32::try_from(count).unwrap_or(u32::MAX));
            progress.push(Progress { challenge, solved_parts, solves, attempts_left });
        }
        Ok(progress)
    }

    /// Returns the solves of submissions with ids above `after`, the oldest first, at most 1,000: those that are on the
    /// scoreboard.
    pub async fn captures(&self, after: i64) -> Result<Vec<NamedCapture>, CoreError> {
        let mut connection = self.context.store.read().await?;
        let mut challenges: HashMap<i64, Solvable> = HashMap::new();
        challenges.extend(board::solvable(&mut connection, None).await?.into_iter().map(|it| (it.id, it)));
        let names = board::competitors(&mut connection).await?;
        let captures = solves::captures(&mut connection, after, MAX_CAPTURES).await?.into_iter();
        let named = captures.filter_map(|capture| {
            let competitor = names.get(&capture.solve.owner)?.clone();
            let challenge = challenges.get(&capture.solve.challenge_id)?.clone();
            Some(NamedCapture { capture, competitor, challenge })
        });
        Ok(named.collect())
    }

    /// Returns the scoreboard, with the names of the challenges that players see. Only teams and players that are
    /// registered and not excluded are on it.
    pub async fn scoreboard(&self) -> Result<(Vec<Solvable>, Vec<Standing>), CoreError> {
        let mut connection = self.context.store.read().await?;
        let challenges = board::solvable(&mut connection, None).await?;
        let shown: BTreeSet<i64> = challenges.iter().map(|challenge| challenge.id).collect();
        let names = board::competitors(&mut connection).await?;
        let mut solved: HashMap<Owner, Vec<Solve>> = HashMap::new();
        for solve in solves::all(&mut connection).await? {
            if names.contains_key(&solve.owner) && shown.contains(&solve.challenge_id) {
                solved.entry(solve.owner.clone()).or_default().push(solve);
            }
        }
        let unlocked = unlocks::all(&mut connection).await?;
        drop(connection);
        let of_owner = |owner: &Owner| unlocked.iter().filter(|it| it.owner == *owner).collect::<Vec<_>>();
        let standing = |(owner, of): (Owner, Vec<Solve>)| standing(&names, &owner, of, &of_owner(&owner));
        let mut standings: Vec<_> = solved.into_iter().filter_map(standing).collect();
        standings.sort_by_cached_key(|it| (Reverse(it.points), it.last_solve, it.name.clone()));
        (1..).zip(&mut standings).for_each(|(place, standing)| standing.place = place);
        Ok((challenges, standings))
    }
}

/// Returns the points for what was solved, less what hints have cost; not below 0.
pub(super) fn points<'a>(solves: &[Solve], unlocked: impl Iterator<Item = &'a Unlock>) -> u32 {
    let points = solves.iter().fold(0_u32, |sum, solve| sum.saturating_add(solve.points));
    unlocked.fold(points, |left, unlock| left.saturating_sub(unlock.cost))
}

fn standing(
    names: &HashMap<Owner, String>,
    owner: &Owner,
    solves: Vec<Solve>,
    unlocked: &[&Unlock],
) -> Option<Standing> {
    let points = points(&solves, unlocked.iter().copied());
    let last_solve = solves.iter().map(|solve| solve.solved_at).max()?;
    Some(Standing { place: 0, name: names.get(owner)?.clone(), points, last_solve, solves })
}
