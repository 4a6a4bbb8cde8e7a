//! A backup of the server that runs, for a browser to download.

use crate::CoreError;
use crate::audit::{Actor, By};
use crate::challenges::export::Exported;
use crate::files::archive::at;
use crate::maintenance::{Maintenance, backup};
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

impl Maintenance {
    /// Everything the server knows as one archive; `data_dir` is the folder that it works in.
    ///
    /// # Errors
    /// When something cannot be read, or there is no room for the archive.
    pub async fn backup(self: &Arc<Self>, data_dir: PathBuf, by: By<'_>) -> Result<Exported, CoreError> {
        let (this, actor) = (Arc::clone(self), Actor::from(by));
        self.context
            .run_to_completion(async move {
                let inner = Arc::clone(&this);
                // Copying files keeps a thread busy.
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
