//! The system calls that processes are refused: those of containers, from the same list.

use super::{Failure, at};
use crate::engine::profile::SECCOMP;
use nix::libc;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter,
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The bit of system calls of the ABI x32, which are the same calls by other numbers.
#[cfg(target_arch = "x86_64")]
const X32: i64 = 0x4000_0000;

/// The list, in the format of container engines.
#[derive(Deserialize)]
struct List {
    syscalls: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    names: Vec<String>,
    errno_ret: u32,
    #[serde(default)]
    args: Vec<Argument>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Argument {
    index: u8,
    value: u64,
    #[serde(default)]
    value_two: u64,
    op: Comparison,
}

#[derive(Deserialize)]
enum Comparison {
    #[serde(rename = "SCMP_CMP_MASKED_EQ")]
    MaskedEqual,
    #[serde(rename = "SCMP_CMP_NE")]
    NotEqual,
    #[serde(rename = "SCMP_CMP_GT")]
    Greater,
}

/// Applies the filters to this process, and to all that it starts. New privileges end with that too. Programs of another
/// architecture, such as 32-bit ones, are killed.
pub(super) fn apply() -> Result<(), Failure> {
    for program in programs()? {
        at("refusing system calls", apply_filter(&program))?;
    }
    Ok(())
}

/// Returns a filter for each error number, since a filter has one.
fn programs() -> Result<Vec<BpfProgram>, Failure> {
    let list: List = at("reading the list of system calls", serde_json::from_str(SECCOMP))?;
    let mut filters: BTreeMap<u32, BTreeMap<i64, Vec<SeccompRule>>> = BTreeMap::new();
    for entry in &list.syscalls {
        let calls = filters.entry(entry.errno_ret).or_default();
        for number in entry.names.iter().filter_map(|name| number(name)) {
            for number in same(number) {
                let rules = calls.entry(number).or_default();
                if !entry.args.is_empty() {
                    rules.push(at("reading the list of system calls", rule(&entry.args))?);
                }
            }
        }
    }
    let arch = at("refusing system calls", TargetArch::try_from(std::env::consts::ARCH))?;
    let program = |(errno, rules): (u32, BTreeMap<i64, Vec<SeccompRule>>)| {
        SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(errno), arch)?.try_into()
    };
    let made: Result<Vec<BpfProgram>, seccompiler::BackendError> = filters.into_iter().map(program).collect();
    at("refusing system calls", made)
}

fn rule(arguments: &[Argument]) -> Result<SeccompRule, seccompiler::BackendError> {
    let conditions = arguments.iter().map(|argument| {
        let (op, value) = match argument.op {
            Comparison::MaskedEqual => (SeccompCmpOp::MaskedEq(argument.value), argument.value_two),
            Comparison::NotEqual => (SeccompCmpOp::Ne, argument.value),
            Comparison::Greater => (SeccompCmpOp::Gt, argument.value),
        };
        // The kernel looks at the lower half of these arguments, whatever the upper one has.
        SeccompCondition::new(argument.index, SeccompCmpArgLen::Dword, op, value)
    });
    SeccompRule::new(conditions.collect::<Result<_, _>>()?)
}

#[cfg(target_arch = "x86_64")]
fn same(number: i64) -> [i64; 2] {
    [number, number | X32]
}

#[cfg(not(target_arch = "x86_64"))]
fn same(number: i64) -> [i64; 1] {
    [number]
}

