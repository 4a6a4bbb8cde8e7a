//! Morse code by on-off keying (ITU-R M.1677-1).

use crate::parameter::{choice, number};
use crate::{BuildError, Built, Input, Modulation, Payload, Values};
use challengectl_dsp::carrier::ook::{Keying, Ook};
use challengectl_dsp::shift::shift;

/// Morse code.
pub const CW: Modulation = Modulation {
    name: "cw",
    help: "Morse code: a carrier keyed on and off.",
    input: Input::Text,
    parameters: &[
        number("wpm", "Speed in words per minute, by the word PARIS.", 2.0..=60.0, 20.0, "WPM"),
        number(
            "tone",
            "The carrier's distance above the frequency: the pitch in a USB receiver tuned to it.",
            0.0..=3000.0,
            700.0,
            "Hz",
        ),
        choice(
            "profile",
            "standard: gaps of 1, 3 and 7 dots, soft edges; legacy: gaps of 1, 2 and 6 dots, hard edges.",
            &["standard", "legacy"],
            "standard",
        ),
    ],
    build,
};

/// The approximate sample rate in hertz: holds the highest tone and leaves room for a filter.
const RATE: f64 = 12_000.0;

fn build(payload: Payload<'_>, values: &Values) -> Result<Built, BuildError> {
    let spacing = if values.choice("profile") == "legacy" { &LEGACY } else { &STANDARD };
    let bits = bits(payload.text(), spacing)?;
    let dot = 1.2 / values.number("wpm");
    let samples_per_bit = (RATE * dot).round() as u32;
    let edge = spacing.edge.min(dot / 4.0);
    let keying = Keying { baud: 1.0 / dot, samples_per_bit, edge };
    Ok(Built::new(shift(Box::new(Ook::new(&bits, &keying)), values.number("tone"))))
}

/// The pauses, in dots. The code of each character includes one dot of pause after its last element.
struct Spacing {
    /// Before the first character.
    lead: usize,
    /// In addition, after each character.
    character: usize,
    /// In addition, for each space.
    word: usize,
    /// In addition, after the last character.
    tail: usize,
    /// Whether leading and trailing spaces are sent.
    outer: bool,
    /// Seconds in which the carrier rises or falls.
    edge: f64,
}

/// Pauses of 1, 3 and 7 dots. Edges of 5 ms, as amateur transmitters use: no key clicks outside of some hundred hertz.
const STANDARD: Spacing = Spacing { lead: 1, character: 2, word: 4, tail: 4, outer: false, edge: 0.005 };

/// Pauses as older transmitters of such events send them. 1 ms is the shortest edge without clicks.
const LEGACY: Spacing = Spacing { lead: 1, character: 1, word: 4, tail: 11, outer: true, edge: 0.001 };

/// Returns the text as bits, one per dot.
fn bits(text: &str, spacing: &Spacing) -> Result<Vec<bool>, BuildError> {
    if text.trim().is_empty() {
        return Err(BuildError::Empty(""));
    }
    let text = if spacing.outer { text } else { text.trim() };
    let mut bits = vec![false; spacing.lead];
    let pause = |bits: &mut Vec<bool>, dots| bits.resize(bits.len() + dots, false);
    let mut in_gap = false;
    for code in codes(text)? {
        match &code {
            Some(code) => {
                for element in code.bytes() {
                    bits.resize(bits.len() + if element == b'-' { 3 } else { 1 }, true);
                    bits.push(false);
                }
                pause(&mut bits, spacing.character);
            }
            // White space of any length is one gap.
            None if in_gap => {}
            None => pause(&mut bits, spacing.word),
        }
        in_gap = code.is_none();
    }
    pause(&mut bits, spacing.tail);
    Ok(bits)
}

/// Returns the code of each character; `None` for white space. `<AR>` is a prosign: its letters without pauses between.
fn codes(text: &str) -> Result<Vec<Option<String>>, BuildError> {
    let mut codes = Vec::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if let Some((prosign, behind)) = prosign(rest) {
            codes.push(Some(prosign));
            rest = behind;
            continue;
        }
        codes.push(match code(character) {
            Some(code) => Some(code.to_owned()),
            None if character.is_whitespace() => None,
            None => {
                let number = text.chars().count() - rest.chars().count() + 1;
                let way_out = instead(character).map(|way| format!("; write {way} instead")).unwrap_or_default();
                let reason = format!("character {number} is {character:?}, which Morse code does not have{way_out}");
                return Err(BuildError::Text(reason));
            }
        });
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
    }
    Ok(codes)
}

/// Splits off a prosign, two or three letters in angle brackets: returns its code and the rest.
fn prosign(text: &str) -> Option<(String, &str)> {
    let (letters, behind) = text.strip_prefix('<')?.split_once('>')?;
    let fits = (2..=3).contains(&letters.len()) && letters.bytes().all(|letter| letter.is_ascii_alphabetic());
    fits.then(|| (letters.chars().filter_map(code).collect(), behind))
}

