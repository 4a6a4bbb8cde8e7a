//! What runners ask for, and operators of runners, that takes both the fleet and the air.

pub(crate) mod presence;
pub(crate) mod runners;
