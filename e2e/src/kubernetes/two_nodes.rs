//! A cluster with a second node, which can be lost.

use super::{Cluster, folder};
use crate::programs::run;
use anyhow::Result;

/// A cluster of its own. It ends when this value is dropped.
pub struct TwoNodes {
    cluster: Cluster,
}

impl TwoNodes {
    /// Starts it, beside the one that other tests share.
    pub fn start() -> Result<Self> {
        let mut folder = folder()?.into_os_string();
        folder.push("-two");
        let nodes = Self { cluster: Cluster::at(folder.into())? };
        run(&mut nodes.cluster.script("second"))?;
        Ok(nodes)
    }

    /// The cluster.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Ends the second node with all that runs there.
    pub fn lose(&self) -> Result<()> {
        run(&mut self.cluster.script("lose")).map(drop)
    }
}

impl Drop for TwoNodes {
    fn drop(&mut self) {
        let _ = run(&mut self.cluster.script("down"));
    }
}
