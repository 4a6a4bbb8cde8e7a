//! A WAV file for tasks, and answers that serve it.

use super::server::{Answer, Request, task_json};
use challengectl_common::Digest;
use serde_json::json;

/// Returns a second of a tone, 8 kHz, 16 bits, mono.
pub fn wav() -> Vec<u8> {
    let mut bytes =
        b"RIFF\xa4\x3e\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x80\x3e\0\0".to_vec();
    bytes.extend((0..8000).flat_map(|n| if n / 8 % 2 == 0 { 8000_i16 } else { -8000 }.to_le_bytes()));
    bytes
}

/// Returns a task with this file.
pub fn audio_task(assignment: i64) -> Answer {
    let mut task = task_json(assignment, "");
    task["modulation"] = json!("nbfm");
    task["flag_file"] = json!("voice.wav");
    task["flag_hash"] = json!(Digest::of(&wav()));
    task["parameters"] = json!({});
    Answer::json(200, &json!({"task": task}))
}

/// Returns the first byte that a request asks for, if it has a range.
pub fn asked_from(request: &Request) -> Option<usize> {
    let mut headers = request.headers.iter().map(|header| header.to_lowercase());
    let range = headers.find_map(|header| header.strip_prefix("range: bytes=").map(str::to_owned))?;
    range.trim_end_matches('-').parse().ok()
}

/// Returns the part of the file that a request asks for.
pub fn serve_file(request: &Request) -> Answer {
    match asked_from(request) {
        None => Answer::bytes(200, &wav()),
        Some(from) => part(from),
    }
}

/// Returns the file from this byte on.
pub fn part(from: usize) -> Answer {
    let (length, last) = (wav().len(), wav().len() - 1);
    Answer::bytes(206, &wav()[from..]).with(&format!("Content-Range: bytes {from}-{last}/{length}"))
}
