//! The form: a challenge as an operator enters it, and its check against the waveform.

use super::import::profile_of;
use crate::challenges::Challenges;
use crate::store::challenges::SignalProfile;
use crate::store::challenges::ranges;
use crate::store::files::{self, StoredFile};
use crate::{CoreError, Role};
use challengectl_common::challenge::{Kind, NamedRange, PayloadFile, TransmissionSpec};
use challengectl_common::{ChallengeSpec, Digest, Payload, Sender, Tuning};
use challengectl_event::{PAYLOAD_KEYS, Reader, TUNING_KEYS};
use serde_json::{Map, Number, Value, json};
use std::path::{Path, PathBuf};

/// Bytes of a file's name: the limit of Linux for a name in a folder (`NAME_MAX`).
const MAX_NAME: usize = 255;

/// The given fields. In a change all others stay; in a new challenge they have the defaults of an event file. Fields
/// mean the same as in an event file, but a file is an uploaded one, by its digest.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(missing_docs, reason = "config/challenges.yml explains them")]
pub struct Form {
    pub name: Option<String>,
    pub modulation: Option<String>,
    pub frequency: Option<Number>,
    pub frequency_ranges: Option<Vec<String>>,
    pub manual_frequency_range: Option<Map<String, Value>>,
    pub text: Option<String>,
    pub flag_hash: Option<Digest>,
    pub flag_file: Option<String>,
    pub parameters: Option<Map<String, Value>>,
    pub enabled: Option<bool>,
    pub priority: Option<i64>,
    pub min_delay: Option<Number>,
    pub max_delay: Option<Number>,
    pub public_view: Option<Map<String, Value>>,
    /// The runners and radios that may send the challenge; an empty list: any.
    pub only_on: Option<Vec<Sender>>,
}

/// A checked challenge, which can go on air.
pub(super) struct Checked {
    pub spec: ChallengeSpec,
    pub profile: SignalProfile,
}

impl Form {
    fn tunes(&self) -> bool {
        self.frequency.is_some() || self.frequency_ranges.is_some() || self.manual_frequency_range.is_some()
    }

    fn carries(&self) -> bool {
        self.text.is_some() || self.flag_hash.is_some()
    }

    /// Drops a tuning and a file that the challenge has already: they are not looked up again, since the challenge was
    /// accepted with them.
    fn beyond(mut self, before: Option<&ChallengeSpec>) -> Self {
        let Some(before) = before.map(transmission) else { return self };
        if let Tuning::FrequencyRanges(ranges) = &before.tuning
            && let Some(names) = &self.frequency_ranges
            && ranges.iter().map(|range| &range.name).eq(names)
        {
            self.frequency_ranges = None;
        }
        if let Payload::File(file) = &before.payload
            && self.flag_hash == Some(file.digest)
            && self.flag_file.as_ref().is_none_or(|name| *name == file.path)
        {
            (self.flag_hash, self.flag_file) = (None, None);
        }
        self
    }

    /// Returns the keys of an event file for the form laid over `before`, without the file.
    fn over(&self, before: Option<&ChallengeSpec>) -> Map<String, Value> {
        let mut keys = before.map(|spec| keys_of(spec, !self.tunes(), !self.carries())).unwrap_or_default();
        let mut set = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                keys.insert(key.to_owned(), value);
            }
        };
        set("name", self.name.clone().map(Value::from));
        set("modulation", self.modulation.clone().map(Value::from));
        set("frequency", self.frequency.clone().map(Value::from));
        set("frequency_ranges", self.frequency_ranges.clone().map(Value::from));
        set("manual_frequency_range", self.manual_frequency_range.clone().map(Value::from));
        set("text", self.text.clone().map(Value::from));
        set("parameters", self.parameters.clone().map(Value::from));
        set("enabled", self.enabled.map(Value::from));
        set("priority", self.priority.map(Value::from));
        set("min_delay", self.min_delay.clone().map(Value::from));
        set("max_delay", self.max_delay.clone().map(Value::from));
        set("only_on", self.only_on.as_ref().map(|senders| json!(senders)));
        if let Some(switches) = &self.public_view {
            // A switch that is not given keeps its value: a default could show what was hidden.
            let view = keys.entry("public_view").or_insert_with(|| json!({}));
            if let Value::Object(view) = view {
                view.extend(switches.clone());
            }
        }
        keys
    }
}

fn transmission(spec: &ChallengeSpec) -> &TransmissionSpec {
    let Kind::Transmission(transmission) = &spec.kind;
    transmission
}

/// Returns the keys of an event file for `spec`, with or without those of its tuning and its text. The file is always
/// left out: it is in the folder of files, under its digest.
fn keys_of(spec: &ChallengeSpec, tuning: bool, text: bool) -> Map<String, Value> {
    let is_kept = |key: &str| match key {
        "text" => text,
        _ => !PAYLOAD_KEYS.contains(&key) && (tuning || !TUNING_KEYS.contains(&key)),
    };
    let keys = challengectl_event::keys_of(spec).into_iter().filter(|(key, _)| is_kept(key));
    keys.map(|(key, value)| (key.to_owned(), value)).collect()
}

