//! The payload files of challenges, and archives.

pub mod archive;
pub mod folder;
pub mod incoming;
mod own;
mod unused;

use crate::context::Context;
use folder::FileFolder;
use std::sync::Arc;

/// The payload files of challenges.
#[derive(Debug)]
pub struct Files {
    pub(crate) context: Arc<Context>,
    pub(crate) folder: FileFolder,
    /// The files that owners send with their sessions.
    own: FileFolder,
}

impl Files {
    pub(crate) fn new(context: Arc<Context>, folder: FileFolder) -> Arc<Self> {
        Arc::new(Self { own: folder.of_sessions(), context, folder })
    }
}
