//! A receiver in another process than the air.

use super::client::{Address, Connection, unexpected};
use super::wire::{Message, Reply};
use crate::Block;
use std::io;

/// A receiver of the air of this host, in another process.
pub struct RemoteReceiver {
    connection: Connection,
    rate: u32,
}

impl RemoteReceiver {
    /// Opens a receiver; see [`Spectrum::receiver`](crate::Spectrum::receiver).
    ///
    /// # Errors
    /// No air answers, or it has another key.
    pub fn connect(address: &Address, centre_hz: f64, rate: u32) -> io::Result<Self> {
        let mut connection = Connection::open(address)?;
        let rate = connection.begin(Message::listen(centre_hz, rate))?;
        Ok(Self { connection, rate })
    }

    /// Returns the samples per second.
    #[must_use]
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Waits for the next block.
    ///
    /// # Errors
    /// The air is gone, or stands still.
    pub fn next_block(&mut self) -> io::Result<Block> {
        match self.connection.read()? {
            Reply::Heard(first, samples) => Ok(Block { first, samples: samples.into() }),
            _ => Err(unexpected()),
        }
    }
}
