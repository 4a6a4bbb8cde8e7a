//! Hides payloads in texts: everybody who is logged in can read the error messages that runners report.

use challengectl_common::challenge::Kind;
use challengectl_common::{ChallengeSpec, Payload};
use std::collections::HashSet;

/// Equal characters in a row that are taken for a quotation, not for chance. A quotation may be cut off anywhere.
const QUOTATION_LENGTH: usize = 6;
/// Shorter payloads are not hidden: they would occur by chance.
const MIN_HIDDEN_LENGTH: usize = 3;
/// The text in the place of a quotation.
const PLACEHOLDER: &str = "[hidden]";

/// Replaces every quotation of the challenge's payload in `text`; for a payload file also its name and its digest.
pub fn without_payload(text: &str, spec: &ChallengeSpec) -> String {
    let Kind::Transmission(transmission) = &spec.kind;
    match &transmission.payload {
        Payload::Text(content) => without_parts(text, content),
        Payload::File(file) => {
            let names = file.path.rsplit(['/', '\\']).next().unwrap_or_default();
            let stem = names.rsplit_once('.').map_or(names, |(stem, _)| stem);
            let text = without_parts(text, &file.digest.to_string());
            [file.path.as_str(), names, stem].into_iter().fold(text, |text, name| without(&text, name))
        }
    }
}

/// Replaces `secret` where it occurs as a whole, in upper or lower case.
fn without(text: &str, secret: &str) -> String {
    if secret.chars().count() < MIN_HIDDEN_LENGTH {
        return text.to_owned();
    }
    hide(text, secret.chars().count(), &[folded(secret)].into())
}

/// Replaces `secret` and every part of it that is long enough.
fn without_parts(text: &str, secret: &str) -> String {
    // Also as programs quote it, with escapes.
    let forms = [secret.to_owned(), secret.escape_debug().to_string()];
    let length = QUOTATION_LENGTH.min(secret.chars().count());
    if length < MIN_HIDDEN_LENGTH {
        return text.to_owned();
    }
    let parts = forms.iter().flat_map(|form| {
        let folded: Vec<char> = form.chars().map(fold).collect();
        folded.windows(length).map(|part| part.iter().collect()).collect::<Vec<String>>()
    });
    hide(text, length, &parts.collect())
}

/// Replaces every run of characters that is covered by `parts`, which all have this `length`.
fn hide(text: &str, length: usize, parts: &HashSet<String>) -> String {
    let shown: Vec<char> = text.chars().collect();
    let folded: Vec<char> = shown.iter().copied().map(fold).collect();
    let mut secret = vec![false; shown.len()];
    for (at, part) in folded.windows(length).enumerate() {
        if parts.contains(&part.iter().collect::<String>()) {
            secret.iter_mut().skip(at).take(length).for_each(|secret| *secret = true);
        }
    }
    let mut redacted = String::with_capacity(text.len());
    let mut before = false;
    for (c, secret) in shown.into_iter().zip(secret) {
        match (secret, before) {
            (false, _) => redacted.push(c),
            (true, false) => redacted.push_str(PLACEHOLDER),
            (true, true) => {}
        }
        before = secret;
    }
    redacted
}

fn folded(text: &str) -> String {
    text.chars().map(fold).collect()
}

/// Folds one character to one character, so that positions stay.
fn fold(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use challengectl_common::challenge::{PayloadFile, TransmissionSpec};
    use challengectl_common::{ChallengeName, Digest, PublicView, Tuning};

    fn spec(payload: Payload) -> ChallengeSpec {
        let band = "144000000-146000000".parse().unwrap();
        let transmission = TransmissionSpec {
            modulation: "cw".to_owned(),
            tuning: Tuning::ManualFrequencyRange(band),
            payload,
            parameters: serde_json::Map::default(),
            priority: 0,
            min_delay_ms: 1,
            max_delay_ms: 1,
            only_on: Vec::new(),
        };
        ChallengeSpec {
            name: ChallengeName::new("A").unwrap(),
            enabled: true,
            public_view: PublicView::default(),
            kind: Kind::Transmission(transmission),
        }
    }

    #[test]
    fn a_text_is_hidden_also_in_part_and_in_other_capitals() {
        let text = spec(Payload::Text("CQ flag{\"Grün\"} K".to_owned()));
        for (told, expected) in [
            ("no power", "no power"),
            ("cannot send CQ flag{\"Grün\"} K: 'ü'", "cannot send [hidden]: 'ü'"),
            ("cannot send CQ FLAG{\"GR…", "cannot send [hidden]…"),
            (r#"Error("CQ flag{\"Grün\"} K")"#, r#"Error("[hidden]")"#),
        ] {
            assert_eq!(without_payload(told, &text), expected);
        }
        assert_eq!(without_payload("E: no power", &spec(Payload::Text("E".to_owned()))), "E: no power");
        assert_eq!(without_payload("is KEY", &spec(Payload::Text("key".to_owned()))), "is [hidden]");
    }

    #[test]
    fn a_file_is_hidden_by_its_name_and_its_digest() {
        let digest = Digest::of(b"x");
        let file = PayloadFile { path: "voices/The-Word.wav".to_owned(), digest, size: 1 };
        let spec = spec(Payload::File(file));
        let told = format!("/var/cache/{digest}: cut short; voices/The-Word.wav, the-word.WAV, THE-WORD; challenge");
        let expected = "/var/cache/[hidden]: cut short; [hidden], [hidden], [hidden]; challenge";
        assert_eq!(without_payload(&told, &spec), expected);
    }
}
