//! The rules for players, as the settings give them.

use challengectl_common::Digest;

/// Who may register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// Everybody.
    Open,
    /// Those who give the registration code; holds its digest.
    Code(Digest),
    /// Nobody.
    Closed,
}

/// Whose instances and solves are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The team's.
    Teams,
    /// The account's.
    Users,
}

/// The rules for players.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlayerSettings {
    /// Who may register.
    pub registration: Registration,
    /// Whose instances and solves are.
    pub mode: Mode,
    /// The most members of a team.
    pub team_size: u32,
}
