//! The payload files of challenges, and archives.

pub mod archive;
pub mod folder;
pub mod incoming;
mod unused;

use crate::context::Context;
use folder::FileFolder;
use std::sync::Arc;

/// The payload files of challenges.
#[derive(Debug)]
pub struct Files {
    pub(crate) context: Arc<Context>,
    pub(crate) folder: FileFolder,
}

impl Files {
    pub(crate) fn new(context: Arc<Context>, folder: FileFolder) -> Arc<Self> {
        Arc::new(Self { context, folder })
    }
}
