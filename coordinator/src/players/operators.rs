//! What operators see and change of teams and players.

use super::teams::{look, taken};
use super::{PlayerRecord, Players, Team};
use crate::CoreError;
use crate::audit::Actor;
use crate::context::command::Command;
use crate::store::accounts;
use crate::store::deployments::slots::MAX_TEAMS;
use crate::store::log::history::Page;
use crate::store::players::{self, logins, personal_tokens, teams};
use challengectl_common::{AccountName, TeamName, ZoneName};
use std::sync::Arc;

/// Changes to a team; `None` keeps the present value.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "as in `Team`")]
pub struct TeamChange {
    pub name: Option<TeamName>,
    pub zone: Option<Option<ZoneName>>,
    pub active: Option<bool>,
    pub banned: Option<bool>,
    pub slot: Option<Option<u32>>,
}

/// Changes to a player; `None` keeps the present value.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "as in `PlayerRecord`")]
pub struct PlayerChange {
    /// A new password, for a player who has lost the old one.
    pub password: Option<String>,
    pub zone: Option<Option<ZoneName>>,
    pub active: Option<bool>,
    pub banned: Option<bool>,
}

impl Players {
    /// Returns a page of all teams, and the number of all.
    pub async fn teams(&self, page: Page) -> Result<(Vec<Team>, u64), CoreError> {
        let mut connection = self.context.store.read().await?;
        Ok((teams::list(&mut connection, page).await?, teams::count(&mut connection).await?))
    }

    /// Returns one team.
    pub async fn team(&self, id: i64) -> Result<Team, CoreError> {
        teams::get(&mut *self.context.store.read_for_players().await?, id).await?.ok_or_else(|| no_team(id))
    }

    /// Returns the zones in use.
    pub async fn zones(&self) -> Result<Vec<ZoneName>, CoreError> {
        Ok(teams::zones(&mut *self.context.store.read().await?).await?)
    }

    /// Returns a page of all players, and the number of all.
    pub async fn players(&self, page: Page) -> Result<(Vec<PlayerRecord>, u64), CoreError> {
        let mut connection = self.context.store.read().await?;
        Ok((players::list(&mut connection, page).await?, players::count(&mut connection).await?))
    }

    /// Returns one player, whatever the capitals of the name.
    pub async fn player(&self, name: &str) -> Result<PlayerRecord, CoreError> {
        let known = AccountName::new(name).map_err(|_| missing(name))?;
        players::find(&mut *self.context.store.read_for_players().await?, &known).await?.ok_or_else(|| missing(name))
    }

    /// Changes a team.
    pub async fn change_team(&self, id: i64, change: TeamChange, actor: Actor) -> Result<(), CoreError> {
        self.context
            .command(actor, "team.change", move |mut command| async move {
                let mut team = teams::get(&mut command, id).await?.ok_or_else(|| no_team(id))?;
                let before = team.name.clone();
                team.name = change.name.unwrap_or(team.name);
                team.zone = change.zone.unwrap_or(team.zone);
                team.active = change.active.unwrap_or(team.active);
                team.banned = change.banned.unwrap_or(team.banned);
                team.slot = change.slot.unwrap_or(team.slot);
                refuse_slot(&mut command, &team).await?;
                if !teams::update(&mut command, &team, &look(&team.name)).await? {
                    return Err(taken(&team.name));
                }
                let details = described(team.zone.as_ref(), team.active, team.banned);
                let renamed = if team.name == before { String::new() } else { format!("name {}, ", team.name) };
                let slot = team.slot.map(|slot| format!(", slot {slot}")).unwrap_or_default();
                command.commit(before.as_str(), Some(&format!("{renamed}{details}{slot}"))).await
            })
            .await
    }

    /// Changes a player. Whoever is banned or disabled has no token any more; a new password ends all logins and tokens.
    pub async fn change_player(
        self: &Arc<Self>,
        name: &str,
        change: PlayerChange,
        actor: Actor,
    ) -> Result<(), CoreError> {
        let known = AccountName::new(name).map_err(|_| missing(name))?;
        let password = match change.password.clone() {
            Some(password) => Some(self.accounts.hash_for_operator(password).await?),
            None => None,
        };
        self.context
            .command(actor, "player.change", move |mut command| async move {
                let player = players::find(&mut command, &known).await?;
                let mut player = player.ok_or_else(|| missing(known.as_str()))?;
                player.zone = change.zone.unwrap_or(player.zone);
                player.active = change.active.unwrap_or(player.active);
                player.banned = change.banned.unwrap_or(player.banned);
                players::update(&mut command, &player).await?;
                accounts::set_enabled(&mut command, player.account_id, player.active).await?;
                if let Some(hash) = &password {
                    accounts::set_password(&mut command, player.account_id, hash).await?;
                }
                if password.is_some() || player.banned || !player.active {
                    end_everything(&mut command, player.account_id).await?;
                }
                let renewed = if password.is_some() { "new password, " } else { "" };
                let details = described(player.zone.as_ref(), player.active, player.banned);
                command.commit(player.name.as_str(), Some(&format!("{renewed}{details}"))).await
            })
            .await
    }
}

/// Refuses a slot that there is not, or that another team has.
async fn refuse_slot(command: &mut Command, team: &Team) -> Result<(), CoreError> {
    let Some(slot) = team.slot else { return Ok(()) };
    if !(1..=MAX_TEAMS).contains(&slot) {
        return Err(CoreError::Invalid(format!("slot: {slot}, not from 1 to {MAX_TEAMS}")));
    }
    if teams::has_slot(command, slot, team.id).await? {
        return Err(CoreError::Conflict(format!("slot: another team has {slot}; take it from that one first")));
    }
    Ok(())
}

async fn end_everything(command: &mut Command, account: i64) -> Result<(), CoreError> {
    logins::end_of_account(command, account, None).await?;
    Ok(personal_tokens::delete_all(command, account).await?)
}

fn described(zone: Option<&ZoneName>, active: bool, banned: bool) -> String {
    let zone = zone.map_or("none".to_owned(), ToString::to_string);
    format!("zone {zone}, active {active}, banned {banned}")
}

fn no_team(id: i64) -> CoreError {
    CoreError::NotFound(format!("team {id}"))
}

fn missing(name: &str) -> CoreError {
    CoreError::NoSuchAccount(name.chars().take(64).collect())
}
