//! The flags of challenges that are deployed for teams: a flag that is changed counts until the pod that has it is replaced.

use super::super::Session;
use crate::CoreError;
use crate::flags::{Flag, FlagMode, OldFlag, Part, PodFlags};
use crate::session::Owner;
use crate::store::Connection;
use crate::store::deployments::slots;
use crate::store::instances::{self, sessions};
use challengectl_common::instance::InstanceSpec;
use std::collections::BTreeSet;

/// The variable whose value is also the flag of the challenge.
const FLAG: &str = "FLAG";

/// Returns the flag that a spec gives to all teams; `None`: each has one of its own.
pub(crate) fn flag_of(spec: &InstanceSpec) -> Option<Flag> {
    let flag = spec.containers.iter().find_map(|container| container.environment.get(FLAG));
    let flag = flag.filter(|flag| !flag.trim().is_empty());
    flag.map(|flag| Flag { mode: FlagMode::Text, content: flag.clone() })
}

/// Returns what counts for an owner beside the flags of a challenge. Of one that has no number, the pods of all teams count:
/// nobody knows which it plays against.
pub(in super::super) async fn pod_flags(
    connection: &mut Connection,
    challenge: i64,
    owner: &Owner,
) -> Result<PodFlags, CoreError> {
    let number = slots::number_of(connection, owner).await?;
    let slot = number.map(|team| Owner::slot(challenge, team));
    let mut seen = slots::of_challenge(connection, challenge).await?;
    seen.retain(|slot| slot.wanted && number.is_none_or(|number| slot.team == number));
    let mut versions: BTreeSet<i64> = seen.iter().filter_map(|slot| slot.ready_version).collect();
    let session = match seen.first().filter(|_| number.is_some()) {
        Some(own) => sessions::get(connection, own.session_id).await?.filter(|session| session.state.is_live()),
        None => None,
    };
    // Its pod may be ready before its runner has said so.
    versions.extend(session.iter().map(|session| session.version));
    let current = instances::get(connection, challenge).await?.map(|it| it.version);
    let mut old = Vec::new();
    for version in versions.into_iter().filter(|version| current != Some(*version)) {
        let spec = instances::spec(connection, challenge, version).await?;
        let session = session.clone().map(|session| Session { version, ..session });
        let flags = flag_of(&spec).map_or_else(|| Part::of_session().flags, |flag| vec![flag]);
        old.extend(flags.into_iter().map(|flag| OldFlag { flag, session: session.clone() }));
    }
    Ok(PodFlags { slot, session, old })
}
