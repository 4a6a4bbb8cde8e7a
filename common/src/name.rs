//! The names of challenges, conferences, runners, radios, accounts, teams, zones and keys, and suggestions for misspelt
//! words.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a name is refused. `what` is the kind of name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The name is empty, or only white space.
    #[error("a {what} must not be empty")]
    Empty {
        /// The kind of name.
        what: &'static str,
    },
    /// The name has more characters than the limit.
    #[error("a {what} has at most {limit} characters, this one has {len}")]
    TooLong {
        /// The kind of name.
        what: &'static str,
        /// The maximum number of characters.
        limit: usize,
        /// The number of characters found.
        len: usize,
    },
    /// The name is a path segment, `.` or `..`, which a URL cannot contain.
    #[error("a {what} must not be {found:?}, which has a meaning in paths")]
    Step {
        /// The kind of name.
        what: &'static str,
        /// The name as given: `.` or `..`.
        found: String,
    },
    /// The name has an invisible character, with which two different names would look alike.
    #[error("a {what} must not contain the invisible character U+{found:04X}; delete it, or type the name again")]
    Invisible {
        /// The kind of name.
        what: &'static str,
        /// The offending character.
        found: u32,
    },
    /// The name has a character outside the allowed set.
    #[error("a {what} must not contain {found:?}; allowed are {allowed}")]
    Character {
        /// The kind of name.
        what: &'static str,
        /// The offending character.
        found: char,
        /// The allowed characters, in words.
        allowed: &'static str,
    },
}

struct Rule {
    what: &'static str,
    limit: usize,
    allowed: &'static str,
    allows: fn(char) -> bool,
}

fn check(text: &str, rule: &Rule) -> Result<String, NameError> {
    let what = rule.what;
    let text = text.trim();
    if text.is_empty() {
        return Err(NameError::Empty { what });
    }
    let len = text.chars().count();
    if len > rule.limit {
        return Err(NameError::TooLong { what, limit: rule.limit, len });
    }
    if matches!(text, "." | "..") {
        return Err(NameError::Step { what, found: text.to_owned() });
    }
    if let Some(found) = text.chars().find(|&c| is_invisible(c)) {
        return Err(NameError::Invisible { what, found: found.into() });
    }
    match text.chars().find(|&c| !(rule.allows)(c)) {
        Some(found) => Err(NameError::Character { what, found, allowed: rule.allowed }),
        None => Ok(text.to_owned()),
    }
}

/// Returns whether a character has no width or changes the direction of text (Unicode: `Default_Ignorable_Code_Point`).
/// The joiners and the variation selectors are exempt, since scripts and emoji need them.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}' | '\u{200b}'
        | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e00ff}')
}

const IDENTIFIER: &str = "letters, digits, '.', '_' and '-'";