/// Makes the table of numbers from the C library's constants.
macro_rules! numbers {
    ($(#[$which:meta])* $name:ident: $($call:ident = $number:expr),+ $(,)?) => {
        $(#[$which])*
        const $name: &[(&str, i64)] = &[$((stringify!($call), $number as i64)),+];
    };
}

numbers! {
    EVERYWHERE:
    clone3 = libc::SYS_clone3, io_uring_enter = libc::SYS_io_uring_enter, io_uring_register = libc::SYS_io_uring_register,
    io_uring_setup = libc::SYS_io_uring_setup, memfd_secret = 447, userfaultfd = libc::SYS_userfaultfd,
    fsconfig = libc::SYS_fsconfig, fsmount = libc::SYS_fsmount, fsopen = libc::SYS_fsopen, fspick = libc::SYS_fspick,
    listmount = 458, mount = libc::SYS_mount, mount_setattr = libc::SYS_mount_setattr,
    move_mount = libc::SYS_move_mount, open_tree = libc::SYS_open_tree, open_tree_attr = 467,
    pivot_root = libc::SYS_pivot_root, setns = libc::SYS_setns, statmount = 457, umount2 = libc::SYS_umount2,
    unshare = libc::SYS_unshare, clone = libc::SYS_clone, acct = libc::SYS_acct, add_key = libc::SYS_add_key,
    bpf = libc::SYS_bpf, clock_adjtime = libc::SYS_clock_adjtime, clock_settime = libc::SYS_clock_settime,
    delete_module = libc::SYS_delete_module, fanotify_init = libc::SYS_fanotify_init,
    finit_module = libc::SYS_finit_module, init_module = libc::SYS_init_module,
    kexec_file_load = libc::SYS_kexec_file_load, kexec_load = libc::SYS_kexec_load, keyctl = libc::SYS_keyctl,
    lsm_set_self_attr = 460, nfsservctl = libc::SYS_nfsservctl, perf_event_open = libc::SYS_perf_event_open,
    quotactl = libc::SYS_quotactl, quotactl_fd = libc::SYS_quotactl_fd, reboot = libc::SYS_reboot,
    request_key = libc::SYS_request_key, settimeofday = libc::SYS_settimeofday, swapoff = libc::SYS_swapoff,
    swapon = libc::SYS_swapon, syslog = libc::SYS_syslog, vhangup = libc::SYS_vhangup,
    get_mempolicy = libc::SYS_get_mempolicy, kcmp = libc::SYS_kcmp, lookup_dcookie = libc::SYS_lookup_dcookie,
    mbind = libc::SYS_mbind, migrate_pages = libc::SYS_migrate_pages, move_pages = libc::SYS_move_pages,
    name_to_handle_at = libc::SYS_name_to_handle_at, open_by_handle_at = libc::SYS_open_by_handle_at,
    set_mempolicy = libc::SYS_set_mempolicy, set_mempolicy_home_node = 450, personality = libc::SYS_personality,
    socket = libc::SYS_socket,
}

numbers! {
    #[cfg(target_arch = "x86_64")]
    OLDER:
    create_module = 174, get_kernel_syms = 177, ioperm = libc::SYS_ioperm,
    iopl = libc::SYS_iopl, query_module = 178, _sysctl = libc::SYS__sysctl,
    modify_ldt = libc::SYS_modify_ldt, sysfs = libc::SYS_sysfs, uselib = libc::SYS_uselib, ustat = libc::SYS_ustat,
}

#[cfg(not(target_arch = "x86_64"))]
const OLDER: &[(&str, i64)] = &[];

/// Returns the number of a system call; `None` if this architecture has none of that name.
fn number(name: &str) -> Option<i64> {
    EVERYWHERE.iter().chain(OLDER).find(|(known, _)| *known == name).map(|(_, number)| *number)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls of 32-bit programs only, which are killed.
    const OF_32_BITS: [&str; 6] = ["clock_adjtime64", "clock_settime64", "stime", "umount", "vm86", "vm86old"];

    #[test]
    fn every_call_of_the_list_has_a_number() {
        let list: List = serde_json::from_str(SECCOMP).unwrap();
        let names = list.syscalls.iter().flat_map(|entry| &entry.names);
        let unknown: Vec<_> = names.filter(|name| number(name).is_none()).collect();
        assert_eq!(unknown.iter().filter(|name| !OF_32_BITS.contains(&name.as_str())).count(), 0, "{unknown:?}");
        assert_eq!(programs().unwrap().len(), 3, "one for each error number");
    }
}
