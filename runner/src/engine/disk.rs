//! What containers with a writable root write to the disk of the host. Engines bound it only on XFS with project quotas.

use super::docker::{Docker, Found};
use super::{EngineError, layer};
use nix::sys::statvfs::statvfs;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use tokio::task::spawn_blocking;

/// What is left of the file system below which every container that writes to it is ended: files that were deleted and
/// are still open are in no folder, so that nobody is seen to fill it.
const MIN_FREE_BYTES: u64 = 1 << 30;
const MIN_FREE_FILES: u64 = 50_000;

/// The writable layers of containers, by id; `None`: its root is read-only.
#[derive(Default)]
pub(super) struct Layers(Mutex<HashMap<String, Option<PathBuf>>>);

impl Docker {
    /// Returns the sessions that have written more than they may, with their fences and what to say of it.
    pub(crate) async fn overfull(&self, found: &[Found]) -> Result<Vec<(i64, i64, String)>, EngineError> {
        self.layers.0.lock().retain(|id, _| found.iter().any(|it| it.id == *id));
        let mut overfull = Vec::new();
        for container in found.iter().filter(|it| it.is_running) {
            let layer = match self.layer(&container.id).await {
                // It was removed meanwhile.
                Err(EngineError::Refused(_)) => None,
                layer => layer?,
            };
            let Some(layer) = layer else { continue };
            let why = spawn_blocking(move || excess(&layer)).await.unwrap_or_else(|error| Some(error.to_string()));
            overfull.extend(why.map(|why| (container.session, container.fence, why)));
        }
        Ok(overfull)
    }

    /// Returns the writable layer of a container; `None` if its root is read-only, or it has ended.
    async fn layer(&self, id: &str) -> Result<Option<PathBuf>, EngineError> {
        if let Some(layer) = self.layers.0.lock().get(id) {
            return Ok(layer.clone());
        }
        let layer = self.find_layer(id).await?;
        self.layers.0.lock().insert(id.to_owned(), layer.clone());
        Ok(layer)
    }

    async fn find_layer(&self, id: &str) -> Result<Option<PathBuf>, EngineError> {
        let container = self.look_at(id).await?;
        let process = container.state.pid;
        if container.host_config.readonly_rootfs || process <= 0 {
            return Ok(None);
        }
        let data = container.graph_driver.and_then(|driver| driver.data).unwrap_or_default();
        let layer = data.get("UpperDir").map(PathBuf::from).or_else(|| layer::of_process(process));
        layer.map(Some).ok_or_else(|| unwatched("this storage driver of the engine keeps it in no folder"))
    }

    /// Returns an error if nobody would see what a container writes.
    pub(super) async fn check_layer(&self, id: &str) -> Result<(), EngineError> {
        match self.layer(id).await? {
            Some(layer) => {
                layer.read_dir().map(drop).map_err(|error| unwatched(&format!("{}: {error}", layer.display())))
            }
            None => Ok(()),
        }
    }
}

fn unwatched(why: &str) -> EngineError {
    EngineError::Refused(format!(
        "cannot watch what the container writes to its root: {why}; run the runner as root or with CAP_DAC_READ_SEARCH, or \
         set read_only for the container"
    ))
}

/// Returns why a container is ended; `None` if it is not.
fn excess(layer: &Path) -> Option<String> {
    if let Ok(disk) = statvfs(layer) {
        let bytes = disk.blocks_available().saturating_mul(disk.fragment_size());
        // Some file systems count no files.
        let files = if disk.files() == 0 { u64::MAX } else { disk.files_available() };
        if is_low(bytes, files) {
            return Some("the disk of the engine is nearly full, and the container may write to it".to_owned());
        }
    }
    match layer::measure(layer) {
        Ok(size) => size.excess(),
        // Such as paths that are too long for the kernel, where files could be hidden.
        Err(error) => Some(format!("what the container wrote to its root cannot be measured: {error}")),
    }
}

fn is_low(bytes: u64, files: u64) -> bool {
    bytes < MIN_FREE_BYTES || files < MIN_FREE_FILES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_low_by_bytes_or_by_files() {
        assert!(!is_low(2 << 30, 100_000) && !is_low(2 << 30, u64::MAX));
        assert!(is_low(1 << 20, 100_000) && is_low(2 << 30, 49_999));
    }

    #[test]
    fn a_layer_that_cannot_be_read_is_no_place_to_hide() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs_err::write(&file, "").unwrap();
        assert!(excess(&file).is_some());
    }
}