fn identifier(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident like $example:literal, $pattern:literal, $rule:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(
            feature = "openapi",
            derive(utoipa::ToSchema),
            schema(value_type = String, pattern = $pattern, examples($example))
        )]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks a name, and removes the white space around it.
            pub fn new(text: &str) -> Result<Self, NameError> {
                const RULE: Rule = $rule;
                check(text, &RULE).map(Self)
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                Self::new(&text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// The name of a challenge: unique in an event, shown to players. 1 to 100 printable characters.
    ChallengeName like "MORSE_1",
    "^[^/\\\\\\x00-\\x1f\\x7f-\\x9f\\u00ad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]{1,100}$",
    Rule {
        what: "challenge name",
        limit: 100,
        allowed: "printable characters other than '/' and '\\'",
        allows: |c| !c.is_control() && !matches!(c, '/' | '\\'),
    }
);

name!(
    /// The name of a conference, shown to players. 1 to 200 printable characters.
    ConferenceName like "Example CTF",
    "^[^\\x00-\\x1f\\x7f-\\x9f]{1,200}$",
    Rule { what: "conference name", limit: 200, allowed: "printable characters", allows: |c| !c.is_control() }
);

name!(
    /// The id of a runner, unique on a server. 1 to 64 letters, digits, `.`, `_`, `-`.
    RunnerId like "runner-1",
    "^(?![.]{1,2}$)[A-Za-z0-9._-]{1,64}$",
    Rule { what: "runner id", limit: 64, allowed: IDENTIFIER, allows: identifier }
);

name!(
    /// The id of a radio, unique on its runner. 1 to 64 letters, digits, `.`, `_`, `-`.
    RadioId like "hackrf-1",
    "^(?![.]{1,2}$)[A-Za-z0-9._-]{1,64}$",
    Rule { what: "radio id", limit: 64, allowed: IDENTIFIER, allows: identifier }
);

name!(
    /// The id of an engine, unique on its runner. 1 to 64 letters, digits, `.`, `_`, `-`.
    EngineId like "docker",
    "^(?![.]{1,2}$)[A-Za-z0-9._-]{1,64}$",
    Rule { what: "engine id", limit: 64, allowed: IDENTIFIER, allows: identifier }
);

name!(
    /// The name of an account, unique on a server. 1 to 64 letters, digits, `.`, `_`, `-`.
    AccountName like "ada",
    "^(?![.]{1,2}$)[A-Za-z0-9._-]{1,64}$",
    Rule { what: "user name", limit: 64, allowed: IDENTIFIER, allows: identifier }
);

name!(
    /// The id of a provisioning key, unique on a server. 1 to 64 letters, digits, `.`, `_`, `-`.
    ProvisioningKeyId like "venue",
    "^(?![.]{1,2}$)[A-Za-z0-9._-]{1,64}$",
    Rule { what: "provisioning key id", limit: 64, allowed: IDENTIFIER, allows: identifier }
);

name!(
    /// The name of a team, unique on a server, shown to everybody. 1 to 64 printable characters.
    TeamName like "Rotor 7",
    "^[^/\\\\\\x00-\\x1f\\x7f-\\x9f\\u00ad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]{1,64}$",
    Rule {
        what: "team name",
        limit: 64,
        allowed: "printable characters other than '/' and '\\'",
        allows: |c| !c.is_control() && !matches!(c, '/' | '\\'),
    }
);

name!(
    /// The name of a zone, a part of the players that the organisers keep apart. 1 to 64 letters, digits, `.`, `_`, `-`.
    ZoneName like "north",
    "^(?![.]{1,2}$)[A-Za-z0-9._-]{1,64}$",
    Rule { what: "zone", limit: 64, allowed: IDENTIFIER, allows: identifier }
);

name!(
    /// What a player calls a token of their own. 1 to 64 printable characters.
    TokenName like "solver script",
    "^[^\\x00-\\x1f\\x7f-\\x9f\\u00ad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]{1,64}$",
    Rule { what: "token name", limit: 64, allowed: "printable characters", allows: |c| !c.is_control() }
);

impl ChallengeName {
    /// Returns a stored name unchecked: it was valid by the rules in force when it was stored.
    #[must_use]
    pub fn stored(text: String) -> Self {
        Self(text)
    }
}

/// Returns the candidate most similar to `word`, for "did you mean"; `None` if even that one differs in more than a
/// third of its letters.
///
/// ```
/// assert_eq!(challengectl_common::closest("frequancy", ["frequency", "flag"]), Some("frequency"));
/// assert_eq!(challengectl_common::closest("colour", ["frequency", "flag"]), None);
/// ```
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| distance * 3 <= candidate.len().max(word.len()))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_spaces_inside_and_loses_those_around() {
        assert_eq!(ChallengeName::new("  HAM MORSE 1 ").unwrap().as_str(), "HAM MORSE 1");
    }

    #[test]
    fn a_name_that_could_leave_a_folder_is_refused() {
        assert!(ChallengeName::new("../passwd").is_err());
        for step in [".", "..", " .. "] {
            assert!(
                RunnerId::new(step).is_err() && AccountName::new(step).is_err() && ChallengeName::new(step).is_err()
            );
        }
        assert!(RunnerId::new("...").is_ok() && RunnerId::new(".a").is_ok());
        assert!(RunnerId::new("a b").is_err());
        assert!(ChallengeName::new("a\nb").is_err());
    }

    #[test]
    fn a_name_with_an_invisible_character_is_refused_and_the_character_named() {
        for hidden in ['\u{200b}', '\u{202e}', '\u{2066}', '\u{200f}', '\u{ad}', '\u{feff}', '\u{3164}'] {
            let error = ChallengeName::new(&format!("A{hidden}B")).unwrap_err().to_string();
            assert!(error.contains(&format!("U+{:04X}", u32::from(hidden))), "{error}");
            assert!(TeamName::new(&format!("A{hidden}B")).is_err() && TokenName::new(&format!("A{hidden}B")).is_err());
        }
        for seen in ["Grün 1", "Задача", "任務", "☢\u{fe0f} 1", "👨\u{200d}👩", "می\u{200c}خواهم"]
        {
            assert!(ChallengeName::new(seen).is_ok() && TeamName::new(seen).is_ok(), "{seen}");
        }
    }
}
