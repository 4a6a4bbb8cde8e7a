//! The keys of flags: sealing them, computing those of sessions, comparing submissions with them.
//!
//! Contents are sealed in the database. The flag of a session is never stored: it is computed from the session by a key
//! that is derived from the one of the data directory.

use super::{Flag, OldFlag};
use crate::CoreError;
use crate::secrets::hex;
use crate::store::flags::{FlagMode, StoredFlag};
use crate::store::instances::sessions::Session;
use crate::vault::{Vault, keyed};
pub use challengectl_event::instance::DEFAULT_FORMAT;
use regex::{Regex, RegexBuilder};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// Sealed contents open for this purpose only.
const PURPOSE: &str = "flag";
/// Where the text of a session's flag goes in its format.
const PLACE: &str = "{}";
/// Hexadecimal digits of the random part: 128 bits.
const CODE_DIGITS: usize = 32;
/// The longest submission in bytes.
pub const MAX_SUBMISSION: usize = 1024;
/// The size of a compiled pattern in bytes: patterns are matched in linear time, within this memory.
const MAX_PATTERN_SIZE: usize = 1 << 20;

/// The keys of flags.
#[derive(Debug)]
pub(crate) struct FlagKeys {
    vault: Arc<Vault>,
    key: Secret,
    /// Of the digests of submissions.
    digests: Secret,
}

/// A key that is not printed.
struct Secret([u8; 32]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl FlagKeys {
    pub(crate) fn new(vault: Arc<Vault>) -> Self {
        let [key, digests] =
            ["flags of sessions", "digests of submissions"].map(|purpose| Secret(vault.derive(purpose)));
        Self { vault, key, digests }
    }

    /// Checks a flag and seals it.
    pub(crate) fn seal(&self, part: u16, share: u32, flag: &Flag) -> Result<StoredFlag, CoreError> {
        match flag.mode {
            FlagMode::Session if flag.content.matches(PLACE).count() != 1 => {
                let why = format!("a session flag needs one {PLACE}, for its random part: {DEFAULT_FORMAT}");
                return Err(CoreError::Invalid(why));
            }
            FlagMode::Pattern => drop(compile(&flag.content)?),
            _ if flag.content.is_empty() || flag.content.len() > MAX_SUBMISSION => {
                return Err(CoreError::Invalid(format!("a flag has 1 to {MAX_SUBMISSION} bytes")));
            }
            _ => {}
        }
        Ok(StoredFlag { part, share, mode: flag.mode, content: self.vault.seal(flag.content.as_bytes(), PURPOSE)? })
    }

    /// Returns the flag of a session, if its challenge gives each session one of its own.
    pub(crate) fn of_session(&self, flags: &[StoredFlag], session: &Session) -> Result<Option<String>, CoreError> {
        let Some(flag) = flags.iter().find(|flag| flag.mode == FlagMode::Session) else { return Ok(None) };
        Ok(Some(self.open(flag)?.replace(PLACE, &self.code(session))))
    }

    /// Returns the flag that a submission is, with a session also that of the session. Blanks around it do not count.
    pub(crate) fn matching<'a>(
        &self,
        flags: &'a [StoredFlag],
        session: Option<&Session>,
        text: &str,
    ) -> Result<Option<&'a StoredFlag>, CoreError> {
        for flag in flags {
            if self.is_flag(&Flag { mode: flag.mode, content: self.open(flag)? }, session, text)? {
                return Ok(Some(flag));
            }
        }
        Ok(None)
    }

    /// Returns whether a submission is a flag of pods that are still to be replaced. That of a team may have the format of
    /// the challenge.
    pub(crate) fn is_old(&self, flags: &[StoredFlag], old: &[OldFlag], text: &str) -> Result<bool, CoreError> {
        for OldFlag { flag, session } in old {
            let session = session.as_ref();
            if self.is_flag(flag, session, text)? || self.matching(flags, session, text)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_flag(&self, flag: &Flag, session: Option<&Session>, text: &str) -> Result<bool, CoreError> {
        let (text, content) = (text.trim(), &flag.content);
        if text.len() > MAX_SUBMISSION {
            return Ok(false);
        }
        Ok(match (flag.mode, session) {
            (FlagMode::Session, Some(session)) => is_same(&content.replace(PLACE, &self.code(session)), text),
            (FlagMode::Session, None) => false,
            (FlagMode::Text, _) => is_same(content, text),
            (FlagMode::TextAnyCase, _) => is_same(&content.to_ascii_lowercase(), &text.to_ascii_lowercase()),
            (FlagMode::Pattern, _) => compile(content)?.is_match(text),
        })
    }

    /// Returns the random part that a submission has, if it has the form of a session's flag.
    pub(crate) fn code_in<'a>(&self, flags: &[StoredFlag], text: &'a str) -> Result<Option<&'a str>, CoreError> {
        for flag in flags.iter().filter(|flag| flag.mode == FlagMode::Session) {
            let format = self.open(flag)?;
            let Some((before, after)) = format.split_once(PLACE) else { continue };
            let code = text.trim().strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
            if let Some(code) = code.filter(|code| code.len() == CODE_DIGITS) {
                return Ok(Some(code));
            }
        }
        Ok(None)
    }

    /// Returns whether this is the random part of a session's flag.
    pub(crate) fn is_code_of(&self, session: &Session, code: &str) -> bool {
        is_same(&self.code(session), code)
    }

    /// Returns the digest by which a submission is recorded.
    pub(crate) fn digest(&self, text: &str) -> String {
        hex(&keyed(&self.digests.0, text.trim().as_bytes()))
    }

    /// Computes the random part of a session's flag: 128 bits of an HMAC over its fields, each with its length before
    /// it, so that no two sessions have the same message.
    fn code(&self, session: &Session) -> String {
        let numbers = [session.challenge_id, session.version, session.id].map(|number| number.to_string());
        let [challenge, version, id] = &numbers;
        let mut message = Vec::new();
        for field in [challenge, version, session.made_for.as_str(), id, &session.nonce] {
            message.extend_from_slice(&(field.len() as u64).to_be_bytes());
            message.extend_from_slice(field.as_bytes());
        }
        let mac = keyed(&self.key.0, &message);
        hex(mac.get(..CODE_DIGITS / 2).unwrap_or_default())
    }

    /// Returns the content of a flag.
    pub(crate) fn open(&self, flag: &StoredFlag) -> Result<String, CoreError> {
        String::from_utf8(self.vault.open_sealed(&flag.content, PURPOSE)?).map_err(|_| CoreError::Sealed)
    }
}

/// Compares in a time that depends on lengths alone.
fn is_same(right: &str, text: &str) -> bool {
    right.as_bytes().ct_eq(text.as_bytes()).into()
}

/// Compiles a pattern that has to match all of a submission.
fn compile(pattern: &str) -> Result<Regex, CoreError> {
    let built = RegexBuilder::new(&format!("\\A(?:{pattern})\\z")).size_limit(MAX_PATTERN_SIZE).build();
    built.map_err(|error| CoreError::Invalid(format!("the pattern of a flag: {error}")))
}

#[cfg(test)]
mod tests;
