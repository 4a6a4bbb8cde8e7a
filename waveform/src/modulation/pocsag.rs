//! One page to a radio pager (ITU-R M.584-2, "radiopaging code No. 1").

mod codeword;
mod message;

use crate::Waveform;
use crate::envelope::RAMP;
use crate::fsk::{Fsk, Keying};
use crate::modulation::{BuildError, Input, Kind, Modulation, Parameter, Payload, Values};
use codeword::{IDLE, SYNC, address, bits, data};

/// Radio paging.
pub const POCSAG: Modulation = Modulation {
    name: "pocsag",
    help: "A page to a radio pager.",
    input: Input::Text,
    parameters: &[
        Parameter {
            name: "capcode",
            help: "The pager's number.",
            kind: Kind::Integer { min: 0, max: (1 << 21) - 1, default: None },
        },
        Parameter {
            name: "baud",
            help: "Bits per second: 512, 1200 or 2400.",
            kind: Kind::Integer { min: 512, max: 2400, default: Some(512) },
        },
        Parameter {
            name: "function",
            help: "Which of its four alerts the pager gives; with 3 it shows text, with 0 numbers.",
            kind: Kind::Integer { min: 0, max: 3, default: Some(3) },
        },
        Parameter {
            name: "encoding",
            help: "alphanumeric: 7-bit ASCII; numeric: digits, space, and * U - [ ]; tone: no message at all.",
            kind: Kind::Choice { of: &["alphanumeric", "numeric", "tone"], default: "alphanumeric" },
        },
        Parameter {
            name: "profile",
            help: "standard: the last word is filled with spaces; legacy: with a 1 and zeros, as older \
                   transmitters do, so that decoders may show a character too many.",
            kind: Kind::Choice { of: &["standard", "legacy"], default: "standard" },
        },
    ],
    build,
};

/// A 0 is the higher tone.
const TONES: [f64; 2] = [4500.0, -4500.0];

/// Samples per second: a whole number of them for a bit at every rate, and room for the edges at 2400 bits per second.
const RATE: u32 = 76_800;

/// Alternating bits before the first batch; M.584-2 asks for at least 576.
const PREAMBLE: usize = 576;

/// Codewords of a batch, two for each of its eight frames.
const BATCH: usize = 16;

fn build(payload: Payload<'_>, values: &Values) -> Result<Box<dyn Waveform>, BuildError> {
    let baud = match values.integer("baud") {
        baud @ (512 | 1200 | 2400) => baud as u32,
        other => {
            let reason = format!("{other} is not one of 512, 1200, 2400");
            return Err(BuildError::Parameter { name: "baud", reason });
        }
    };
    let legacy = values.choice("profile") == "legacy";
    let message = match values.choice("encoding") {
        "numeric" => message::numeric(payload.text())?,
        "tone" => message::none(payload.text())?,
        _ => message::alphanumeric(payload.text(), legacy)?,
    };
    let words = batches(values.integer("capcode") as u32, values.integer("function") as u32, &message);
    let preamble = (0..PREAMBLE).map(|bit| bit % 2 == 0);
    let on_air: Vec<bool> = preamble.chain(words.into_iter().flat_map(bits)).collect();
    let keying = Keying { baud: f64::from(baud), samples_per_bit: RATE / baud, tones: TONES, ramp: RAMP };
    Ok(Box::new(Fsk::new(&on_air, &keying)))
}

/// All words, sync words among them. `message` holds 20 bits for each codeword.
fn batches(capcode: u32, function: u32, message: &[u32]) -> Vec<u32> {
    // A pager listens only to its own frame of two words, which the lowest three bits of its number tell.
    let mut words = vec![IDLE; 2 * (capcode as usize % 8)];
    words.push(address(capcode, function));
    words.extend(message.iter().copied().map(data));
    // A message ends with the next word that is none, so there is always an idle one.
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

    #[test]
    fn a_message_that_fills_its_batch_is_still_ended_by_an_idle_word() {
        let words = batches(0, 3, &[0; 15]);
        assert_eq!((words.len(), &words[17..]), (34, [[SYNC].as_slice(), &[IDLE; 16]].concat().as_slice()));
    }
}
