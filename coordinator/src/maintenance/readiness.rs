//! Readiness: whether the server can do its work, and if not, why.

use crate::CoreError;
use crate::clock::Moment;
use crate::maintenance::Maintenance;
use crate::store::{self, Store};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// How long a check may take; a slower disk or lock is of no use to a runner that waits.
const CHECK_TIMEOUT: Duration = Duration::from_secs(3);
/// How long an answer is kept: the endpoint is public, and each check writes to the disk.
const ANSWER_RETENTION: Duration = Duration::from_secs(1);

/// The state of everything that the server needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    /// The checks, by name. A problem is in words that everybody may read; the log has the details.
    pub checks: [(&'static str, Result<(), &'static str>); 4],
    /// Whether the server is stopping and hands out nothing more.
    pub stopping: bool,
}

impl Readiness {
    /// Returns the problems.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let failed = self.checks.iter().filter_map(|(name, check)| check.err().map(|why| format!("{name}: {why}")));
        failed.chain(self.stopping.then(|| "the server is stopping".to_owned())).collect()
    }
}

/// The last answer. The lock is held while checking, so that of many requests that find the answer too old only one
/// checks.
#[derive(Debug, Default)]
pub struct LastCheck(Mutex<Option<(Moment, Readiness)>>);

impl Maintenance {
    /// Checks whether the server can do its work.
    pub async fn readiness(self: &Arc<Self>) -> Readiness {
        let mut last = self.last_check.0.lock().await;
        let now = self.context.clock.instant();
        let kept = last.as_ref().filter(|(checked_at, _)| checked_at.after(ANSWER_RETENTION) >= now);
        let readiness = match kept {
            Some((_, readiness)) => readiness.clone(),
            None => {
                let readiness = self.look().await;
                // When it was checked, not when it was asked for: somebody who asks all the time must not keep it.
                *last = Some((now, readiness.clone()));
                readiness
            }
        };
        Readiness { stopping: self.context.revision.is_stopping(), ..readiness }
    }

    async fn look(self: &Arc<Self>) -> Readiness {
        let (database, schema, folder) = (Arc::clone(self), Arc::clone(self), Arc::clone(self));
        let database = self.in_time("database", async move { Ok(database.context.store.prove_writable().await?) });
        let database = async {
            // Data written to a file that is no longer at its path is lost when the server ends.
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
        tracing::error!(jobs = stuck.join(", "), "not ready: these jobs hang or have died; restart the server");
        Err("a background job hangs or has died")
    }

    /// Waits for a check, at most [`CHECK_TIMEOUT`]; a slower one goes on by itself, since work on the database is
    /// never dropped in the middle.
    async fn in_time(
        &self,
        name: &str,
        look: impl Future<Output = Result<(), CoreError>> + Send + 'static,
    ) -> Result<(), ()> {
        match tokio::time::timeout(CHECK_TIMEOUT, self.context.run_to_completion(look)).await {
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
