//! Blocks of samples, from the mixer to receivers.

use challengectl_dsp::Complex32;
use std::sync::Arc;

/// A run of consecutive samples of one stream.
#[derive(Debug, Clone)]
pub struct Block {
    /// The number of the first sample. A gap after the block before shows how many were lost.
    pub first: u64,
    /// Complex baseband about the stream's centre; 1.0 is full scale.
    pub samples: Arc<[Complex32]>,
}
