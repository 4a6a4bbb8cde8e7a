//! A backup of the running server, for download.

use crate::CoreError;
use crate::audit::Actor;
use crate::challenges::export::Exported;
use crate::files::archive::at;
use crate::maintenance::{Maintenance, backup};
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

impl Maintenance {
    /// Makes a backup of the server as one archive; `data_dir` is its data directory.
    ///
    /// # Errors
    /// If something cannot be read, or there is no space for the archive.
    pub async fn backup(self: &Arc<Self>, data_dir: PathBuf, actor: Actor) -> Result<Exported, CoreError> {
        let this = Arc::clone(self);
        self.context
            .run_to_completion(async move {
                let inner = Arc::clone(&this);
                // Copying files blocks the thread.
                let written = tokio::task::spawn_blocking(move || {
                    let scratch = tempfile::tempdir_in(&data_dir).map_err(at(&data_dir))?;
                    let target = scratch.path().join("backup.tar");
                    let context = &inner.context;
                    context.runtime.block_on(backup::backup(
                        &context.store,
                        &data_dir,
                        &target,
                        context.clock.now(),
                    ))?;
                    File::open(&target).and_then(|file| Ok((file.metadata()?.len(), file))).map_err(at(&target))
                });
                let (size, content) = written.await.map_err(|_| CoreError::Interrupted)??;
                this.context.begin(actor, "server.backup").await?.commit("", None).await?;
                Ok(Exported { size, content: content.into() })
            })
            .await
    }
}
