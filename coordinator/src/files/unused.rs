//! Deletes files that no challenge has used for a while.

use crate::CoreError;
use crate::files::Files;
use crate::store::{self, Connection, StoreError, attachments, challenges, files};
use challengectl_common::challenge::Kind;
use challengectl_common::wire::LogLevel;
use challengectl_common::{Digest, Payload, Timestamp};
use std::collections::HashSet;

/// Files of which one transaction records whether they are used.
const BATCH: usize = 250;

impl Files {
    /// Records which files no challenge uses, and deletes those that none has used for the retention time.
    pub async fn forget_unused_files(&self) -> Result<(), CoreError> {
        let Some(keep) = self.context.rules.retention.unused_files else { return Ok(()) };
        let now = self.context.clock.now();
        let mut connection = self.context.store.read().await?;
        let used = used(&mut connection).await?;
        let known = files::unused_since(&mut connection).await?;
        drop(connection);
        let (mut changes, mut overdue) = (Vec::new(), Vec::new());
        for (digest, since) in known {
            match (since, used.contains(&digest)) {
                (None, false) => changes.push((digest, Some(now))),
                (Some(_), true) => changes.push((digest, None)),
                (Some(since), false) if since <= now.before(keep) => overdue.push(digest),
                _ => {}
            }
        }
        for some in changes.chunks(BATCH) {
            let mut transaction = self.context.store.write().await?;
            for (digest, since) in some {
                files::record_use(&mut transaction, *digest, *since).await?;
            }
            store::commit(transaction).await?;
        }
        let mut forgotten = 0;
        for digest in overdue {
            forgotten += u32::from(self.forget_unused_file(digest, now.before(keep)).await?);
        }
        if forgotten > 0 {
            self.context.log(LogLevel::Info, format!("{forgotten} files that no challenge uses were removed"));
        }
        Ok(())
    }

    /// Deletes a file that no challenge has used since `limit`. Returns whether it did.
    async fn forget_unused_file(&self, digest: Digest, limit: Timestamp) -> Result<bool, CoreError> {
        let mut transaction = self.context.store.write().await?;
        let unused = files::is_unused_since(&mut transaction, digest, limit).await?;
        // Before the commit: the content of an import that waits to write is in the folder already, and is new.
        let removed = unused && self.folder.remove_old(digest)?;
        if removed {
            files::forget(&mut transaction, digest).await?;
        }
        store::commit(transaction).await?;
        Ok(removed)
    }
}

async fn used(connection: &mut Connection) -> Result<HashSet<Digest>, StoreError> {
    let kinds = challenges::all(connection).await?.into_iter().map(|challenge| challenge.spec.kind);
    let file = |Kind::Transmission(transmission)| match transmission.payload {
        Payload::File(file) => Some(file.digest),
        Payload::Text(_) => None,
    };
    let attached = attachments::digests(connection).await?;
    Ok(kinds.filter_map(file).chain(attached).collect())
}
