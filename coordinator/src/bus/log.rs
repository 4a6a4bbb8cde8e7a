//! Log lines of runners and of the server, collected in memory and written in batches.

use crate::store::log::logs::LogLine;
use challengectl_common::Timestamp;
use challengectl_common::wire::LogLevel;
use parking_lot::{Mutex, MutexGuard};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// The source of the server's own lines.
pub const SERVER: &str = "server";
/// Bytes of a line that are kept.
pub const MAX_LINE: usize = 4096;
/// Bytes of a line beside its message, in memory and in the database.
const LINE_OVERHEAD: usize = 256;

// Bytes that may wait until the next flush, two seconds later. A runner that floods has its reserve and a part of the
// shared room; the reserves of the other runners and the server's room stay free.
const RESERVE: usize = 16 << 10;
const MAX_OF_RUNNER: usize = 256 << 10;
const MAX_OF_SERVER: usize = 4 << 20;
const MAX_SHARED: usize = 2 << 20;
/// The reserves of all runners together: two thousand runners that flood at once.
const MAX_RESERVED: usize = 32 << 20;

/// Lines that one transaction writes: at most 400 KiB, a few milliseconds.
pub const BATCH: usize = 100;
/// Dropped lines are reported at once, then at most this often.
const DROP_REPORT_PERIOD: Duration = Duration::from_secs(60);
/// Sources that a report of dropped lines names.
const MAX_NAMED: usize = 10;

/// The log lines that wait to be written.
#[derive(Debug, Default)]
pub struct LogBuffer(Mutex<Waiting>);

/// The lines that wait to be written, and how many were dropped since that was last reported.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    lines: Vec<LogLine>,
    by_source: HashMap<String, usize>,
    reserved: usize,
    shared: usize,
    dropped: BTreeMap<String, u64>,
    reported_at: Option<Timestamp>,
}

impl Waiting {
    /// Adds a line, or counts it as dropped if its source has no room left. Returns whether it was added.
    pub(crate) fn add(&mut self, line: LogLine) -> bool {
        let size = line.message.len() + LINE_OVERHEAD;
        let own = self.by_source.get(&line.source).copied().unwrap_or(0);
        let in_reserve = own + size <= RESERVE && self.reserved + size <= MAX_RESERVED;
        let in_shared = own + size <= MAX_OF_RUNNER && self.shared + size <= MAX_SHARED;
        match (line.source == SERVER, in_reserve, in_shared) {
            (true, ..) if own + size <= MAX_OF_SERVER => {}
            (false, true, _) => self.reserved += size,
            (false, false, true) => self.shared += size,
            _ => {
                *self.dropped.entry(line.source).or_default() += 1;
                return false;
            }
        }
        *self.by_source.entry(line.source.clone()).or_default() += size;
        self.lines.push(line);
        true
    }
}

impl LogBuffer {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock()
    }

    /// Returns the waiting lines, and frees their room.
    pub(crate) fn take(&self) -> Vec<LogLine> {
        let mut waiting = self.lock();
        waiting.by_source.clear();
        (waiting.reserved, waiting.shared) = (0, 0);
        std::mem::take(&mut waiting.lines)
    }

    /// Puts lines that could not be written back, before those that have come since.
    pub(crate) fn put_back(&self, lines: Vec<LogLine>) {
        let mut waiting = self.lock();
        let later = std::mem::take(&mut waiting.lines);
        waiting.by_source.clear();
        (waiting.reserved, waiting.shared) = (0, 0);
        for line in lines.into_iter().chain(later) {
            waiting.add(line);
        }
    }

    /// Returns a report of dropped lines, unless there was one within [`DROP_REPORT_PERIOD`].
    pub(crate) fn take_drops(&self, now: Timestamp) -> Option<String> {
        let mut waiting = self.lock();
        let lately = waiting.reported_at.is_some_and(|at| now.since(at) < DROP_REPORT_PERIOD && now >= at);
        if waiting.dropped.is_empty() || lately {
            return None;
        }
        waiting.reported_at = Some(now);
        let mut dropped: Vec<_> = std::mem::take(&mut waiting.dropped).into_iter().collect();
        dropped.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let others = dropped.split_off(dropped.len().min(MAX_NAMED));
        let named: Vec<_> = dropped.iter().map(|(source, count)| format!("{count} of {source}")).collect();
        let others = match others.len() {
            0 => String::new(),
            number => format!(" and {} of {number} others", others.iter().map(|(_, count)| count).sum::<u64>()),
        };
        Some(format!("Log lines dropped, beyond the share of their source: {}{others}", named.join(", ")))
    }
}

pub fn level_name(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Debug => "DEBUG",
        LogLevel::Info => "INFO",
        LogLevel::Warning => "WARNING",
        LogLevel::Error => "ERROR",
        LogLevel::Critical => "CRITICAL",
    }
}

/// Cuts a text to at most `limit` bytes, between characters.
pub fn shortened(mut text: String, limit: usize) -> String {
    text.truncate(text.floor_char_boundary(limit));
    text
}

/// Limits a time reported by a runner's clock to the times that the server knows to be possible.
pub fn within(moment: Timestamp, earliest: Timestamp, latest: Timestamp) -> Timestamp {
    moment.max(earliest).min(latest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(source: &str, length: usize) -> LogLine {
        let (at, message) = (Timestamp::default(), "x".repeat(length));
        LogLine { received_at: at, logged_at: at, source: source.to_owned(), level: "INFO", message }
    }

    fn flood(buffer: &LogBuffer, source: &str, lines: usize) -> usize {
        (0..lines).filter(|_| buffer.lock().add(line(source, 1000))).count()
    }

    #[test]
    fn runners_that_flood_take_no_room_from_others_or_the_server_and_are_named() {
        let buffer = LogBuffer::default();
        for n in 0..100 {
            flood(&buffer, &format!("flood-{n}"), 10_000);
        }
        assert!(buffer.lock().add(line("quiet", 1000)) && buffer.lock().add(line(SERVER, 1000)));
        let waiting: usize = buffer.lock().lines.iter().map(|line| line.message.len()).sum();
        assert!(waiting < 4 << 20, "{waiting}");
        let told = buffer.take_drops(Timestamp::default()).unwrap();
        assert!(told.contains(" of flood-") && told.ends_with(" of 90 others"), "{told}");
        flood(&buffer, "flood-1", 1000);
        assert_eq!(buffer.take_drops(Timestamp::from_millis(59_999)), None);
        assert!(buffer.take_drops(Timestamp::from_millis(60_000)).unwrap().ends_with(": 1000 of flood-1"));
    }

    #[test]
    fn what_could_not_be_written_waits_again_in_its_order_and_within_its_room() {
        let buffer = LogBuffer::default();
        let room = flood(&buffer, "roof", 10_000);
        let lines = buffer.take();
        assert_eq!((lines.len(), flood(&buffer, "roof", 10_000)), (room, room));
        buffer.lock().add(line("cellar", 1));
        buffer.put_back(lines);
        let lines = buffer.take();
        assert_eq!((lines.len(), lines.last().map(|line| line.source.as_str())), (room + 1, Some("cellar")));
        assert_eq!(flood(&buffer, "roof", 10_000), room);
    }
}
