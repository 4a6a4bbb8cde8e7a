//! Names that look alike: players would look for one challenge and hear another.

use crate::looks::{seen, shape};
use challengectl_common::ChallengeName;
use std::collections::HashMap;

/// Names by their looks.
#[derive(Debug, Default)]
pub struct Looks(HashMap<String, Vec<String>>);

impl Looks {
    /// Returns the looks of these names.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a ChallengeName>) -> Self {
        let mut looks = Self::default();
        for name in names {
            looks.add(name);
        }
        looks
    }

    /// Adds a name.
    pub fn add(&mut self, name: &ChallengeName) {
        for look in looks(name.as_str()) {
            self.0.entry(look).or_default().push(name.to_string());
        }
    }

    /// Returns another name that looks like this one.
    pub fn like(&self, name: &ChallengeName) -> Option<&str> {
        let looks = looks(name.as_str());
        let mut others = looks.iter().filter_map(|look| self.0.get(look)).flatten().map(String::as_str);
        others.find(|other| *other != name.as_str() && are_alike(other, name.as_str()))
    }
}

/// Describes how a name differs from another that looks like it, for people.
pub fn difference(name: &ChallengeName, other: &str) -> String {
    let foreign = name.as_str().chars().chain(other.chars()).find(|c| !c.is_ascii());
    let how = foreign.map_or("capitals".to_owned(), |c| format!("U+{:04X}", u32::from(c)));
    format!("{:?} looks like {other:?}; they differ only in {how}", name.as_str())
}

/// Returns the looks of a name: its letters, and its shape.
fn looks(name: &str) -> [String; 2] {
    [format!("letters {}", seen(name).to_lowercase()), format!("shape {}", shape(name))]
}

/// Returns whether two names of equal looks are reported. Two ASCII names are reported only if they differ only in
/// capitals; the author of `A1` and `AI`, or of `0` and `O`, sees the difference.
fn are_alike(a: &str, b: &str) -> bool {
    !(a.is_ascii() && b.is_ascii()) || a.eq_ignore_ascii_case(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_are_found_and_others_are_not() {
        let name = |text: &str| ChallengeName::new(text).unwrap();
        let like = |a: &str, b: &str| Looks::of([&name(a)]).like(&name(b)).is_some();
        for (a, b) in [
            ("MORSE_1", "Morse_1"),
            ("MORSE I", "morse i"),
            ("MORSE_1", "\u{41c}ORSE_1"),
            ("scope", "\u{455}\u{441}\u{43e}\u{440}\u{435}"),
            ("Gr\u{fc}n", "Gru\u{308}n"),
            ("A\u{200d}B", "AB"),
            ("A B", "A\u{a0}B"),
            ("FM", "\u{ff26}\u{ff2d}"),
        ] {
            assert!(like(a, b) && like(b, a), "{a} {b}");
        }
        for (a, b) in
            [("MORSE_1", "MORSE_1"), ("MORSE_1", "MORSE_2"), ("A1", "AI"), ("CW_0", "CW_O"), ("任務", "Задача")]
        {
            assert!(!like(a, b), "{a} {b}");
        }
    }
}
