//! Slugs: what names a challenge in URLs.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The longest slug.
pub const MAX_SLUG: usize = 100;

/// What names a challenge in URLs and in images: lower-case letters, digits and `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, pattern = "^[a-z0-9-]{1,100}$"))]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

/// The text is not a slug.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlugError(String);

impl fmt::Display for SlugError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not 1 to {MAX_SLUG} lower-case letters, digits and '-'", self.0)
    }
}

impl std::error::Error for SlugError {}

impl Slug {
    /// Makes the slug of a name: letters and digits of ASCII stay, in lower case; everything between them becomes one `-`.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let parts = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
        let mut slug = parts.collect::<Vec<_>>().join("-").to_ascii_lowercase();
        slug.truncate(MAX_SLUG);
        if slug.is_empty() { Self("challenge".to_owned()) } else { Self(slug) }
    }

    /// Returns the slug with a number, for a challenge whose slug is taken.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Self {
        let end = format!("-{number}");
        let room = MAX_SLUG.saturating_sub(end.len());
        Self(self.0.chars().take(room).chain(end.chars()).collect())
    }

    /// Returns the slug as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Slug {
    type Error = SlugError;

    fn try_from(text: String) -> Result<Self, SlugError> {
        let is_slug = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let fits = (1..=MAX_SLUG).contains(&text.len()) && text.bytes().all(is_slug);
        if fits { Ok(Self(text)) } else { Err(SlugError(text)) }
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_made_of_a_name() {
        let slugs = [("Basic XSS", "basic-xss"), ("  C++ & co. ", "c-co"), ("名前", "challenge"), ("b_2", "b-2")];
        for (name, slug) in slugs {
            assert_eq!(Slug::of(name).as_str(), slug);
        }
        assert_eq!(Slug::of(&"a".repeat(200)).as_str().len(), MAX_SLUG);
        assert_eq!(Slug::of(&"a".repeat(200)).numbered(12).as_str().len(), MAX_SLUG);
        assert_eq!(Slug::of("web").numbered(2).as_str(), "web-2");
        for text in ["", "A", "a b", "a/b", "é", &"a".repeat(101)] {
            assert!(Slug::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
