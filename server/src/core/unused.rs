//! Files that no challenge uses are kept for a while, then removed.

use super::{Coordinator, CoreError};
use crate::store::{self, Connection, StoreError, challenges, files};
use challengectl_common::wire::LogLevel;
use challengectl_common::{Digest, Flag};
use std::collections::HashSet;

impl Coordinator {
    /// Notes which files no challenge uses, and removes those that none has used for as long as they are kept.
    ///
    /// # Errors
    /// When the database or the folder of files does not work; the next call tries again.
    pub async fn forget_unused_files(&self) -> Result<(), CoreError> {
        let Some(keep) = self.rules.retention.unused_files else { return Ok(()) };
        let now = self.clock.now();
        let mut transaction = self.store.write().await?;
        let used = used(&mut transaction).await?;
        let mut overdue = Vec::new();
        for (digest, since) in files::unused_since(&mut transaction).await? {
            let unused = !used.contains(&digest);
            match since {
                None if unused => files::note_use(&mut transaction, digest, Some(now)).await?,
                None => {}
                Some(_) if !unused => files::note_use(&mut transaction, digest, None).await?,
                Some(since) if since > now.before(keep) => {}
                Some(_) => overdue.push(digest),
            }
        }
        let mut forgotten = 0;
        for digest in overdue {
            // Before the commit: an import that waits to write has its content in place, and that is new.
            if self.files.remove_old(digest)? {
                files::forget(&mut transaction, digest).await?;
                forgotten += 1;
            }
        }
        store::commit(transaction).await?;
        if forgotten > 0 {
            self.note(LogLevel::Info, format!("{forgotten} files that no challenge uses were removed"));
        }
        Ok(())
    }
}

async fn used(connection: &mut Connection) -> Result<HashSet<Digest>, StoreError> {
    let flags = challenges::all(connection).await?.into_iter().map(|challenge| challenge.spec.flag);
    Ok(flags
        .filter_map(|flag| match flag {
            Flag::File(file) => Some(file.digest),
            Flag::Text(_) => None,
        })
        .collect())
}
