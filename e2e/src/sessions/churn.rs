//! Teams that start, solve and stop instances for as long as they are let.

use super::team::{Instance, Team};
use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What teams did.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) starts: u64,
    pub(super) stops: u64,
    /// Instances that were looked at again, and had the flag that they had before.
    pub(super) looks: u64,
    /// What the server said is solved.
    pub(super) solved: BTreeSet<(String, String)>,
}

/// Lets teams play until `ends`, then stops all that they have.
pub(super) async fn play(teams: usize, ids: &[String], seed: u64, ends: &Arc<AtomicBool>) -> Result<Done> {
    let one = |number: usize| async move {
        let team = Team::new(format!("team-{number}"))?;
        one_team(&team, ids, StdRng::seed_from_u64(seed.wrapping_add(number as u64)), ends).await
    };
    let all = try_join_all((0..teams).map(one)).await?;
    Ok(all.into_iter().fold(Done::default(), |mut sum, done| {
        sum.starts += done.starts;
        sum.stops += done.stops;
        sum.looks += done.looks;
        sum.solved.extend(done.solved);
        sum
    }))
}

async fn one_team(team: &Team, ids: &[String], mut random: StdRng, ends: &Arc<AtomicBool>) -> Result<Done> {
    let (mut done, mut held): (Done, Vec<Instance>) = Default::default();
    while !ends.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(random.random_range(0..2000))).await;
        let position = if held.is_empty() { None } else { Some(random.random_range(0..held.len())) };
        match (random.random_range(0..10), position) {
            (0..4, _) => {
                let Some(id) = ids.choose(&mut random) else { continue };
                if let Some(instance) = team.take(id).await? {
                    done.starts += 1;
                    look(&held, &instance, &mut done)?;
                    held.retain(|it| it.challenge != instance.challenge);
                    held.push(instance);
                }
            }
            (4..6, Some(position)) => {
                if team.stop(&held.swap_remove(position)).await? {
                    done.stops += 1;
                }
            }
            (6..8, Some(position)) => {
                if let Some(instance) = held.get(position) {
                    submit(team, instance, &mut done).await?;
                }
            }
            (_, Some(position)) => {
                // One that has ended meanwhile is another one now, with another flag.
                let before = held.swap_remove(position);
                let Some(instance) = team.take(&before.challenge).await? else { continue };
                look(std::slice::from_ref(&before), &instance, &mut done)?;
                held.push(instance);
            }
            (_, None) => {}
        }
    }
    for instance in &held {
        submit(team, instance, &mut done).await?;
    }
    for session in team.sessions().await? {
        team.stop_session(session.get("session_id").and_then(serde_json::Value::as_str).unwrap_or_default()).await?;
    }
    Ok(done)
}

/// Fails if an instance that is the same session has another flag or another address than before.
fn look(held: &[Instance], now: &Instance, done: &mut Done) -> Result<()> {
    if let Some(before) = held.iter().find(|it| it.session == now.session) {
        done.looks += 1;
        ensure!(before.flag == now.flag && before.url == now.url, "an instance has changed: {before:?}, {now:?}");
    }
    Ok(())
}

async fn submit(team: &Team, instance: &Instance, done: &mut Done) -> Result<()> {
    match team.submit(instance).await? {
        Some(true) => drop(done.solved.insert((team.name.clone(), instance.challenge.clone()))),
        Some(false) => anyhow::bail!("{}: the flag of its own instance is wrong: {instance:?}", team.name),
        None => {}
    }
    Ok(())
}
