//! Whose a session is.

use std::fmt;

/// The longest name that somebody without an account may give, in characters.
const MAX_ASSERTED: usize = 128;

/// Names that people give without proof, on the engine front.
pub const ANONYMOUS: &str = "anon:";

/// Teams.
const TEAM: &str = "team:";

/// Names that people give without proof, on the sessions front.
const BY_HEADER: &str = "hdr:";

/// The owners of instances that wait, started, for theirs.
const WARM: &str = "warm:";

/// Slots: the places of teams in deployed challenges.
const SLOT: &str = "slot:";

/// The owner of sessions and solves. Names that are given without proof are kept apart from accounts, and from those of
/// other fronts, by a prefix.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Owner(String);

impl Owner {
    /// Returns the owner of a name that somebody gives on the engine front; `None` if it is empty, too long, or has a
    /// control character.
    #[must_use]
    pub fn anonymous(name: &str) -> Option<Self> {
        is_name(name).then(|| Self(format!("{ANONYMOUS}{name}")))
    }

    /// Returns the owner of a name that somebody gives in a header of the sessions front; `None` as for
    /// [`anonymous`](Self::anonymous) names.
    #[must_use]
    pub fn by_header(name: &str) -> Option<Self> {
        is_name(name).then(|| Self(format!("{BY_HEADER}{name}")))
    }

    /// Returns the owner that a team is, by its id, which is never reused.
    #[must_use]
    pub fn team(id: i64) -> Self {
        Self(format!("{TEAM}{id}"))
    }

    /// Returns the owner that an account is, by its id, which is never reused.
    #[must_use]
    pub fn account(id: i64) -> Self {
        Self(format!("account:{id}"))
    }

    /// Returns the owner of an instance that waits, started, for its own: each has another one, and none is a person.
    #[must_use]
    pub(crate) fn warm(name: &str) -> Self {
        Self(format!("{WARM}{name}"))
    }

    /// Returns the owner that a slot is: no person, so that no quota counts it.
    #[must_use]
    pub(crate) fn slot(challenge: i64, team: u32) -> Self {
        Self(format!("{SLOT}{challenge}/team-{team:03}"))
    }

    /// Returns whether it is a slot.
    #[must_use]
    pub fn is_slot(&self) -> bool {
        self.0.starts_with(SLOT)
    }

    /// Returns whether it is nobody yet.
    #[must_use]
    pub fn is_warm(&self) -> bool {
        self.0.starts_with(WARM)
    }

    /// Returns whether it is a team.
    #[must_use]
    pub fn is_team(&self) -> bool {
        self.0.starts_with(TEAM)
    }

    /// Returns the id of the team; `None` if it is none.
    pub(crate) fn team_id(&self) -> Option<i64> {
        self.0.strip_prefix(TEAM)?.parse().ok()
    }

    /// Returns whether the owner gave a name without proof.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.0.starts_with(ANONYMOUS)
    }

    pub(crate) fn stored(text: String) -> Self {
        Self(text)
    }

    /// The owner with its prefix.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as it was given, without the prefix; of a slot that of its team.
    #[must_use]
    pub fn name(&self) -> &str {
        let name = self.0.split_once(':').map_or(&*self.0, |(_, name)| name);
        match name.split_once('/') {
            Some((_, team)) if self.is_slot() => team,
            _ => name,
        }
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().count() <= MAX_ASSERTED && !name.chars().any(char::is_control)
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_without_proof_is_an_account_or_a_team() {
        for (name, own) in [("team:1", Owner::team(1)), ("account:1", Owner::account(1)), ("warm:1", Owner::warm("1"))]
        {
            let asserted = Owner::anonymous(name).unwrap();
            assert!(asserted != own && asserted.is_anonymous() && !own.is_anonymous() && !asserted.is_warm());
        }
        assert_ne!(Owner::team(1), Owner::account(1));
        let by_header = Owner::by_header("ada").unwrap();
        assert!(by_header != Owner::anonymous("ada").unwrap() && !by_header.is_anonymous());
    }

    #[test]
    fn a_name_may_have_any_separator_and_no_control_character() {
        assert_eq!(Owner::anonymous("a:b").unwrap().name(), "a:b");
        assert_eq!(Owner::anonymous("user:1").unwrap().as_str(), "anon:user:1");
        for name in ["", "a\nb", "a\0", &"x".repeat(129)] {
            assert!(Owner::anonymous(name).is_none(), "{name:?}");
        }
        assert!(Owner::anonymous(&"é".repeat(128)).is_some());
    }
}
