//! The files that owners send with their sessions. They are no payload of a challenge, are registered nowhere, and end with
//! their sessions.

use super::Files;
use super::folder::OpenFile;
use super::incoming::Incoming;
use crate::CoreError;
use crate::store::instances::processes;
use challengectl_common::Digest;
use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How long a file stays at least: its session may be about to be recorded.
const MIN_AGE: Duration = Duration::from_secs(10);

impl Files {
    /// Begins to take the file of a session.
    pub fn receive_own(&self) -> Result<Incoming, CoreError> {
        self.own.receive()
    }

    /// Keeps the file of a session that is about to be made. Without one it is deleted soon.
    ///
    /// # Errors
    /// [`CoreError::Invalid`] when it is empty.
    pub async fn keep_own(&self, incoming: Incoming) -> Result<Digest, CoreError> {
        let (copy, digest) = incoming.complete().await?;
        let folder = self.own.clone();
        let settled = tokio::task::spawn_blocking(move || folder.settle(copy, digest));
        settled.await.map_err(|_| CoreError::Interrupted)??;
        Ok(digest)
    }

    /// Opens the file of a session that is not over.
    pub(super) async fn open_own(&self, digest: Digest) -> Result<OpenFile, CoreError> {
        let known = processes::files(&mut *self.context.store.read_for_players().await?).await?;
        if !known.contains(&digest) {
            return Err(CoreError::NoSuchFile(digest));
        }
        let path = self.own.path(digest);
        let at = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => CoreError::NoSuchFile(digest),
            _ => CoreError::File { path: path.clone(), error },
        };
        let content = tokio::fs::File::open(&path).await.map_err(at)?;
        let size = content.metadata().await.map_err(at)?.len();
        Ok(OpenFile { name: digest.to_string(), size, content })
    }

    /// Deletes files whose sessions are over.
    pub(crate) async fn forget_own(self: &Arc<Self>) -> Result<(), CoreError> {
        let folder = self.own.clone();
        let old =
            tokio::task::spawn_blocking(move || folder.old(MIN_AGE)).await.map_err(|_| CoreError::Interrupted)??;
        if old.is_empty() {
            return Ok(());
        }
        let known: HashSet<Digest> =
            processes::files(&mut *self.context.store.read_for_players().await?).await?.into_iter().collect();
        for digest in old.into_iter().filter(|digest| !known.contains(digest)) {
            match std::fs::remove_file(self.own.path(digest)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(CoreError::File { path: self.own.path(digest), error });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl super::folder::FileFolder {
    /// Returns the files that are older than this.
    fn old(&self, age: Duration) -> Result<Vec<Digest>, CoreError> {
        let mut old = Vec::new();
        for folder in entries(&self.0)? {
            for file in entries(&folder)? {
                let modified = file.metadata().and_then(|meta| meta.modified());
                let is_old = modified.is_ok_and(|at| at.elapsed().is_ok_and(|elapsed| elapsed > age));
                let digest = file.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
                old.extend(digest.filter(|_: &Digest| is_old));
            }
        }
        Ok(old)
    }
}

/// Returns the paths in a folder; none if it is not there, or is a file.
fn entries(folder: &Path) -> Result<Vec<std::path::PathBuf>, CoreError> {
    let at = |error| CoreError::File { path: folder.to_owned(), error };
    match std::fs::read_dir(folder) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(Vec::new()),
        read => read.map_err(at)?.map(|entry| entry.map(|entry| entry.path()).map_err(at)).collect(),
    }
}
