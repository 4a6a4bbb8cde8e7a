//! Imports events that operators upload while the server runs, and reloads the event file.

use super::import::{Unlisted, import_by};
use super::step::Step;
use crate::CoreError;
use crate::audit::Actor;
use crate::challenges::Challenges;
use crate::files::archive;
use challengectl_common::wire::LogLevel;
use challengectl_event::{EVENT_FILE, Reader, Reading, Remark};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

/// The options of an import.
#[derive(Debug, Clone, Copy, Default)]
pub struct Intake {
    /// Whether valid challenges are imported although others are invalid.
    pub keep_going: bool,
    /// The treatment of enabled challenges that the event does not name.
    pub unlisted: Unlisted,
}

/// The result of an import.
#[derive(Debug, Default)]
pub struct Imported {
    /// The number of challenges in the event.
    pub challenges: usize,
    /// The number of new ones.
    pub added: usize,
    /// The number of changed ones.
    pub updated: usize,
    /// The number of new files.
    pub files: usize,
    /// Enabled challenges that the event does not name.
    pub also_on_air: Vec<String>,
    /// Challenges that were disabled because the event does not name them.
    pub disabled: Vec<String>,
    /// Remarks, one sentence each.
    pub remarks: Vec<String>,
    /// The challenges that were not imported, with the reasons.
    pub problems: Vec<String>,
}

impl Challenges {
    /// Sets the event file that [`Challenges::reload`] reads. Only the first call has an effect.
    pub fn reload_from(&self, path: PathBuf) {
        // Set at start, before the first request.
        let _ = self.event_file.set(path);
    }

    /// Imports the event file of the settings again.
    ///
    /// # Errors
    /// [`CoreError::Refused`] when the settings name none, [`CoreError::Event`] with all of its problems.
    pub async fn reload(self: &Arc<Self>, intake: Intake, actor: Actor) -> Result<Imported, CoreError> {
        let none = || CoreError::Refused("the server's settings name no event_file".to_owned());
        let path = self.event_file.get().cloned().ok_or_else(none)?;
        let reader = self.reader();
        self.take_event(move || Ok(reader.read(&path, None)), intake, "event.reload", actor).await
    }

    /// Imports an event file that was uploaded as `name` and lies at `path`, with the uploaded files.
    ///
    /// # Errors
    /// [`CoreError::Event`] with all of its problems.
    pub async fn import_sent(
        self: &Arc<Self>,
        name: String,
        path: PathBuf,
        files: HashMap<String, PathBuf>,
        intake: Intake,
        actor: Actor,
    ) -> Result<Imported, CoreError> {
        let reader = self.reader();
        self.take_event(move || Ok(reader.read_sent(&name, &path, files)), intake, "event.import", actor).await
    }

    /// Imports an archive, as [`Challenges::export`] makes it, that was uploaded as `name` and lies at `path`.
    ///
    /// # Errors
    /// [`CoreError::Invalid`] when it is no such archive, [`CoreError::Event`] with all problems of its event file.
    pub async fn import_archive(
        self: &Arc<Self>,
        name: String,
        path: PathBuf,
        intake: Intake,
        actor: Actor,
    ) -> Result<Imported, CoreError> {
        let reader = self.reader();
        let root = self.files.folder.root()?;
        let folder = tempfile::tempdir_in(&root).map_err(archive::at(&root))?;
        let unpacked = folder.path().to_owned();
        let read = move || {
            let members = archive::unpack(&name, &path, &unpacked)?;
            let files = members.into_keys().map(|member| (member.clone(), unpacked.join(member))).collect();
            Ok(reader.read_sent(EVENT_FILE, &unpacked.join(EVENT_FILE), files))
        };
        // The temporary folder is deleted after its files have been copied.
        self.take_event(read, intake, "event.import", actor).await
    }

    fn reader(&self) -> Reader {
        Reader::new(self.context.rules.frequency_rules.clone())
    }

    async fn take_event(
        self: &Arc<Self>,
        read: impl FnOnce() -> Result<Reading, CoreError> + Send + 'static,
        intake: Intake,
        what: &'static str,
        actor: Actor,
    ) -> Result<Imported, CoreError> {
        let reading = tokio::task::spawn_blocking(read).await.map_err(|_| CoreError::Interrupted)??;
        let (event, problems) = if intake.keep_going { reading.sound()? } else { (reading.whole()?, Vec::new()) };
        let this = Arc::clone(self);
        self.context
            .run_to_completion(async move {
                let (inner, acting, runtime) = (Arc::clone(&this), actor.clone(), this.context.runtime.clone());
                // Copying files blocks the thread.
                let taken = tokio::task::spawn_blocking(move || {
                    let work = import_by(
                        &inner.context.store,
                        &inner.files.folder,
                        &event,
                        intake.unlisted,
                        what,
                        acting,
                        inner.context.clock.now(),
                    );
                    runtime.block_on(work).map(|steps| imported(&event, &steps))
                });
                let mut imported = taken.await.map_err(|_| CoreError::Interrupted)??;
                imported.problems = problems.iter().map(Remark::to_string).collect();
                this.air.take_over_changes().await?;
                let Imported { added, updated, .. } = imported;
                let who = &actor.name;
                this.context
                    .log(LogLevel::Info, format!("Event loaded by {who}: {added} challenges added, {updated} updated"));
                Ok(imported)
            })
            .await
    }
}

fn imported(event: &challengectl_event::Event, steps: &[Step]) -> Imported {
    let mut imported = Imported { challenges: event.count(), ..Imported::default() };
    imported.remarks = event.remarks.iter().map(ToString::to_string).collect();
    for step in steps {
        match step {
            Step::Added { .. } => imported.added += 1,
            Step::Updated { .. } => imported.updated += 1,
            Step::AddedFile { .. } => imported.files += 1,
            Step::OutOfReach { challenge, why } => {
                imported.remarks.push(format!("{challenge}: no radio that has registered so far can send it: {why}"));
            }
            Step::LooksRenamed { challenge, before } => imported.remarks.push(looks_renamed(challenge, before)),
            Step::AlsoOnAir { challenge } => imported.also_on_air.push(challenge.clone()),
            Step::Disabled { challenge, .. } => imported.disabled.push(challenge.clone()),
            Step::LooksAlike { difference, .. } => {
                imported.remarks.push(format!("{difference}; players may take one for the other"));
            }
            Step::Unchanged { .. } | Step::AddedRange { .. } | Step::ChangedConference { .. } => {}
        }
    }
    imported
}

/// Returns the remark that a challenge seems to have been renamed.
#[must_use]
pub fn looks_renamed(challenge: &str, before: &str) -> String {
    format!(
        "{challenge}: carries what {before} does, which is no longer in the file: it looks renamed; disable or delete \
         {before}, or both are on air"
    )
}
