//! Types that server and runners share: names, frequencies, challenges, and the messages between them.
//!
//! No I/O. Every type has one validating constructor, so a value that exists is valid.

#![warn(missing_docs)]

pub mod challenge;
pub mod conference;
pub mod digest;
pub mod duty_cycle;
pub mod frequency;
pub mod frequency_set;
pub mod identification;
pub mod instance;
pub mod life;
pub mod name;
pub mod older;
pub mod sender;
pub mod settings;
pub mod time;
pub mod wire;

pub use challenge::{ChallengeSpec, Payload, PublicView, Tuning};
pub use conference::{Conference, ConferenceChange};
pub use digest::{Digest, Hasher};
pub use duty_cycle::DutyCycle;
pub use frequency::rules::FrequencyRules;
pub use frequency::{Band, Frequency, ParseBandError};
pub use frequency_set::{FrequencySet, OccupiedSpan};
pub use identification::Callsign;
pub use life::Life;
pub use name::{
    AccountName, ChallengeName, ConferenceName, EngineId, NameError, ProvisioningKeyId, RadioId, RunnerId, TeamName,
    TokenName, ZoneName, closest,
};
pub use sender::Sender;
pub use time::Timestamp;
