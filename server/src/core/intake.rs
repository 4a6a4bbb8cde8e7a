//! Whole events that operators bring in while the server runs.

use super::archive;
use super::audit::{Actor, By};
use super::import::{Step, import_by};
use super::{Coordinator, CoreError};
use challengectl_common::wire::LogLevel;
use challengectl_event::{EVENT_FILE, Event};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

/// What became of an event.
#[derive(Debug, Default)]
pub struct Imported {
    /// Challenges in it.
    pub challenges: usize,
    /// Of these, the new ones.
    pub added: usize,
    /// The ones that changed.
    pub updated: usize,
    /// Files that were not known before.
    pub files: usize,
    /// What is worth knowing, one sentence each.
    pub remarks: Vec<String>,
}

impl Coordinator {
    /// Names the event file that [`Coordinator::reload`] reads. Once is enough; later calls change nothing.
    pub fn reload_from(&self, path: PathBuf) {
        // Set at start, before anybody asks.
        let _ = self.event_file.set(path);
    }

    /// Reads the event file of the settings again.
    ///
    /// # Errors
    /// [`CoreError::Refused`] when there is none, [`CoreError::Invalid`] with everything that is wrong with it; then
    /// nothing has changed.
    pub async fn reload(self: &Arc<Self>, by: By<'_>) -> Result<Imported, CoreError> {
        let none = || CoreError::Refused("the server's settings name no event_file".to_owned());
        let path = self.event_file.get().cloned().ok_or_else(none)?;
        self.take_event(move || Ok(challengectl_event::read(&path, None)?), "event.reload", by).await
    }

    /// Takes in an event file that was sent as `name` and lies at `path`, with the files that came along.
    ///
    /// # Errors
    /// [`CoreError::Invalid`] with everything that is wrong with it; then nothing has changed.
    pub async fn import_sent(
        self: &Arc<Self>,
        name: String,
        path: PathBuf,
        files: HashMap<String, PathBuf>,
        by: By<'_>,
    ) -> Result<Imported, CoreError> {
        self.take_event(move || Ok(challengectl_event::read_sent(&name, &path, files)?), "event.import", by).await
    }

    /// Takes in an event that was sent as `name` and lies at `path`, in the form that [`Coordinator::export`] gives it.
    ///
    /// # Errors
    /// [`CoreError::Invalid`] with everything that is wrong with it; then nothing has changed.
    pub async fn import_archive(
        self: &Arc<Self>,
        name: String,
        path: PathBuf,
        by: By<'_>,
    ) -> Result<Imported, CoreError> {
        let root = self.files.root()?;
        let folder = tempfile::tempdir_in(&root).map_err(archive::at(&root))?;
        let unpacked = folder.path().to_owned();
        let read = move || {
            let members = archive::unpack(&name, &path, &unpacked)?;
            let files = members.into_keys().map(|member| (member.clone(), unpacked.join(member))).collect();
            Ok(challengectl_event::read_sent(EVENT_FILE, &unpacked.join(EVENT_FILE), files)?)
        };
        // The folder stays until the files in it have been copied.
        self.take_event(read, "event.import", by).await
    }

    async fn take_event(
        self: &Arc<Self>,
        read: impl FnOnce() -> Result<Event, CoreError> + Send + 'static,
        what: &'static str,
        by: By<'_>,
    ) -> Result<Imported, CoreError> {
        let event = tokio::task::spawn_blocking(read).await.map_err(|_| CoreError::Interrupted)??;
        let (this, actor) = (Arc::clone(self), Actor::from(by));
        self.undisturbed(async move {
            let (inner, acting, runtime) = (Arc::clone(&this), actor.clone(), this.runtime.clone());
            // Copying files keeps a thread busy.
            let taken = tokio::task::spawn_blocking(move || {
                let work = import_by(&inner.store, &inner.files, &event, what, acting.by(), inner.clock.now());
                runtime.block_on(work).map(|steps| imported(&event, &steps))
            });
            let imported = taken.await.map_err(|_| CoreError::Interrupted)??;
            this.take_over_changes().await?;
            let Imported { added, updated, .. } = imported;
            let who = actor.by().who;
            this.note(LogLevel::Info, format!("Event loaded by {who}: {added} challenges added, {updated} updated"));
            Ok(imported)
        })
        .await
    }
}

fn imported(event: &Event, steps: &[Step]) -> Imported {
    let mut imported = Imported { challenges: event.challenges.len(), ..Imported::default() };
    imported.remarks = event.remarks.iter().map(ToString::to_string).collect();
    for step in steps {
        match step {
            Step::Added { .. } => imported.added += 1,
            Step::Updated { .. } => imported.updated += 1,
            Step::AddedFile { .. } => imported.files += 1,
            Step::OutOfReach { challenge } => {
                let warning = format!("{challenge}: outside the limits of every radio that has registered so far");
                imported.remarks.push(warning);
            }
            Step::LooksAlike { difference, .. } => {
                imported.remarks.push(format!("{difference}; players may take one for the other"));
            }
            Step::Unchanged { .. } | Step::AddedRange { .. } | Step::ChangedConference { .. } => {}
        }
    }
    imported
}
