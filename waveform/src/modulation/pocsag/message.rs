//! Messages as rows of 20 bits (M.584-2, annex 1).

use crate::error::BuildError;

/// Bits of a codeword that carry message.
const CONTENT: usize = 20;

/// Text, seven bits a character, the least significant first.
///
/// # Errors
/// A character that is not ASCII is named.
pub(super) fn alphanumeric(text: &str, legacy: bool) -> Result<Vec<u32>, BuildError> {
    needs_text(text)?;
    let mut bits = vec![];
    for (number, character) in text.chars().enumerate() {
        if !character.is_ascii() {
            return Err(BuildError::Text(format!(
                "character {} is {character:?}, which pagers do not have: they know ASCII only",
                number + 1
            )));
        }
        bits.extend(reversed(u32::from(character), 7));
    }
    if legacy {
        // A single 1 was meant as an end mark; with six zeros behind it, it is a character.
        bits.push(true);
        return Ok(words(&bits, &[false]));
    }
    // Of the characters that may fill the last word, space is the one that no decoder prints as a mark of its own.
    Ok(words(&bits, &reversed(u32::from(b' '), 7).collect::<Vec<_>>()))
}

/// Digits and a few signs, four bits each, the least significant first.
///
/// # Errors
/// A character that is none of them is named.
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
    // The rest of the last word is filled with spaces.
    Ok(words(&bits, &[false, false, true, true]))
}

/// By their codes, 0 to 15.
const DIGITS: &str = "0123456789*U -][";

/// No message.
///
/// # Errors
/// When there is text, which would be lost.
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

/// Cuts the bits into words; the last is filled up with `filler` again and again.
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
    fn what_a_pager_cannot_show_is_named() {
        assert_eq!(
            alphanumeric("naïve", false).unwrap_err().to_string(),
            "text: character 3 is 'ï', which pagers do not have: they know ASCII only"
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