impl Challenges {
    /// Checks a new or changed challenge against its file and its waveform, as an import does. Roles that may not see
    /// payloads get no problem that quotes one.
    pub(super) async fn checked(
        &self,
        before: Option<&ChallengeSpec>,
        form: &Form,
        role: Role,
    ) -> Result<Checked, CoreError> {
        let read = self.read(before, form, role).await?;
        read.map(|(checked, _)| checked).map_err(|problems| CoreError::Invalid(problems.join("; ")))
    }

    /// As [`Challenges::checked`], with the remarks, or with all problems one by one.
    pub(super) async fn read(
        &self,
        before: Option<&ChallengeSpec>,
        form: &Form,
        role: Role,
    ) -> Result<Result<(Checked, Vec<String>), Vec<String>>, CoreError> {
        let form = &form.clone().beyond(before);
        let is_hidden = !form.carries() && !role.sees_payload();
        let mut keys = form.over(before);
        let file = self.file_of(before, form).await?;
        if let Some(file) = &file {
            keys.insert("file".to_owned(), relative(file.digest).into());
        }
        let ranges = self.ranges_for(before, form).await?;
        let base = self.files.folder.root()?;
        let reader = Reader::new(self.context.rules.frequency_rules.clone());
        let read = move || {
            let challenge = reader.read_one_with_remarks(keys.clone(), ranges.clone(), &base);
            challenge.map_err(|all| if is_hidden { without_payload(&reader, all, keys, ranges, &base) } else { all })
        };
        let challenge = tokio::task::spawn_blocking(read).await.map_err(|_| CoreError::Interrupted)?;
        let (challenge, remarks) = match challenge {
            Ok(read) => read,
            Err(problems) => return Ok(Err(problems)),
        };
        let profile = profile_of(&challenge);
        let mut spec = challenge.spec;
        if let Some(file) = file {
            let Kind::Transmission(transmission) = &mut spec.kind;
            transmission.payload = Payload::File(file);
        }
        Ok(Ok((Checked { spec, profile }, remarks)))
    }

    async fn file_of(&self, before: Option<&ChallengeSpec>, form: &Form) -> Result<Option<PayloadFile>, CoreError> {
        let Some(digest) = form.flag_hash else {
            if form.flag_file.is_some() {
                let way = "flag_file: needs flag_hash, which POST /api/files/upload returns";
                return Err(CoreError::Invalid(way.to_owned()));
            }
            return Ok(match before.map(|spec| &transmission(spec).payload) {
                Some(Payload::File(file)) if !form.carries() => Some(file.clone()),
                _ => None,
            });
        };
        if form.flag_file.as_deref().is_some_and(|name| name.len() > MAX_NAME || name.contains(char::is_control)) {
            return Err(CoreError::Invalid(format!("flag_file: a name of at most {MAX_NAME} bytes")));
        }
        let known = files::find(&mut *self.context.store.read().await?, digest).await?;
        let Some(StoredFile { size, name, .. }) = known else {
            return Err(CoreError::Invalid(format!("flag_hash: there is no file {digest}; upload it first")));
        };
        Ok(Some(PayloadFile { path: form.flag_file.clone().unwrap_or(name), digest, size }))
    }

    /// Returns the ranges that the challenge was accepted with if its tuning stays: their names may have other meanings
    /// by now.
    async fn ranges_for(&self, before: Option<&ChallengeSpec>, form: &Form) -> Result<Vec<NamedRange>, CoreError> {
        match before.map(|spec| &transmission(spec).tuning) {
            Some(Tuning::FrequencyRanges(ranges)) if !form.tunes() => Ok(ranges.clone()),
            _ => Ok(ranges::all(&mut *self.context.store.read().await?).await?),
        }
    }
}

/// A text that every modulation can send.
const SUBSTITUTE: &str = "5";

/// Keeps the problems that do not quote the payload: those that occur with another text as well, or that do not name
/// the file.
fn without_payload(
    reader: &Reader,
    mut all: Vec<String>,
    mut keys: Map<String, Value>,
    ranges: Vec<NamedRange>,
    base: &Path,
) -> Vec<String> {
    let count = all.len();
    if let Some(Value::String(file)) = keys.get("file") {
        all.retain(|problem| !problem.contains(file.as_str()));
    } else {
        keys.insert("text".to_owned(), SUBSTITUTE.into());
        let others = reader.read_one(keys, ranges, base).err().unwrap_or_default();
        all.retain(|problem| others.contains(problem));
    }
    if all.len() < count {
        all.push("the payload, which only admins may see, cannot be sent this way; ask an admin".to_owned());
    }
    all
}

/// Returns the path of a file within the folder of files.
fn relative(digest: Digest) -> String {
    let name = digest.to_string();
    let path: PathBuf = [name.get(..2).unwrap_or_default(), &name].iter().collect();
    path.to_string_lossy().into_owned()
}
