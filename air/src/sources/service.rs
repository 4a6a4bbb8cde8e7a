//! What the air does for one connection: takes a transmission, or lets a process listen.

use super::frames::{Incoming, Outgoing};
use super::wire::{Message, Reply};
use crate::spectrum::{Receiver, Source, Spectrum, Transmission};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

/// A process that listens and takes nothing for so long is disconnected.
const STALL_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection, greeted.
pub(super) struct Connection<R, W> {
    pub(super) incoming: Incoming<R>,
    pub(super) outgoing: Outgoing<W>,
}

/// The purpose of a connection.
pub(super) enum Purpose {
    Transmit(Transmission),
    Listen { centre_hz: f64, rate: u32 },
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Connection<R, W> {
    /// Reads the purpose of the connection, which is its first message.
    pub(super) async fn purpose(&mut self) -> io::Result<Purpose> {
        match self.incoming.read().await? {
            Some(Message::Begin(transmission)) => Ok(Purpose::Transmit(transmission)),
            Some(Message::Listen { centre_hz, rate }) => Ok(Purpose::Listen { centre_hz, rate }),
            _ => Err(invalid("its first message does not announce a transmission")),
        }
    }

    /// Serves the purpose until it is fulfilled or the connection ends.
    pub(super) async fn serve(self, purpose: Purpose, spectrum: Spectrum) -> io::Result<()> {
        match purpose {
            Purpose::Transmit(transmission) => self.transmit(transmission, spectrum).await,
            Purpose::Listen { centre_hz, rate } => self.listen(spectrum.receiver(centre_hz, rate.into())).await,
        }
    }

    /// Sends the blocks of a receiver.
    async fn listen(mut self, mut receiver: Receiver) -> io::Result<()> {
        let rate = receiver.rate() as u32;
        self.outgoing.write(&Reply::Accepted(rate)).await?;
        while let Some(block) = receiver.next().await {
            let heard = Reply::Heard(block.first, block.samples.to_vec());
            let written = timeout(STALL_TIMEOUT, self.outgoing.write(&heard)).await;
            match written.map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "it does not read"))? {
                Err(error) if matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) => {
                    break;
                }
                written => written?,
            }
        }
        Ok(())
    }

    /// Carries out a transmission.
    async fn transmit(self, transmission: Transmission, spectrum: Spectrum) -> io::Result<()> {
        let Self { mut incoming, mut outgoing } = self;
        let source = match spectrum.transmit(transmission) {
            Ok(source) => source,
            Err(error) => return outgoing.write(&Reply::Refused(error.to_string())).await,
        };
        // A transmission does not keep the air alive.
        drop(spectrum);
        let capacity = source.capacity();
        outgoing.write(&Reply::Accepted(u32::try_from(capacity).unwrap_or(u32::MAX))).await?;
        let ended = tokio::select! {
            taken = take(&mut incoming, &source) => taken,
            granted = grant(&mut outgoing, &source, capacity as u64) => granted,
        };
        // Before the connection closes, which tells the transmitter that its carrier is off.
        drop(source);
        ended
    }
}

/// Moves samples to the source; returns at the end of the connection.
async fn take<R: AsyncRead + Unpin>(incoming: &mut Incoming<R>, source: &Source) -> io::Result<()> {
    loop {
        match incoming.read().await? {
            None => return Ok(()),
            Some(Message::Samples(samples)) => {
                source.send(samples).map_err(|_| invalid("it sent more samples than there was room for"))?;
            }
            Some(Message::Finish) => source.finish(),
            Some(Message::Begin(_) | Message::Listen { .. }) => return Err(invalid("it began twice")),
        }
    }
}

/// Grants room for samples as the air's clock makes it, and reports whether they are heard; returns when all of them have
/// been. A source that nobody hears reports once a second, as a sign of life.
async fn grant<W: AsyncWrite + Unpin>(outgoing: &mut Outgoing<W>, source: &Source, capacity: u64) -> io::Result<()> {
    let (mut granted, mut reported) = (capacity, true);
    loop {
        let progress = source.mixed().await;
        if progress.over {
            return outgoing.write(&Reply::Ended).await;
        }
        let more = capacity + progress.mixed - granted;
        if more > 0 || !progress.heard || !reported {
            let samples = u32::try_from(more).unwrap_or(u32::MAX);
            outgoing.write(&Reply::Credit { samples, heard: progress.heard }).await?;
            granted += u64::from(samples);
            reported = progress.heard;
        }
    }
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
