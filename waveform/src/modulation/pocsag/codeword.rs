//! Codewords of 32 bits: 21 of content, 10 of error correction, one parity bit (M.584-2, annex 1).

/// The synchronization codeword, before each batch.
pub(super) const SYNC: u32 = 0x7CD2_15D8;

/// The idle codeword, where there is neither an address nor a message.
pub(super) const IDLE: u32 = 0x7A89_C197;

/// The generator polynomial of the BCH(31,21) code: x¹⁰ + x⁹ + x⁸ + x⁶ + x⁵ + x³ + 1.
const GENERATOR: u32 = 0b111_0110_1001;

/// Returns the address codeword of a pager. The choice of the frame carries the lowest three bits of the capcode.
pub(super) fn address(capcode: u32, function: u32) -> u32 {
    codeword((capcode >> 3) << 2 | function)
}

/// Returns whether a codeword is an address of that pager, with any function.
pub(super) fn calls(word: u32, capcode: u32) -> bool {
    word >> 13 == capcode >> 3
}

/// Returns the codeword of 20 bits of a message.
pub(super) fn data(bits: u32) -> u32 {
    codeword(1 << 20 | bits)
}

/// Returns the bits in the order on air, most significant first.
pub(super) fn bits(word: u32) -> impl Iterator<Item = bool> {
    (0..32).rev().map(move |bit| word >> bit & 1 == 1)
}

fn codeword(content: u32) -> u32 {
    let protected = content << 10 | remainder(content << 10);
    protected << 1 | protected.count_ones() & 1
}

/// Returns the remainder of the division by the generator, for a polynomial of 31 bits.
fn remainder(polynomial: u32) -> u32 {
    (10..31)
        .rev()
        .fold(polynomial, |rest, bit| if rest >> bit & 1 == 1 { rest ^ GENERATOR << (bit - 10) } else { rest })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_standard_are_codewords() {
        for word in [SYNC, IDLE] {
            assert_eq!(codeword(word >> 11), word);
        }
    }

    #[test]
    fn every_codeword_divides_and_has_even_parity() {
        for content in (0..1 << 21).step_by(997) {
            let word = codeword(content);
            assert_eq!((remainder(word >> 1), word.count_ones() % 2, word >> 11), (0, 0, content));
        }
    }

    #[test]
    fn an_address_carries_the_upper_bits_of_the_number() {
        assert_eq!(address(123_456, 3), 0x0789_182E);
    }
}
