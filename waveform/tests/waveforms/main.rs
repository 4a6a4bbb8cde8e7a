//! Waveforms as their users see them: built by name, drained, and measured.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "in tests a panic is what should happen")]

mod every_modulation;
mod occupied;
mod sound;
mod support;
