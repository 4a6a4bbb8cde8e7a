//! A transmission into an air, from the transmitter's side.

use super::client::{Address, Connection, unexpected};
use super::wire::{MAX_SAMPLES, Message, Reply};
use crate::spectrum::{MAX_QUEUE_MS, Transmission};
use challengectl_dsp::Complex32;
use std::io;
use std::time::{Duration, Instant};

/// A transmission into an air. Dropping it cuts the carrier.
///
/// While a receiver hears it, the air's clock sets the pace: it grants room for more samples. While none does, no samples
/// are sent, and the own clock sets the pace.
pub struct Transmitter {
    connection: Connection,
    /// Samples that there is room for.
    room: usize,
    heard: bool,
    timeline: Timeline,
}

impl Transmitter {
    /// Connects and announces the transmission. The carrier goes on with the first sample.
    ///
    /// # Errors
    /// No air answers, it refuses the transmission, or it has another key.
    pub fn connect(address: &Address, transmission: &Transmission) -> io::Result<Self> {
        let mut connection = Connection::open(address)?;
        let room = connection.begin(Message::begin(transmission))? as usize;
        Ok(Self { connection, room, heard: true, timeline: Timeline::new(transmission.rate) })
    }

    /// Sends samples; returns when the air has all of them, of which at most [`MAX_QUEUE_MS`] wait to be on air.
    ///
    /// # Errors
    /// The air is gone, or stands still. Samples that wait there are not heard.
    pub fn send(&mut self, samples: &[Complex32]) -> io::Result<()> {
        let mut left = samples;
        while !left.is_empty() && !self.is_passed()? {
            let (now, later) = left.split_at(left.len().min(self.room).min(MAX_SAMPLES));
            self.connection.write(Message::samples(now))?;
            self.room -= now.len();
            left = later;
        }
        self.timeline.position += samples.len() as u64;
        Ok(())
    }

    /// Waits until there is room for samples, or until their time has come and nobody hears them: then returns true.
    fn is_passed(&mut self) -> io::Result<bool> {
        loop {
            match (self.heard, self.room) {
                (true, 1..) => return Ok(false),
                (true, 0) => drop(self.hear()?),
                (false, _) => {
                    let due = self.timeline.due(Instant::now());
                    match self.connection.read_until(due)? {
                        Some(reply) => drop(self.take(&reply)?),
                        None => return Ok(true),
                    }
                }
            }
        }
    }

    /// Waits until everything that was sent has been heard, and ends the transmission.
    ///
    /// # Errors
    /// The air is gone, or stands still: the end was not heard.
    pub fn finish(mut self) -> io::Result<()> {
        self.connection.write(Message::finish())?;
        while !self.hear()? {}
        Ok(())
    }

    /// Ends the transmission at once; returns when the air has taken it off.
    ///
    /// # Errors
    /// The air has not confirmed it.
    pub fn cut(mut self) -> io::Result<()> {
        self.connection.close()
    }

    /// Waits for a message; returns whether it ends the transmission.
    fn hear(&mut self) -> io::Result<bool> {
        let reply = self.connection.read()?;
        self.take(&reply)
    }

    fn take(&mut self, reply: &Reply) -> io::Result<bool> {
        match reply {
            Reply::Credit { samples, heard } => {
                self.room += *samples as usize;
                self.heard = *heard;
                Ok(false)
            }
            Reply::Ended => Ok(true),
            Reply::Accepted(_) | Reply::Refused(_) | Reply::Heard(..) => Err(unexpected()),
        }
    }
}

/// The time of each sample, by the own clock.
struct Timeline {
    rate: f64,
    /// When the first sample was due.
    origin: Instant,
    /// The number of the next sample.
    position: u64,
}

impl Timeline {
    fn new(rate: u32) -> Self {
        Self { rate: rate.into(), origin: Instant::now(), position: 0 }
    }

    /// Returns when the next sample is due. After the air's clock has set the pace, which is never exactly the own one,
    /// the next sample is due now or within the time that samples may wait in the air.
    fn due(&mut self, now: Instant) -> Instant {
        let elapsed = Duration::from_secs_f64(self.position as f64 / self.rate);
        let due = (self.origin + elapsed).clamp(now, now + Duration::from_millis(MAX_QUEUE_MS));
        self.origin = due.checked_sub(elapsed).unwrap_or(self.origin);
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_clock_goes_on_from_now_after_the_airs_was_ahead_or_behind() {
        let milliseconds = Duration::from_millis;
        let mut timeline = Timeline::new(1000);
        let start = timeline.origin;
        timeline.position = 50;
        assert_eq!(timeline.due(start), start + milliseconds(50));
        // The air's clock was slower.
        assert_eq!(timeline.due(start + milliseconds(70)), start + milliseconds(70));
        timeline.position = 100;
        assert_eq!(timeline.due(start + milliseconds(70)), start + milliseconds(120));
        // It was faster.
        timeline.position = 1000;
        assert_eq!(timeline.due(start + milliseconds(120)), start + milliseconds(200));
        assert_eq!(timeline.due(start + milliseconds(200)), start + milliseconds(200));
    }
}
