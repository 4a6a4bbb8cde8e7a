//! One page to a radio pager (ITU-R M.584-2, "radiopaging code No. 1").

mod codeword;
mod message;

use crate::parameter::{choice, integer, required_integer};
use crate::{BuildError, Built, Input, Modulation, Payload, Values};
use challengectl_dsp::carrier::envelope::RAMP;
use challengectl_dsp::carrier::fsk::{Fsk, Keying};
use codeword::{IDLE, SYNC, address, bits, calls, data};

/// A page with text, digits, or only a tone.
pub const POCSAG: Modulation = Modulation {
    name: "pocsag",
    help: "A page to a radio pager.",
    input: Input::Text,
    parameters: &[
        required_integer("capcode", "The pager's number.", 0..=(1 << 21) - 1),
        integer("baud", "Bits per second: 512, 1200 or 2400.", 512..=2400, 512),
        integer("function", "The function code, one of four alerts; pagers show text with 3, digits with 0.", 0..=3, 3),
        choice(
            "encoding",
            "alphanumeric: 7-bit ASCII; numeric: digits, space, and * U - [ ]; tone: no message at all.",
            &["alphanumeric", "numeric", "tone"],
            "alphanumeric",
        ),
        choice(
            "profile",
            "standard: the last codeword is filled with spaces; legacy: with a 1 and zeros, as older transmitters do, \
             so that decoders may show one more character.",
            &["standard", "legacy"],
            "standard",
        ),
    ],
    build,
};

/// Deviations in hertz for a bit 0, the higher tone, and for a bit 1.
const TONES: [f64; 2] = [4500.0, -4500.0];

/// Samples per second: a whole number per bit at each of the three rates, and room for the edges at 2400 bits per
/// second.
const RATE: u32 = 76_800;

/// Alternating bits before the first batch; M.584-2 requires at least 576.
const PREAMBLE: usize = 576;

/// Characters that receivers show. Hand-held pagers: as many as paging terminals accept (256, manual of the `WaveWare`
/// SPS-5). multimon-ng 1.2: as many as fit into 204 codewords; it cuts longer messages.
const PAGER_SHOWS: usize = 256;
const MULTIMON_SHOWS: usize = 204 * 20 / 7;
const MULTIMON_SHOWS_DIGITS: usize = 204 * 20 / 4;

/// Codewords of a batch, two for each of its eight frames.
const BATCH: usize = 16;

fn build(payload: Payload<'_>, values: &Values) -> Result<Built, BuildError> {
    let baud = match values.integer("baud") {
        baud @ (512 | 1200 | 2400) => baud as u32,
        other => {
            let reason = format!("{other} is not one of 512, 1200, 2400");
            return Err(BuildError::Parameter { name: "baud", reason });
        }
    };
    let capcode = values.integer("capcode") as u32;
    if let Some(reason) = reserved(capcode) {
        return Err(BuildError::Parameter { name: "capcode", reason });
    }
    let legacy = values.choice("profile") == "legacy";
    let encoding = values.choice("encoding");
    let message = match encoding {
        "numeric" => message::numeric(payload.text())?,
        "tone" => message::none(payload.text())?,
        _ => message::alphanumeric(payload.text(), legacy)?,
    };
    let words = batches(capcode, values.integer("function") as u32, &message);
    let preamble = (0..PREAMBLE).map(|bit| bit % 2 == 0);
    let on_air: Vec<bool> = preamble.chain(words.into_iter().flat_map(bits)).collect();
    let keying = Keying { baud: f64::from(baud), samples_per_bit: RATE / baud, tones: TONES, ramp: RAMP };
    let remarks = too_long(payload.text(), encoding).into_iter().collect();
    Ok(Built::new(Box::new(Fsk::new(&on_air, &keying)?)).remarking(remarks))
}

/// Returns why a capcode cannot be used; `None` if it can. The idle and synchronization codewords would be valid
/// addresses, but are on air all the time (M.584-2, annex 1).
fn reserved(capcode: u32) -> Option<String> {
    let (word, what) =
        [(IDLE, "idle"), (SYNC, "synchronization")].into_iter().find(|(word, _)| calls(*word, capcode))?;
    let function = word >> 11 & 3;
    Some(format!(
        "{capcode} cannot be used: its address codeword with function {function} is the {what} codeword {word:08X}, \
         which receivers skip; choose another"
    ))
}

