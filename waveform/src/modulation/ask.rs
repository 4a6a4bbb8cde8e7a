//! The bits of a text by on-off keying, without preamble or checksum, so that they can be read from a recording by
//! hand.

use crate::parameter::{choice, integer, number};
use crate::{BuildError, Built, Input, Modulation, Payload, Values};
use challengectl_dsp::carrier::ook::{Keying, Ook};

/// On-off keyed bits.
pub const ASK: Modulation = Modulation {
    name: "ask",
    help: "The bits of a text, most significant first, by on-off keying.",
    input: Input::Text,
    parameters: &[
        integer("repeats", "How many times the text is sent.", 1..=100, 10),
        number("baud", "Bits per second.", 100.0..=5000.0, 3211.0, "Bd"),
        choice(
            "profile",
            "standard: whole bytes; legacy: leading zeros dropped and one put in front, as older transmitters do.",
            &["standard", "legacy"],
            "standard",
        ),
    ],
    build,
};

/// Zeros after each repetition, which separate it from the next.
const GAP: usize = 25;

/// Zeros after the last repetition.
const TAIL: usize = 5321;

/// Samples per bit; four of them for each edge.
const SAMPLES_PER_BIT: u32 = 40;

/// Part of a bit in which the carrier rises or falls, 31 µs at the default rate: short enough for any slicer, and side
/// lobes fall off much faster than with a jump.
const EDGE: f64 = 0.1;

fn build(payload: Payload<'_>, values: &Values) -> Result<Built, BuildError> {
    let text = payload.text();
    let block = if values.choice("profile") == "legacy" { legacy(text) } else { whole_bytes(text).collect() };
    // An empty text, or one of NUL characters only: no carrier at all.
    if !block.contains(&true) {
        return Err(BuildError::Empty(""));
    }
    let baud = values.number("baud");
    let keying = Keying { baud, samples_per_bit: SAMPLES_PER_BIT, edge: EDGE / baud };
    Ok(Built::new(Box::new(Ook::new(&frame(&block, values.integer("repeats") as usize), &keying))))
}

fn frame(block: &[bool], repeats: usize) -> Vec<bool> {
    let mut bits = Vec::with_capacity((block.len() + GAP) * repeats + TAIL);
    for _ in 0..repeats {
        bits.extend(block);
        bits.resize(bits.len() + GAP, false);
    }
    bits.resize(bits.len() + TAIL, false);
    bits
}

fn whole_bytes(text: &str) -> impl Iterator<Item = bool> {
    text.bytes().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1))
}

/// Returns the bits as older transmitters print them: a zero, then the text as one binary number of at least eight
/// digits, without leading zeros. So a text that begins with a letter is sent in whole bytes; one that begins with a
/// digit lacks a zero.
fn legacy(text: &str) -> Vec<bool> {
    let zeros = whole_bytes(text).take_while(|bit| !bit).count().min((text.len() * 8).saturating_sub(8));
    std::iter::once(false).chain(whole_bytes(text).skip(zeros)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(block: &[bool]) -> (usize, usize, String) {
        let bits = frame(block, 10);
        let first = bits[..24].iter().map(|bit| if *bit { '1' } else { '0' }).collect();
        (block.len() + GAP, bits.len(), first)
    }

    #[test]
    fn the_legacy_profile_sends_what_older_transmitters_send() {
        assert_eq!(sent(&legacy("Test")), (57, 5891, "010101000110010101110011".into()));
        assert_eq!(sent(&legacy("flag{this_is_ask_data}")), (201, 7331, "011001100110110001100001".into()));
        assert_eq!(sent(&legacy("1234")), (56, 5881, "011000100110010001100110".into()));
    }

    #[test]
    fn the_standard_profile_sends_whole_bytes() {
        let bits: Vec<bool> = whole_bytes("1234").collect();
        assert_eq!(sent(&bits), (57, 5891, "001100010011001000110011".into()));
    }

    #[test]
    fn the_profiles_agree_on_a_text_that_begins_with_a_letter() {
        assert_eq!(legacy("flag"), whole_bytes("flag").collect::<Vec<_>>());
    }
}
