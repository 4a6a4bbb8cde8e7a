//! Looking whether everything that is stored can go on air.

use super::timekeeping::{behind, spoken};
use super::{CoreError, FileFolder};
use crate::store::challenges::{self, Challenge};
use crate::store::{Connection, Store, conference, files};
use challengectl_common::{Conference, Digest, Flag, Timestamp};
use challengectl_waveform::{BuildError, Payload, find};
use std::path::PathBuf;

/// What was looked at, and what is wrong.
#[derive(Debug, Default)]
pub struct Findings {
    /// How many challenges there are.
    pub challenges: usize,
    /// What is wrong, one sentence each, beginning with the place.
    pub problems: Vec<String>,
    /// What is right, but perhaps not meant.
    pub warnings: Vec<String>,
}

/// Builds the waveform of every stored challenge, and reads every file.
///
/// # Errors
/// When the database cannot be read.
pub async fn check(store: &Store, folder: &FileFolder, now: Timestamp) -> Result<Findings, CoreError> {
    let mut connection = store.read().await?;
    let warnings = over(&conference::read(&mut connection).await?, now).into_iter().collect();
    let all = challenges::all(&mut connection).await?;
    let mut problems: Vec<String> = clock(&mut connection, now).await?.into_iter().collect();
    for challenge in &all {
        let name = &challenge.spec.name;
        let problem = match &challenge.spec.flag {
            Flag::File(file) if files::find(&mut connection, file.digest).await?.is_none() => {
                Some(format!("file {} ({}) is not registered; import it again", file.path, file.digest))
            }
            Flag::File(file) => file_problem(folder, file.digest),
            Flag::Text(_) => None,
        };
        let problem = problem.or_else(|| build(challenge, folder).err().map(|error| error.to_string()));
        problems.extend(problem.map(|problem| format!("challenge {name}: {problem}")));
    }
    Ok(Findings { challenges: all.len(), problems, warnings })
}

/// Whether the clock is behind, which keeps challenges waiting until a running server notices.
async fn clock(connection: &mut Connection, now: Timestamp) -> Result<Option<String>, CoreError> {
    let far = challenges::too_far(connection, now).await?;
    let behind = behind(connection, now).await?;
    let what = match (behind, far) {
        (Some(behind), _) => format!("is {} behind the newest entry of the database", spoken(behind)),
        (None, 1..) => "was behind, or was ahead before".to_owned(),
        (None, _) => return Ok(None),
    };
    Ok(Some(format!(
        "clock: the clock of this host {what}, and {far} challenges are due later than their longest pause from now: set \
         it; a running server brings them nearer"
    )))
}

/// Whether the conference is over, or keeps everything off the air for ever.
fn over(conference: &Conference, now: Timestamp) -> Option<String> {
    let zone = conference.timezone();
    let off_air = if conference.auto_pause() { "; with auto_pause nothing goes on air any more" } else { "" };
    match conference.stop() {
        Some(stop) if stop <= now => Some(format!("conference: over since {}{off_air}", zone.show(stop))),
        Some(stop) if conference.auto_pause() && !conference.is_open(now) && conference.next_change(now).is_none() => {
            Some(format!("conference: no daily hours are left before it stops at {}{off_air}", zone.show(stop)))
        }
        _ => None,
    }
}

fn file_problem(folder: &FileFolder, digest: Digest) -> Option<String> {
    match folder.verify(digest) {
        Ok(true) => None,
        Ok(false) => Some(format!("{} is damaged; import it again", folder.path(digest).display())),
        Err(error) => Some(format!("{error}; import it again")),
    }
}

fn build(challenge: &Challenge, folder: &FileFolder) -> Result<(), BuildError> {
    let spec = &challenge.spec;
    let path: PathBuf;
    let payload = match &spec.flag {
        Flag::Text(text) => Payload::Text(text),
        Flag::File(file) => {
            path = folder.path(file.digest);
            Payload::File(&path)
        }
    };
    find(&spec.modulation)?.waveform(payload, &spec.parameters).map(drop)
}