/// Returns a remark if a text is longer than receivers show.
fn too_long(text: &str, encoding: &str) -> Option<String> {
    let length = text.chars().count();
    let (multimon, pager) = match encoding {
        "numeric" => (MULTIMON_SHOWS_DIGITS, PAGER_SHOWS),
        _ => (MULTIMON_SHOWS, PAGER_SHOWS),
    };
    if length > multimon {
        return Some(format!(
            "its text has {length} characters; multimon-ng shows the first {multimon}, pagers about {pager}"
        ));
    }
    (length > pager).then(|| format!("its text has {length} characters; pagers show about {pager}, multimon-ng all"))
}

/// Returns all codewords, including the synchronization codewords. `message` holds 20 bits for each codeword.
fn batches(capcode: u32, function: u32, message: &[u32]) -> Vec<u32> {
    // A pager listens only to its own frame of two codewords, given by the lowest three bits of its number.
    let mut words = vec![IDLE; 2 * (capcode as usize % 8)];
    words.push(address(capcode, function));
    words.extend(message.iter().copied().map(data));
    // A codeword that is not part of a message ends it, so there is always an idle one.
    words.push(IDLE);
    words.resize(words.len().next_multiple_of(BATCH), IDLE);
    words.chunks(BATCH).flat_map(|batch| std::iter::once(SYNC).chain(batch.iter().copied())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_air(capcode: u32, text: &str) -> String {
        let words = batches(capcode, 3, &message::alphanumeric(text, true).unwrap());
        let word = |word| if word == IDLE { "I".to_owned() } else { format!("{word:08X}") };
        words.into_iter().map(word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_legacy_profile_sends_what_older_transmitters_send() {
        let idle = |n| vec!["I"; n].join(" ");
        assert_eq!(
            on_air(123_456, "CI test POCSAG message"),
            "7CD215D8 0789182E E1920FA4 8BD3C975 E5C104B3 DF3870B3 AC1E26E3 8ADD3C3B CF9E1A9A F3A70406 ".to_owned()
                + &idle(7)
        );
        assert_eq!(on_air(198_468, "HELLO"), format!("7CD215D8 {} 0C1D1C16 89A2634D CCF983CB {}", idle(8), idle(5)));
        assert_eq!(
            on_air(1_234_567, "DEF CON 30 HOM3C0MING"),
            format!("7CD215D8 {} 4B5A1A25 91A2C7F2 7CD215D8 ", idle(14))
                + "C161F533 AE41647D E0C08776 CF9B3BB7 9B086E5B B325CE32 F1800498 "
                + &idle(9)
        );
    }

    fn build(text: &str, parameters: &serde_json::Value) -> Result<Built, BuildError> {
        POCSAG.built(Payload::Text(text), parameters.as_object().unwrap())
    }

    #[test]
    fn a_capcode_whose_codeword_is_idle_or_synchronization_is_refused() {
        let refused = |capcode, function| {
            build("A", &serde_json::json!({"capcode": capcode, "function": function})).err().unwrap().to_string()
        };
        assert_eq!((address(2_007_664, 0), address(2_045_063, 2)), (IDLE, SYNC));
        assert_eq!(
            refused(2_007_664, 0),
            "parameter capcode: 2007664 cannot be used: its address codeword with function 0 is the idle codeword \
             7A89C197, which receivers skip; choose another"
        );
        assert!(refused(2_007_671, 3).contains("is the idle codeword"));
        assert!(refused(2_045_056, 2).contains("is the synchronization codeword 7CD215D8"));
        for capcode in [2_007_663, 2_007_672, 2_045_055, 2_045_064] {
            assert!(build("A", &serde_json::json!({"capcode": capcode, "function": 0})).is_ok());
        }
    }

    #[test]
    fn a_text_longer_than_receivers_show_is_remarked() {
        let remarks = |length, encoding| {
            build(&"1".repeat(length), &serde_json::json!({"capcode": 1, "encoding": encoding})).unwrap().remarks
        };
        assert!(remarks(256, "alphanumeric").is_empty() && remarks(256, "numeric").is_empty());
        assert_eq!(
            remarks(257, "alphanumeric"),
            ["its text has 257 characters; pagers show about 256, multimon-ng all"]
        );
        assert_eq!(
            remarks(583, "alphanumeric"),
            ["its text has 583 characters; multimon-ng shows the first 582, pagers about 256"]
        );
        assert!(remarks(1021, "numeric")[0].contains("multimon-ng shows the first 1020"));
    }

    #[test]
    fn a_message_that_fills_its_batch_is_still_ended_by_an_idle_word() {
        let words = batches(0, 3, &[0; 15]);
        assert_eq!((words.len(), &words[17..]), (34, [[SYNC].as_slice(), &[IDLE; 16]].concat().as_slice()));
    }
}
