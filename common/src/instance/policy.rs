//! The policy of a challenge: the lifetime of its instances, and what the next request to start one gets.

use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// Seconds that an instance may live.
pub const LIFETIMES: RangeInclusive<u32> = 10..=30 * 86_400;
/// The longest cooldown, in seconds.
const MAX_COOLDOWN: u32 = 86_400;
/// Instances of one challenge that wait, started, for their owners.
const MAX_WARM: u32 = 100;

/// The rules by which instances of a challenge live. They may change at any time; unlike the spec, they hold for instances
/// that are asked for from then on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Seconds that an instance lives, from the moment at which it runs.
    #[cfg_attr(feature = "openapi", schema(minimum = 10, maximum = 2_592_000))]
    pub lifetime_seconds: u32,
    /// Seconds after which it ends if its owner gives no sign of life; absent: it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 10, maximum = 2_592_000))]
    pub idle_seconds: Option<u32>,
    /// Seconds that an owner has to wait after the end of an instance before the next one.
    #[cfg_attr(feature = "openapi", schema(maximum = 86_400))]
    pub cooldown_seconds: u32,
    /// Whether its owner may give it its whole life again.
    pub extendable: bool,
    /// What a request does when its owner has an instance.
    pub on_existing: OnExisting,
    /// Seconds that it lives on after it is solved; null: its life does not change.
    #[cfg_attr(feature = "openapi", schema(maximum = 86_400))]
    pub after_solve_seconds: Option<u32>,
    /// Instances that wait, started, for their owners.
    #[cfg_attr(feature = "openapi", schema(maximum = 100))]
    pub warm: u32,
}

/// What a request to start does when its owner has an instance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnExisting {
    /// It returns the instance that is there.
    #[default]
    Return,
    /// It ends the instance, and starts another one.
    Restart,
    /// It is refused.
    Refuse,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            lifetime_seconds: 3600,
            idle_seconds: None,
            cooldown_seconds: 0,
            extendable: true,
            on_existing: OnExisting::default(),
            after_solve_seconds: Some(30),
            warm: 0,
        }
    }
}

impl Policy {
    /// Checks what the types do not. The error names the place.
    pub fn check(&self) -> Result<(), String> {
        let outside = |what, value, low, high| Err(format!("{what}: {value}, not from {low} to {high}"));
        let (shortest, longest) = (*LIFETIMES.start(), *LIFETIMES.end());
        if !LIFETIMES.contains(&self.lifetime_seconds) {
            return outside("lifetime_seconds", self.lifetime_seconds, shortest, longest);
        }
        if let Some(idle) = self.idle_seconds.filter(|idle| !LIFETIMES.contains(idle)) {
            return outside("idle_seconds", idle, shortest, longest);
        }
        if self.cooldown_seconds > MAX_COOLDOWN {
            return outside("cooldown_seconds", self.cooldown_seconds, 0, MAX_COOLDOWN);
        }
        if let Some(after) = self.after_solve_seconds.filter(|after| *after > MAX_COOLDOWN) {
            return outside("after_solve_seconds", after, 0, MAX_COOLDOWN);
        }
        if self.warm > MAX_WARM {
            return outside("warm", self.warm, 0, MAX_WARM);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_given_is_as_usual_and_what_is_too_much_is_named() {
        let policy = |json: &str| serde_json::from_str::<Policy>(json);
        assert_eq!(policy("{}").unwrap(), Policy::default());
        assert_eq!(policy(r#"{"after_solve_seconds": null}"#).unwrap().after_solve_seconds, None);
        assert_eq!(policy(r#"{"on_existing": "restart"}"#).unwrap().on_existing, OnExisting::Restart);
        assert!(policy(r#"{"ttl": 5}"#).is_err());
        let why = policy(r#"{"lifetime_seconds": 9}"#).unwrap().check().unwrap_err();
        assert_eq!(why, "lifetime_seconds: 9, not from 10 to 2592000");
        assert!(policy(r#"{"warm": 101}"#).unwrap().check().is_err());
        assert!(Policy::default().check().is_ok());
    }
}
