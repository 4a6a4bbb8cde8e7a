//! Whether the server can do its work, and what is in the way.

use crate::CoreError;
use crate::clock::Moment;
use crate::maintenance::Maintenance;
use crate::store::{self, Store};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// A disk or a lock that takes longer than this is no good to a runner that waits.
const PATIENCE: Duration = Duration::from_secs(3);
/// Everybody may ask, and each look writes to the disk, so an answer is kept for a moment.
const KEEP: Duration = Duration::from_secs(1);

/// What the server needs, and whether it has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    /// By name; what is wrong is told in words that everybody may read, and the log tells more.
    pub checks: [(&'static str, Result<(), &'static str>); 4],
    /// Whether the server ends, and hands out nothing any more.
    pub stopping: bool,
}

impl Readiness {
    /// What is in the way.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let failed = self.checks.iter().filter_map(|(name, check)| check.err().map(|why| format!("{name}: {why}")));
        failed.chain(self.stopping.then(|| "the server is stopping".to_owned())).collect()
    }
}

/// The last answer. Who finds it too old keeps the lock while looking, so that the others do not look as well.
#[derive(Debug, Default)]
pub struct LastLook(Mutex<Option<(Moment, Readiness)>>);

impl Maintenance {
    /// Looks whether the server can do its work.
    pub async fn readiness(self: &Arc<Self>) -> Readiness {
        let mut last = self.last_look.0.lock().await;
        let now = self.context.clock.instant();
        let kept = last.as_ref().filter(|(at, _)| at.after(KEEP) >= now).map(|(_, readiness)| readiness.clone());
        let readiness = match kept {
            Some(readiness) => readiness,
            None => self.look().await,
        };
        *last = Some((now, readiness.clone()));
        Readiness { stopping: self.context.revision.is_stopping(), ..readiness }
    }

    async fn look(self: &Arc<Self>) -> Readiness {
        let (database, schema, folder) = (Arc::clone(self), Arc::clone(self), Arc::clone(self));
        let database = self.in_time("database", async move { Ok(database.context.store.prove_writable().await?) });
        let database = async {
            // What is written to a file that is no longer at its place is lost when the server ends.
            if !self.context.store.is_in_place() {
                tracing::error!(
                    "not ready: the database was replaced or deleted; stop the server and restore a backup"
                );
                return Err("was replaced or deleted while the server runs");
            }
            database.await.map_err(|()| "cannot be written to")
        };
        let schema = self.in_time("schema", async move { check_schema(&schema.context.store).await });
        let folder = self.in_time("data_dir", async move {
            let prove = tokio::task::spawn_blocking(move || folder.files.folder.prove_writable());
            prove.await.map_err(|_| CoreError::Interrupted)?
        });
        let (database, schema, folder) = tokio::join!(database, schema, folder);
        Readiness {
            checks: [
                ("database", database),
                ("schema", schema.map_err(|()| "is not the one of this program")),
                ("data_dir", folder.map_err(|()| "cannot be written to")),
                ("jobs", self.jobs_run()),
            ],
            stopping: false,
        }
    }

    fn jobs_run(&self) -> Result<(), &'static str> {
        let stuck = self.registry.stuck(self.context.clock.instant());
        if stuck.is_empty() {
            return Ok(());
        }
        tracing::error!(jobs = stuck.join(", "), "not ready: these hang or have died; restart the server");
        Err("a background job hangs or has died")
    }

    /// Lets a look go on by itself when it takes too long: work on the database is never dropped in the middle.
    async fn in_time(
        &self,
        name: &str,
        look: impl Future<Output = Result<(), CoreError>> + Send + 'static,
    ) -> Result<(), ()> {
        match tokio::time::timeout(PATIENCE, self.context.run_to_completion(look)).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => tracing::error!(check = name, %error, "not ready"),
            Err(_) => tracing::error!(check = name, "not ready: no answer in time"),
        }
        Err(())
    }
}

async fn check_schema(store: &Store) -> Result<(), CoreError> {
    let (found, own) = (store.schema().await?, store::newest_schema());
    if found == own {
        return Ok(());
    }
    Err(CoreError::Conflict(format!("the database has schema {found}, this program {own}")))
}
