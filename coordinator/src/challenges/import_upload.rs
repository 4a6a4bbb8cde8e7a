//! Whole events that operators bring in while the server runs.

use super::import::{Step, Unlisted, import_by};
use crate::CoreError;
use crate::audit::{Actor, By};
use crate::challenges::Challenges;
use crate::files::archive;
use challengectl_common::wire::LogLevel;
use challengectl_event::{EVENT_FILE, Reader, Reading, Remark};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

/// How an event is taken in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Intake {
    /// What is right is taken also when something else is wrong.
    pub keep_going: bool,
    /// What becomes of enabled challenges that the event does not name.
    pub unlisted: Unlisted,
}

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
    /// Enabled challenges that the event does not name.
    pub also_on_air: Vec<String>,
    /// Challenges that were disabled because the event does not name them.
    pub disabled: Vec<String>,
    /// What is worth knowing, one sentence each.
    pub remarks: Vec<String>,
    /// What was not taken in, and why.
    pub problems: Vec<String>,
}

impl Challenges {
    /// Names the event file that [`Challenges::reload`] reads. Once is enough; later calls change nothing.
    pub fn reload_from(&self, path: PathBuf) {
        // Set at start, before anybody asks.
        let _ = self.event_file.set(path);
    }

    /// Reads the event file of the settings again.
    ///
    /// # Errors
    /// [`CoreError::Refused`] when there is none, [`CoreError::Invalid`] with everything that is wrong with it; then
    /// nothing has changed.
    pub async fn reload(self: &Arc<Self>, intake: Intake, by: By<'_>) -> Result<Imported, CoreError> {
        let none = || CoreError::Refused("the server's settings name no event_file".to_owned());
        let path = self.event_file.get().cloned().ok_or_else(none)?;
        let reader = self.reader();
        self.take_event(move || Ok(reader.read(&path, None)), intake, "event.reload", by).await
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
        intake: Intake,
        by: By<'_>,
    ) -> Result<Imported, CoreError> {
        let reader = self.reader();
        self.take_event(move || Ok(reader.read_sent(&name, &path, files)), intake, "event.import", by).await
    }

    /// Takes in an event that was sent as `name` and lies at `path`, in the form that [`Challenges::export`] gives it.
    ///
    /// # Errors
    /// [`CoreError::Invalid`] with everything that is wrong with it; then nothing has changed.
    pub async fn import_archive(
        self: &Arc<Self>,
        name: String,
        path: PathBuf,
        intake: Intake,
        by: By<'_>,
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
        // The folder stays until the files in it have been copied.
        self.take_event(read, intake, "event.import", by).await
    }

    fn reader(&self) -> Reader {
        Reader::new(self.context.rules.frequency_rules.clone())
    }

    async fn take_event(
        self: &Arc<Self>,
        read: impl FnOnce() -> Result<Reading, CoreError> + Send + 'static,
        intake: Intake,
        what: &'static str,
        by: By<'_>,
    ) -> Result<Imported, CoreError> {
        let reading = tokio::task::spawn_blocking(read).await.map_err(|_| CoreError::Interrupted)??;
        let (event, problems) = if intake.keep_going { reading.sound()? } else { (reading.whole()?, Vec::new()) };
        let (this, actor) = (Arc::clone(self), Actor::from(by));
        self.context
            .run_to_completion(async move {
                let (inner, acting, runtime) = (Arc::clone(&this), actor.clone(), this.context.runtime.clone());
                // Copying files keeps a thread busy.
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
                let who = actor.by().who;
                this.context
                    .log(LogLevel::Info, format!("Event loaded by {who}: {added} challenges added, {updated} updated"));
                Ok(imported)
            })
            .await
    }
}

fn imported(event: &challengectl_event::Event, steps: &[Step]) -> Imported {
    let mut imported = Imported { challenges: event.challenges.len(), ..Imported::default() };
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

/// Says that a challenge has only got another name.
#[must_use]
pub fn looks_renamed(challenge: &str, before: &str) -> String {
    format!(
        "{challenge}: carries what {before} does, which is no longer in the file: it looks renamed; disable or delete \
         {before}, or both are on air"
    )
}
