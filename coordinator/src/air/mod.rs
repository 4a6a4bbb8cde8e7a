//! What goes on air: handing out challenges, their leases, and what holds everything back.

pub(crate) mod aftermath;
pub(crate) mod assign;
mod complete;
pub(crate) mod control;
pub(crate) mod emergency;
mod ended;
pub(crate) mod hours;
pub(crate) mod leases;
pub(crate) mod operating;
mod reclaim;
mod resend;
pub(crate) mod schedule_view;
