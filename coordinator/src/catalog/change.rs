//! Creates, changes and deletes challenges.

use super::{Catalog, Sheet, Subject, entry};
use crate::audit::Actor;
use crate::context::command::Command;
use crate::flags::Score;
use crate::instances::{add, free_slug, replace};
use crate::store::catalog::{self, entries};
use crate::store::instances::{About, authoring};
use crate::store::{challenges, flags};
use crate::{CoreError, Person};
use challengectl_common::wire::LogLevel;
use std::sync::Arc;

impl Catalog {
    /// Adds a challenge. Without flags, each instance of one that is started has a flag of its own, and a text cannot be solved
    /// yet. Returns its id.
    ///
    /// # Errors
    /// [`CoreError::Invalid`].
    pub async fn create(self: &Arc<Self>, sheet: Sheet, actor: Actor) -> Result<i64, CoreError> {
        sheet.check()?;
        let this = Arc::clone(self);
        self.context
            .command(actor, "challenge.create", move |mut command| async move {
                let id = this.add(&mut command, &sheet).await?;
                catalog::put(&mut command, id, &sheet.card).await?;
                let (who, name) = (command.who(), sheet.name.as_str());
                let done = command.commit(name, Some("by the Docker front")).await?;
                this.context.log(LogLevel::Info, format!("Challenge {name} created by {who}"));
                Ok(done.with(id))
            })
            .await
    }

    async fn add(&self, command: &mut Command, sheet: &Sheet) -> Result<i64, CoreError> {
        let now = command.now();
        match &sheet.subject {
            Subject::Instance { image, ports, .. } => {
                let form = sheet.form(image, ports);
                form.check().map_err(CoreError::Invalid)?;
                let slug = free_slug(command, &form).await?;
                add(command, &self.flags.keys, &form, &slug, now).await
            }
            Subject::Text => {
                score(sheet).check()?;
                let id = entries::insert_text(command, &sheet.name, sheet.is_shown, &sheet.about(), now).await?;
                flags::put_score(command, id, score(sheet)).await?;
                Ok(id)
            }
            Subject::Transmission => Err(on_air()),
        }
    }

    /// Changes a challenge as `change` says, which gets it as it is.
    ///
    /// # Errors
    /// [`CoreError::NotFound`]; [`CoreError::Invalid`]; those of `change`; [`CoreError::Refused`] for one on air.
    pub async fn update(
        self: &Arc<Self>,
        id: i64,
        change: impl FnOnce(Sheet) -> Result<Sheet, CoreError> + Send + 'static,
        person: &Person,
    ) -> Result<(), CoreError> {
        let this = Arc::clone(self);
        self.context
            .command(person.actor(), "challenge.update", move |mut command| async move {
                let known = entry(&mut command, id).await?;
                let (about, card) = (known.about.clone(), known.card.clone());
                let sheet = change(known.into())?;
                sheet.check()?;
                this.write(&mut command, id, &sheet, about).await?;
                if sheet.card != card {
                    catalog::put(&mut command, id, &sheet.card).await?;
                }
                if sheet.card.logic != card.logic {
                    this.apply_logic(&mut command, id, sheet.card.logic).await?;
                }
                command.commit(sheet.name.as_str(), Some("by the Docker front")).await
            })
            .await
    }

    async fn write(&self, command: &mut Command, id: i64, sheet: &Sheet, about: About) -> Result<(), CoreError> {
        let now = command.now();
        match &sheet.subject {
            Subject::Instance { .. } => {
                let before = authoring::forms(command, Some(id)).await?.into_iter().next().map(|(_, form)| form);
                let before = before.ok_or_else(|| super::missing(id))?;
                let form = sheet.changed(before.clone());
                form.check().map_err(CoreError::Invalid)?;
                replace(command, &self.flags.keys, id, &before, &form, now).await
            }
            Subject::Text => {
                score(sheet).check()?;
                let (category, description) = (sheet.category.clone(), sheet.description.clone());
                entries::rename(command, id, &sheet.name, sheet.is_shown, now).await?;
                entries::set_about(command, id, &About { category, description, ..about }).await?;
                Ok(flags::put_score(command, id, score(sheet)).await?)
            }
            Subject::Transmission => Err(on_air()),
        }
    }

    /// Deletes a challenge, and stops its instances. What was solved stays.
    ///
    /// # Errors
    /// [`CoreError::NotFound`]; [`CoreError::Refused`] for one on air.
    pub async fn delete(self: &Arc<Self>, id: i64, actor: Actor) -> Result<(), CoreError> {
        match self.entry(id).await?.subject {
            Subject::Instance { .. } => return self.instances.delete(id, actor).await,
            Subject::Transmission => return Err(on_air()),
            Subject::Text => {}
        }
        let this = Arc::clone(self);
        self.context
            .command(actor, "challenge.delete", move |mut command| async move {
                let known = entry(&mut command, id).await?;
                challenges::delete(&mut command, id).await?;
                let (who, name) = (command.who(), known.name.as_str());
                let done = command.commit(name, None).await?;
                this.context.log(LogLevel::Info, format!("Challenge {name} deleted by {who}"));
                Ok(done)
            })
            .await
    }
}

fn score(sheet: &Sheet) -> Score {
    Score { points: sheet.points, max_attempts: sheet.max_attempts }
}

fn on_air() -> CoreError {
    CoreError::Refused("the challenge is on air; change it in the dashboard".to_owned())
}
