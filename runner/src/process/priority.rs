//! The priority of a process that feeds a radio, and of one that belongs to a player.
//!
//! A radio's queue may be as short as 8 ms (UHD: eight blocks of 2,040 samples, at 2 MS/s). While 200 instances start on two
//! cores, the kernel lets a process wait longer than that: eight radios ran dry 223 times in 150 s, and with this never
//! (`proof busy-host`).

use std::thread;
use thread_priority::unix::{
    RealtimeThreadSchedulePolicy, ScheduleParams, ThreadSchedulePolicy, set_thread_priority_and_policy,
    thread_native_id,
};
use thread_priority::{Error, ThreadPriority};

/// The lowest of the real-time priorities (sched(7)): before all that is not of real time.
const LOWEST: ScheduleParams = ScheduleParams { sched_priority: 1 };

/// Lets this thread, and those that it starts from here on, run before others of this host.
///
/// # Errors
/// This process may not: its limit `RLIMIT_RTPRIO` is 0, and it has no `CAP_SYS_NICE`.
pub fn before_others() -> Result<(), Error> {
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::RoundRobin);
    set_thread_priority_and_policy(thread_native_id(), ThreadPriority::from_posix(LOWEST), policy)
}

/// Takes the nice value of an ordinary program, 0, for this thread, and those that it starts from here on: the runner itself may
/// have a lower one from its service (sched(7)).
///
/// # Errors
/// The system refuses it.
pub fn like_others() -> rustix::io::Result<()> {
    rustix::process::setpriority_process(None, 0)
}

/// Returns whether processes of this one may run before others.
#[must_use]
pub fn is_permitted() -> bool {
    thread::spawn(|| before_others().is_ok()).join().unwrap_or(false)
}
