//! What names look like: two names of one shape can be taken for each other.

use unicode_normalization::UnicodeNormalization;
use unicode_security::skeleton;

/// Returns what is seen of a name, whatever its normalisation form, its invisible characters and the kind of its blanks.
pub fn seen(name: &str) -> String {
    let seen: String = name.nfkc().filter(|c| !is_unseen(*c)).collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the shape of a name (UTS 39, section 4), in which `l` and `I` are equal; it also ignores script and capitals.
pub fn shape(name: &str) -> String {
    let shape = skeleton(&seen(name)).collect::<String>().to_lowercase();
    skeleton(&shape).collect()
}

/// Returns whether a character is invisible but permitted in names, since scripts and emoji need it.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{180b}'..='\u{180d}')
}
