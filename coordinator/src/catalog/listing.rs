//! What organisers and players see of the challenges.

use super::{Catalog, Entry, Subject, entry};
use crate::CoreError;
use crate::flags::Progress;
use crate::session::Owner;
use crate::store::catalog::entries;
use crate::store::flags::{board, solves};
use std::collections::HashMap;

/// A challenge with the progress of one owner.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The challenge.
    pub entry: Entry,
    /// How many teams, or players, have solved it.
    pub solves: u32,
    /// Whether the owner has solved it.
    pub is_solved: bool,
    /// Wrong submissions that the owner has made, as far as they are limited.
    pub attempts: u32,
    /// What a player may do with it.
    pub access: Access,
}

/// What a player may do with a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Read, start and solve it.
    Open,
    /// Know that there is one: what it requires is not solved.
    Anonymous,
    /// Nothing.
    Hidden,
}

impl Catalog {
    /// Returns the challenges of all kinds by number, with the progress of an owner.
    pub async fn listed(&self, owner: &Owner) -> Result<Vec<Listed>, CoreError> {
        let progress = self.flags.progress(owner).await?;
        let progress: HashMap<i64, Progress> = progress.into_iter().map(|it| (it.challenge.id, it)).collect();
        let all = entries::all(&mut *self.context.store.read().await?, None).await?;
        Ok(all.into_iter().map(|entry| listed(entry, &progress)).collect())
    }

    /// Returns one challenge with the progress of an owner.
    pub async fn listed_one(&self, owner: &Owner, id: i64) -> Result<Listed, CoreError> {
        let entry = self.entry(id).await?;
        let progress = self.flags.progress(owner).await?;
        Ok(listed(entry, &progress.into_iter().map(|it| (it.challenge.id, it)).collect()))
    }

    /// Returns one challenge, with what its owner may do with it as a player. Unlike [`listed_one`](Self::listed_one) it
    /// counts no solves of others, which takes long when there are many.
    pub async fn entry_for(&self, owner: &Owner, id: i64) -> Result<(Entry, Access), CoreError> {
        let mut connection = self.context.store.read().await?;
        let entry = entry(&mut connection, id).await?;
        let required = entry.card.requirements.as_ref().is_some_and(|it| !it.prerequisites.is_empty());
        if !required {
            let access = access(&entry, |_| true);
            return Ok((entry, access));
        }
        let shown = board::solvable(&mut connection, None).await?;
        let own = solves::of_owner(&mut connection, owner).await?;
        let is_met = |id: &i64| {
            let solved = own.iter().filter(|solve| solve.challenge_id == *id).count();
            let parts = shown.iter().find(|it| it.id == *id).map(|it| usize::try_from(it.parts).unwrap_or(usize::MAX));
            parts.is_none_or(|parts| parts > 0 && solved >= parts)
        };
        let access = access(&entry, is_met);
        Ok((entry, access))
    }

    /// Returns the challenges that are texts, by number, also hidden ones.
    pub async fn texts(&self) -> Result<Vec<Entry>, CoreError> {
        let mut all = entries::all(&mut *self.context.store.read().await?, None).await?;
        all.retain(|entry| entry.subject == Subject::Text);
        Ok(all)
    }

    /// Returns one challenge, also a hidden one.
    pub async fn entry(&self, id: i64) -> Result<Entry, CoreError> {
        entry(&mut *self.context.store.read_for_players().await?, id).await
    }
}

fn listed(entry: Entry, progress: &HashMap<i64, Progress>) -> Listed {
    let own = progress.get(&entry.id);
    let left = own.and_then(|it| it.attempts_left);
    Listed {
        solves: own.map_or(0, |it| it.solves),
        is_solved: own.is_some_and(is_solved),
        attempts: left.zip(entry.max_attempts).map_or(0, |(left, max)| max.saturating_sub(left)),
        access: access(&entry, |id| progress.get(id).is_none_or(is_solved)),
        entry,
    }
}

fn is_solved(progress: &Progress) -> bool {
    progress.challenge.parts > 0 && progress.solved_parts >= progress.challenge.parts
}

/// Returns what a player may do. A challenge that players do not see cannot be required of them.
fn access(entry: &Entry, is_met: impl Fn(&i64) -> bool) -> Access {
    let requirements = entry.card.requirements.clone().unwrap_or_default();
    match (entry.is_shown, requirements.prerequisites.iter().all(is_met)) {
        (false, _) => Access::Hidden,
        (true, true) => Access::Open,
        (true, false) if requirements.anonymize == Some(true) => Access::Anonymous,
        (true, false) => Access::Hidden,
    }
}