/// Returns the usual substitute for a character that Morse code does not have.
fn instead(character: char) -> Option<&'static str> {
    Some(match character {
        '{' | '[' => "(",
        '}' | ']' => ")",
        '<' | '>' => "a prosign such as <AR> or <SK>, or ( and ),",
        '\u{201c}' | '\u{201d}' | '\u{201e}' => "\"",
        '\u{2018}' | '\u{2019}' | '`' => "'",
        '\u{2013}' | '\u{2014}' => "-",
        '\u{2026}' => "...",
        'Ä' | 'ä' => "AE",
        'Ö' | 'ö' => "OE",
        'Ü' | 'ü' => "UE",
        'ß' => "SS",
        _ => return None,
    })
}

/// Returns the code of a character (ITU-R M.1677-1, part I). `! & ; _ $` are not in it but in common use.
fn code(character: char) -> Option<&'static str> {
    Some(match character.to_ascii_uppercase() {
        'A' => ".-",
        'B' => "-...",
        'C' => "-.-.",
        'D' => "-..",
        'E' => ".",
        'F' => "..-.",
        'G' => "--.",
        'H' => "....",
        'I' => "..",
        'J' => ".---",
        'K' => "-.-",
        'L' => ".-..",
        'M' => "--",
        'N' => "-.",
        'O' => "---",
        'P' => ".--.",
        'Q' => "--.-",
        'R' => ".-.",
        'S' => "...",
        'T' => "-",
        'U' => "..-",
        'V' => "...-",
        'W' => ".--",
        'X' => "-..-",
        'Y' => "-.--",
        'Z' => "--..",
        '0' => "-----",
        '1' => ".----",
        '2' => "..---",
        '3' => "...--",
        '4' => "....-",
        '5' => ".....",
        '6' => "-....",
        '7' => "--...",
        '8' => "---..",
        '9' => "----.",
        '.' => ".-.-.-",
        ',' => "--..--",
        ':' => "---...",
        '?' => "..--..",
        '\'' => ".----.",
        '-' => "-....-",
        '/' => "-..-.",
        '(' => "-.--.",
        ')' => "-.--.-",
        '"' => ".-..-.",
        '=' => "-...-",
        '+' => ".-.-.",
        '@' => ".--.-.",
        '!' => "-.-.--",
        '&' => ".-...",
        ';' => "-.-.-.",
        '_' => "..--.-",
        '$' => "...-..-",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dots(text: &str, spacing: &Spacing) -> String {
        bits(text, spacing).unwrap().iter().map(|bit| if *bit { '1' } else { '0' }).collect()
    }

    #[test]
    fn the_legacy_profile_sends_what_older_transmitters_send() {
        assert_eq!(dots("E", &LEGACY), format!("010{}", "0".repeat(12)));
        assert_eq!(dots("PARIS ", &LEGACY).len(), 57);
        assert!(dots("PARIS ", &LEGACY).starts_with("0101110111010010111001011101001010"));
        assert_eq!(dots("CQ CQ DE RFCTF K", &LEGACY).len(), 156);
    }

    #[test]
    fn the_word_paris_is_50_dots_long() {
        let one = dots("PARIS", &STANDARD).len();
        assert_eq!(dots("PARIS PARIS", &STANDARD).len() - one, 50);
        assert_eq!(dots("ET", &STANDARD), format!("0{}000{}0000000", "1", "111"));
    }

    #[test]
    fn white_space_of_any_length_is_one_gap() {
        assert_eq!(dots("  A \t\n B ", &STANDARD), dots("a b", &STANDARD));
    }

    #[test]
    fn a_character_that_morse_code_does_not_have_is_named() {
        let refused = |text| bits(text, &STANDARD).unwrap_err().to_string();
        assert_eq!(refused("ÄB"), "text: character 1 is 'Ä', which Morse code does not have; write AE instead");
        assert_eq!(refused("flag{x}"), "text: character 5 is '{', which Morse code does not have; write ( instead");
        assert_eq!(refused("AB Ж"), "text: character 4 is 'Ж', which Morse code does not have");
        assert!(refused("A <B").contains("character 3 is '<'") && refused("<A B>").contains("such as <AR>"));
        assert_eq!(refused(" \n"), "text: there is nothing to send");
    }

    #[test]
    fn a_prosign_is_sent_as_one_character() {
        // ITU-R M.1677-1 has AR as the character +, BT as =.
        assert_eq!(dots("E <AR>", &STANDARD), dots("E +", &STANDARD));
        assert_eq!(dots("E<bt>E", &STANDARD), dots("E=E", &STANDARD));
        assert_eq!(dots("<SK>", &STANDARD), "01010101110101110000000");
    }

    #[test]
    fn no_two_characters_have_the_same_code() {
        let all: Vec<_> = (' '..='_').filter_map(code).collect();
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!((all.len(), different.len()), (54, 54));
    }
}
