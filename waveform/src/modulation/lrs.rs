//! The paging frame of restaurant pagers by Long Range Systems (LRS), as RF capture-the-flag events use it.

use crate::parameter::choice;
use crate::{BuildError, Built, Input, Modulation, Payload, Values};
use challengectl_common::closest;
use challengectl_dsp::carrier::fsk::{Fsk, Keying};

/// Calls to restaurant pagers.
pub const LRS: Modulation = Modulation {
    name: "lrs",
    help: "A call to a restaurant pager; the text is \"-s SYSTEM -p PAGER -pf FUNCTION\".",
    input: Input::Text,
    parameters: &[choice(
        "preset",
        "rfctf: 752 chips/s, 9.1 kHz between the tones, as events send it; pager: 625 chips/s, 5 kHz, as pagers expect \
         it.",
        &["rfctf", "pager"],
        "rfctf",
    )],
    build,
};

/// The keying that event receivers expect: 3190 samples per chip at 2.4 MS/s, and two tones. The lower comes from a
/// phase step of 6.26 radians per sample, which wraps around to 8856 Hz below the carrier.
const RFCTF: Keying = Keying { baud: 2.4e6 / 3190.0, samples_per_bit: 58, tones: [239.0, -8856.0], ramp: RAMP };

/// The keying that pagers are built for, with tones at equal distances from the frequency.
const PAGER: Keying = Keying { baud: 625.0, samples_per_bit: 64, tones: [2500.0, -2500.0], ramp: RAMP };

/// Seconds in which the carrier rises: a small part of a chip, or decoders read the first chip as two.
const RAMP: f64 = 0.0003;

fn build(payload: Payload<'_>, values: &Values) -> Result<Built, BuildError> {
    let call = Call::read(payload.text())?;
    let keying = if values.choice("preset") == "pager" { &PAGER } else { &RFCTF };
    Ok(Built::new(Box::new(Fsk::new(&call.chips(), keying)?)))
}

/// A call: system, pager and function.
#[derive(Debug, PartialEq)]
struct Call {
    system: u8,
    pager: u16,
    function: u8,
}

impl Call {
    /// Parses options; an omitted option is 1.
    fn read(text: &str) -> Result<Self, BuildError> {
        let mut call = Self { system: 1, pager: 1, function: 1 };
        let mut words = text.split_whitespace().peekable();
        if words.peek().is_none() {
            return Err(BuildError::Empty("; write for example \"-s 10 -p 976 -pf 1\""));
        }
        while let Some(option) = words.next() {
            match option {
                "-s" => call.system = number(option, words.next(), u8::MAX)?,
                "-p" => call.pager = number(option, words.next(), 1023)?,
                "-pf" => call.function = number(option, words.next(), u8::MAX)?,
                _ => return Err(unknown(option)),
            }
        }
        Ok(call)
    }

    /// Returns sync word, addresses, function and checksum. In hexadecimal this is the key that scoreboards ask for.
    fn packet(&self) -> [u8; 12] {
        let [high, low] = self.pager.to_be_bytes();
        let mut packet = [0xFC, 0x2D, self.system, high, low, 0, 0, 0, 0, 0, self.function, 0];
        let sum: u32 = PREAMBLE.iter().chain(&packet).map(|byte| u32::from(*byte)).sum();
        let [.., checksum] = &mut packet;
        // Modulo 255, not 256.
        *checksum = (sum % 255) as u8;
        packet
    }

    /// Returns the whole frame in chips, two per Manchester bit.
    fn chips(&self) -> Vec<bool> {
        let wake_up = [true, false].repeat(50);
        let bytes = PREAMBLE.into_iter().chain(self.packet());
        let bits = wake_up.into_iter().chain(bytes.flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)));
        bits.flat_map(|bit| [!bit, bit]).chain([false; 100]).collect()
    }
}

const PREAMBLE: [u8; 3] = [0xAA; 3];

fn number<T: TryFrom<u32> + std::fmt::Display + Into<u32> + Copy>(
    option: &str,
    word: Option<&str>,
    max: T,
) -> Result<T, BuildError> {
    word.and_then(|word| word.parse().ok())
        .filter(|number| *number <= max.into())
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| {
            let found = word.map_or("nothing".to_owned(), |word| format!("{word:.20?}"));
            BuildError::Text(format!("{option} needs a whole number from 0 to {max}, found {found}"))
        })
}

fn unknown(option: &str) -> BuildError {
    let option: String = option.chars().take(20).collect();
    let meant = match option.trim_start_matches('-') {
        "system" => Some("-s"),
        "pager" => Some("-p"),
        "function" => Some("-pf"),
        _ => closest(&option, ["-s", "-p", "-pf"]),
    };
    let hint = meant.map_or("there are -s, -p and -pf".to_owned(), |meant| format!("did you mean {meant}?"));
    BuildError::Text(format!("there is no option {option:?}; {hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    const VECTORS: [(&str, &str, &str); 4] = [
        ("-s 10 -p 976 -pf 1", "fc2d0a03d000000000000109", "3442070c49cb6157"),
        ("-s 20 -p 238 -pf 1", "fc2d1400ee0000000000012e", "02064e5fb6e2239d"),
        ("-s 100 -p 664 -pf 10", "fc2d64029800000000000a33", "dded9b320b875768"),
        ("-s 255 -p 1023 -pf 68", "fc2dff03ff00000000004471", "c9bc855c7fd42625"),
    ];

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_chips_are_those_that_event_transmitters_send() {
        for (options, key, digest) in VECTORS {
            let call = Call::read(options).unwrap();
            assert_eq!(hex(&call.packet()), key);
            let chips: String = call.chips().iter().map(|chip| if *chip { '1' } else { '0' }).collect();
            assert_eq!(chips.len(), 540);
            assert_eq!(hex(&Sha256::digest(chips))[..16], *digest, "{options}");
        }
    }

    #[test]
    fn an_omitted_option_is_1() {
        assert_eq!(Call::read("-p 0").unwrap(), Call { system: 1, pager: 0, function: 1 });
    }

    #[test]
    fn an_invalid_option_is_named_with_its_limits() {
        let refused = |text| Call::read(text).unwrap_err().to_string();
        assert_eq!(refused("-s 256"), "text: -s needs a whole number from 0 to 255, found \"256\"");
        assert_eq!(refused("-p 1024"), "text: -p needs a whole number from 0 to 1023, found \"1024\"");
        assert_eq!(refused("-s 1 -pf"), "text: -pf needs a whole number from 0 to 255, found nothing");
        assert_eq!(refused("--pager 3"), "text: there is no option \"--pager\"; did you mean -p?");
        assert_eq!(refused("-k"), "text: there is no option \"-k\"; there are -s, -p and -pf");
        assert!(refused(" ").contains("nothing to send"));
    }
}
