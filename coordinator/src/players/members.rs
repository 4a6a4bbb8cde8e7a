//! What players do with their teams: make one, join, leave, show and renew its code.

use super::teams::{look, taken};
use super::{Mode, Player, Players, Team};
use crate::CoreError;
use crate::context::command::Command;
use crate::secrets::{digest_of_typed, typed};
use crate::store::players::{self, teams};
use challengectl_common::{AccountName, TeamName};
use std::sync::Arc;

/// A new team.
#[derive(Debug)]
pub struct Created {
    /// The team.
    pub team: TeamView,
    /// The code by which others join; shown once.
    pub join_code: String,
}

/// A team with the names of its members.
#[derive(Debug)]
pub struct TeamView {
    /// The team.
    pub team: Team,
    /// The members, sorted by name.
    pub members: Vec<AccountName>,
}

impl Players {
    /// Returns a player's own team with its members.
    pub async fn own_team(&self, player: &Player) -> Result<Option<TeamView>, CoreError> {
        let Some(team) = player.team.clone() else { return Ok(None) };
        let members = teams::members(&mut *self.context.store.read_for_players().await?, team.id).await?;
        Ok(Some(TeamView { team, members }))
    }

    /// Makes a team, of which the player is the first member.
    ///
    /// # Errors
    /// [`CoreError::Conflict`] when the name is taken, or the player is in a team.
    pub async fn create_team(self: &Arc<Self>, player: &Player, name: TeamName) -> Result<Created, CoreError> {
        self.needs_teams()?;
        let account = player.account_id;
        self.context
            .quiet_command(player.actor(), "team.create", move |mut command| async move {
                refuse_in_team(&mut command, account).await?;
                let code = typed();
                let (now, digest) = (command.now(), digest_of_typed(&code));
                let id = teams::insert(&mut command, &name, &look(&name), digest, now).await?;
                let id = id.ok_or_else(|| taken(&name))?;
                players::set_team(&mut command, account, Some(id)).await?;
                let team = shown(&mut command, id).await?;
                Ok(command.commit(name.as_str(), None).await?.with(Created { team, join_code: code }))
            })
            .await
    }

    /// Joins the team of this code. Whether there is room is decided in the transaction that adds the member.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] when no team has the code, [`CoreError::Conflict`] when the team is full or the player
    /// is in a team, [`CoreError::Forbidden`] when the team does not take part.
    pub async fn join_team(self: &Arc<Self>, player: &Player, code: &str) -> Result<TeamView, CoreError> {
        self.needs_teams()?;
        let (account, code, most) = (player.account_id, digest_of_typed(code), self.settings.team_size);
        self.context
            .quiet_command(player.actor(), "team.join", move |mut command| async move {
                refuse_in_team(&mut command, account).await?;
                let team = teams::of_code(&mut command, code).await?;
                let team = team.ok_or_else(|| {
                    CoreError::NotFound("team with this join_code; ask a member for the present one".to_owned())
                })?;
                if team.banned || !team.active {
                    return Err(CoreError::Forbidden(format!("team {} does not take part", team.name)));
                }
                if team.members >= most {
                    return Err(CoreError::Conflict(format!("team {} is full: it has {most} members", team.name)));
                }
                players::set_team(&mut command, account, Some(team.id)).await?;
                let joined = shown(&mut command, team.id).await?;
                Ok(command.commit(team.name.as_str(), None).await?.with(joined))
            })
            .await
    }

    /// Leaves the own team. Instances and solves stay the team's. A team that nobody is in and that has never played is
    /// deleted.
    ///
    /// # Errors
    /// [`CoreError::Conflict`] when the player is in no team, [`CoreError::Forbidden`] when the team is banned: leaving
    /// would be the way round it.
    pub async fn leave_team(self: &Arc<Self>, player: &Player) -> Result<(), CoreError> {
        self.needs_teams()?;
        let account = player.account_id;
        self.context
            .quiet_command(player.actor(), "team.leave", move |mut command| async move {
                let team = own(&mut command, account).await?;
                if team.banned {
                    return Err(CoreError::Forbidden(
                        "your team is excluded from the event; ask the organisers".to_owned(),
                    ));
                }
                players::set_team(&mut command, account, None).await?;
                teams::delete_unused(&mut command, team.id).await?;
                command.commit(team.name.as_str(), None).await
            })
            .await
    }

    /// Replaces the join code of the own team. Only its digest is stored, so that an old one cannot be shown again.
    pub async fn renew_join_code(self: &Arc<Self>, player: &Player) -> Result<String, CoreError> {
        self.needs_teams()?;
        let account = player.account_id;
        self.context
            .quiet_command(player.actor(), "team.code", move |mut command| async move {
                let team = own(&mut command, account).await?;
                let code = typed();
                teams::set_code(&mut command, team.id, digest_of_typed(&code)).await?;
                Ok(command.commit(team.name.as_str(), None).await?.with(code))
            })
            .await
    }

    fn needs_teams(&self) -> Result<(), CoreError> {
        match self.settings.mode {
            Mode::Teams => Ok(()),
            Mode::Users => Err(CoreError::Refused("there are no teams in this event: each plays alone".to_owned())),
        }
    }
}

/// Refuses a player who is in a team now, whatever the request was admitted with.
async fn refuse_in_team(command: &mut Command, account: i64) -> Result<(), CoreError> {
    match players::get(command, account).await?.and_then(|player| player.team) {
        Some(team) => Err(CoreError::Conflict(format!("you are in team {}; leave it first", team.name))),
        None => Ok(()),
    }
}

async fn own(command: &mut Command, account: i64) -> Result<Team, CoreError> {
    let team = players::get(command, account).await?.and_then(|player| player.team);
    team.ok_or_else(|| CoreError::Conflict("you are in no team".to_owned()))
}

async fn shown(command: &mut Command, id: i64) -> Result<TeamView, CoreError> {
    let team = teams::get(command, id).await?.ok_or_else(|| CoreError::NotFound(format!("team {id}")))?;
    Ok(TeamView { team, members: teams::members(command, id).await? })
}
