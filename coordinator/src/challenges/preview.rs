//! Checks and previews of challenges that are not created or changed yet: problems, occupied span, samples.

use super::change::name_is_free;
use super::form::{Checked, Form};
use crate::challenges::Challenges;
use crate::store::challenges::{Challenge, SignalProfile};
use crate::{CoreError, Role};
use challengectl_common::challenge::Kind;
use challengectl_common::{ChallengeSpec, Payload};
use challengectl_waveform::{self as waveform, Complex32, find};
use std::path::Path;

/// The maximum number of samples, 4 MiB as WAV: 20 s of the widest voice, minutes of Morse.
const MAX_SAMPLES: usize = 1 << 20;
/// The maximum length of a preview in seconds.
const MAX_SECONDS: f64 = 60.0;

/// The result of checking a challenge.
#[derive(Debug)]
pub struct Verdict {
    /// The problems that keep it from going on air, one sentence each.
    pub problems: Vec<String>,
    /// Remarks about an unusual challenge that can be sent nevertheless.
    pub remarks: Vec<String>,
    /// Duration and occupied span; `None` if there are problems.
    pub profile: Option<SignalProfile>,
}

/// The beginning of a signal, as it would go on air, around the nominal frequency.
#[derive(Debug)]
pub struct Preview {
    /// Samples per second.
    pub sample_rate: f64,
    /// At most [`MAX_SAMPLES`] samples.
    pub samples: Vec<Complex32>,
}

impl Challenges {
    /// Checks a challenge as [`create`](Self::create) and [`update`](Self::update) do, and changes nothing. `id` is the
    /// challenge that the form would change.
    pub async fn verdict(&self, id: Option<i64>, form: &Form, role: Role) -> Result<Verdict, CoreError> {
        let before = self.before(id).await?;
        let wrong = |problems| Verdict { problems, remarks: Vec::new(), profile: None };
        let read = match self.read(before.as_ref().map(|it| &it.spec), form, role).await {
            Err(CoreError::Invalid(problem)) => Err(vec![problem]),
            read => read?,
        };
        let (Checked { spec, profile }, remarks) = match read {
            Ok(read) => read,
            Err(problems) => return Ok(wrong(problems)),
        };
        match name_is_free(&mut *self.context.store.read().await?, &spec.name, id).await {
            Err(CoreError::Conflict(problem)) => Ok(wrong(vec![format!("name: {problem}")])),
            free => free.map(|()| Verdict { problems: Vec::new(), remarks, profile: Some(profile) }),
        }
    }

    /// Makes the signal of a challenge that is not created or changed yet.
    pub async fn preview(&self, id: Option<i64>, form: &Form, role: Role) -> Result<Preview, CoreError> {
        let before = self.before(id).await?;
        let Checked { spec, .. } = self.checked(before.as_ref().map(|it| &it.spec), form, role).await?;
        let file = match payload(&spec) {
            Payload::File(file) => Some(self.files.folder.path(file.digest)),
            Payload::Text(_) => None,
        };
        let made = tokio::task::spawn_blocking(move || render(&spec, file.as_deref())).await;
        made.map_err(|_| CoreError::Interrupted)?.map_err(CoreError::Invalid)
    }

    async fn before(&self, id: Option<i64>) -> Result<Option<Challenge>, CoreError> {
        match id {
            Some(id) => self.one(id).await.map(Some),
            None => Ok(None),
        }
    }
}

fn payload(spec: &ChallengeSpec) -> &Payload {
    let Kind::Transmission(transmission) = &spec.kind;
    &transmission.payload
}

fn render(spec: &ChallengeSpec, file: Option<&Path>) -> Result<Preview, String> {
    let Kind::Transmission(transmission) = &spec.kind;
    let payload = match (payload(spec), file) {
        (Payload::Text(text), _) => waveform::Payload::Text(text),
        (Payload::File(_), Some(path)) => waveform::Payload::File(path),
        (Payload::File(_), None) => return Err("its file is missing".to_owned()),
    };
    let modulation = find(&transmission.modulation).map_err(|error| error.to_string())?;
    let mut signal = modulation.waveform(payload, &transmission.parameters).map_err(|error| error.to_string())?;
    let wanted = ((signal.sample_rate() * MAX_SECONDS) as usize).min(MAX_SAMPLES);
    let length = usize::try_from(signal.len()).unwrap_or(usize::MAX).min(wanted);
    let mut samples = vec![Complex32::default(); length];
    let mut filled = 0;
    while let Some(rest) = samples.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match signal.fill(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) => return Err(error.to_string()),
        }
    }
    samples.truncate(filled);
    Ok(Preview { sample_rate: signal.sample_rate(), samples })
}
