//! Tasks: what a runner is sent for an assignment.

use super::Air;
use crate::store::challenges::Challenge;
use crate::store::challenges::ranges::RangeBands;
use crate::store::fleet::runners::Radio;
use challengectl_common::challenge::Kind;
use challengectl_common::wire::{Task, WAV_RATE};
use challengectl_common::{Frequency, Payload, Timestamp};

/// An assignment that was handed out.
pub(crate) struct Handed {
    pub assignment_id: i64,
    pub fence: i64,
    pub frequency: Frequency,
    pub expires_at: Timestamp,
    pub challenge: Challenge,
    pub radio: Radio,
    /// The bands of the radio's named ranges.
    pub ranges: RangeBands,
}

impl Air {
    /// Returns the task. Called without the assign lock, since it opens the payload file.
    pub(crate) async fn task(&self, handed: Handed) -> Task {
        let (spec, radio) = (handed.challenge.spec, handed.radio);
        let Kind::Transmission(transmission) = spec.kind;
        let mut parameters = transmission.parameters;
        let (flag_file, flag_hash) = match transmission.payload {
            Payload::File(file) => {
                let path = self.files.folder.path(file.digest);
                let rate = tokio::task::spawn_blocking(move || challengectl_waveform::wav_rate(&path)).await;
                // Runners that read the rate from the file itself ignore it.
                if let Ok(Some(rate)) = rate {
                    parameters.insert(WAV_RATE.to_owned(), rate.into());
                }
                (Some(file.path), Some(file.digest))
            }
            Payload::Text(text) => {
                parameters.insert("text".to_owned(), text.into());
                (None, None)
            }
        };
        Task {
            challenge_id: handed.challenge.id,
            name: spec.name,
            frequency: handed.frequency,
            modulation: transmission.modulation,
            flag_file,
            flag_hash,
            parameters,
            assignment_id: handed.assignment_id,
            fence: handed.fence,
            radio_id: radio.radio_id,
            expires_at: handed.expires_at,
            lease_seconds: self.context.rules.lease.as_secs_f64(),
            sample_rate: radio.sample_rate,
            frequency_ranges: handed.ranges,
        }
    }
}
