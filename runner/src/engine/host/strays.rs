//! Processes of containers that no engine knows: an engine that is killed while it starts one may forget it, and its
//! processes go on, in a network whose addresses stay taken.
//!
//! All containers of a runner are in one control group, so that they are found without any engine.

use crate::engine::Owner;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::{HashMap, HashSet};

/// Digits of an engine's id of a container.
const ID_DIGITS: usize = 64;
/// How often processes are looked for that were started while the others were being killed.
const ROUNDS: usize = 10;

/// Returns the control group of a runner's containers. systemd wants a slice, whose parent is `challengectl.slice` then.
pub(crate) fn group(owner: &Owner, is_systemd: bool) -> String {
    let name = name(owner);
    if is_systemd { format!("{name}.slice") } else { format!("/{name}") }
}

fn name(owner: &Owner) -> String {
    format!("challengectl-{}", owner.0)
}

/// Returns the engines' ids of a runner's containers that have processes on this host.
pub(crate) fn containers(owner: &Owner) -> HashSet<String> {
    processes(owner).into_keys().collect()
}

/// Ends all processes of some of a runner's containers. Returns whether none is left.
pub(crate) fn end(owner: &Owner, containers: &HashSet<String>) -> bool {
    for _ in 0..ROUNDS {
        let all = processes(owner);
        let mut found = all.into_iter().filter(|(id, _)| containers.contains(id)).flat_map(|(_, them)| them).peekable();
        if found.peek().is_none() {
            return true;
        }
        // One that is gone meanwhile is as wanted.
        found.for_each(|process| _ = kill(process, Signal::SIGKILL));
    }
    false
}

/// Returns the processes of a runner's containers, by the engines' ids of these.
fn processes(owner: &Owner) -> HashMap<String, Vec<Pid>> {
    let group = name(owner);
    let entries = std::fs::read_dir("/proc").into_iter().flatten();
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
    let mut found: HashMap<String, Vec<Pid>> = HashMap::new();
    for number in numbers {
        let Ok(groups) = std::fs::read_to_string(format!("/proc/{number}/cgroup")) else { continue };
        if let Some(id) = container(&groups, &group) {
            found.entry(id.to_owned()).or_default().push(Pid::from_raw(number));
        }
    }
    found
}

/// Returns the container of a process, from its control groups: lines such as `4:pids:/GROUP/libpod-ID`, or one such as
/// `0::/challengectl.slice/GROUP.slice/docker-ID.scope`.
fn container<'a>(groups: &'a str, group: &str) -> Option<&'a str> {
    id(groups.lines().find_map(|line| line.split_once(group))?.1)
}

/// Returns whether a process is in a container, of whomever. Everybody may read that of every process.
pub(super) fn is_in_container(process: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{process}/cgroup")).is_ok_and(|groups| id(&groups).is_some())
}

fn id(groups: &str) -> Option<&str> {
    groups.split(|letter: char| !letter.is_ascii_hexdigit()).find(|word| word.len() == ID_DIGITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_container_of_a_process_is_in_its_control_groups() {
        let id = "f15cb4ac0f7f9dd8a3a2a1d5d5c4ad6ee7c2e0e7f15cb4ac0f7f9dd8a3a2a1d5";
        let docker = format!("9:pids:/ctl-1/{id}\n8:memory:/ctl-1/{id}\n");
        let podman = format!("9:pids:/ctl-1/libpod-{id}\n");
        let monitor = format!("9:pids:/ctl-1/libpod-conmon-{id}\n");
        let slice = format!("0::/ctl.slice/ctl-1.slice/docker-{id}.scope\n");
        for groups in [docker, podman, monitor, slice] {
            assert_eq!(container(&groups, "ctl-1"), Some(id));
            assert_eq!(container(&groups, "ctl-2"), None, "another runner's");
        }
        assert_eq!(container("0::/user.slice\n", "ctl-1"), None);
    }
}
