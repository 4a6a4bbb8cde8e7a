//! Messages in groups of 20 bits (M.584-2, annex 1).

use crate::error::BuildError;

/// Message bits of a codeword.
const CONTENT: usize = 20;

/// Encodes text, seven bits per character, the least significant first. Refuses characters that are not ASCII.
pub(super) fn alphanumeric(text: &str, legacy: bool) -> Result<Vec<u32>, BuildError> {
    needs_text(text)?;
    let mut bits = vec![];
    for (number, character) in text.chars().enumerate() {
        if !character.is_ascii() {
            return Err(BuildError::Text(format!(
                "character {} is {character:?}, which pagers do not have; write ASCII only",
                number + 1
            )));
        }
        bits.extend(reversed(u32::from(character), 7));
    }
    if legacy {
        // A single 1 was meant as an end mark; with six zeros after it, it is a character.
        bits.push(true);
        return Ok(words(&bits, &[false]));
    }
    // Of the characters that may fill the last codeword, a space is the one that decoders show as nothing.
    Ok(words(&bits, &reversed(u32::from(b' '), 7).collect::<Vec<_>>()))
}

/// Encodes digits and a few signs, four bits each, the least significant first. Refuses other characters.
pub(super) fn numeric(text: &str) -> Result<Vec<u32>, BuildError> {
    needs_text(text)?;
    let mut bits = vec![];
    for (number, character) in text.chars().enumerate() {
        let Some(code) = DIGITS.find(character.to_ascii_uppercase()) else {
            return Err(BuildError::Text(format!(
                "character {} is {character:?}; numeric pages have digits, space, and * U - [ ] only",
                number + 1
            )));
        };
        bits.extend(reversed(code as u32, 4));
    }
    // The rest of the last codeword is filled with spaces.
    Ok(words(&bits, &[false, false, true, true]))
}

/// The characters of the codes 0 to 15.
const DIGITS: &str = "0123456789*U -][";

/// Encodes a page without a message. Refuses text, which would be lost.
pub(super) fn none(text: &str) -> Result<Vec<u32>, BuildError> {
    if text.trim().is_empty() {
        Ok(vec![])
    } else {
        Err(BuildError::Text("a tone page carries no text; leave it empty".to_owned()))
    }
}

fn needs_text(text: &str) -> Result<(), BuildError> {
    if text.is_empty() { Err(BuildError::Empty("")) } else { Ok(()) }
}

fn reversed(value: u32, bits: u32) -> impl Iterator<Item = bool> {
    (0..bits).map(move |bit| value >> bit & 1 == 1)
}

/// Splits the bits into codewords; the last is filled with repetitions of `filler`.
fn words(bits: &[bool], filler: &[bool]) -> Vec<u32> {
    bits.chunks(CONTENT)
        .map(|word| {
            let padded = word.iter().chain(filler.iter().cycle()).take(CONTENT);
            padded.fold(0, |word, bit| word << 1 | u32::from(*bit))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_sent_least_significant_bit_first_and_filled_with_spaces() {
        assert_eq!(numeric("12*").unwrap(), [0b1000_0100_0101_0011_0011]);
        assert_eq!(numeric("u [").unwrap(), [0b1101_0011_1111_0011_0011]);
    }

    #[test]
    fn a_character_that_pagers_cannot_show_is_named() {
        assert_eq!(
            alphanumeric("naïve", false).unwrap_err().to_string(),
            "text: character 3 is 'ï', which pagers do not have; write ASCII only"
        );
        assert!(numeric("12a").unwrap_err().to_string().contains("character 3 is 'a'"));
        assert!(none("x").is_err() && none("").unwrap().is_empty());
    }

    #[test]
    fn the_end_of_a_standard_message_is_blank() {
        assert_eq!(alphanumeric("A", false).unwrap(), [0b1000_0010_0000_1000_0001]);
        assert_eq!(alphanumeric("A  ", false).unwrap(), [0b1000_0010_0000_1000_0001, 0b0000_0010_0000_0100_0000]);
        assert_eq!(alphanumeric("A", true).unwrap(), [0b1000_0011_0000_0000_0000]);
    }
}
