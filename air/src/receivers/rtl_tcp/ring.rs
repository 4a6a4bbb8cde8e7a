//! The blocks on their way to a client.

use crate::spectrum::FRAMES_PER_SECOND;
use std::collections::VecDeque;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, sleep_until};

/// Writes in each block of 20 ms: some programs pulse when more than 5 ms come at once.
const WRITES: usize = 5;

/// Time between two writes.
const WRITE_INTERVAL: Duration = Duration::from_millis(1000 / FRAMES_PER_SECOND / WRITES as u64);

/// Blocks that wait for a client that reads slowly: a second. Beyond that the oldest are dropped.
const MAX_BLOCKS: usize = FRAMES_PER_SECOND as usize;

/// A client that takes nothing for so long is disconnected.
const STALL_TIMEOUT: Duration = Duration::from_secs(10);

/// Blocks on their way to a client. One that was begun is always finished, so that I and Q never change places.
pub(super) struct Ring {
    blocks: VecDeque<Vec<u8>>,
    current: Vec<u8>,
    /// Bytes of `current` that are written.
    written: usize,
    /// When the first byte of `current` was due.
    due: Instant,
    /// When the client last took something.
    taken: Instant,
}

impl Ring {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self { blocks: VecDeque::new(), current: Vec::new(), written: 0, due: now, taken: now }
    }

    /// Adds a block, and drops the oldest that waits if there are too many.
    pub(super) fn add(&mut self, block: Vec<u8>) {
        if self.blocks.len() >= MAX_BLOCKS {
            self.blocks.pop_front();
        }
        self.blocks.push_back(block);
        if self.is_empty() {
            // It could take nothing while there was no block.
            self.taken = Instant::now();
            self.begin();
        }
    }

    fn is_empty(&self) -> bool {
        self.written == self.current.len()
    }

    fn begin(&mut self) {
        let Some(block) = self.blocks.pop_front() else { return };
        if self.current.is_empty() || self.blocks.is_empty() {
            self.due = Instant::now();
        }
        self.current = block;
        self.written = 0;
    }

    /// Checks that the client reads.
    ///
    /// # Errors
    /// It has taken nothing for too long.
    pub(super) fn check_stalled(&self, now: Instant) -> io::Result<()> {
        if !self.is_empty() && now.saturating_duration_since(self.taken) > STALL_TIMEOUT {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "it does not read"));
        }
        Ok(())
    }

    /// Writes the next part that is due; waits for ever if there is none. Nothing is lost when the future is dropped.
    pub(super) async fn write(&mut self, writer: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        if self.is_empty() {
            return std::future::pending().await;
        }
        let part = self.current.len().div_ceil(WRITES).next_multiple_of(2);
        let parts = self.written / part;
        // A client that is behind catches up.
        if self.blocks.is_empty() && self.written.is_multiple_of(part) {
            sleep_until(self.due + WRITE_INTERVAL * u32::try_from(parts).unwrap_or(0)).await;
        }
        let end = ((parts + 1) * part).min(self.current.len());
        let written = writer.write(self.current.get(self.written..end).unwrap_or_default()).await?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.written += written;
        self.taken = Instant::now();
        if self.is_empty() {
            self.begin();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn a_client_that_reads_late_loses_the_oldest_whole_blocks() {
        let (mut ours, mut theirs) = tokio::io::duplex(7);
        let mut ring = Ring::new();
        ring.add(vec![0; 12]);
        // A part of the first block is on its way.
        ring.write(&mut ours).await.unwrap();
        (1..=99).for_each(|number| ring.add(vec![number; 12]));
        let reading = async {
            let mut heard = vec![0; 12 * (1 + MAX_BLOCKS)];
            theirs.read_exact(&mut heard).await.unwrap();
            heard
        };
        let writing = async { while ring.write(&mut ours).await.is_ok() {} };
        let heard = tokio::select! { heard = reading => heard, () = writing => unreachable!() };
        let expected: Vec<u8> = [0].into_iter().chain(50..=99).flat_map(|number| [number; 12]).collect();
        assert_eq!(heard, expected);
    }

    #[tokio::test]
    async fn a_client_that_takes_nothing_of_a_block_for_10_seconds_is_stalled() {
        let (later, mut ring) = (Instant::now() + STALL_TIMEOUT + Duration::from_secs(60), Ring::new());
        assert!(ring.check_stalled(later).is_ok());
        ring.add(vec![0; 12]);
        assert!(ring.check_stalled(Instant::now()).is_ok());
        assert!(ring.check_stalled(later).is_err());
    }
}
