//! The record of an import, step by step.

use serde::Serialize;

/// What an import did, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "did", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Step {
    AddedFile { name: String, digest: String, size: u64 },
    AddedRange { name: String },
    ChangedConference { fields: Vec<&'static str> },
    Added { challenge: String },
    Updated { challenge: String, fields: Vec<&'static str>, cut: bool },
    Unchanged { challenge: String },
    OutOfReach { challenge: String, why: String },
    LooksRenamed { challenge: String, before: String },
    AlsoOnAir { challenge: String },
    Disabled { challenge: String, cut: bool },
    LooksAlike { challenge: String, difference: String },
}

impl Step {
    /// Adds fields that have changed to the step of a challenge.
    pub(super) fn add(&mut self, more: Vec<&'static str>) {
        match self {
            Self::Updated { fields, .. } => {
                let others: Vec<_> = more.into_iter().filter(|field| !fields.contains(field)).collect();
                fields.extend(others);
            }
            Self::Unchanged { challenge } if !more.is_empty() => {
                *self = Self::Updated { challenge: std::mem::take(challenge), fields: more, cut: false };
            }
            _ => {}
        }
    }
}
