//! The ledger: the runner's assignments on disk. Each is recorded before the carrier goes on, and deleted when the
//! server has accepted its report.

use crate::transmit::{Ended, Verdict};
use challengectl_common::wire::{CompleteRequest, Outcome, Task};
use challengectl_common::{RadioId, Timestamp};
use challengectl_host::durable::{self, Readers};
use fs_err as fs;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Characters of an error in a report: messages of libraries can be long, and the server's limit is finite.
const MAX_ERROR_CHARS: usize = 1000;

/// One assignment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) challenge_id: i64,
    pub(super) assignment_id: i64,
    pub(super) fence: i64,
    pub(super) radio_id: RadioId,
    /// `None` while the assignment is active, or if it was active when the runner was killed.
    pub(super) report: Option<Report>,
}

/// How an assignment ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) status: Outcome,
    pub(super) error: Option<String>,
    pub(super) started_at: Option<Timestamp>,
    pub(super) ended_at: Timestamp,
    /// How often the radio ran dry.
    #[serde(default)]
    pub(super) underruns: u64,
}

impl Entry {
    pub(super) fn of(task: &Task) -> Self {
        Self {
            challenge_id: task.challenge_id,
            assignment_id: task.assignment_id,
            fence: task.fence,
            radio_id: task.radio_id.clone(),
            report: None,
        }
    }

    /// Returns the report as the server takes it; `None` before the end.
    pub(super) fn message(&self) -> Option<CompleteRequest> {
        let report = self.report.clone()?;
        Some(CompleteRequest {
            challenge_id: self.challenge_id,
            status: report.status,
            error: report.error,
            assignment_id: Some(self.assignment_id),
            fence: Some(self.fence),
            started_at: report.started_at,
            ended_at: Some(report.ended_at),
            underruns: Some(report.underruns).filter(|underruns| *underruns > 0),
        })
    }
}

impl From<Ended> for Report {
    fn from(ended: Ended) -> Self {
        let (status, error) = match ended.verdict {
            Verdict::Success => (Outcome::Success, None),
            Verdict::Failed(error) | Verdict::RadioFailed(error) => (Outcome::Failed, Some(error)),
            Verdict::Aborted(error) => (Outcome::Aborted, Some(error)),
        };
        let error = error.map(|error| error.chars().take(MAX_ERROR_CHARS).collect());
        let Ended { started_at, ended_at, underruns, .. } = ended;
        Self { status, error, started_at, ended_at, underruns }
    }
}

pub(super) struct Ledger {
    dir: PathBuf,
    entries: Mutex<BTreeMap<i64, Entry>>,
    /// Serialises each change of the entries with that of its file: a report may be delivered, and its entry deleted,
    /// while the file is still being written.
    disk: Mutex<()>,
}

impl Ledger {
    pub(super) fn load(state_dir: &Path) -> anyhow::Result<Self> {
        let dir = state_dir.join("assignments");
        let entries = load(&dir)?;
        Ok(Self { dir, entries: Mutex::new(entries), disk: Mutex::default() })
    }

    /// Records an entry durably. In this process it is recorded even if writing to disk fails.
    pub(super) fn record(&self, entry: Entry) -> io::Result<()> {
        let id = entry.assignment_id;
        let text = serde_json::to_vec_pretty(&entry)?;
        let _disk = self.disk.lock();
        self.entries.lock().insert(id, entry);
        durable::write(&self.file(id), &text, Readers::Umask)
    }

    /// Deletes an entry, if it exists.
    pub(super) fn delete(&self, assignment: i64) -> io::Result<()> {
        let _disk = self.disk.lock();
        self.entries.lock().remove(&assignment);
        match fs::remove_file(self.file(assignment)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    pub(super) fn assignments(&self) -> Vec<i64> {
        self.entries.lock().keys().copied().collect()
    }

    /// Returns the entries of ended assignments whose report the server has not accepted yet.
    pub(super) fn ended(&self) -> Vec<Entry> {
        self.entries.lock().values().filter(|entry| entry.report.is_some()).cloned().collect()
    }

    /// Returns the entries without an end. At start, these were active when the last process was killed.
    pub(super) fn unfinished(&self) -> Vec<Entry> {
        self.entries.lock().values().filter(|entry| entry.report.is_none()).cloned().collect()
    }

    fn file(&self, assignment: i64) -> PathBuf {
        self.dir.join(format!("{assignment}.json"))
    }
}

fn load(dir: &Path) -> anyhow::Result<BTreeMap<i64, Entry>> {
    fs::create_dir_all(dir)?;
    let mut entries = BTreeMap::new();
    for file in fs::read_dir(dir)? {
        let path = file?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        match serde_json::from_slice::<Entry>(&fs::read(&path)?) {
            Ok(entry) => drop(entries.insert(entry.assignment_id, entry)),
            // The lease runs out on the server; not starting would cost more.
            Err(error) => tracing::warn!("{}: ignored: {error}", path.display()),
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_that_is_delivered_while_it_is_written_leaves_no_file_behind() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::load(folder.path()).unwrap();
        let (error, started_at, ended_at) = (None, None, Timestamp::from_millis(0));
        let report = Report { status: Outcome::Success, error, started_at, ended_at, underruns: 0 };
        for id in 0..50 {
            let (challenge_id, fence, radio_id) = (1, 1, RadioId::new("a").unwrap());
            let entry = Entry { challenge_id, assignment_id: id, fence, radio_id, report: Some(report.clone()) };
            std::thread::scope(|scope| {
                scope.spawn(|| ledger.record(entry).unwrap());
                while ledger.ended().is_empty() {
                    std::thread::yield_now();
                }
                ledger.delete(id).unwrap();
            });
        }
        assert_eq!(fs::read_dir(&ledger.dir).unwrap().count(), 0);
    }
}
